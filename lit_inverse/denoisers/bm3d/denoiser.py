"""BM3D: block matching and collaborative filtering in three dimensions."""

import torch
from torch import Tensor
from torch.nn.functional import pad

from lit_inverse.denoisers.base import Denoiser
from lit_inverse.denoisers.bm3d.aggregation import Gather, average
from lit_inverse.denoisers.bm3d.matching import match
from lit_inverse.denoisers.bm3d.profiles import GREY_LEVELS, HIGH_NOISE, PROFILES, Profile, ProfileName, Stage
from lit_inverse.denoisers.bm3d.shrinkage import Shrinkage, equal_groups, filter_groups, hard_threshold, wiener
from lit_inverse.denoisers.bm3d.transforms import patch_transform, patch_window

_PIXELS, _PIXELS_ELSEWHERE = 1 << 16, 1 << 20  # worked on together on a CPU, within its cache, and on other devices
_SMALLEST, _LARGEST = 1e-2 / GREY_LEVELS, 1e6  # sigma in units of the range, beyond which nothing changes


class BM3D(Denoiser):
    """Filters groups of similar patches together, twice: by a hard threshold, then by Wiener's filter.

    1. Patches of the noisy image with d(P, Q) = ||P - Q||^2 / N1^2 < tau form groups. Each group is transformed in
       three dimensions, coefficients below lambda sigma are set to zero, and the inverse transforms are averaged.
    2. The same with groups matched on the result of 1, whose coefficients q give the factors q^2 / (q^2 + sigma^2).

    Source: Dabov, Foi, Katkovnik, Egiazarian 2007 (Image denoising by sparse 3-D transform-domain collaborative
    filtering), eqs. 4 to 12; the parameters of the profiles beside Lebrun 2012 (IPOL). Colour images are filtered in
    an orthonormal opponent space with the matches of the mean of R, G, B (Dabov et al. 2007, ICIP: CBM3D).

    Deviations: the mean of an image is subtracted before and added after, so that at noise far above the range the
    estimate tends to the mean and not to black; a group of which no coefficient is left has a finite weight.
    Not differentiable: the answer carries no gradient. Precision: float32, or float64 for float64 images.

    Args:
        profile: "np" (normal), "lc" (low complexity, 3 times faster, about 0.15 dB worse), "high" (high noise).
        value_range: (low, high) of clean images. Matching thresholds are tied to it: it is never guessed.
    """

    channels = (1, 3)

    def __init__(self, profile: ProfileName = "np", value_range: tuple[float, float] = (0.0, 1.0)) -> None:
        super().__init__(value_range)
        if profile not in PROFILES:
            raise ValueError(f"profile is {profile!r}, expected one of {', '.join(PROFILES)}")
        self.profile = profile

    @torch.no_grad()
    def denoise(self, x: Tensor, sigma: Tensor) -> Tensor:
        # squares of what is larger would overflow
        x, sigma = x.clamp(-_LARGEST, _LARGEST), sigma.clamp(_SMALLEST, _LARGEST)
        pixels = _PIXELS if x.device.type == "cpu" else _PIXELS_ELSEWHERE
        n_items = max(pixels // x[0, 0].numel(), 1)
        estimate = torch.empty_like(x)
        high_noise = sigma > HIGH_NOISE / GREY_LEVELS
        for members, profile in zip((~high_noise, high_noise), PROFILES[self.profile], strict=True):
            for items in torch.split(members.nonzero().squeeze(1), n_items):
                if len(items) > 0:
                    estimate[items] = _both_stages(x[items], sigma[items], profile)
        return estimate


def _both_stages(x: Tensor, sigma: Tensor, profile: Profile) -> Tensor:
    scale = sigma.view(-1, 1, 1, 1)
    noisy = _opponent(_at_least(x, max(profile.hard.patch, profile.wiener.patch))) / scale
    mean = noisy.mean((2, 3), keepdim=True)
    noisy = noisy - mean
    # matches are those of the mean of R, G, B: the first opponent channel is sqrt(3) times that
    unit = x.shape[1] / (GREY_LEVELS * sigma).square()
    basic = _filtered(noisy, None, profile.hard, profile.hard.tau * unit, hard_threshold(profile.threshold))
    final = _filtered(noisy, basic, profile.wiener, profile.wiener.tau * unit, wiener)
    return scale * _opponent(final + mean, inverse=True)[..., : x.shape[2], : x.shape[3]]


def _filtered(noisy: Tensor, basic: Tensor | None, stage: Stage, tau: Tensor, shrinkage: Shrinkage) -> Tensor:
    """One stage, matched on the first channel, in units of the noise.

    Args:
        noisy: (B, C, H, W).
        basic: in the second stage the first estimates, likewise.
        tau: (B,).
    """
    transform = patch_transform(stage.transform, stage.patch).to(noisy)
    z = _patches(noisy, stage.patch) @ transform.T
    pilots = [None] * len(z) if basic is None else (_patches(basic, stage.patch) @ transform.T).flatten(1, 3)
    sums: list[tuple[Tensor, Tensor]] | None = None
    for matches in match((noisy if basic is None else basic)[:, 0], stage, tau):
        groups = equal_groups(matches, z.shape[2] * z.shape[3], stage.patch)
        gather = Gather(torch.cat([chosen.flatten() for chosen in groups]), z[0, ..., 0].numel())
        layers = zip(z.flatten(1, 3), pilots, strict=True)
        terms = [gather(*filter_groups(own, pilot, groups, shrinkage)) for own, pilot in layers]
        sums = terms if sums is None else [(s + u, w + v) for (s, w), (u, v) in zip(sums, terms, strict=True)]
    assert sums is not None
    window, synthesis = patch_window(stage.patch).to(noisy), torch.linalg.inv(transform)
    return torch.stack([average(s.view(z.shape[1:]), w.view(z.shape[1:4]), synthesis, window) for s, w in sums], 1)


def _patches(x: Tensor, side: int) -> Tensor:
    """All patches of images (B, C, H, W): (C, B, H - side + 1, W - side + 1, side^2)."""
    return x.transpose(0, 1).unfold(2, side, 1).unfold(3, side, 1).flatten(4)


def _at_least(x: Tensor, side: int) -> Tensor:
    """x, its last rows and columns repeated where it is smaller than a patch."""
    height, width = x.shape[2:]
    return pad(x, (0, max(side - width, 0), 0, max(side - height, 0)), mode="replicate")


def _opponent(x: Tensor, inverse: bool = False) -> Tensor:
    """RGB as luminance and two differences of colours, orthonormal: noise stays white. Grey images as they are."""
    if x.shape[1] == 1:
        return x
    rows = torch.tensor([[1.0, 1.0, 1.0], [1.0, 0.0, -1.0], [1.0, -2.0, 1.0]], dtype=x.dtype, device=x.device)
    rows = torch.nn.functional.normalize(rows)
    return torch.einsum("ij,bjhw->bihw", rows.T if inverse else rows, x)
