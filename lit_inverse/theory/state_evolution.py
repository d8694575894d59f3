"""State evolution: the noise level of D-AMP from iteration to iteration, as theory has it."""

from collections.abc import Sequence

import torch
from torch import Tensor

from lit_inverse.denoisers import Denoiser
from lit_inverse.operators.items import column, real_parts
from lit_inverse.seeding import generator


@torch.no_grad()
def state_evolution(
    denoiser: Denoiser,
    x: Tensor,
    m: int,
    sigma: float | Tensor = 0.0,
    n_iter: int = 30,
    seeds: Sequence[int] | None = None,
) -> Tensor:
    """What `DAMP` should find as sigma_1, ..., sigma_T with a large Gaussian A, (n_iter, B).

        sigma_1^2 = sigma^2 + ||x||^2 / m
        sigma_t+1^2 = sigma^2 + n/m MSE(sigma_t),   MSE(s) = mean (D(x + s eta; s) - x)^2,   eta ~ N(0, I)

    (Metzler, Maleki, Baraniuk 2016, eq. 7.) It needs the clean x, so it is no part of a solver: a curve to hold beside
    the history "sigma" of one. MSE is measured with one fresh eta per iteration. It describes the method as published,
    without damping, box or bounds. Complex numbers count as pairs of reals.

    Args:
        denoiser: D.
        x: (B, C, H, W), clean, in the value range of the denoiser.
        m: number of real measurements; a complex one counts twice.
        sigma: standard deviation of the noise in each real measurement, for an A with columns of unit norm and in the
            units of x; a number or (B,).
        n_iter: T.
        seeds: one per item, of eta; 0 for each by default.
    """
    parts = real_parts(x)
    ratio = parts[0].numel() / m
    noise = torch.as_tensor(sigma, dtype=parts.dtype, device=x.device).square()
    sources = [generator(seed) for seed in (seeds or [0] * len(x))]
    levels = [(noise + ratio * parts.square().flatten(1).mean(1)).sqrt()]
    for _ in range(n_iter - 1):
        eta = torch.stack([torch.randn(parts.shape[1:], generator=s, dtype=torch.float32) for s in sources]).to(parts)
        noisy = (parts + column(levels[-1], eta) * eta).flatten(0, 1)
        error = denoiser(noisy, levels[-1].repeat_interleave(parts.shape[1])).view_as(parts) - parts
        levels.append((noise + ratio * error.square().flatten(1).mean(1)).sqrt())
    return torch.stack(levels)
