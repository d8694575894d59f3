"""A trained network as a denoiser."""

import copy

import torch
from torch import Tensor, nn
from torch.func import functional_call

from lit_inverse.checkpoints import SHIPPED, NetworkOrPath, load_network
from lit_inverse.denoisers.base import Denoiser
from lit_inverse.networks.denoising import DenoisingNetwork
from lit_inverse.settings import positive


class Network(Denoiser):
    """D(x; sigma) of a network, such as `DRUNet`, that `DenoiserModule` trained.

    A network for grey images takes other images channel by channel. The default one is for much noise, and for X-rays:
    in photographs it leaves less error than BM3D at sigma of the whole range and above, and more at 0.4 of it
    and below (checkpoints/README.md has the figures). It is homogeneous, and so may be told any sigma. To networks that
    are not, a level above `sigma_max` is told as that one: D(x; sigma) = c D(x / c; sigma_max), c = sigma / sigma_max.

    Args:
        network: checkpoint of a run or of an export, or a network.
        sigma_max: the largest noise level that the network is given, as part of the range; None for no limit.
        value_range: (low, high) of clean images.

    Raises:
        FileNotFoundError: when there is no such checkpoint.
        ValueError: when it is damaged or holds no denoising network, or sigma_max is not positive.
    """

    def __init__(
        self,
        network: NetworkOrPath = SHIPPED / "denoiser_grey.pt",
        sigma_max: float | None = None,
        value_range: tuple[float, float] = (0.0, 1.0),
    ) -> None:
        super().__init__(value_range)
        positive(sigma_max=sigma_max)
        loaded = copy.deepcopy(network) if isinstance(network, nn.Module) else load_network(network)
        if not isinstance(loaded, DenoisingNetwork):
            raise ValueError(f"network is a {type(loaded).__name__}, expected one of DenoiserModule, such as a DRUNet")
        self.network = loaded.eval()
        self.sigma_max = sigma_max
        self.channels = None if loaded.in_channels == 1 else (loaded.in_channels,)

    def denoise(self, x: Tensor, sigma: Tensor) -> Tensor:
        shape = x.shape
        if self.channels is None:
            sigma = sigma.repeat_interleave(x.shape[1])
            x = x.flatten(0, 1).unsqueeze(1)
        c = torch.ones_like(sigma) if self.sigma_max is None else (sigma / self.sigma_max).clamp(min=1)
        scale = c.view(-1, 1, 1, 1)
        # where and in the precision in which x is, whatever the network was left in
        weights = {name: _like(value.detach(), x) for name, value in self.network.state_dict().items()}
        x_hat: Tensor = scale * functional_call(self.network, weights, (x / scale, sigma / c))
        return x_hat.view(shape)


def _like(value: Tensor, x: Tensor) -> Tensor:
    return value.to(x) if value.is_floating_point() else value.to(x.device)
