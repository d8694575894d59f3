"""Inpainting: some pixels are seen, the others have to be filled in."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from lit_inverse.operators.base import LinearOperator
from lit_inverse.operators.items import column
from lit_inverse.seeding import generator, per_seed

_LETTERS = "y = A x + eta, what do we know about x besides y?"


class Inpainting(LinearOperator):
    """y = the entries of x where the mask is True, in the order of rows; A A^T = I.

    Hidden pixels do not occur in y, so that m counts what was measured and noise falls on nothing else. out_shape is
    (C, kept) for images; it is (kept,) for vectors, and where the channels keep different numbers of pixels.

    Args:
        in_shape: shape of x without the batch, (C, H, W) or (n,).
        mask: True (or 1) where x is seen. (H, W) for all channels, or (C, H, W); one per item with one more axis,
            (B, C or 1, H, W). By default a random half of the pixels, that of `RandomInpainting`.

    Raises:
        ValueError: when the mask does not fit in_shape, holds other values, or its items keep different numbers of
            pixels or none.
    """

    kept: Tensor  # positions in vec(x), (m,) or (B, m)
    per_item = ("kept",)

    def __init__(self, in_shape: tuple[int, ...], mask: Tensor | None = None) -> None:
        super().__init__()
        self.in_shape = tuple(in_shape)
        whole = _checked(random_pixels(in_shape, 0.5, 0) if mask is None else torch.as_tensor(mask), self.in_shape)
        self.n_items = len(whole) if whole.ndim > len(self.in_shape) else None
        masks = whole.view(-1, *self.in_shape)
        kept = masks.flatten(1).sum(1)
        if kept.min() != kept.max() or kept.min() == 0:
            raise ValueError(f"mask keeps {kept.tolist()} entries of its items, expected equally many, at least one")
        m, channels = int(kept[0]), self.in_shape[0]
        alike = len(self.in_shape) > 1 and bool((masks.flatten(2).sum(2) * channels == m).all())
        self.out_shape = (channels, m // channels) if alike else (m,)
        positions = masks.flatten(1).nonzero()[:, 1].view(len(masks), -1)
        self.register_buffer("kept", positions if self.n_items else positions[0])

    @property
    def mask(self) -> Tensor:
        """True where x is seen, bool, in_shape or (B, *in_shape)."""
        mask = self.kept.new_zeros(*self.kept.shape[:-1], self.n, dtype=torch.bool).scatter(-1, self.kept, True)
        return mask.view(*mask.shape[:-1], *self.in_shape)

    def forward(self, x: Tensor) -> Tensor:
        self.check_batch(x, self.in_shape, "x")
        return x.flatten(1).gather(1, self.kept.expand(len(x), -1)).view(-1, *self.out_shape)

    def adjoint(self, y: Tensor) -> Tensor:
        self.check_batch(y, self.out_shape, "y")
        x = y.new_zeros(len(y), self.n).scatter(1, self.kept.expand(len(y), -1), y.flatten(1))
        return x.view(-1, *self.in_shape)

    def norm(self) -> Tensor:
        return self.like.new_ones((self.n_items,) if self.n_items else ())

    def pinv(self, y: Tensor) -> Tensor:
        return self.adjoint(y)

    def solve_gram(self, y: Tensor, rho: float | Tensor) -> Tensor:
        self.check_batch(y, self.out_shape, "y")
        return y / (1 + column(rho, y))


class RandomInpainting(Inpainting):
    """`Inpainting` of pixels drawn without replacement, the same ones in all channels.

    Args:
        in_shape: shape of x without the batch.
        kept: fraction of the pixels that is seen, in (0, 1]; the number is rounded, and exact for each item.
        seed: an int for one mask shared by all items, a list of ints for one per item. Masks of one seed are nested.

    Raises:
        ValueError: when kept keeps no pixel or more than there are, or there is no seed.
    """

    def __init__(self, in_shape: tuple[int, ...], kept: float = 0.5, seed: int | Sequence[int] = 0) -> None:
        super().__init__(in_shape, per_seed(lambda one: random_pixels(in_shape, kept, one), seed))


class BlockInpainting(Inpainting):
    """`Inpainting` around a hidden block in the centre of the image.

    Args:
        in_shape: shape of x without the batch, (C, H, W).
        hidden: sides of the block as a fraction of those of the image, in [0, 1).

    Raises:
        ValueError: when hidden leaves no pixel or is negative.
    """

    def __init__(self, in_shape: tuple[int, ...], hidden: float = 0.5) -> None:
        super().__init__(in_shape, block(in_shape, hidden))


class TextInpainting(Inpainting):
    """`Inpainting` of an image that is written over.

    Args:
        in_shape: shape of x without the batch, (C, H, W).
        text: what is written, from edge to edge and line by line, again and again.
        scale: pixels per dot of the letters, which are 11 dots high.

    Raises:
        ValueError: when nothing of the image remains visible.
    """

    def __init__(self, in_shape: tuple[int, ...], text: str = _LETTERS, scale: int = 1) -> None:
        super().__init__(in_shape, written(in_shape, text, scale))


def random_pixels(in_shape: tuple[int, ...], kept: float, seed: int) -> Tensor:
    """round(kept * pixels) pixels, the first of a random permutation: bool, (1, H, W) or (n,)."""
    if not 0 < kept <= 1:
        raise ValueError(f"kept is {kept}, expected a fraction of the pixels in (0, 1]")
    n_pixels = math.prod(_pixels(in_shape))
    mask = torch.zeros(n_pixels, dtype=torch.bool)
    mask[torch.randperm(n_pixels, generator=generator(seed))[: round(kept * n_pixels)]] = True
    return _all_channels(mask.view(_pixels(in_shape)), in_shape)


def block(in_shape: tuple[int, ...], hidden: float) -> Tensor:
    """All but a centred block of round(hidden * side) pixels along each axis: bool, (1, H, W) or (n,)."""
    if not 0 <= hidden < 1:
        raise ValueError(f"hidden is {hidden}, expected a fraction of the sides in [0, 1)")
    sides = [round(hidden * length) for length in _pixels(in_shape)]
    mask = torch.ones(_pixels(in_shape), dtype=torch.bool)
    corners = [(length - side) // 2 for length, side in zip(mask.shape, sides, strict=True)]
    mask[tuple(slice(corner, corner + side) for corner, side in zip(corners, sides, strict=True))] = False
    return _all_channels(mask, in_shape)


def written(in_shape: tuple[int, ...], text: str, scale: int) -> Tensor:
    """All but the dots of the letters, in Pillow's bitmap font, which is the same everywhere: bool, (1, H, W)."""
    if len(in_shape) != 3 or not text.strip() or scale < 1:
        raise ValueError(
            f"got in_shape {in_shape}, text {text!r}, scale {scale}: expected (C, H, W), letters, scale >= 1"
        )
    height, width = (math.ceil(length / scale) for length in in_shape[1:])
    font = ImageFont.load_default_imagefont()
    page = Image.new("1", (width, height))
    endless, place = " ".join([text] * (2 + (width * height) // len(text))), 0
    for top in range(0, height, 12):
        ImageDraw.Draw(page).text((0, top), endless[place : place + width], fill=1, font=font)
        place += width // 6  # letters are 6 dots wide
    dots = torch.from_numpy(np.array(page)).repeat_interleave(scale, 0).repeat_interleave(scale, 1)
    return ~dots[None, : in_shape[1], : in_shape[2]]


def _pixels(in_shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(in_shape[1:]) if len(in_shape) > 1 else tuple(in_shape)


def _all_channels(mask: Tensor, in_shape: tuple[int, ...]) -> Tensor:
    return mask.unsqueeze(0) if len(in_shape) > 1 else mask


def _checked(mask: Tensor, in_shape: tuple[int, ...]) -> Tensor:
    """The mask as bool, spread over in_shape or (B, *in_shape)."""
    if not ((mask == 0) | (mask == 1)).all():
        raise ValueError("mask has values other than True and False (1 and 0)")
    shape = (*mask.shape[:1], *in_shape) if mask.ndim > len(in_shape) else in_shape
    try:
        return mask.bool().expand(shape).contiguous()
    except RuntimeError:
        raise ValueError(f"mask has shape {tuple(mask.shape)}, expected one that spreads over {shape}") from None
