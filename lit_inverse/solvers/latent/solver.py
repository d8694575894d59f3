"""The interface of solvers that search the latent space of a generator."""

from abc import abstractmethod

import torch
from torch import Tensor, nn

from lit_inverse.checkpoints import NetworkOrPath, load_network
from lit_inverse.networks.generator import ImageGenerator
from lit_inverse.operators import Operator
from lit_inverse.settings import at_least_1, not_negative
from lit_inverse.solvers.base import Given, Solver, ValueRange
from lit_inverse.solvers.latent.searches import Searches
from lit_inverse.solvers.solution import Solution


class LatentSolver(Solver):
    """x_hat = G(z_hat), or near it, from several z_0 ~ N(0, I).

    All searches of all items run as one batch. For each item the restart with the smallest objective after the last
    step is chosen. An item is DIVERGED when all restarts end above the best of the starts; its smallest objective is
    then returned. The history's "loss" is the objective of the chosen restart after each step.

    Args:
        generator: checkpoint of an `ImageGenerator`, z (B, *latent_shape) -> (B, *in_shape), or the network.
        max_iter: number of steps.
        n_restarts: number of starting points; the first ones are the same whatever their number.
        lr: learning rate, of those that have one.
        prior: weight of ||z||^2, of those that have one.

    Raises:
        FileNotFoundError: when there is no such checkpoint.
        ValueError: when the checkpoint is damaged or holds another network, or a number is impossible; when solving, if
            the generator does not make what A takes.
    """

    def __init__(
        self, generator: NetworkOrPath, max_iter: int, n_restarts: int, lr: float = 1.0, prior: float = 0.0
    ) -> None:
        at_least_1(max_iter=max_iter, n_restarts=n_restarts)
        check_step_size(lr=lr)
        not_negative(prior=prior)
        network = generator if isinstance(generator, nn.Module) else load_network(generator)
        if not isinstance(network, ImageGenerator):
            raise ValueError(f"generator is a {type(network).__name__}, expected a network G(z), an ImageGenerator")
        self.generator = network
        self.native_range = network.value_range
        self.max_iter, self.n_restarts, self.lr, self.prior = max_iter, n_restarts, lr, prior

    def check(self, operator: Operator, value_range: ValueRange | None) -> None:
        if operator.in_shape != self.generator.out_shape:
            raise ValueError(f"A takes x of shape {operator.in_shape}, the generator makes {self.generator.out_shape}")

    def _solve(self, given: Given) -> Solution:
        # The caller may have switched gradients off; tensors made in inference mode are copied to have any.
        with torch.inference_mode(False), torch.enable_grad():
            return self._search(*Searches.of(given, self.generator, self.n_restarts))

    def _penalty(self, z: Tensor) -> Tensor:
        """prior ||z||^2, (F,)."""
        return self.prior * z.square().flatten(1).sum(1)

    @abstractmethod
    def _search(self, searches: Searches, starts: Tensor) -> Solution:
        """`solve`, from the starts (F, *latent_shape) of all searches."""


def check_step_size(**settings: float) -> None:
    """Refuses what is not > 0; infinity passes, with which searches diverge."""
    for name, value in settings.items():
        if not value > 0:
            raise ValueError(f"{name} is {value}, expected a positive number")
