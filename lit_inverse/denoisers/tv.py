"""Total-variation denoising."""

import torch
from torch import Tensor

from lit_inverse.denoisers.base import Denoiser
from lit_inverse.operators.image_gradient import gradient, gradient_adjoint
from lit_inverse.settings import at_least_1, not_negative


class TV(Denoiser):
    """argmin_u 1/2 ||u - x||^2 + lam TV(u), with the isotropic TV of forward differences and lam = strength * sigma.

    By fast gradient projection on the dual (Chambolle 2004; Beck, Teboulle 2009, IEEE TIP 18(11), Sec. IV): with
    u = x - lam D^T p, the field p minimises ||x - lam D^T p||^2 over |p_i| <= 1; steps of 1 / (8 lam^2), 8 >= ||D||^2.
    A colour image has one TV: |p_i| is over both directions and all channels.

    Args:
        strength: lam / sigma. The error is least for about 0.9 at sigma = 25/255 on photographs; scikit-image's
            `denoise_tv_chambolle` minimises the same with lam = weight.
        max_iter: number of steps.
        value_range: (low, high) of clean images.
    """

    def __init__(
        self, strength: float = 0.9, max_iter: int = 100, value_range: tuple[float, float] = (0.0, 1.0)
    ) -> None:
        super().__init__(value_range)
        not_negative(strength=strength)
        at_least_1(max_iter=max_iter)
        self.strength = strength
        self.max_iter = max_iter

    def denoise(self, x: Tensor, sigma: Tensor) -> Tensor:
        # in units of lam = 1, so that items with lam = 0 need no case of their own
        lam = (self.strength * sigma).clamp(min=torch.finfo(x.dtype).eps).view(-1, 1, 1, 1)
        scaled = x / lam
        p = q = gradient(torch.zeros_like(x), periodic=False)
        t = 1.0
        for _ in range(self.max_iter):
            previous = p
            p = q + gradient(scaled - gradient_adjoint(q, periodic=False), periodic=False) / 8
            p = p / p.square().sum((1, 2), keepdim=True).sqrt().clamp(min=1)
            t, momentum = (1 + (1 + 4 * t**2) ** 0.5) / 2, t - 1
            q = p + momentum / t * (p - previous)
        return x - lam * gradient_adjoint(p, periodic=False)
