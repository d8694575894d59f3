"""Several networks of one architecture, evaluated together."""

import copy
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.func import functional_call, vmap

from lit_inverse.networks.generator import ImageGenerator
from lit_inverse.solvers.fitting.per_fit import PerFit

_ONE_BY_ONE = frozenset({"cpu"})  # devices on which the images are made one after the other


class Ensemble(PerFit):
    """F networks of one architecture, each with weights of its own: z (F, *latent_shape) to x (F, *out_shape).

    A single one is the network itself; of several the weights are stacked along a first axis. On the CPU their images
    are made one after the other: a vmap of the DCGAN of 28 x 28 is 1.4 times slower there, of a deep decoder 2.6 times.

    Args:
        network: its weights are overwritten when F is 1.
        weights: of each network, in the order of `network.parameters()`.

    Attributes:
        parameters: theta, the leaves of the gradient.
    """

    def __init__(self, network: ImageGenerator, weights: Sequence[Sequence[Tensor]]) -> None:
        self.network = network
        self.stacked = len(weights) > 1
        if self.stacked:
            self.parameters = [torch.stack(copies).requires_grad_() for copies in zip(*weights, strict=True)]
        else:
            self.parameters = list(network.parameters())
            with torch.no_grad():
                for parameter, values in zip(self.parameters, weights[0], strict=True):
                    parameter.copy_(values)
        self._names = [name for name, _ in network.named_parameters()]
        self._images = vmap(self._image)

    def __call__(self, z: Tensor) -> Tensor:
        if not self.stacked:
            images: Tensor = self.network(z)
            return images
        if z.device.type in _ONE_BY_ONE:
            each = zip(*[parameter.unbind() for parameter in self.parameters], strict=True)
            return torch.stack([self._image(list(weights), one) for weights, one in zip(each, z, strict=True)])
        return self._images(self.parameters, z)

    def _image(self, weights: list[Tensor], z: Tensor) -> Tensor:
        named = dict(zip(self._names, weights, strict=True))
        images: Tensor = functional_call(self.network, named, (z[None],))
        return images[0]

    @property
    def weights(self) -> list[Tensor]:
        """theta as tensors (F, *shape)."""
        return self.parameters if self.stacked else [parameter[None] for parameter in self.parameters]

    def copy(self) -> "Ensemble":
        """Networks of the same weights, which are then independent of these."""
        weights = list(zip(*[weights.detach() for weights in self.weights], strict=True))
        return Ensemble(self.network if self.stacked else copy.deepcopy(self.network), weights)

    def select(self, index: Tensor) -> None:
        self.parameters = [parameter.detach()[index].requires_grad_() for parameter in self.parameters]
