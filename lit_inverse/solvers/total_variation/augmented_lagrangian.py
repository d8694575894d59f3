"""Gradient steps on the augmented Lagrangian of total variation, a batch at a time."""

from dataclasses import dataclass

import torch
from torch import Tensor

from lit_inverse.operators import LinearOperator
from lit_inverse.operators.image_gradient import gradient, gradient_adjoint
from lit_inverse.operators.items import column, dot, norm
from lit_inverse.solvers.batch import Batch
from lit_inverse.solvers.solution import Status
from lit_inverse.solvers.total_variation.line_search import LineSearch

ENDINGS = (Status.MAX_ITER, Status.CONVERGED, Status.STOPPED_EARLY, Status.DIVERGED)
_RUNNING, _CONVERGED, _STOPPED, _DIVERGED = range(len(ENDINGS))
_BLOWN_UP = 10.0  # times ||b||; where all begins, the residual is at most 2 ||b||


@dataclass(frozen=True)
class Rules:
    """What all items have in common.

    Attributes:
        group: axes of (B, 2, C, H, W) over which differences form one vector w_i.
        equality: A u = b, by multipliers; else mu/2 ||A u - b||^2 is part of the objective.
        constrained: 0 <= u <= upper; else u is free.
        tol: relative change of u between two changes of the multipliers at which an item has converged.
        inner_tol: relative change of u in a step at which the multipliers are changed.
        max_outer: number of their changes after which an item stops.
    """

    group: tuple[int, ...]
    equality: bool
    constrained: bool
    tol: float
    inner_tol: float
    max_outer: int


@dataclass
class Iterates(Batch):
    """What the items still at work carry from step to step; every field is (B, ...).

        L(u, w) = sum_i ||w_i|| + beta/2 ||D u - w - p||^2 + mu/2 ||A u - c||^2,   p = sigma / beta,  c = b + delta / mu

    is the augmented Lagrangian but for constants, with the multipliers sigma of D u = w and delta of A u = b. w is
    always its minimiser: with v = D u - p it leaves v - w = r = v / max(1, beta |v|). The next multipliers,
    sigma - beta (D u - w) and delta - mu (A u - b), are p = -r and c = b + (c - A u), for the same beta and mu.
    """

    item: Tensor  # its number in the whole batch
    ending: Tensor  # index into ENDINGS
    n_iter: Tensor
    n_outer: Tensor
    b: Tensor
    upper: Tensor
    beta: Tensor
    mu: Tensor
    last_beta: Tensor
    last_mu: Tensor
    u: Tensor
    outer_u: Tensor  # u when the multipliers were last changed
    au: Tensor  # A u
    v: Tensor
    p: Tensor
    c: Tensor
    d: Tensor  # gradient of f divided by beta
    f: Tensor  # L(u, w)
    tau: Tensor  # length of the next gradient step
    first: Tensor  # whether it is the first one for its multipliers
    search: LineSearch

    @classmethod
    def begin(
        cls,
        operator: LinearOperator,
        rules: Rules,
        u: Tensor,
        b: Tensor,
        upper: Tensor,
        beta: tuple[Tensor, Tensor],
        mu: tuple[Tensor, Tensor],
    ) -> "Iterates":
        """From u (B, C, H, W) and multipliers of 0; beta and mu are their (first, last) values, each (B,)."""
        item = torch.arange(len(b), device=b.device)
        none = torch.zeros_like(item)
        au, v = operator(u), gradient(u, periodic=True)
        tau = _ratio(_squared(u), _squared(v) + mu[0] / beta[0] * _squared(au))
        now = cls(
            item=item,
            ending=none,
            n_iter=none,
            n_outer=none,
            b=b,
            upper=upper,
            beta=beta[0],
            mu=mu[0],
            last_beta=beta[1],
            last_mu=mu[1],
            u=u,
            outer_u=u,
            au=au,
            v=v,
            p=torch.zeros_like(v),
            c=b,
            d=u,  # like f not known yet
            f=tau,
            tau=tau,
            first=none == 0,
            search=LineSearch.begin(tau),
        )
        now._evaluate(operator, rules)
        now.search = LineSearch.begin(now.f)
        return now

    @property
    def running(self) -> Tensor:
        return self.ending == _RUNNING

    @property
    def residual(self) -> Tensor:
        """||A u - b|| / ||b||."""
        return _ratio(_squared(self.au - self.b), _squared(self.b)).sqrt()

    def step(self, operator: LinearOperator, rules: Rules) -> None:
        """One gradient step of the items that have not ended, and where it was small new multipliers."""
        self.n_iter = self.n_iter + self.running
        e = torch.addcmul(self.u, column(-self.tau, self.u), self.d)
        if rules.constrained:
            e = torch.minimum(e.clamp_min(0), column(self.upper, e))
        e = e - self.u
        ae, de, e_e = operator(e), gradient(e, periodic=True), _squared(e)
        curvature = self.beta * _squared(de) + self.mu * _squared(ae)
        length, exact = self.search.step(self.f, self.beta * dot(self.d, e), curvature, self.first)
        length = self._move(length, e, ae, de)
        small = length * e_e.sqrt() <= rules.inner_tol * _squared(self.u).sqrt()
        shortest = _ratio(self.beta * e_e, curvature)
        old_d, outer = self.d, self.running & small & ~exact
        self._change_multipliers(outer, rules)
        self._evaluate(operator, rules)
        self.search.note(self.f, outer)
        # the step of Barzilai and Borwein, <s, s> / <s, y> with s = length e, or the steepest descent along e
        self.tau = torch.where(outer, shortest, _ratio(length * e_e, dot(e, self.d - old_d)))
        self.first = outer

    def _move(self, length: Tensor, e: Tensor, ae: Tensor, de: Tensor) -> Tensor:
        """Goes along e, unless the item has ended or blows up now; returns how far."""
        au = torch.addcmul(self.au, column(length, ae), ae)
        bounded = _squared(au - self.b) <= _BLOWN_UP**2 * _squared(self.b)  # false for NaN too
        self.ending = torch.where(self.running & ~bounded, _DIVERGED, self.ending)
        goes = self.running
        length = torch.where(goes, length, 0)
        self.u = torch.where(column(goes, e), torch.addcmul(self.u, column(length, e), e), self.u)
        self.au = torch.where(column(goes, ae), au, self.au)
        self.v = torch.where(column(goes, de), torch.addcmul(self.v, column(length, de), de), self.v)
        return length

    def _change_multipliers(self, outer: Tensor, rules: Rules) -> None:
        """New multipliers and weights where the mask `outer` says so."""
        if outer.device.type == "cpu" and not outer.any():  # elsewhere looking would mean waiting for the device
            return
        self.n_outer = self.n_outer + outer
        change, size = _squared(self.u - self.outer_u).sqrt(), _squared(self.u).sqrt()
        self.ending = torch.where(outer & (self.n_outer >= rules.max_outer), _STOPPED, self.ending)
        self.ending = torch.where(outer & (change <= rules.tol * size), _CONVERGED, self.ending)
        self.outer_u = torch.where(column(outer, self.u), self.u, self.outer_u)
        beta = torch.where(outer, torch.minimum(2 * self.beta, self.last_beta), self.beta)
        mu = torch.where(outer, torch.minimum(2 * self.mu, self.last_mu), self.mu)
        p = column(-self.beta / beta, self.v) * _clipped(self.v, self.beta, rules)[0]
        p = torch.where(column(outer, p), p, self.p)
        self.v, self.p = self.v + self.p - p, p
        if rules.equality:
            c = self.b + column(self.mu / mu, self.au) * (self.c - self.au)
            self.c = torch.where(column(outer, c), c, self.c)
        self.beta, self.mu = beta, mu

    def _evaluate(self, operator: LinearOperator, rules: Rules) -> None:
        r, t = _clipped(self.v, self.beta, rules)
        h, rest = t.clamp_max(1), self.au - self.c
        self.f = (dot(h, t) - _squared(h) / 2) / self.beta + self.mu / 2 * _squared(rest)
        self.d = gradient_adjoint(r, periodic=True) + operator.adjoint(column(self.mu / self.beta, rest) * rest)


def _clipped(v: Tensor, beta: Tensor, rules: Rules) -> tuple[Tensor, Tensor]:
    """r = v / max(1, beta |v|) and beta |v|, with the lengths of the vectors that v is made of."""
    if all(v.shape[axis] == 1 for axis in rules.group):
        lengths = v.abs()
    else:
        squares = v.real.square() + v.imag.square() if v.is_complex() else v.square()
        lengths = squares.sum(rules.group, keepdim=True).sqrt_()
    t = lengths.mul_(column(beta, lengths))
    return v / t.clamp_min(1), t


def _squared(a: Tensor) -> Tensor:
    """||a||^2 of each item."""
    return norm(a).square()


def _ratio(a: Tensor, b: Tensor) -> Tensor:
    """a / b for a, b >= 0, with 0 / 0 = 0."""
    return a / b.clamp_min(torch.finfo(b.dtype).tiny)
