"""Samples of what the measurements and a generator's prior leave open."""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from lit_inverse import seeding
from lit_inverse.checkpoints import SHIPPED, NetworkOrPath
from lit_inverse.operators.items import column
from lit_inverse.settings import at_least_1, positive
from lit_inverse.solvers.fitting.data_terms import SquaredError
from lit_inverse.solvers.latent.following import Point, follow
from lit_inverse.solvers.latent.searches import Searches
from lit_inverse.solvers.latent.solver import LatentSolver, check_step_size
from lit_inverse.solvers.latent.steps import descending, first_order
from lit_inverse.solvers.solution import Solution

_TARGET = 0.574  # best rate of acceptance (Roberts and Rosenthal 1998)
_STARTING_STEP = 0.3


class Langevin(LatentSolver):
    """Samples z from p(z | y), proportional to exp(-U), U(z) = ||y - A G(z)||^2 / (2 sigma^2) + ||z||^2 / 2; x = mean of G(z).

    The posterior under the generator's own prior z ~ N(0, I), by Langevin dynamics (for generative priors: Nguyen, Jagatap
    and Hegde 2022),

        z' = z - tau C grad U(z) + sqrt(2 tau) C^(1/2) xi,    xi ~ N(0, I),

    accepted or refused by Metropolis and Hastings, without which samples of a finite step size are biased (Roberts and
    Tweedie 1996). C = (J^T J / sigma^2 + I)^-1 with the Jacobian J of A G at the start makes all directions alike. Chains
    begin at the best of some searches for the smallest U, so other modes are as a rule not visited. Each chain's tau is
    adapted towards 57 % accepted during the burn-in, which is not sampled.

    Solution.samples are (n_samples, B, *in_shape), of all chains at equal distances; their standard deviation is that of
    the pixels, their quantiles give intervals. The history's "loss" is U in the first chain, "acceptance" the mean chance
    over the chains. Operators must let forward-mode derivatives pass.

    Args:
        generator: checkpoint of an `ImageGenerator`, z (B, *latent_shape) -> (B, *in_shape), or the network.
        max_iter: steps of each chain.
        burn_in: share of them that is left out.
        n_chains: chains of each item.
        n_samples: number of samples of each item, a multiple of n_chains.
        n_restarts: searches for the start.
        n_search: their steps, of Adam.
        lr: their learning rate.
        smallest_sigma: what sigma is at least; without noise a posterior is a point.

    Raises:
        FileNotFoundError: when there is no such checkpoint.
        ValueError: when the checkpoint is damaged or a number is impossible.
    """

    def __init__(
        self,
        generator: NetworkOrPath = SHIPPED / "vae_mnist.pt",
        max_iter: int = 1000,
        burn_in: float = 0.3,
        n_chains: int = 4,
        n_samples: int = 100,
        n_restarts: int = 10,
        n_search: int = 500,
        lr: float = 0.03,
        smallest_sigma: float = 1e-3,
    ) -> None:
        super().__init__(generator, n_restarts)
        at_least_1(max_iter=max_iter, n_chains=n_chains, n_samples=n_samples, n_search=n_search)
        check_step_size(lr=lr)
        positive(smallest_sigma=smallest_sigma)
        if not 0 <= burn_in < 1:
            raise ValueError(f"burn_in is {burn_in}, expected 0 <= burn_in < 1")
        if n_samples % n_chains:
            raise ValueError(f"n_samples is {n_samples}, expected a multiple of n_chains = {n_chains}")
        self.max_iter, self.burn_in, self.n_chains, self.n_samples = max_iter, burn_in, n_chains, n_samples
        self.n_search, self.lr, self.smallest_sigma = n_search, lr, smallest_sigma

    def _search(self, searches: Searches) -> Solution:
        potential = self._potential(searches)
        update = descending(first_order(searches.z, self.lr))
        found = follow((searches.z,), lambda point: potential(point[0]), update, self.n_search)
        _, (z,), _ = found.ends(searches.n_restarts)
        items = torch.arange(len(z), device=z.device).repeat_interleave(self.n_chains)
        chains = searches.take(items, self.n_chains)
        chain = _Chain(z[items], self._potential(chains), self._scale(chains, z[items]), self._noise(chains))
        return self._run(chains, chain)

    def _run(self, chains: Searches, chain: "_Chain") -> Solution:
        trace, first = chains.given.trace, int(self.burn_in * self.max_iter)
        per_chain = self.n_samples // self.n_chains
        wanted = torch.linspace(first + 1, self.max_iter, per_chain).long().tolist()
        z, history, rates, samples = chain.z, [], [], dict[int, Tensor]()
        for number in range(self.max_iter + 1):
            if number > 0:
                rates.append(chain.step(adapts=number <= first))
                history.append(chain.u[:: self.n_chains])
            z = chain.z.unflatten(0, (-1, self.n_chains))
            if number in trace:
                trace.record(number, chains.network(z[:, 0]))
            if number in wanted:
                samples[number] = chains.network(z.flatten(0, 1)).unflatten(0, (-1, self.n_chains))
        drawn = torch.cat([samples[number] for number in wanted], 1).movedim(1, 0)
        x = drawn.mean(0)
        acceptance = torch.stack(rates).unflatten(1, (-1, self.n_chains)).mean(2)
        return Solution(
            x=x,
            status=[Status.MAX_ITER] * len(x),
            n_iter=torch.full((len(x),), self.max_iter, device=x.device),
            history={"loss": torch.stack(history), "acceptance": acceptance},
            iterates=trace.stack(x),
            samples=drawn,
        )
