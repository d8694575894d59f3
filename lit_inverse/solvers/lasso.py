"""Sparse reconstruction in an orthonormal basis."""

from typing import Literal

import torch
from torch import Tensor

from lit_inverse.bases import DCT, Basis, Pixel, Wavelet
from lit_inverse.operators import Operator
from lit_inverse.solvers.base import Solver, ValueRange
from lit_inverse.solvers.fista import fista
from lit_inverse.solvers.solution import Solution, Status, Trace
from lit_inverse.solvers.synthesis import Synthesis


class Lasso(Solver):
    """x = Psi z with z = argmin 1/2 ||A Psi z - y||^2 + lam ||z||_1 (Tibshirani 1996), Psi orthonormal, x real.
    """

    stable = True

    def __init__(
        self,
        basis: Literal["dct", "wavelet", "pixel"] = "dct",
        lam: float = 1e-3,
        lam_unit: Literal["absolute", "sklearn", "relative"] = "absolute",
        intercept: bool = False,
        clip: bool = False,
        gap: float = 1e-7,
        max_iter: int = 20000,
        wavelet: str = "db4",
        level: int | None = None,
    ) -> None:
        self.basis = basis
        self.lam = lam
        self.lam_unit = lam_unit
        self.intercept = intercept
        self.clip = clip
        self.gap = gap
        self.max_iter = max_iter
        self.wavelet = wavelet
        self.level = level

    def _solve(
        self,
        y: Tensor,
        operator: Operator,
        sigma: Tensor,
        value_range: ValueRange | None,
        seeds: list[int],
        trace: Trace,
    ) -> Solution:
        system = Synthesis(operator, self._basis(operator.in_shape, y), y.dtype, centred=self.intercept)
        box = value_range if self.clip else None
        def signals(z: Tensor) -> Tensor:
            x = system.signals(z)
            return x if box is None else x.clamp(*box)
        def record(k: int, z: Tensor) -> None:
            if k in trace:
                trace.record(k, signals(z))
        target = system.measurements(y)
        explicit = system.explicit(target)
        lam = self._lam(explicit or system, target)
        import os
        K=int(os.environ.get("K","480"))
        m = fista(explicit or system, target, lam, max_iter=min(K,self.max_iter), gap=self.gap, on_iterate=record if trace.numbers else None)
        if explicit is not None and not m.converged.all():
            q=(~m.converged).nonzero()[:,0]
            from lit_inverse.solvers.ssnal import ssnal
            m2=ssnal(explicit.take(q),target[q],lam[q],m.z[q],max_iter=300,gap=self.gap)
            m.z[q]=m2.z; m.n_iter[q]+=m2.n_iter; m.converged[q]=m2.converged
            self.newton=m2.n_iter
        x = signals(m.z)
        return Solution(x, [Status.CONVERGED if c else Status.MAX_ITER for c in m.converged.tolist()], m.n_iter, {"gap": torch.stack(m.gaps)}, trace.stack(x))

    def _lam(self, system, target):
        if self.lam_unit == "relative":
            return self.lam * system.adjoint(target).abs().amax(1)
        lam = self.lam * (system.m if self.lam_unit == "sklearn" else 1)
        return torch.full((len(target),), lam, dtype=target.dtype, device=target.device)

    def _basis(self, shape: tuple[int, ...], like: Tensor) -> Basis:
        if self.basis == "dct":
            return DCT(shape, like)
        return Pixel() if self.basis == "pixel" else Wavelet(shape, self.wavelet, self.level, like)
