"""Trained unfolded networks as solvers."""

import copy

import torch
from torch import Tensor, nn

from lit_inverse.bases import BasisName, check_wavelet, make_basis
from lit_inverse.checkpoints import SHIPPED, NetworkOrPath, load_network
from lit_inverse.networks import UnfoldedNetwork
from lit_inverse.operators import LinearOperator, Operator
from lit_inverse.operators.krylov import column
from lit_inverse.solvers.base import Solver, ValueRange
from lit_inverse.solvers.solution import Solution, Status, Trace
from lit_inverse.solvers.sparse.synthesis import Synthesis, is_explicit


class Unfolded(Solver):
    """x = Psi z_T, z_T of an unfolded network (LISTA, ALISTA, HyperLISTA, ...) that `UnfoldingModule` trained.

    The weights belong to the A Psi they were trained for, but for AdaLISTA and StepLISTA. Iterate t is that of layer t.
    Complex measurements count as pairs of real ones. The history's "residual" is ||A x_t - y|| / ||y||, one row per
    layer. The status is MAX_ITER, a network makes its layers and does not look whether it has converged; or DIVERGED,
    with the last finite layer.

    Args:
        checkpoint: of a run of train.py, or an exported one, or the network; the shipped ALISTA by default.
        max_iter: layers to use at most; null for all.
        basis: Psi, "pixel", "dct" or "wavelet", as in training.
        wavelet: an orthogonal wavelet of PyWavelets, for that basis.
        level: its number of levels; see `Lasso`.

    Raises:
        FileNotFoundError: when there is no such checkpoint.
        ValueError: when it is damaged or holds no unfolded network; when solving, if A is another one.
    """

    stable = True

    def __init__(
        self,
        checkpoint: NetworkOrPath = SHIPPED / "alista.pt",
        max_iter: int | None = None,
        basis: BasisName = "pixel",
        wavelet: str = "db4",
        level: int | None = None,
    ) -> None:
        network = checkpoint if isinstance(checkpoint, nn.Module) else load_network(checkpoint)
        if not isinstance(network, UnfoldedNetwork):
            raise ValueError(f"checkpoint holds a {type(network).__name__}, expected an unfolded network")
        if max_iter is not None and max_iter < 1:
            raise ValueError(f"max_iter is {max_iter}, expected at least 1")
        check_wavelet(wavelet)
        self.network = network
        self.max_iter = min(max_iter or network.n_layers, network.n_layers)
        self.basis: BasisName = basis
        self.wavelet, self.level = wavelet, level

    def check(self, operator: Operator) -> None:
        like = operator.like
        self.network.check(self._system(operator, operator(like.new_zeros(operator.n_items or 1, *operator.in_shape))))

    def _system(self, operator: Operator, y: Tensor) -> Synthesis:
        """A Psi for real coefficients."""
        return Synthesis(operator, make_basis(self.basis, operator.in_shape, y.real, self.wavelet, self.level), y.dtype)

    def _solve(
        self,
        y: Tensor,
        operator: Operator,
        sigma: Tensor,
        value_range: ValueRange | None,
        seeds: list[int],
        trace: Trace,
    ) -> Solution:
        system = self._system(operator, y)
        matrix: LinearOperator = system.explicit(y.real) if is_explicit(operator, y) else system
        network = copy.deepcopy(self.network).to(y.device, y.real.dtype)
        layers = network.iterates(system.measurements(y), matrix, self.max_iter)
        iterates = [system.signals(z) for z in [torch.zeros_like(layers[0]), *layers]]
        for t, x in enumerate(iterates):
            trace.record(t, x)
        size = torch.linalg.vector_norm(y.flatten(1), dim=1).clamp_min(torch.finfo(y.real.dtype).tiny)
        residuals = [torch.linalg.vector_norm((operator(x) - y).flatten(1), dim=1) / size for x in iterates[1:]]
        x = iterates[0]
        for later in iterates[1:]:
            finite = torch.isfinite(later.flatten(1)).all(1)
            x = torch.where(column(finite, later), later, x)
        return Solution(
            x=x,
            status=[Status.MAX_ITER if done else Status.DIVERGED for done in finite.tolist()],
            n_iter=torch.full((len(y),), len(layers)),
            history={"residual": torch.stack(residuals)},
            iterates=trace.stack(x),
        )
