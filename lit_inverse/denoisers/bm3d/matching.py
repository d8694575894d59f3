"""Block matching: the patches most similar to each reference patch (Dabov et al. 2007, eqs. 4 and 7)."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import pad

from lit_inverse.denoisers.bm3d.profiles import Stage

_DISTANCES = 1 << 24  # held at a time: 64 MiB in float32


class Matches(NamedTuple):
    """Groups of similar patches, the most similar one, which is the reference itself, first.

    Attributes:
        positions: (K, B, R), number of each patch, row by row, among all (H - p + 1) (W - p + 1) patches of its image.
        sizes: (B, R), how many of them are a group: the largest power of two with d < tau.
    """

    positions: Tensor
    sizes: Tensor


def match(x: Tensor, stage: Stage, tau: float) -> Iterator[Matches]:
    """Groups of all reference patches, some rows of them at a time.

    The distance d is the mean squared difference. For one offset at a time, the squared differences of the images to
    their shifted selves are summed over all windows by doubling: s_2k[i] = s_k[i] + s_k[i + k].

    Args:
        x: (B, H, W), no side shorter than the patch.
        tau: in squared units of x.
    """
    rows, columns = (_references(length, stage).to(x.device) for length in x.shape[1:])
    # patches farther away than the last that fits never are candidates
    down, right = (min(stage.window // 2, length - stage.patch) for length in x.shape[1:])
    n_offsets, stride = (2 * down + 1) * (2 * right + 1), x.shape[2] - stage.patch + 1
    for strip in torch.split(rows, max(_DISTANCES // (n_offsets * len(x) * len(columns)), 1)):
        d = _distances(x, stage.patch, (down, right), strip, columns)
        nearest, offsets = d.topk(min(stage.group, n_offsets), 0, largest=False)
        dy = offsets.div(2 * right + 1, rounding_mode="floor") - down
        dx = offsets % (2 * right + 1) - right
        count = (nearest < tau * stage.patch**2).sum(0).clamp(min=1)
        reference = (strip[:, None] * stride + columns).flatten()
        yield Matches(reference + dy * stride + dx, 2 ** count.double().log2().floor().long())


def _references(length: int, stage: Stage) -> Tensor:
    """First pixels of the reference patches along an axis: every `step` pixels, and the last one that fits."""
    last = length - stage.patch
    return torch.tensor([*range(0, last, stage.step), last])


def _distances(x: Tensor, side: int, reach: tuple[int, int], rows: Tensor, columns: Tensor) -> Tensor:
    """Sums of squared differences (offsets, B, R) at R = rows x columns; -1 at offset 0, inf beyond the border."""
    down, right = reach
    top, bottom = int(rows[0]), int(rows[-1]) + side
    own, rows = x[:, top:bottom], rows - top
    around = pad(x, (right, right, down, down), value=math.inf)[:, top : bottom + 2 * down]
    d = x.new_empty(2 * down + 1, 2 * right + 1, len(x), len(rows), len(columns))
    squares = torch.empty_like(own)
    for dy in range(2 * down + 1):
        for dx in range(2 * right + 1):
            torch.sub(own, around[:, dy : dy + bottom - top, dx : dx + x.shape[2]], out=squares)
            sums = _window_sums(squares.mul_(squares), 1, side, rows)
            d[dy, dx] = _window_sums(sums, 2, side, columns)
    d[down, right] = -1
    return d.flatten(0, 1).flatten(2)


def _window_sums(x: Tensor, axis: int, length: int, starts: Tensor) -> Tensor:
    """Sums of `length` consecutive entries from each of the starts on: those of 1, 2, 4, ... entries, as needed."""
    parts: list[Tensor] = []
    done, span = 0, 1
    while True:
        if length & span:
            parts.append(x.index_select(axis, starts + done))
            done += span
        if done == length:
            return sum(parts[1:], start=parts[0])
        x = x.narrow(axis, 0, x.shape[axis] - span) + x.narrow(axis, span, x.shape[axis] - span)
        span *= 2
