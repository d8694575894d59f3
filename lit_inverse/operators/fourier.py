"""Some coefficients of the two-dimensional Fourier transform."""

import math
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from lit_inverse.operators import masks
from lit_inverse.operators.base import LinearOperator
from lit_inverse.operators.items import column
from lit_inverse.operators.precision import at_least_single
from lit_inverse.seeding import per_seed

Normalization = Literal["ortho", "backward"]
_OF_ADJOINT: dict[Normalization, Literal["ortho", "forward"]] = {"ortho": "ortho", "backward": "forward"}


class Fourier(LinearOperator):
    """y = M F x: the coefficients of each channel that a mask M keeps, row by row of the mask.

    Both origins lie in the middle, as in fastMRI: with p = (i - H // 2, j - W // 2) for the pixel [i, j] and (k, l) for
    the coefficient [H // 2 + k, W // 2 + l],

        (F x)_kl = c sum_p x_p exp(-2 pi i (k p_1 / H + l p_2 / W)),   c = 1 / sqrt(H W) ("ortho") or 1 ("backward"),

    which is fftshift(fft2(ifftshift(x))). A A^H = g^2 I with g = 1 or sqrt(H W), so that norm, pinv and solve_gram are
    exact. x is real or complex, y complex, in single precision for a half x. A^H y is complex: for real x take
    `on_reals()`.

    Args:
        in_shape: (C, H, W) of x.
        mask: bool (H, W), or (B, H, W) for one A per item, with as many True in each, see `masks`.
        norm: "ortho" for a unitary F, "backward" for one without factor.

    Raises:
        ValueError: when the mask does not fit in_shape, keeps nothing, or keeps different numbers for the items.
    """

    per_item = ("places",)
    places: Tensor  # (kept,) or (B, kept): of the coefficients in the output of fft2, flattened

    def __init__(self, in_shape: tuple[int, ...], mask: Tensor, norm: Normalization = "ortho") -> None:
        super().__init__()
        if norm not in _OF_ADJOINT:
            raise ValueError(f"norm is {norm!r}, expected 'ortho' or 'backward'")
        places = _places(image_shape(in_shape), mask)
        self.in_shape, self.out_shape = tuple(in_shape), (in_shape[0], places.shape[-1])
        self.n_items = len(mask) if mask.ndim == 3 else None
        self.normalization: Normalization = norm
        self.gain = 1.0 if norm == "ortho" else math.sqrt(math.prod(in_shape[1:]))
        self.register_buffer("places", places)

    @property
    def mask(self) -> Tensor:
        """Bool (H, W) or (B, H, W), the zero frequency at [H // 2, W // 2]."""
        shape, items = self.in_shape[1:], self.places.shape[:-1]
        kept = torch.zeros(*items, math.prod(shape), dtype=torch.bool, device=self.places.device)
        mask: Tensor = torch.fft.fftshift(kept.scatter(-1, self.places, True).view(*items, *shape), dim=(-2, -1))
        return mask

    def forward(self, x: Tensor) -> Tensor:
        self.check_batch(x, self.in_shape, "x")
        x = torch.fft.ifftshift(at_least_single(x), dim=(-2, -1))
        z = torch.fft.fft2(x, norm=self.normalization).flatten(-2)
        y: Tensor = z.gather(-1, self._places_of(z))
        return y

    def adjoint(self, y: Tensor) -> Tensor:
        self.check_batch(y, self.out_shape, "y")
        y = at_least_single(y)
        z = y.new_zeros(*y.shape[:-1], math.prod(self.in_shape[1:])).scatter(-1, self._places_of(y), y)
        x = torch.fft.ifft2(z.view(-1, *self.in_shape), norm=_OF_ADJOINT[self.normalization])
        centred: Tensor = torch.fft.fftshift(x, dim=(-2, -1))
        return centred

    def sample(self, kspace: Tensor) -> Tensor:
        """y, what A keeps of measured k-space (B, C, H, W), that of an orthonormal F with the origin in the middle."""
        self.check_batch(kspace, self.in_shape, "k-space")
        z = torch.fft.ifftshift(kspace, dim=(-2, -1)).flatten(-2)
        y: Tensor = self.gain * z.gather(-1, self._places_of(z))
        return y

    def norm(self) -> Tensor:
        return self.like.new_full((self.n_items,) if self.n_items else (), self.gain)

    def pinv(self, y: Tensor) -> Tensor:
        return self.adjoint(y) / self.gain**2

    def solve_gram(self, y: Tensor, rho: float | Tensor) -> Tensor:
        self.check_batch(y, self.out_shape, "y")
        return y / (self.gain**2 + column(rho, y))

    def _places_of(self, batch: Tensor) -> Tensor:
        places = self.places if self.n_items is None else self.places.unsqueeze(1)
        return places.expand(*batch.shape[:-1], -1)


class RadialFourier(Fourier):
    """`Fourier` on lines through the zero frequency, see `masks.radial`.

    The defaults are those of Van Veen et al. 2018 (CS-DIP), App. A: one of each pair of opposite frequencies of a real
    image, without its mean; 3, 5, 10, 20 lines of 256 x 256 give 381, 634, 1260, 2500 coefficients.

    Args:
        in_shape: (C, H, W) of x.
        lines: number of lines.
        half: keeps one of each pair of opposite frequencies; False for complex images.
        zero_frequency: keeps the zero frequency, the mean of the image.
        norm: "ortho" for a unitary F, "backward" for one without factor.

    Raises:
        ValueError: when an argument is impossible.
    """

    def __init__(
        self,
        in_shape: tuple[int, ...],
        lines: int,
        half: bool = True,
        zero_frequency: bool = False,
        norm: Normalization = "ortho",
    ) -> None:
        super().__init__(in_shape, masks.radial(image_shape(in_shape), lines, half, zero_frequency), norm)


class CartesianFourier(Fourier):
    """`Fourier` on columns of k-space, round(W / acceleration) of them for every seed, see `masks.cartesian`.

    Args:
        in_shape: (C, H, W) of x.
        acceleration: W / kept columns, >= 1.
        center_fraction: fraction of all columns in a block around the zero frequency; by default 0.32 / acceleration,
            which is fastMRI's 0.08 and 0.04 at accelerations of 4 and 8.
        kind: how the other columns are chosen.
        seed: an int for one A shared by all items, a list of ints for one A per item.
        norm: "ortho" for a unitary F, "backward" for one without factor.

    Raises:
        ValueError: when an argument is impossible.
    """

    def __init__(
        self,
        in_shape: tuple[int, ...],
        acceleration: float,
        center_fraction: float | None = None,
        kind: masks.Columns = "random",
        seed: int | Sequence[int] = 0,
        norm: Normalization = "ortho",
    ) -> None:
        shape = image_shape(in_shape)
        center = 0.32 / acceleration if center_fraction is None else center_fraction
        mask = per_seed(lambda one: masks.cartesian(shape, acceleration, center, kind, one), seed)
        super().__init__(in_shape, mask, norm)


class PoissonDiscFourier(Fourier):
    """`Fourier` on random points of variable density, round(H W / acceleration) of them, see `masks.poisson_disc`.

    Args:
        in_shape: (C, H, W) of x.
        acceleration: H W / kept coefficients, >= 1.
        calibration: side of a square around the zero frequency that is kept whole; 0 for none.
        seed: an int for one A shared by all items, a list of ints for one A per item.
        norm: "ortho" for a unitary F, "backward" for one without factor.

    Raises:
        ValueError: when an argument is impossible.
    """

    def __init__(
        self,
        in_shape: tuple[int, ...],
        acceleration: float,
        calibration: int = 24,
        seed: int | Sequence[int] = 0,
        norm: Normalization = "ortho",
    ) -> None:
        shape = image_shape(in_shape)
        mask = per_seed(lambda one: masks.poisson_disc(shape, acceleration, calibration, one), seed)
        super().__init__(in_shape, mask, norm)


def image_shape(in_shape: tuple[int, ...]) -> tuple[int, int]:
    """(H, W) of (C, H, W); a ValueError where it is none."""
    if len(in_shape) != 3 or min(in_shape) < 1:
        raise ValueError(f"in_shape is {tuple(in_shape)}, expected (C, H, W), all at least 1")
    return in_shape[1], in_shape[2]


def _places(shape: tuple[int, int], mask: Tensor) -> Tensor:
    """Of the kept coefficients, in the order of the mask, in the output of fft2: (kept,) or (B, kept)."""
    if mask.dtype != torch.bool or mask.ndim not in (2, 3) or mask.shape[-2:] != shape:
        raise ValueError(f"mask is {mask.dtype} {tuple(mask.shape)}, expected torch.bool {shape} or (B, *{shape})")
    counts = mask.flatten(-2).sum(-1)
    if mask.shape[0] == 0 or int(counts.min()) == 0 or int(counts.min()) != int(counts.max()):
        raise ValueError(
            f"mask keeps {sorted(set(counts.view(-1).tolist()))} coefficients, expected one number >= 1 for all items"
        )
    where = mask.nonzero()[:, -2:]
    i, j = (torch.remainder(where[:, axis] - side // 2, side) for axis, side in enumerate(shape))
    return (i * shape[1] + j).view(*mask.shape[:-2], -1)
