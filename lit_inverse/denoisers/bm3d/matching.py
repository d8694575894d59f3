"""Block matching: the patches most similar to each reference patch (Dabov et al. 2007, eqs. 4 and 7)."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, pad

from lit_inverse.denoisers.bm3d.profiles import Stage

_BLOCK = 8  # references along each side of a block, whose distances are one product of matrices
_REFERENCES = {"cpu": 1 << 13}  # whose groups are filtered together
_REFERENCES_ELSEWHERE = 1 << 17


class Matches(NamedTuple):
    """Groups of similar patches, the most similar one, which is the reference itself, first.

    Attributes:
        positions: (K, B, R), number of each patch, row by row, among all (H - p + 1) (W - p + 1) patches of its image.
        sizes: (B, R), how many of them are a group: the largest power of two with d < tau.
    """

    positions: Tensor
    sizes: Tensor


class _Run(NamedTuple):
    """Some references of an axis: `length` patches that begin at pixels first, first + step, ..."""

    first: int
    length: int


def match(x: Tensor, stage: Stage, tau: Tensor) -> Iterator[Matches]:
    """Groups of all reference patches, some rows of references at a time.

    The distance d is the mean squared difference, found as ||P||^2 - 2 <P, Q> + ||Q||^2 for a block of neighbouring
    references P and all candidates Q of any of them. That is twice as many products as are needed, but a product of
    matrices, three times faster than the differences for one offset at a time.

    Args:
        x: (B, H, W), no side shorter than the patch, of mean about 0: rounding errors are relative to ||P||^2.
        tau: (B,), in squared units of x.
    """
    search = _Search.of(x, stage, tau)
    rows, columns = (_runs(length, stage) for length in x.shape[1:])
    limit = _REFERENCES.get(x.device.type, _REFERENCES_ELSEWHERE) // (len(x) * sum(run.length for run in columns))
    found: list[Matches] = []
    n_rows = 0
    for i, run in enumerate(rows):
        found += (search.nearest(run, across) for across in columns)
        n_rows += run.length
        if i == len(rows) - 1 or n_rows + rows[i + 1].length > limit:
            yield Matches(*(torch.cat(parts, -1) for parts in zip(*found, strict=True)))
            found, n_rows = [], 0


def _runs(length: int, stage: Stage) -> list[_Run]:
    """The references of an axis, every `step` pixels and the last patch that fits, in blocks."""
    last = length - stage.patch
    regular = range(0, last + 1, stage.step)
    runs = [_Run(part[0], len(part)) for part in (regular[i : i + _BLOCK] for i in range(0, len(regular), _BLOCK))]
    return runs if regular[-1] == last else [*runs, _Run(last, 1)]


@dataclass(frozen=True)
class _Search:
    """What the search for matches needs to know.

    Attributes:
        stage: its parameters.
        tau: (B,).
        reach: (down, right), how far away candidates are, at most.
        padded: (B, H + 2 down, W + 2 right), the images with a border as wide as that.
        powers: (B, H - p + 1 + 2 down, W - p + 1 + 2 right), ||Q||^2 of the patches Q, inf for those in the border.
    """

    stage: Stage
    tau: Tensor
    reach: tuple[int, int]
    padded: Tensor
    powers: Tensor

    @classmethod
    def of(cls, x: Tensor, stage: Stage, tau: Tensor) -> "_Search":
        down, right = (min(stage.window // 2, length - stage.patch) for length in x.shape[1:])
        powers = avg_pool2d(x.square(), stage.patch, 1, divisor_override=1)
        border = (right, right, down, down)
        return cls(stage, tau, (down, right), pad(x, border), pad(powers, border, value=math.inf))

    def nearest(self, rows: _Run, columns: _Run) -> Matches:
        """Matches of a block of references."""
        (down, right), side, step = self.reach, self.stage.patch, self.stage.step
        d, powers = self._distances(rows, columns)
        nearest, offsets = d.flatten(3).topk(min(self.stage.group, d[0, 0, 0].numel()), largest=False)
        count = (nearest + powers < side**2 * self.tau.view(-1, 1, 1, 1)).sum(3).clamp(min=1)
        dy, dx = offsets.div(2 * right + 1, rounding_mode="floor") - down, offsets % (2 * right + 1) - right
        first, left = (run.first + step * torch.arange(run.length, device=d.device) for run in (rows, columns))
        positions = (first[:, None, None] + dy) * (self.padded.shape[2] - 2 * right - side + 1) + left[:, None] + dx
        return Matches(positions.flatten(1, 2).permute(2, 0, 1), 2 ** count.double().log2().floor().long().flatten(1))

    def _distances(self, rows: _Run, columns: _Run) -> tuple[Tensor, Tensor]:
        """||Q||^2 - 2 <P, Q> for all candidates, (B, R, C, 2 down + 1, 2 right + 1), -inf for P, and ||P||^2."""
        (down, right), side, step = self.reach, self.stage.patch, self.stage.step
        height, width = step * (rows.length - 1) + 1 + 2 * down, step * (columns.length - 1) + 1 + 2 * right
        top, left = slice(rows.first, rows.first + height), slice(columns.first, columns.first + width)
        own = (slice(None), slice(down, height - down, step), slice(right, width - right, step))
        patches = self.padded.unfold(1, side, 1).unfold(2, side, 1)[:, top, left]
        powers = self.powers[:, top, left]
        candidates = patches.permute(0, 3, 4, 1, 2).reshape(len(patches), side**2, -1)
        references = patches[own].reshape(len(patches), -1, side**2)
        d = torch.baddbmm(powers.reshape(len(patches), 1, -1), references, candidates, alpha=-2)
        # reference (a, b) sees the window of d[:, (a, b)] that begins at (a, b) steps
        per_reference = height * width
        windows = d.as_strided(
            (len(d), rows.length, columns.length, 2 * down + 1, 2 * right + 1),
            (d.stride(0), columns.length * per_reference + step * width, per_reference + step, width, 1),
        )
        windows[..., down, right] = -math.inf
        return windows, powers[own].unsqueeze(3)
