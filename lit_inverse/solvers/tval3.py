"""TVAL3: total variation minimisation by an augmented Lagrangian."""

from typing import Literal

import torch
from torch import Tensor

from lit_inverse.operators import LinearOperator, Operator
from lit_inverse.operators.items import column, reals
from lit_inverse.operators.krylov import lanczos_norm
from lit_inverse.settings import at_least_1, not_negative, one_of, positive
from lit_inverse.solvers.base import Given, Solver, ValueRange
from lit_inverse.solvers.requirements import require_images, require_linear
from lit_inverse.solvers.solution import Solution
from lit_inverse.solvers.total_variation.augmented_lagrangian import ENDINGS, Iterates, Rules

Model = Literal["tv", "tv_l2"]
Norm = Literal["isotropic", "anisotropic"]
Constraint = Literal["none", "nonnegative", "box"]

_GREY_LEVELS = (0.0, 255.0)
_NORM_STEPS = 10  # ||A|| to a few per cent, as exact as Li's code finds it
_CHECK = 10  # steps between two looks at which items have ended


class TVAL3(Solver):
    """x = argmin TV(x) subject to A x = y, or argmin TV(x) + mu/2 ||A x - y||^2 (Li, Yin, Jiang, Zhang 2013).

    TV(x) = sum_i ||(D x)_i|| with forward differences D of the periodic image. The split w = D x and the equation
    A x = y are enforced by multipliers. For given ones the augmented Lagrangian is lowered by gradient steps in x with
    the lengths of Barzilai and Borwein and a non-monotone line search, and minimised over w in closed form; each step
    takes one A and one A^H. When a step changes x little, the multipliers are changed.

    As published, it stops at the tenth change of multipliers, long before the minimum. The answer is an early-stopped
    iterate, as a rule as good; `inner_tol=1e-5, max_outer=100, max_iter=5000` comes within .05 % of the least TV.

    Scaling, as in Li's code: A is divided by ||A|| if that exceeds 1, y too, and then x and y are scaled so that the
    range of the entries of y (real and imaginary) is in [.5, 1.5]. mu, beta and the loss refer to what is scaled. x is
    reconstructed in grey levels from 0 to 255 whatever its range, so that black is 0.

    x may be real or complex, as A^H y is. With a constraint it is real: A^H is then the adjoint for real x. The
    channels of an image are coupled: the differences of all channels at a pixel form one vector, in the anisotropic
    norm one per direction. (Li's code has no channels. On four faces of 32 x 32 x 3 with a box, at m/n of .1 to .3,
    that is .9 to 3.0 dB better than a sum over channels, in the isotropic norm .5 to 1.9 dB; on four retinas .5 to
    2.2 dB, in the isotropic norm -.2 to .4 dB.)

    Deviations from Li's code: w is minimised anew after a change of multipliers; with a constraint the first step after
    it, like any when the line search fails, goes to the minimum along the projected direction; such steps, which are
    short, are not taken for convergence; the start is projected; "tv_l2" is the model it names.

    The iteration is chaotic: over its 100 to 150 steps a perturbation of 1e-16 grows to some 1e-10 of the range of x,
    at m/n = .1 to 1e-5, so that an item alone agrees with itself in a batch to that, and `stable` is False.

    Args:
        model: "tv", with the equation A x = y, or "tv_l2", with mu/2 ||A x - y||^2 in the objective.
        norm: of the vectors (D x)_i: "isotropic", their length, or "anisotropic", the sum of the lengths of their
            horizontal and vertical parts.
        constraint: "none", "nonnegative" (x is at least the lower end of the value range; 0 if it has none) or "box" (x
            lies in the value range).
        mu: weight of ||A x - y||^2 / 2, > 0; the larger, the cleaner the measurements (Li: 2^4 to 2^13).
        beta: weight of ||D x - w||^2 / 2, > 0; likewise.
        mu0: first mu, which is doubled with each change of multipliers until it is mu; mu by default.
        beta0: first beta; likewise.
        tol: an item has converged when x has changed relatively by at most this since the last change of multipliers.
        inner_tol: relative change of x in a step at which the multipliers are changed.
        max_outer: number of their changes after which an item has stopped early.
        max_iter: largest number of steps.

    The history of a Solution has one row per step: "loss", the augmented Lagrangian, and "residual",
    ||A x - y|| / ||y||. An item whose residual exceeds 10 has diverged; its answer is the last x before.

    Raises:
        ValueError: when a setting is impossible, A is not linear, x is not of shape (C, H, W), or a box has no range.
    """

    native_range = _GREY_LEVELS

    def __init__(
        self,
        model: Model = "tv",
        norm: Norm = "isotropic",
        constraint: Constraint = "none",
        mu: float = 256.0,
        beta: float = 32.0,
        mu0: float | None = None,
        beta0: float | None = None,
        tol: float = 1e-6,
        inner_tol: float = 1e-3,
        max_outer: int = 10,
        max_iter: int = 1025,
    ) -> None:
        one_of(Model, model=model)
        one_of(Norm, norm=norm)
        one_of(Constraint, constraint=constraint)
        self.mu, self.mu0 = _first_and_last("mu", mu, mu0)
        self.beta, self.beta0 = _first_and_last("beta", beta, beta0)
        not_negative(tol=tol, inner_tol=inner_tol)
        at_least_1(max_outer=max_outer, max_iter=max_iter)
        self.constraint: Constraint = constraint
        self.max_iter = max_iter
        self.rules = Rules(
            # channels are the third axis of the differences, horizontal and vertical the second
            group=(1, 2) if norm == "isotropic" else (2,),
            equality=model == "tv",
            constrained=constraint != "none",
            tol=tol,
            inner_tol=inner_tol,
            max_outer=max_outer,
        )

    def check(self, operator: Operator, value_range: ValueRange | None) -> None:
        require_linear(operator)
        require_images(operator)
        if self.constraint == "box" and value_range is None:
            raise ValueError("value_range is None, expected (low, high) for the constraint 'box': take 'nonnegative'")

    def _solve(self, given: Given) -> Solution:
        y, trace, operator = given.y, given.trace, require_linear(given.operator)
        operator = operator.on_reals() if self.rules.constrained else operator
        scale, now = self._begin(y, operator)
        x, ending, n_iter = now.u.clone(), now.ending.clone(), now.n_iter.clone()
        loss, residual = [now.f], [now.residual]
        trace.record(0, x / column(scale, x))
        for k in range(1, self.max_iter + 1):
            now.step(operator, self.rules)
            loss.append(loss[-1].index_copy(0, now.item, now.f))
            residual.append(residual[-1].index_copy(0, now.item, now.residual))
            if k in trace:
                trace.record(k, x.index_copy(0, now.item, now.u) / column(scale, x))
            if k % _CHECK == 0 or k == self.max_iter:
                x[now.item], ending[now.item], n_iter[now.item] = now.u, now.ending, now.n_iter
                index = now.running.nonzero().squeeze(1)
                if len(index) == 0:
                    break
                if len(index) < len(now.item):
                    operator, now = operator.take(index), now.take(index)
        x = x / column(scale, x)
        history = {"loss": torch.stack(loss[1:]), "residual": torch.stack(residual[1:])}
        return Solution(x, [ENDINGS[i] for i in ending.tolist()], n_iter, history, trace.stack(x))

    def _begin(self, y: Tensor, operator: LinearOperator) -> tuple[Tensor, Iterates]:
        """The factor by which x and y are scaled, (B,), and the start A^H y."""
        power = lanczos_norm(operator, _NORM_STEPS).square().clamp_min(1).expand(len(y))
        width = (reals(y).amax(1) - reals(y).amin(1)) / power.sqrt()
        scale = torch.where(width > 0, width.clamp(0.5, 1.5) / width, 1)
        b = column(scale, y) * y
        u = operator.adjoint(column(1 / power, b) * b)
        upper = torch.full_like(scale, torch.inf) if self.constraint != "box" else _GREY_LEVELS[1] * scale
        if self.rules.constrained:
            u = torch.minimum(u.clamp_min(0), column(upper, u))
        beta = (torch.full_like(scale, self.beta0), torch.full_like(scale, self.beta))
        # A / ||A|| and y / ||A|| are the same as mu / ||A||^2
        return scale, Iterates.begin(operator, self.rules, u, b, upper, beta, (self.mu0 / power, self.mu / power))


def _first_and_last(name: str, last: float, first: float | None) -> tuple[float, float]:
    positive(**{name: last})
    if first is not None and not 0 < first <= last:
        raise ValueError(f"{name}0 is {first}, expected a number > 0, at most {name} = {last}")
    return last, last if first is None else first
