"""Training of reconstruction networks on undersampled k-space alone."""

from typing import Literal

import torch
from torch import Tensor

from lit_inverse.networks import ReconstructionNetwork
from lit_inverse.networks.mri.sensitivity import middle_columns
from lit_inverse.operators import Fourier
from lit_inverse.seeding import generator
from lit_inverse.settings import at_least_1, one_of, positive

Held = Literal["points", "columns"]


class SelfSupervision:
    """SSDU (Yaman et al. 2020, Magn. Reson. Med. 84(6)): what was measured, Omega, is split into Theta and Lambda.

    The network is given y_Theta alone. Its loss, with u = y_Lambda and v = A_Lambda x_hat, is

        ||u - v||_2 / ||u||_2 + ||u - v||_1 / ||u||_1.

    Lambda has round(rho |Omega|) points, drawn one after the other, without those drawn before, with probabilities
    proportional to a Gaussian density around the zero frequency; or round(rho W) of the W measured columns, drawn in
    the same way, which leaves a mask like those that the network will meet, but for points in the middle that stay.

    The paper keeps 4 x 4 points in the middle in Theta, and has sensitivities from elsewhere. A network that estimates
    them itself can be left the whole columns in the middle; nothing then holds its lowest frequencies.

    Args:
        rho: |Lambda| / |Omega|, 0 < rho < 1.
        spread: standard deviation of the Gaussian along each axis, as a part of the side of k-space.
        center: side of the square that stays in Theta, in points; None for the columns in the middle that are measured
            without a gap, see `middle_columns`.
        held: what Lambda is made of; "points" in the paper.

    Raises:
        ValueError: when a number is out of its range, or what stays leaves fewer points than Lambda needs.
    """

    def __init__(self, rho: float = 0.4, spread: float = 0.25, center: int | None = 4, held: Held = "points") -> None:
        if not 0 < rho < 1:
            raise ValueError(f"rho is {rho}, expected 0 < rho < 1")
        positive(spread=spread)
        at_least_1(center=center)
        one_of(Held, held=held)
        self.rho, self.spread, self.center = rho, spread, center
        self.held: Held = held

    def split(self, omega: Tensor, seed: int) -> tuple[Tensor, Tensor]:
        """Theta and Lambda, bool (H, W), of the mask Omega of that shape, on its device."""
        free = omega & ~self._middle(omega)
        if self.held == "columns":
            chosen = self._draw(omega.any(0, keepdim=True), free.any(0, keepdim=True), seed) & free
        else:
            chosen = self._draw(omega, free, seed)
        return omega & ~chosen, chosen

    def _middle(self, omega: Tensor) -> Tensor:
        """What stays in Theta, bool (H, W)."""
        if self.center is None:
            return middle_columns(omega.any(0)[None]).expand_as(omega)
        rows, columns = (slice(max(0, n // 2 - self.center // 2), n // 2 + (self.center + 1) // 2) for n in omega.shape)
        middle = torch.zeros_like(omega)
        middle[rows, columns] = True
        return middle

    def _draw(self, measured: Tensor, free: Tensor, seed: int) -> Tensor:
        """round(rho |measured|) of the free places, both bool (H, W) or (1, W)."""
        n_held, n_free = round(self.rho * int(measured.sum())), int(free.sum())
        if not 0 < n_held <= n_free:
            raise ValueError(
                f"rho is {self.rho}, which gives Lambda {n_held} {self.held}, expected 1 to {n_free}: the middle stays"
            )
        down, across = ((torch.arange(n) - n // 2) / (self.spread * n) for n in measured.shape)
        log_density = -(down[:, None] ** 2 + across**2) / 2
        # The smallest of exponential times, each divided by its weight, are such draws (Efraimidis and Spirakis 2006).
        waiting = torch.empty(measured.shape, dtype=torch.float32).exponential_(generator=generator(seed))
        score = (log_density - waiting.log()).to(measured.device).masked_fill(~free, -torch.inf)
        first = score.flatten().topk(n_held).indices
        return torch.zeros_like(measured).view(-1).index_fill(0, first, True).view_as(measured)

    def loss(self, network: ReconstructionNetwork, kspace: Tensor, omega: Tensor, seeds: list[int]) -> Tensor:
        """The mean of the losses of a batch, (); that of a black slice, of which nothing can be learned, is 0.

        Args:
            network: to be trained.
            kspace: (B, coils, H, W), of which only points in Omega are read.
            omega: bool (B, H, W), with as many points for each item.
            seeds: of the splits, one per item.
        """
        splits = zip(*(self.split(*one) for one in zip(omega, seeds, strict=True)), strict=True)
        theta, held = (Fourier(tuple(kspace.shape[1:]), torch.stack(part)).to(kspace.real) for part in splits)
        v, u = held(network(theta.sample(kspace), theta)).flatten(1), held.sample(kspace).flatten(1)
        sizes = [(p, torch.linalg.vector_norm(u, p, 1)) for p in (2, 1)]
        ratios = [torch.linalg.vector_norm(u - v, p, 1) / size.where(size > 0, torch.inf) for p, size in sizes]
        loss: Tensor = (ratios[0] + ratios[1]).mean()
        return loss
