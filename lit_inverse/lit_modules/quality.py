"""Quality of a module's samples, measured at the end of each validation."""

import torch
from pytorch_lightning import LightningModule
from torch import Tensor

from lit_inverse.networks import ImageGenerator
from lit_inverse.sample_quality import (
    FeatureName,
    frechet_distance,
    kernel_distance,
    make_features,
    precision_recall,
)
from lit_inverse.seeding import generator

_N_LEAST = 4  # images, of which each has 3 neighbours


class SampleQuality:
    """Compares a generator's samples with as many of the validation images.

    Logged: val/kernel_distance, val/precision and val/recall (see `lit_inverse.sample_quality`); with the features of
    Inception v3, whose kernel distance is KID, also val/fid. The same z are drawn each time. With several processes
    each compares its share, and the mean is logged.

    Args:
        features: "random" or "inception".
        n_images: how many of the validation images are compared, at most.
    """

    def __init__(self, features: FeatureName = "random", n_images: int = 2000) -> None:
        self.name, self.features, self.n_images = features, make_features(features), n_images
        self.real: list[Tensor] = []

    def note(self, x: Tensor, value_range: tuple[float, float]) -> None:
        """Takes validation images (B, C, H, W) into account."""
        left = self.n_images - sum(map(len, self.real))
        if left > 0:
            self.real.append(self.features(_in_01(x[:left], value_range)))

    def log(self, module: LightningModule, network: ImageGenerator, value_range: tuple[float, float]) -> None:
        """Logs the quality of the network's samples, if there are images to compare with, and forgets these."""
        real, self.real = self.real, []
        if sum(map(len, real)) < _N_LEAST:
            return
        source = generator(module.global_rank)
        like = next(network.parameters())
        fake = []
        for part in real:
            z = torch.randn(len(part), *network.latent_shape, generator=source, dtype=torch.float32)
            fake.append(self.features(_in_01(network(z.to(like)), value_range)))
        values = self._measured(torch.cat(real), torch.cat(fake))
        module.log_dict({f"val/{name}": value.float() for name, value in values.items()}, sync_dist=True)

    def _measured(self, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
        precision, recall = precision_recall(real, fake)
        values = {"kernel_distance": kernel_distance(real, fake), "precision": precision, "recall": recall}
        return values if self.name == "random" else {**values, "fid": frechet_distance(real, fake)}


def _in_01(x: Tensor, value_range: tuple[float, float]) -> Tensor:
    low, high = value_range
    return (x - low) / (high - low)
