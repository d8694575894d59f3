"""Which coefficients of a two-dimensional Fourier transform are measured.

A mask is a bool (H, W), True where a coefficient is kept. The zero frequency lies in the middle, at [H // 2, W // 2],
the coefficient of frequency (k, l) at [H // 2 + k, W // 2 + l].
"""

import math
from functools import cache
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lit_inverse.seeding import generator

Columns = Literal["random", "equispaced", "magic"]
BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]

_HALVINGS = 10  # of the slope of the Poisson discs, from twice the acceleration
_AT_ONCE = 2048  # places tried together for whether a disc covers them


def radial(shape: tuple[int, int], lines: int, half: bool = True, zero_frequency: bool = False) -> Tensor:
    """Lines through the zero frequency at the angles 0, pi/lines, 2 pi/lines, ...

    A line is drawn as by l1-magic (Candes and Romberg 2005): in steps of 1 along the axis it runs closer to, rounded
    along the other one, from -(N-1)//2 to (N-1)//2, so that with a frequency its negative is kept. Where H != W the
    angles are those of the frequencies in cycles per pixel.

    Of a real image the coefficients at (k, l) and (-k, -l) are conjugates. The defaults keep one of each pair and not
    the zero frequency: 381, 634, 1260 and 2500 coefficients of 256 x 256 for 3, 5, 10 and 20 lines, the numbers of Van
    Veen et al. 2018 (CS-DIP), App. A. The mean of the image is then not measured.

    Args:
        shape: (H, W).
        lines: number of lines, >= 1.
        half: keeps one of each pair of opposite frequencies: all with k < 0, and those with k = 0 and l < 0. For
            complex images False: 763, 1269, 2521 and 5001 coefficients with the zero frequency.
        zero_frequency: keeps the zero frequency.

    Raises:
        ValueError: when lines < 1, or a side is < 1.
    """
    height, width = _checked(shape)
    if lines < 1:
        raise ValueError(f"lines is {lines}, expected at least 1")
    angles = torch.arange(lines, dtype=torch.float64) * (math.pi / lines)
    slopes = torch.stack([angles.sin() * height, angles.cos() * width])
    slopes = slopes / slopes.abs().amax(0)
    reach = (max(shape) - 1) // 2
    steps = torch.arange(-reach, reach + 1, dtype=torch.float64)
    down, across = (slopes[..., None] * steps).round().long().flatten(1)
    kept = (down.abs() <= (height - 1) // 2) & (across.abs() <= (width - 1) // 2)
    if half:
        kept &= (down < 0) | ((down == 0) & (across < 0))
    mask = torch.zeros(height, width, dtype=torch.bool)
    mask[height // 2 + down[kept], width // 2 + across[kept]] = True
    mask[height // 2, width // 2] = zero_frequency
    return mask


def cartesian(
    shape: tuple[int, int],
    acceleration: float,
    center_fraction: float = 0.08,
    kind: Columns = "random",
    seed: int = 0,
) -> Tensor:
    """Columns of k-space: a block in the middle and some of the others, round(W / acceleration) in all.

    The kinds are those of fastMRI (Zbontar et al. 2018), which hit the number of columns only on average;
    here it is exact for every seed, so that masks of several items stack. The block has round(W center_fraction)
    columns. The others are

    - "random": drawn uniformly without replacement;
    - "equispaced": in equal steps of the columns outside the block, rounded down, from a random offset;
    - "magic": in equal steps of |l| on alternating sides of the zero frequency, from a random offset and side, so that
      the mirror image (the conjugate symmetry of a real image) fills the gaps (Defazio 2019). fastMRI takes every R-th
      column on either side, with offsets that fill the gaps evenly at R = 4.

    Args:
        shape: (H, W).
        acceleration: W / kept columns, >= 1.
        center_fraction: fraction of all columns in the block, 0 to 1.
        kind: how the columns outside the block are chosen.
        seed: of the draw.

    Raises:
        ValueError: when an argument is out of range, or the block alone has more than W / acceleration columns.
    """
    height, width = _checked(shape)
    n_kept, n_block = _kept(width, acceleration), round(width * center_fraction)
    if not 0 <= n_block <= n_kept:
        raise ValueError(
            f"center_fraction {center_fraction} keeps {n_block} of {width} columns, expected 0 to {n_kept}, which "
            f"acceleration {acceleration} leaves: lower center_fraction or the acceleration"
        )
    columns = torch.zeros(width, dtype=torch.bool)
    first = width // 2 - n_block // 2
    columns[first : first + n_block] = True
    outside = (~columns).nonzero().squeeze(1)
    n_drawn, source = n_kept - n_block, generator(seed)
    if kind == "random":
        columns[outside[torch.randperm(len(outside), generator=source)[:n_drawn]]] = True
    elif kind == "equispaced":
        columns[outside[_equispaced(len(outside), n_drawn, source)]] = True
    elif kind == "magic":
        columns[width // 2 + _alternating(n_block // 2 + 1, (width - 1) // 2, n_drawn, source)] = True
    else:
        raise ValueError(f"kind is {kind!r}, expected 'random', 'equispaced' or 'magic'")
    return columns.expand(height, width).clone()


def poisson_disc(shape: tuple[int, int], acceleration: float, calibration: int = 24, seed: int = 0) -> Tensor:
    """Random points no closer to each other than a distance that grows from the zero frequency outwards.

    Of all points in random order each is kept that lies outside the discs of those kept before, of radius
    1 + slope rho + u, with rho the distance from the zero frequency, 1 at the edges, and u uniform between -1/2 and
    1/2, without which the grid shows as rings. The slope is about the largest that leaves room for enough points, at
    most twice the acceleration; where none does, below an acceleration of about 2, points are independent
    (variable-density Poisson discs: Lustig and Pauly 2010). Exactly round(H W / acceleration) coefficients are kept,
    those of the calibration square included.

    Args:
        shape: (H, W).
        acceleration: H W / kept coefficients, >= 1.
        calibration: side of a square in the middle that is kept whole; 0 for none.
        seed: of the order.

    Raises:
        ValueError: when an argument is out of range, or the square alone has more than H W / acceleration points.
    """
    height, width = _checked(shape)
    n_kept = _kept(height * width, acceleration)
    if not (0 <= calibration <= min(shape) and calibration**2 <= n_kept):
        raise ValueError(
            f"calibration is {calibration}, expected 0 to {min(*shape, math.isqrt(n_kept))}: a square of {shape} that "
            f"fits into the {n_kept} coefficients which acceleration {acceleration} leaves"
        )
    square = np.zeros(shape, dtype=bool)
    square[tuple(slice(side // 2 - calibration // 2, side // 2 + (calibration + 1) // 2) for side in shape)] = True
    rows, columns = np.indices(shape)
    rho = np.hypot((rows - height // 2) / (height / 2), (columns - width // 2) / (width / 2))
    source = generator(seed)
    order = torch.randperm(height * width, generator=source).numpy()
    dither = torch.rand(height, width, generator=source, dtype=torch.float32).double().numpy() - 0.5
    points = _points_apart(order, np.ones(shape), square, n_kept)  # discs of radius 1 hold nothing but their middle
    slopes = (0.0, 2.0 * acceleration)
    for _ in range(_HALVINGS):
        slope = sum(slopes) / 2
        drawn = _points_apart(order, 1 + slope * rho + dither, square, n_kept)
        if drawn.sum() == n_kept:
            points, slopes = drawn, (slope, slopes[1])
        else:
            slopes = (slopes[0], slope)
    return torch.from_numpy(points)


def _checked(shape: tuple[int, int]) -> tuple[int, int]:
    if len(shape) != 2 or min(shape) < 1:
        raise ValueError(f"shape is {tuple(shape)}, expected (H, W), both at least 1")
    return shape


def _kept(n: int, acceleration: float) -> int:
    if not 1 <= acceleration <= n:
        raise ValueError(f"acceleration is {acceleration}, expected 1 to {n}")
    return round(n / acceleration)


def _equispaced(n: int, n_drawn: int, source: torch.Generator) -> Tensor:
    """n_drawn of the numbers 0 ... n - 1 in equal steps from a random offset, rounded down."""
    offset = torch.rand(1, generator=source, dtype=torch.float32).double()
    return ((torch.arange(n_drawn, dtype=torch.float64) + offset) * (n / max(n_drawn, 1))).long()


def _alternating(first: int, last: int, n_drawn: int, source: torch.Generator) -> Tensor:
    """n_drawn frequencies l with first <= |l| <= last in equal steps of |l|, of alternating sign."""
    if n_drawn > 2 * (last - first + 1):
        raise ValueError(f"kind 'magic' has {2 * (last - first + 1)} columns in pairs, expected {n_drawn}: use another")
    size = first + _equispaced(last - first + 1, n_drawn, source)
    sign = 1 - 2 * ((torch.arange(n_drawn) + torch.randint(2, (1,), generator=source)) % 2)
    return sign * size


def _points_apart(order: NDArray[np.intp], radius: FloatArray, kept: BoolArray, n_kept: int) -> BoolArray:
    """`kept` and, in the given order, points outside the discs of those added before, until there are n_kept."""
    margin = math.ceil(radius.max())
    kept, blocked = kept.copy(), np.pad(kept, margin)
    missing = n_kept - int(kept.sum())
    for some in np.array_split(order, math.ceil(len(order) / _AT_ONCE)):
        i, j = np.divmod(some, radius.shape[1])
        free = ~blocked[i + margin, j + margin]
        for row, column in zip(i[free].tolist(), j[free].tolist(), strict=True):
            if missing == 0:
                return kept
            if blocked[row + margin, column + margin]:
                continue
            size = radius[row, column]
            reach = math.ceil(size) - 1
            near, far = margin - reach, margin + reach + 1
            blocked[row + near : row + far, column + near : column + far] |= _squared_distances(reach) < size**2
            kept[row, column], missing = True, missing - 1
    return kept


@cache
def _squared_distances(reach: int) -> FloatArray:
    """From the middle of a square of side 2 reach + 1."""
    steps = np.arange(-reach, reach + 1, dtype=np.float64)
    squared: FloatArray = steps[:, None] ** 2 + steps**2
    return squared


def measured_middle(mask: Tensor) -> tuple[int, int]:
    """Rows and columns of the largest rectangle around the zero frequency that a mask keeps whole, widest first.

    It has as many columns as are kept beside each other in the row of the zero frequency, n from W // 2 - n // 2, and
    as many rows as those columns are kept in.

    Args:
        mask: bool (H, W).
    """
    height, width = mask.shape
    columns = _run(mask[height // 2].tolist())
    first = width // 2 - columns // 2
    return _run(mask[:, first : first + columns].all(1).tolist()), columns


def _run(kept: list[bool]) -> int:
    """Length n of the longest run from middle - n // 2 that is kept."""
    middle, n = len(kept) // 2, 0
    while n < len(kept) and all(kept[middle - (n + 1) // 2 : middle - (n + 1) // 2 + n + 1]):
        n += 1
    return n
