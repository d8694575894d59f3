"""Reconstructions beside the originals, and where they err."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

Image = npt.NDArray[np.floating[Any]]

_BRIGHTEST = 0.995  # quantile of the errors that ends their scale
_CELL, _LEFT, _RIGHT, _EDGE = 0.9, 1.35, 0.85, 0.08  # inches: width of an image, margins
_GAP, _TEXT = 0.07, 0.22  # between images, and for the error above a map, in widths of an image


def reconstruction_grid(
    originals: Sequence[Image],
    rows: Mapping[str, Sequence[Image | None]],
    errors: Mapping[str, Sequence[float | None]],
    value_range: tuple[float, float],
) -> Figure:
    """Images (C, H, W): the originals on top, then for each solver its images, and |x_hat - x| (mean over C) below.

    Args:
        originals: one per column, of one shape.
        rows: label -> one image per column; None where there is none.
        errors: label -> mean squared errors, written above the error maps.
        value_range: values shown black and white; all error maps share one scale.
    """
    maps = {label: [_error_map(*pair) for pair in zip(row, originals, strict=True)] for label, row in rows.items()}
    found = [np.ravel(one) for row in maps.values() for one in row if one is not None]
    largest = (float(np.quantile(np.concatenate(found), _BRIGHTEST)) if found else 0.0) or 1.0
    sheet = _Sheet(len(originals), len(rows), originals[0].shape[-2] / originals[0].shape[-1])
    sheet.row(0, "original", [_shown(image, value_range) for image in originals])
    for place, (label, images) in enumerate(rows.items()):
        sheet.row(1 + 2 * place, label, [_shown(image, value_range) for image in images])
        sheet.error_maps(2 + 2 * place, maps[label], errors[label], largest)
    return sheet.figure


class _Sheet:
    """Images on one pair of axes, whose unit is the width of an image (axes for each would take seconds to lay out)."""

    def __init__(self, n_columns: int, n_solvers: int, aspect: float) -> None:
        self.aspect = aspect
        self.tops = [0.0]
        for _ in range(n_solvers):
            self.tops.append(self.tops[-1] + aspect + 1.5 * _GAP)
            self.tops.append(self.tops[-1] + aspect + _TEXT)
        width, height = n_columns * (1 + _GAP) - _GAP, self.tops[-1] + aspect
        whole = _LEFT + _CELL * width + _RIGHT, _CELL * height + 2 * _EDGE
        self.figure = Figure(figsize=whole)
        self.axes = self._axes(whole, _LEFT, _EDGE, _CELL * width, _CELL * height)
        self.axes.set(xlim=(0, width), ylim=(height, 0), autoscale_on=False)
        self.axes.set_axis_off()
        tall = min(_CELL * height, 3.0)
        bar_at = _LEFT + _CELL * width + 0.12, _EDGE + (_CELL * height - tall) / 2
        self.bar = self._axes(whole, *bar_at, 0.12, tall)
        self.bar.set_visible(False)

    def _axes(self, whole: tuple[float, float], left: float, bottom: float, width: float, height: float) -> Axes:
        return self.figure.add_axes((left / whole[0], bottom / whole[1], width / whole[0], height / whole[1]))

    def _image(self, row: int, column: int, image: Image, cmap: str, largest: float) -> AxesImage:
        left, top = column * (1 + _GAP), self.tops[row]
        extent = (left, left + 1, top + self.aspect, top)
        return self.axes.imshow(image, extent=extent, aspect="auto", cmap=cmap, vmin=0, vmax=largest)

    def row(self, row: int, label: str, images: Sequence[Image | None]) -> None:
        """Images with values in [0, 1] and the label to their left."""
        middle = self.tops[row] + self.aspect / 2
        self.axes.text(-0.1, middle, "\n".join(textwrap.wrap(label, 17)), ha="right", va="center", fontsize=8)
        for column, image in enumerate(images):
            if image is not None:
                self._image(row, column, image, "gray", 1.0)

    def error_maps(
        self, row: int, maps: Sequence[Image | None], errors: Sequence[float | None], largest: float
    ) -> None:
        """Maps (H, W) on the scale from 0 to `largest`, with the errors above."""
        for column, (one, error) in enumerate(zip(maps, errors, strict=True)):
            if one is None:
                continue
            shown = self._image(row, column, one, "magma", largest)
            middle = column * (1 + _GAP) + 0.5
            self.axes.text(middle, self.tops[row] - 0.03, f"MSE {error:.3g}", ha="center", va="bottom", fontsize=7)
            if not self.bar.get_visible():
                self.figure.colorbar(shown, cax=self.bar, extend="max").set_label("|x_hat - x|", fontsize=8)
                self.bar.tick_params(labelsize=7)
                self.bar.set_visible(True)


def _shown(image: Image | None, value_range: tuple[float, float]) -> Image | None:
    """(C, H, W) to (H, W), or (H, W, 3) in colour, with values in [0, 1]."""
    if image is None:
        return None
    low, high = value_range
    scaled = (np.clip(image, low, high) - low) / (high - low)
    return np.moveaxis(scaled, 0, -1) if len(image) == 3 else scaled[0]


def _error_map(image: Image | None, original: Image) -> Image | None:
    return None if image is None else np.abs(image - original).mean(0)
