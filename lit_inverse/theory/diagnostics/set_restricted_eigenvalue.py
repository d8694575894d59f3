"""How well A tells apart what a generator makes."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

import torch
from torch import nn

from lit_inverse.checkpoints import SHIPPED, NetworkOrPath, load_network
from lit_inverse.networks.generator import ImageGenerator
from lit_inverse.operators import Operator
from lit_inverse.seeding import source_of
from lit_inverse.settings import at_least_1, not_negative, positive
from lit_inverse.solvers.requirements import require_linear
from lit_inverse.theory.constants.restricted_eigenvalue import restricted_eigenvalue
from lit_inverse.theory.constants.search import Search
from lit_inverse.theory.diagnostics.base import OperatorDiagnostic
from lit_inverse.theory.estimate import Estimate


class SetRestrictedEigenvalue(OperatorDiagnostic):
    """gamma of S-REC(range of G, gamma, delta) (Bora et al. 2017), from above: see `restricted_eigenvalue`.

    "sampled": the least ||A (x1 - x2)|| / ||x1 - x2|| of pairs of random images, "searched": that which descent from
    the worst of them comes to.

    Args:
        generator: checkpoint of an `ImageGenerator`, or the network.
        delta: of the condition, in units of ||A x|| with x in the range of the generator.
        radius: largest ||z||; null for any.
        n_points: random z ~ N(0, I).
        n_samples: pairs of them.
        n_starts: the worst of them, from which descent starts.
        n_steps: of descent.
        limit: see `Diagnostic`.

    Raises:
        FileNotFoundError: when there is no such checkpoint.
        ValueError: when it holds no such network, or a number is impossible.
    """

    panels: ClassVar[Mapping[str, Sequence[str]]] = {"restricted eigenvalue gamma": ("sampled", "searched")}

    def __init__(
        self,
        generator: NetworkOrPath = SHIPPED / "vae_mnist.pt",
        delta: float = 0.0,
        radius: float | None = None,
        n_points: int = 500,
        n_samples: int = 2000,
        n_starts: int = 16,
        n_steps: int = 200,
        limit: int | None = 5,
    ) -> None:
        super().__init__(limit)
        at_least_1(n_steps=n_steps)
        not_negative(delta=delta)
        positive(radius=radius)
        if n_points < 2:
            raise ValueError(f"n_points is {n_points}, expected at least 2, of which pairs are drawn")
        network = generator if isinstance(generator, nn.Module) else load_network(generator)
        if not isinstance(network, ImageGenerator):
            raise ValueError(f"generator is a {type(network).__name__}, expected a network G(z), an ImageGenerator")
        self.generator, self.delta, self.radius, self.n_points = network, delta, radius, n_points
        self.search = Search(n_samples, n_starts, n_steps)

    def check(self, operator: Operator) -> None:
        require_linear(operator)
        if operator.in_shape != self.generator.out_shape:
            raise ValueError(f"A takes x of shape {operator.in_shape}, the generator makes {self.generator.out_shape}")

    def measure(self, operator: Operator, seed: int) -> dict[str, Estimate]:
        operator, like = require_linear(operator), operator.like
        network = copy.deepcopy(self.generator).to(like.device, like.dtype).eval().requires_grad_(False)
        shape = self.n_points, *network.latent_shape
        z = torch.randn(shape, generator=source_of(seed, "latent points"), dtype=torch.float32).to(like)

        def least(n_steps: int) -> Estimate:
            search = replace(self.search, n_steps=n_steps)
            pairs = source_of(seed, "pairs")
            return restricted_eigenvalue(operator, network, z, pairs, self.delta, self.radius, search)

        return {"sampled": least(0), "searched": least(self.search.n_steps)}
