"""Smooth vectors, drawn."""

import math

import torch
from torch import Tensor

from datamodules.signals import SignalsDataModule


class SmoothSignalsDataModule(SignalsDataModule):
    """x (n,) = sum_i z_i w_i over the p lowest trigonometric basis functions w_i, with z_i ~ N(0, 1).

    The p-smooth signals of Heckel and Soltanolkotabi 2020 (Sec. 2 and eq. 10), whose untrained networks recover them
    from a number of measurements of the order of p. The sets are fixed; that of N signals begins like that of more.

    An item is {"x": (n,) float32, "id": "test/17"}; x has no value range.

    Args:
        n: number of entries.
        p: number of basis functions, from 1 (constants) to n (everything).
        unit_norm: scales every signal to ||x|| = 1; else E||x||^2 = p.
        n_train, n_val, n_test: numbers of signals.
        batch_size: signals in a batch.
        seed: of all that is drawn, and of the order of the training signals.

    Raises:
        ValueError: when a number is impossible.
    """

    def __init__(
        self,
        n: int = 300,
        p: int = 20,
        unit_norm: bool = True,
        n_train: int = 10000,
        n_val: int = 1000,
        n_test: int = 1000,
        batch_size: int = 256,
        seed: int = 0,
    ) -> None:
        super().__init__(n, {"train": n_train, "val": n_val, "test": n_test}, batch_size, seed)
        if not 1 <= p <= n:
            raise ValueError(f"p is {p}, expected from 1 to n = {n}")
        self.p, self.unit_norm = p, unit_norm
        self._basis = trigonometric_basis(n, p)

    def draw(self, count: int, source: torch.Generator) -> Tensor:
        z = torch.randn((count, self.p), generator=source, device=source.device, dtype=torch.float32).double()
        z = z / z.norm(dim=1, keepdim=True) if self.unit_norm else z
        return (z @ self._basis.mT.to(z)).float()


def trigonometric_basis(n: int, p: int) -> Tensor:
    """The p lowest orthonormal trigonometric functions of n points, (n, p) in float64.

    1, sqrt(2) cos(2 pi t), sqrt(2) sin(2 pi t), sqrt(2) cos(4 pi t), ... at t = j / n, divided by sqrt(n); for even n
    the last of n is the alternating sign.
    """
    frequency = (torch.arange(p, dtype=torch.float64) + 1).div(2, rounding_mode="floor")
    turns = torch.arange(n, dtype=torch.float64)[:, None] * frequency / n
    is_sine = (torch.arange(p) % 2 == 0) & (frequency > 0)
    waves = torch.where(is_sine, (2 * math.pi * turns).sin(), (2 * math.pi * turns).cos())
    once = (frequency == 0) | (2 * frequency == n)
    return waves * ((2 - once.double()) / n).sqrt()
