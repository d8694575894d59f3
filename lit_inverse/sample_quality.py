"""How near samples of a generator are to data: distances between two sets of feature vectors, and features."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from lit_inverse.seeding import generator

Features = Callable[[Tensor], Tensor]
FeatureName = Literal["random", "inception"]


def kernel_distance(real: Tensor, fake: Tensor) -> Tensor:
    """Unbiased estimate of the squared maximum mean discrepancy with kernel (<a, b> / d + 1)^3, ().

    The kernel inception distance (Binkowski et al. 2018, Sec. 4, with MMD_u^2 of Gretton et al. 2012, Eq. 3), of any
    features. Its expectation is 0 for two sets of one law, so estimates may be negative.

    Args:
        real: features of data, (M, d).
        fake: features of samples, (N, d).

    Raises:
        ValueError: when a set has less than two vectors.
    """
    if min(len(real), len(fake)) < 2:
        raise ValueError(f"there are {len(real)} real and {len(fake)} fake images, expected at least 2 of each")
    real, fake = real.double(), fake.double()

    def kernel(a: Tensor, b: Tensor) -> Tensor:
        return (a @ b.mT / a.shape[1] + 1) ** 3

    def mean_off_diagonal(a: Tensor) -> Tensor:
        values = kernel(a, a)
        return (values.sum() - values.diagonal().sum()) / (len(a) * (len(a) - 1))

    return mean_off_diagonal(real) + mean_off_diagonal(fake) - 2 * kernel(real, fake).mean()


def frechet_distance(real: Tensor, fake: Tensor) -> Tensor:
    """||m_r - m_f||^2 + tr(C_r + C_f - 2 (C_r C_f)^(1/2)) of means m and covariances C of (M, d) and (N, d) features.

    FID (Heusel et al. 2017, Eq. 6), of any features. Biased: it needs many more vectors than d.
    """
    real, fake = real.double(), fake.double()
    covariances = torch.cov(real.mT), torch.cov(fake.mT)
    # the eigenvalues of C_r C_f are real and >= 0, up to rounding
    roots = torch.linalg.eigvals(covariances[0] @ covariances[1]).real.clamp_min(0).sqrt().sum()
    spread = sum(c.diagonal().sum() for c in covariances) - 2 * roots
    distance: Tensor = (real.mean(0) - fake.mean(0)).square().sum() + spread
    return distance


def precision_recall(real: Tensor, fake: Tensor, k: int = 3) -> tuple[Tensor, Tensor]:
    """Precision, the part of samples near data, and recall, the part of data near samples.

    Kynkaanniemi et al. 2019, Eq. 1 and 2. Near a set is what lies in the ball around one of its points that reaches to
    the point's k-th neighbour in the set. Equal numbers of both are fair; more of them make the balls smaller.

    Args:
        real: features of data, (M, d).
        fake: features of samples, (N, d).
        k: 3 is published.

    Raises:
        ValueError: when a set has not more than k vectors.
    """
    if min(len(real), len(fake)) <= k:
        raise ValueError(f"there are {len(real)} real and {len(fake)} fake images, expected more than k = {k} of each")
    real, fake = real.double(), fake.double()

    def part_near(points: Tensor, of: Tensor) -> Tensor:
        radii = torch.cdist(of, of).kthvalue(k + 1, dim=1).values  # the nearest is the point itself
        return (torch.cdist(points, of) <= radii).any(1).double().mean()

    return part_near(fake, real), part_near(real, fake)


@dataclass(frozen=True)
class RandomFeatures:
    """Features of images in [0, 1] by convolutions with fixed random weights: distances then need no download.

    Networks that were never trained tell sets of images apart, and do not prefer what classifiers look at (Naeem et al.
    2020, Sec. 4). Convolutions of 3 x 3 and stride 2, each with ReLU, go down to at most 4 x 4 pixels; their weights
    are N(0, 2 / fan in). Distances compare for equal seeds, widths and image sizes.

    Args:
        width: channels of the first layer, doubled in each.
        seed: of the weights.
    """

    width: int = 16
    seed: int = 0

    def __call__(self, x: Tensor) -> Tensor:
        """Features (B, d) of images (B, C, H, W)."""
        source = generator(self.seed)
        h, width = 2 * x.float() - 1, self.width
        with torch.autocast(x.device.type, enabled=False):  # it may be on for data and off for samples
            while max(h.shape[2:]) > 4:
                weight = torch.randn(width, h.shape[1], 3, 3, generator=source, dtype=torch.float32)
                h = F.relu(F.conv2d(h, weight.to(h) * math.sqrt(2 / (9 * h.shape[1])), stride=2, padding=1))
                width *= 2
        return h.flatten(1)


def make_features(name: FeatureName) -> Features:
    """Random features, or those of Inception v3, (B, 2048), with which FID and KID are defined; of grey or RGB images.

    Raises:
        ValueError: when torch-fidelity, which has them, is not installed, or their weights can not be had.
    """
    if name == "random":
        return RandomFeatures()
    try:
        from torchmetrics.image.fid import NoTrainInceptionV3

        network = NoTrainInceptionV3("inception-v3-compat", ["2048"])
    except Exception as error:  # no package, no network, ...
        raise ValueError(
            f"quality is 'inception', which can not be had ({error}): pip install torch-fidelity, or set 'random'"
        ) from error

    def features(x: Tensor) -> Tensor:
        rgb = (255 * x.expand(-1, 3, -1, -1)).clamp(0, 255).round().to(torch.uint8)
        values: Tensor = network.to(x.device)(rgb)
        return values

    return features
