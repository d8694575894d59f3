"""Samples of what the measurements and a generator's prior leave open."""

from collections.abc import Callable

import torch
from torch import Tensor

from lit_inverse.checkpoints import SHIPPED, NetworkOrPath
from lit_inverse.operators.items import reals
from lit_inverse.settings import at_least_1, below_1, positive
from lit_inverse.solvers.latent.following import Point, follow
from lit_inverse.solvers.latent.metropolis import Draws, Metropolis
from lit_inverse.solvers.latent.quasi_newton import LBFGS
from lit_inverse.solvers.latent.searches import Searches
from lit_inverse.solvers.latent.solver import LatentSolver
from lit_inverse.solvers.solution import Solution, Status


class Langevin(LatentSolver):
    """Samples z from p(z | y), proportional to exp(-U), U(z) = ||y - A G(z)||^2 / (2 sigma^2) + ||z||^2 / 2; x = mean
    of G(z).

    The posterior under the generator's own prior z ~ N(0, I), by Langevin dynamics (for generative priors: Nguyen,
    Jagatap and Hegde 2022),

        z' = z - tau C grad U(z) + sqrt(2 tau) C^(1/2) xi,    xi ~ N(0, I),

    accepted or refused by Metropolis and Hastings, without which samples of a finite step size are biased (Roberts and
    Tweedie 1996). C = (J^T J / sigma^2 + I)^-1 with the Jacobian J of A G at the start makes all directions alike.
    Chains begin at the best of some searches for the smallest U, so other modes are as a rule not visited. Each chain's
    tau is adapted towards 57 % accepted during the burn-in, which is not sampled.

    Solution.samples are (n_samples, B, *in_shape), of all chains at equal distances up to the last step; their standard
    deviation is that of the pixels, their quantiles give intervals. The history's "loss" is U and "acceptance" the
    chance of it, means over the chains.

    Args:
        generator: checkpoint of an `ImageGenerator`, z (B, *latent_shape) -> (B, *in_shape), or the network.
        max_iter: steps of each chain.
        burn_in: share of them that is left out.
        n_chains: chains of each item.
        n_samples: number of samples of each item, a multiple of n_chains.
        n_restarts: searches for the start.
        search: their steps, of L-BFGS, as a share of max_iter; at least one.
        smallest_sigma: what sigma is at least; without noise a posterior is a point.

    Raises:
        ValueError: when n_samples is no multiple of n_chains, or burn_in not in [0, 1); others see `LatentSolver`.
    """

    version = 2

    def __init__(
        self,
        generator: NetworkOrPath = SHIPPED / "vae_mnist.pt",
        max_iter: int = 1000,
        burn_in: float = 0.3,
        n_chains: int = 4,
        n_samples: int = 100,
        n_restarts: int = 10,
        search: float = 0.2,
        smallest_sigma: float = 1e-3,
    ) -> None:
        super().__init__(generator, max_iter, n_restarts)
        at_least_1(n_chains=n_chains, n_samples=n_samples)
        positive(smallest_sigma=smallest_sigma, search=search)
        below_1(burn_in=burn_in)
        if n_samples % n_chains:
            raise ValueError(f"n_samples is {n_samples}, expected a multiple of n_chains = {n_chains}")
        self.burn_in, self.n_chains, self.n_samples = burn_in, n_chains, n_samples
        self.search, self.smallest_sigma = search, smallest_sigma

    def _search(self, searches: Searches, starts: Tensor) -> Solution:
        potential = self._potential(searches)

        def objective(point: Point) -> Tensor:
            return potential(point[0])

        n_search = max(1, int(self.search * self.max_iter))
        found = follow((starts,), objective, LBFGS(objective, first_length=1.0), n_search)
        _, (centre,), diverged = found.ends(searches.n_restarts)
        root = self._root(searches.with_restarts(1), centre)
        chains = searches.with_restarts(self.n_chains)
        centre, root = (one.repeat_interleave(self.n_chains, 0) for one in (centre, root))

        def latent(w: Tensor) -> Tensor:
            return centre + (root @ w.unsqueeze(2)).view(centre.shape)

        potential_of_latent = self._potential(chains)
        noise = Draws(searches.given.seeds, self.max_iter, self.n_chains, root)
        metropolis = Metropolis(lambda w: potential_of_latent(latent(w)), noise)
        status = [Status.DIVERGED if failed else Status.MAX_ITER for failed in diverged.tolist()]
        return self._sample(chains, metropolis, latent, status)

    def _potential(self, searches: Searches) -> Callable[[Tensor], Tensor]:
        """U of each search, up to a constant."""
        variance = self._variance(searches)

        def potential(z: Tensor) -> Tensor:
            return searches.misfit(searches.network(z)) / (2 * variance) + z.square().flatten(1).sum(1) / 2

        return potential

    def _variance(self, searches: Searches) -> Tensor:
        """Of each real number in y, (F,)."""
        sigma = searches.given.sigma.repeat_interleave(searches.n_restarts).clamp_min(self.smallest_sigma)
        return sigma.square() / (2 if searches.y.is_complex() else 1)

    def _root(self, searches: Searches, z: Tensor) -> Tensor:
        """C^(1/2) for C = (J^T J / variance + I)^-1, (F, k, k), z (F, *latent_shape) with k entries."""
        z = z.detach().requires_grad_()
        measured = reals(searches.operator(searches.network(z)))
        weights = torch.zeros_like(measured, requires_grad=True)
        (back,) = torch.autograd.grad(measured, z, weights, create_graph=True)  # J^T weights: linear, J its derivative
        rows = back.flatten(1).sum(0)
        columns = [torch.autograd.grad(row, weights, retain_graph=True)[0] for row in rows]
        jacobian = torch.stack(columns, 2).double()  # the condition may be beyond float32, as J^T J / 1e-6 with m < k
        precision = jacobian.mT @ jacobian / self._variance(searches)[:, None, None]
        values, vectors = torch.linalg.eigh(precision.nan_to_num(0.0, 0.0, 0.0))  # of items that diverged: 0
        root: Tensor = vectors * (1 + values.clamp_min(0)).rsqrt().unsqueeze(1) @ vectors.mT
        return root.to(z.dtype)

    def _sample(
        self, chains: Searches, metropolis: Metropolis, latent: Callable[[Tensor], Tensor], status: list[Status]
    ) -> Solution:
        trace, burn_in = chains.given.trace, int(self.burn_in * self.max_iter)
        n_steps = self.n_samples // self.n_chains
        places = torch.linspace(burn_in, self.max_iter, n_steps + 1)[1:].round().long().tolist()
        samples: dict[int, Tensor] = {}
        for number in range(self.max_iter + 1):
            if number > 0:
                metropolis.step(number, adapts=number <= burn_in)
            if number in trace or number in places:
                with torch.no_grad():
                    drawn = torch.unflatten(chains.network(latent(metropolis.w)), 0, (-1, self.n_chains))
                trace.record(number, drawn[:, 0])
                samples[number] = drawn
        stacked = torch.cat([samples[number] for number in places], 1).movedim(1, 0)
        history = {name: torch.stack(values) for name, values in metropolis.history.items()}
        return Solution(
            x=stacked.mean(0),
            status=status,
            n_iter=torch.full((len(status),), self.max_iter, device=stacked.device),
            history={name: values.view(len(values), -1, self.n_chains).mean(2) for name, values in history.items()},
            iterates=trace.stack(stacked.mean(0)),
            samples=stacked,
        )
