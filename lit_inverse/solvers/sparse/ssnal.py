"""SsNAL: semismooth Newton steps on augmented Lagrangians, for Lasso problems with an explicit matrix."""

from dataclasses import dataclass

import torch
from torch import Tensor

from lit_inverse.operators import Matrix
from lit_inverse.solvers.batch import Batch
from lit_inverse.solvers.sparse.lasso_objective import Gap, duality_gap, vecdot
from lit_inverse.solvers.sparse.minimum import Minimum, OnIterate

_FIRST_SIGMA = 10.0  # in units of 1 / (largest squared norm of a column of A)
_GROWTH = 3.0  # of sigma from one augmented Lagrangian to the next
_INNER = 0.3  # the delta of (B1): a Lagrangian is left when its gradient is this small beside the move it makes
_ARMIJO = 1e-4
_HALVINGS = 50
_CPU_CHUNK, _CHUNK = 1 << 19, 1 << 26  # entries of gathered columns held at a time; 4 MB stay in a CPU's cache


@dataclass
class _Iterates(Batch):
    """What the items still at work carry from step to step; every field is (B, ...)."""

    item: Tensor  # its number in the whole batch
    y: Tensor  # (B, m)
    lam: Tensor  # (B, 1)
    L: Tensor  # (B, 1), largest squared norm of a column of A
    sigma: Tensor  # (B, 1)
    z: Tensor  # (B, n), the multiplier: the primal variable
    xi: Tensor  # (B, m), the dual variable, A z - y at the minimum
    w: Tensor  # A^T xi, (B, n)

    def proximal_point(self, w: Tensor) -> Tensor:
        """soft(z - sigma w, sigma lam), the primal variable that belongs to w = A^T xi."""
        u = self.z - self.sigma * w
        threshold = self.sigma * self.lam
        return u - torch.minimum(torch.maximum(u, -threshold), threshold)

    def lagrangian(self, xi: Tensor, w: Tensor) -> Tensor:
        """psi(xi) = 1/2 ||xi||^2 + <y, xi> + ||soft(z - sigma A^T xi, sigma lam)||^2 / (2 sigma), (B,)."""
        p = self.proximal_point(w)
        return vecdot(xi, xi / 2 + self.y) + vecdot(p, p) / (2 * self.sigma.squeeze(1))

    def duality_gap(self, matrix: Matrix, p: Tensor, ap: Tensor) -> Gap:
        """The gap of p with its residual or, where the rounding error of sigma w spoils that, with -xi."""
        r = self.y - ap
        gap = duality_gap(self.y, self.lam, p, ap, r, matrix.adjoint(r), self.L)
        gap_of_xi = duality_gap(self.y, self.lam, p, ap, -self.xi, -self.w, self.L)
        # p carries an error of eps sigma lam, and the residual gap one of about eps sigma L
        rounding = (torch.finfo(p.dtype).eps * self.sigma * self.L).squeeze(1)
        return gap.smaller(gap_of_xi.value, gap.relative < 100 * rounding)

    def next_lagrangian(self, p: Tensor, gradient: Tensor) -> bool:
        """Moves on where the inner problem is solved; True if any item did."""
        move = torch.linalg.vector_norm(p - self.z, dim=1, keepdim=True)
        solved = torch.linalg.vector_norm(gradient, dim=1, keepdim=True) <= _INNER * move / self.sigma.sqrt()
        self.z = torch.where(solved, p, self.z)
        # beyond the cap the Newton systems are singular to working precision
        largest = 1e-2 / torch.finfo(p.dtype).eps / self.L
        self.sigma = torch.where(solved, torch.minimum(_GROWTH * self.sigma, largest), self.sigma)
        return bool(solved.any())

    def line_search(self, direction: Tensor, w_direction: Tensor, slope: Tensor) -> None:
        """The first of the steps 1, 1/2, 1/4, ... that lowers psi enough (Armijo); none if all fail."""
        start = self.lagrangian(self.xi, self.w)
        rounding = 8 * torch.finfo(start.dtype).eps * start.abs()
        step = torch.ones_like(start)
        for _ in range(_HALVINGS):
            column = step.unsqueeze(1)
            xi, w = self.xi + column * direction, self.w + column * w_direction
            accepted = self.lagrangian(xi, w) <= start + _ARMIJO * step * slope + rounding
            if accepted.all():
                break
            step = torch.where(accepted, step, step / 2)
        self.xi = torch.where(accepted.unsqueeze(1), xi, self.xi)
        self.w = torch.where(accepted.unsqueeze(1), w, self.w)


def ssnal(
    matrix: Matrix,
    y: Tensor,
    lam: Tensor,
    z: Tensor,
    *,
    max_iter: int,
    gap: float,
    on_iterate: OnIterate | None = None,
) -> Minimum:
    """Minimises P(z) = 1/2 ||A z - y||^2 + lam ||z||_1 for each item of a batch (Li, Sun, Toh 2018, Sec. 3).

    The augmented Lagrangian method on the dual problem: xi = argmin psi(xi) for the multiplier z, then
    z <- soft(z - sigma A^T xi, sigma lam), sigma <- 3 sigma. psi is minimised by Newton's method with line search on
    its gradient, xi + y - A p with p = soft(z - sigma A^T xi, sigma lam). It takes some 50 Newton steps whatever lam,
    while first-order methods take the more the smaller lam is. Li, Sun, Toh: SIAM J. Optim. 28(1).

    Args:
        matrix: A, (m, n) or one per item, real.
        y: (B, m).
        lam: (B,), positive.
        z: (B, n), the start; a good one has few nonzeros, for each of them is a column of the Newton system.
        max_iter: largest number of Newton steps.
        gap: an item stops when its duality gap is at most gap times P(z), or no larger than its rounding error.
        on_iterate: called with the number of each step, from 1, and its z (B, n).

    Returns:
        The minimisers.
    """
    lam = lam.view(-1, 1)
    columns = matrix.matrix.square().sum(-2).amax(-1).expand(len(y)).view(-1, 1)
    xi = matrix(z) - y
    item = torch.arange(len(y), device=y.device)
    now = _Iterates(item, y, lam, columns, _FIRST_SIGMA / columns, z, xi, matrix.adjoint(xi))
    minimum = Minimum.begin(z)
    k = 0
    while True:
        p = now.proximal_point(now.w)
        ap = matrix(p)
        if on_iterate is not None and k > 0:
            on_iterate(k, minimum.z.index_copy(0, now.item, p))
        working = minimum.store(k, k == max_iter, now.item, p, now.duality_gap(matrix, p, ap), gap)
        index = working.nonzero().squeeze(1)
        if len(index) == 0:
            return minimum
        if len(index) < len(working):
            matrix, now, p, ap = matrix.take(index), now.take(index), p[index], ap[index]
        if now.next_lagrangian(p, now.xi + now.y - ap):
            p = now.proximal_point(now.w)
            ap = matrix(p)
        gradient = now.xi + now.y - ap
        direction = _newton_direction(matrix, p, now.sigma, gradient)
        # a system that is singular to working precision may give anything
        descends = vecdot(gradient, direction) < 0
        direction = torch.where(descends.unsqueeze(1), direction, -gradient)
        now.line_search(direction, matrix.adjoint(direction), vecdot(gradient, direction))
        k += 1


def _newton_direction(matrix: Matrix, p: Tensor, sigma: Tensor, gradient: Tensor) -> Tensor:
    """d = -(I + sigma A_S A_S^T)^-1 gradient, (B, m), for the support S of each p."""
    width = int((p != 0).sum(1).max())
    support = p.abs().topk(width, dim=1).indices
    in_support = p.gather(1, support) != 0  # the rows of `support` are padded where an item has fewer nonzeros
    items = torch.arange(len(p), device=p.device)
    size = max(1, (_CPU_CHUNK if p.device.type == "cpu" else _CHUNK) // max(1, width * matrix.m))
    chunks = zip(*(torch.split(rows, size) for rows in (items, support, in_support, sigma, gradient)), strict=True)
    return torch.cat([_solve(matrix, *chunk) for chunk in chunks])


def _solve(
    matrix: Matrix, items: Tensor, support: Tensor, in_support: Tensor, sigma: Tensor, gradient: Tensor
) -> Tensor:
    columns = matrix.matrix.mT
    a_s = columns[support] if matrix.n_items is None else columns[items.unsqueeze(1), support]  # A_S^T, (b, width, m)
    a_s *= in_support.unsqueeze(-1)
    g, sigma = gradient.unsqueeze(-1), sigma.unsqueeze(-1)
    if support.shape[1] >= matrix.m:
        system = sigma * (a_s.mT @ a_s)
        system.diagonal(dim1=1, dim2=2).add_(1)
        return -_cholesky_solve(system, g).squeeze(-1)
    # (I + sigma A_S A_S^T)^-1 = I - A_S (I / sigma + A_S^T A_S)^-1 A_S^T
    system = a_s @ a_s.mT
    system.diagonal(dim1=1, dim2=2).add_(1 / sigma.squeeze(-1))
    return (a_s.mT @ _cholesky_solve(system, a_s @ g) - g).squeeze(-1)


def _cholesky_solve(system: Tensor, b: Tensor) -> Tensor:
    factor, _ = torch.linalg.cholesky_ex(system)
    solution: Tensor = torch.cholesky_solve(b, factor)
    return solution
