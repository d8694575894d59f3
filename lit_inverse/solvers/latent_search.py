"""CSGM: the point in the range of a generator that explains y best."""

import copy
from collections.abc import Callable

import torch
from torch import Tensor, nn

from lit_inverse import seeding
from lit_inverse.checkpoints import SHIPPED, NetworkOrPath, load_network
from lit_inverse.networks.generator import ImageGenerator
from lit_inverse.operators import Operator
from lit_inverse.operators.items import column
from lit_inverse.solvers.base import Given, Solver, ValueRange, without_inference_tensors
from lit_inverse.solvers.solution import Solution, Status, Trace


class LatentSearch(Solver):
    """x_hat = G(z_hat), z_hat = argmin_z ||y - A G(z)||^2 + prior ||z||^2, by Adam from several z_0 ~ N(0, I).

    CSGM (Bora et al. 2017, Sec. 3 and 6). Their code has A_ij ~ N(0, 1) and takes the mean over the m measurements,
    which is this sum for A_ij ~ N(0, 1/m). All searches of all items run as one batch. As in their code the restart
    with the smallest objective (prior included) after the last step is chosen for each item.

    A search is DIVERGED when no restart ends below the best of the starts; its smallest objective is then returned.
    The history's "loss" is the objective of the chosen restart after each step.

    Args:
        generator: checkpoint of an `ImageGenerator`, z (B, *latent_shape) -> (B, *in_shape), or the network; the
            shipped VAE of MNIST by default.
        max_iter: number of steps.
        lr: learning rate of Adam.
        n_restarts: number of starting points; the first ones are the same whatever their number.
        prior: weight of ||z||^2.

    Raises:
        FileNotFoundError: when there is no such checkpoint.
        ValueError: when the checkpoint is damaged or a number is impossible.
    """

    def __init__(
        self,
        generator: NetworkOrPath = SHIPPED / "vae_mnist.pt",
        max_iter: int = 1000,
        lr: float = 0.01,
        n_restarts: int = 10,
        prior: float = 0.1,
    ) -> None:
        for name, value in (("max_iter", max_iter), ("lr", lr), ("n_restarts", n_restarts)):
            if not value > 0:
                raise ValueError(f"{name} is {value}, expected a positive number")
        if not prior >= 0:
            raise ValueError(f"prior is {prior}, expected a number >= 0")
        network = generator if isinstance(generator, nn.Module) else load_network(generator)
        if not isinstance(network, ImageGenerator):
            raise ValueError(f"generator is a {type(network).__name__}, expected a network G(z), an ImageGenerator")
        self.generator = network
        self.native_range = network.value_range
        self.max_iter = max_iter
        self.lr = lr
        self.n_restarts = n_restarts
        self.prior = prior

    def check(self, operator: Operator, value_range: ValueRange | None) -> None:
        if operator.in_shape != self.generator.out_shape:
            raise ValueError(f"A takes x of shape {operator.in_shape}, the generator makes {self.generator.out_shape}")

    def _solve(self, given: Given) -> Solution:
        y, operator, trace = given.y, given.operator, given.trace
        # The caller may have switched gradients off; tensors made in inference mode must be copied to have any.
        with torch.inference_mode(False), torch.enable_grad():
            operator = without_inference_tensors(operator)
            network = copy.deepcopy(self.generator).to(y.device, y.real.dtype).requires_grad_(False).eval()
            z = self._starts(given.seeds).to(y.device, y.real.dtype)
            return self._search(y.clone(), operator, network, z, trace)

    def _starts(self, seeds: list[int]) -> Tensor:
        """z_0, (B, R, *latent_shape); more restarts only add to the first ones."""
        sources = [source for seed in seeds for source in [seeding.generator(seed)] * self.n_restarts]
        shape = self.generator.latent_shape
        z = torch.stack([torch.randn(shape, generator=source, dtype=torch.float32) for source in sources])
        return z.view(len(seeds), self.n_restarts, *shape)

    def _search(self, y: Tensor, operator: Operator, network: nn.Module, z: Tensor, trace: Trace) -> Solution:
        """Follows all searches from z, (B, R, *latent_shape), and picks one for each item."""
        repeated = operator.take(torch.arange(len(y)).repeat_interleave(self.n_restarts))

        def objective(z: Tensor) -> Tensor:
            y_hat: Tensor = repeated(network(z.flatten(0, 1)))
            residual = y.unsqueeze(1) - y_hat.view(*z.shape[:2], *operator.out_shape)
            return (residual.conj() * residual).real.flatten(2).sum(2) + self.prior * z.square().flatten(2).sum(2)

        losses, best, z_best, kept = self._descend(objective, z, trace)
        lowest, restart = losses[-1].nan_to_num(torch.inf, torch.inf).min(1)
        diverged = ~lowest.isfinite() | (lowest > losses[0].amin(1))
        restart = torch.where(diverged, best.argmin(1), restart)
        items = torch.arange(len(y), device=y.device)
        with torch.no_grad():
            x_hat = network(torch.where(column(diverged, z_best[:, 0]), z_best[items, restart], z[items, restart]))
            for number, z_kept in kept.items():
                trace.record(number, network(z_kept[items, restart]))
        return Solution(
            x=x_hat,
            status=[Status.DIVERGED if failed else Status.MAX_ITER for failed in diverged.tolist()],
            n_iter=torch.full_like(restart, self.max_iter),
            history={"loss": losses[1:, items, restart]},
            iterates=trace.stack(x_hat),
        )

    def _descend(
        self, objective: Callable[[Tensor], Tensor], z: Tensor, trace: Trace
    ) -> tuple[Tensor, Tensor, Tensor, dict[int, Tensor]]:
        """Moves z in place.

        Returns:
            The objectives (max_iter + 1, B, R), the smallest of each search (B, R) and its z, and the iterates to keep.
        """
        z.requires_grad_()
        adam = torch.optim.Adam([z], self.lr)
        losses, kept = [], {}
        best, z_best = torch.full_like(z[..., 0], torch.inf), z.detach().clone()
        for number in range(self.max_iter + 1):
            loss = objective(z)
            losses.append(loss.detach())
            better = losses[-1] < best
            best = torch.where(better, losses[-1], best)
            z_best = torch.where(better[(..., *[None] * (z.ndim - 2))], z.detach(), z_best)
            if number in trace:
                kept[number] = z.detach().clone()
            if number < self.max_iter:
                (z.grad,) = torch.autograd.grad(loss.sum(), z)
                adam.step()
        return torch.stack(losses), best, z_best, kept
