"""Langevin steps of F chains, accepted or refused by Metropolis and Hastings."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from lit_inverse.operators.items import column
from lit_inverse.seeding import source_of

_BEST_RATE = 0.574  # Roberts and Rosenthal 1998


class Draws:
    """All random numbers of the chains, from one stream per item.

    Args:
        seeds: of the items.
        n_steps: of each chain.
        n_chains: of each item.
        like: (B n_chains, k, k), gives k, device and dtype.
    """

    def __init__(self, seeds: list[int], n_steps: int, n_chains: int, like: Tensor) -> None:
        sources = [source_of(seed, "langevin") for seed in seeds]
        shape = (n_steps, n_chains, like.shape[-1])
        normal = torch.cat([torch.randn(shape, generator=s, dtype=torch.float32) for s in sources], 1)
        uniform = torch.cat([torch.rand(shape[:2], generator=s, dtype=torch.float32) for s in sources], 1)
        self.normal, self.uniform = normal.to(like), uniform.to(like)


class Metropolis:
    """w' = w - tau grad U(w) + sqrt(2 tau) xi, accepted with chance min(1, p(w') q(w | w') / (p(w) q(w' | w))).

    Args:
        potential: U of each chain, for w (F, k).
        draws: xi, and what chances are compared with.

    Attributes:
        w: (F, k), 0 at first.
        history: "loss", U after each step, and "acceptance", its chance; each (F,) per step.
    """

    def __init__(self, potential: Callable[[Tensor], Tensor], draws: Draws) -> None:
        self.potential, self.draws = potential, draws
        self.w = torch.zeros_like(draws.normal[0])
        self.u, self.gradient = self._derived(self.w)
        # the best step in k dimensions where U is that of a normal law, a little shorter
        self.tau = torch.full_like(self.u, 0.5 * self.w.shape[1] ** (-1 / 3))
        self.history: dict[str, list[Tensor]] = {"loss": [], "acceptance": []}

    def _derived(self, w: Tensor) -> tuple[Tensor, Tensor]:
        w = w.detach().requires_grad_()
        u = self.potential(w)
        (gradient,) = torch.autograd.grad(u.sum(), w)
        return u.detach(), gradient

    def step(self, number: int, adapts: bool) -> None:
        """The step of that number, from 1; adapting, tau moves by 1 / sqrt(number) at most (Robbins and Monro)."""
        tau = column(self.tau, self.w)
        proposal = self.w - tau * self.gradient + (2 * tau).sqrt() * self.draws.normal[number - 1]
        u, gradient = self._derived(proposal)
        there = (proposal - self.w + tau * self.gradient).square().sum(1)
        back = (self.w - proposal + tau * gradient).square().sum(1)
        chance = (self.u - u + (there - back) / (4 * self.tau)).clamp_max(0).exp().nan_to_num(0)
        accepted = self.draws.uniform[number - 1] < chance
        self.w = torch.where(column(accepted, self.w), proposal, self.w)
        self.gradient = torch.where(column(accepted, self.w), gradient, self.gradient)
        self.u = torch.where(accepted, u, self.u)
        if adapts:
            self.tau = self.tau * ((chance - _BEST_RATE) / math.sqrt(number)).exp()
        self.history["loss"].append(self.u)
        self.history["acceptance"].append(chance)
