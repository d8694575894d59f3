"""Sparse reconstruction in a basis."""

import functools
from collections.abc import Callable

import torch
from torch import Tensor

from lit_inverse.bases import Basis, BasisName, Level, check_wavelet, make_basis
from lit_inverse.operators import LinearOperator, Matrix, Operator
from lit_inverse.settings import one_of
from lit_inverse.solvers.base import Given, Solver, ValueRange
from lit_inverse.solvers.solution import Solution
from lit_inverse.solvers.sparse.lasso_objective import LamUnit, absolute_lam, check_settings
from lit_inverse.solvers.sparse.minimum import Minimum, OnIterate, trace_of
from lit_inverse.solvers.sparse.proximal_gradient import accelerated_proximal_gradient
from lit_inverse.solvers.sparse.ssnal import ssnal
from lit_inverse.solvers.sparse.synthesis import Synthesis, is_explicit

_NEWTON_STEPS = 300  # hardly an item takes more than 100: after 300 only rounding errors are left


class Lasso(Solver):
    """x = Psi z, z = argmin 1/2 ||A Psi z - y||^2 + lam ||z||_1 (Tibshirani 1996), x real, Psi orthonormal or,
    where wavelets meet sides of odd length, a tight frame, Psi Psi^T = I.

    Accelerated proximal gradient steps with a local step size and restart, for any linear A, which are followed, where
    the matrix A Psi is small enough to be formed, by semismooth Newton steps (SsNAL, Li, Sun, Toh 2018) for items that
    have not converged after 4 m steps (m / 2 with one A per item, but at least 60). Both need no parameters and stop
    each item at its own duality gap, so that the answer is the optimum, not an early stop. x may be of any value range.
    With a formed matrix all is done in float64, but for y in float32 the first steps, which are then twice as fast.

    Args:
        basis: Psi: "dct" (orthonormal DCT-II of the whole image, per channel), "wavelet" (orthonormal, periodised) or
            "pixel" (the identity).
        lam: weight of the l1 norm, > 0.
        lam_unit: "absolute": lam as above. "sklearn": the objective of scikit-learn, (1/2m) ||A Psi z - y||^2 +
            alpha ||z||_1 with m real measurements (a complex one is two), that is lam m. "relative": a fraction of
            lam_max = ||Psi^T A^T y||_inf of each item, from which on x = 0.
        intercept: fits A Psi z + c to y with a free number c, as scikit-learn's fit_intercept does by default, and
            discards c, as CS-DIP's code does; real measurements only.
        clip: clips x into its value range, when it has one.
        gap: an item has converged when its duality gap is at most gap times its objective, or no larger than the
            rounding error of the gap, which in float32 comes first for small lam. It bounds the distance of the
            objective, not of x, to the optimum. (scikit-learn compares the gap with tol ||y||^2, on digits some 5, 30
            and 300 times the objective at lam of .1, .01 and .001 lam_max.)
        max_iter: largest number of steps, first-order and at most 300 Newton steps together.
        wavelet: an orthogonal wavelet of PyWavelets, for that basis.
        level: its number of levels; "full" for as many as keep the lowpass part no shorter than the filter, but at
            least 1; null for no more of them than the sides can be halved, where they can be at all. Sides that are no
            multiples of 2^level are made so by pixels of which nothing is measured.

    The history of a Solution has one row per check of the gap: "gap", relative, and "iteration", the number of steps.

    Raises:
        ValueError: when a setting is impossible, A is not linear, an intercept meets complex measurements, or a side
            is shorter than 2^level.
    """

    version = 2
    stable = True

    def __init__(
        self,
        basis: BasisName = "dct",
        lam: float = 1e-3,
        lam_unit: LamUnit = "absolute",
        intercept: bool = False,
        clip: bool = False,
        gap: float = 1e-10,
        max_iter: int = 20000,
        wavelet: str = "db4",
        level: Level = None,
    ) -> None:
        check_settings(lam, lam_unit, max_iter, gap)
        one_of(BasisName, basis=basis)
        check_wavelet(wavelet)
        self.basis: BasisName = basis
        self.lam = lam
        self.lam_unit: LamUnit = lam_unit
        self.intercept = intercept
        self.clip = clip
        self.gap = gap
        self.max_iter = max_iter
        self.wavelet = wavelet
        self.level = level

    def check(self, operator: Operator, value_range: ValueRange | None) -> None:
        Synthesis(operator, self._basis(operator.in_shape, torch.empty(0)), torch.float32)

    def _solve(self, given: Given) -> Solution:
        y, operator = given.y, given.operator
        explicit = is_explicit(operator, y)
        # float32 resolves no gap of 1e-7, and at the lam of CS-DIP not even one of 1e-2; mps has no float64
        like = y.real.double() if explicit and y.device.type != "mps" else y.real
        system = Synthesis(operator, self._basis(operator.in_shape, like), y.dtype, centred=self.intercept)
        box = given.value_range if self.clip else None

        def signals(z: Tensor) -> Tensor:
            x = system.signals(z.to(like.dtype))
            return x if box is None else x.clamp(*box)

        target, on_iterate = system.measurements(y), trace_of(given.trace, signals)
        if explicit:
            minimum = self._solve_explicit(system.explicit(like), target, like.dtype, on_iterate)
        else:
            minimum = self._minimise(system, target, self.max_iter, on_iterate)
        return minimum.solution(signals, given.trace)

    def _solve_explicit(
        self, matrix: Matrix, y: Tensor, precision: torch.dtype, on_iterate: OnIterate | None
    ) -> Minimum:
        """First-order steps in the precision of y, more of them in the given one, then Newton steps."""
        n_first = min(self.max_iter, _n_first_order_steps(matrix))
        own = matrix if y.dtype == precision else Matrix(matrix.matrix.to(y.dtype))
        minimum = self._minimise(own, y, n_first, on_iterate)
        y = y.to(precision)
        if own is not matrix:
            minimum = minimum.to(precision, self.gap)
            first_order = functools.partial(accelerated_proximal_gradient, max_iter=n_first - minimum.n_steps)
            self._go_on(minimum, first_order, matrix, y, on_iterate)
        newton = functools.partial(ssnal, max_iter=min(self.max_iter - minimum.n_steps, _NEWTON_STEPS))
        self._go_on(minimum, newton, matrix, y, on_iterate)
        return minimum

    def _minimise(self, operator: LinearOperator, y: Tensor, max_iter: int, on_iterate: OnIterate | None) -> Minimum:
        lam = absolute_lam(self.lam, self.lam_unit, operator, y)
        z = y.new_zeros(len(y), operator.n)
        return accelerated_proximal_gradient(
            operator, y, lam, z, max_iter=max_iter, gap=self.gap, on_iterate=on_iterate
        )

    def _go_on(
        self,
        minimum: Minimum,
        minimise: Callable[..., Minimum],
        matrix: Matrix,
        y: Tensor,
        on_iterate: OnIterate | None,
    ) -> None:
        """Carries the items that have not converged on by another iteration."""
        rest, n_steps = (~minimum.converged).nonzero().squeeze(1), minimum.n_steps
        if len(rest) == 0:
            return

        def on_later_iterate(k: int, z: Tensor) -> None:
            if on_iterate is not None and k > 0:
                on_iterate(n_steps + k, minimum.z.index_copy(0, rest, z))

        matrix, y = matrix.take(rest), y[rest]
        lam = absolute_lam(self.lam, self.lam_unit, matrix, y)
        later = minimise(matrix, y, lam, minimum.z[rest], gap=self.gap, on_iterate=on_later_iterate)
        minimum.go_on(rest, later)

    def _basis(self, shape: tuple[int, ...], like: Tensor) -> Basis:
        return make_basis(self.basis, shape, like, self.wavelet, self.level)


def _n_first_order_steps(matrix: Matrix) -> int:
    """About the number of steps that cost as much as solving by Newton's method; with it the worst case is twice that.

    Measured at n = 784, m = 25 to 400 on a CPU: 4 m for a batch that shares A, whose steps are products of matrices;
    with one A per item they are products with vectors, eight times slower.
    """
    return 4 * matrix.m if matrix.n_items is None else max(60, matrix.m // 2)
