"""Reconstructions beside the originals, and where they err."""

import textwrap
from abc import ABC, abstractmethod
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
_LINE = 0.13  # inches of a label
_FEW = 2  # images that lie


def reconstruction_grid(
    originals: Sequence[Image],
    rows: Mapping[str, Sequence[Image | None]],
    errors: Mapping[str, Sequence[float | None]],
    value_range: tuple[float, float],
) -> Figure:
    """Images (C, H, W): the originals on top, then for each solver its images, and |x_hat - x| (mean over C) below.

    One or two images of three solvers and more lie: originals to the left, a column for each solver.

    Args:
        originals: one per column, of one shape.
        rows: label -> one image per column; None where there is none.
        errors: label -> mean squared errors, written above the error maps.
        value_range: values shown black and white; all error maps share one scale.
    """
    maps = {label: [_error_map(*pair) for pair in zip(row, originals, strict=True)] for label, row in rows.items()}
    found = [np.ravel(one) for row in maps.values() for one in row if one is not None]
    largest = (float(np.quantile(np.concatenate(found), _BRIGHTEST)) if found else 0.0) or 1.0
    aspect = originals[0].shape[-2] / originals[0].shape[-1]
    kind = _Lying if len(originals) <= _FEW < len(rows) else _Standing
    sheet = kind(len(originals), list(rows), aspect)
    sheet.images(0, [_shown(image, value_range) for image in originals])
    for place, (label, images) in enumerate(rows.items(), start=1):
        sheet.images(place, [_shown(image, value_range) for image in images])
        sheet.error_maps(place, maps[label], errors[label], largest)
    return sheet.figure


class _Sheet(ABC):
    """Images on one pair of axes, whose unit is the width of an image (axes for each would take seconds to lay out).

    Place 0 is that of the originals, others those of solvers.
    """

    characters: int  # of a line of a label

    def __init__(self, n_images: int, labels: Sequence[str], aspect: float) -> None:
        self.n_images, self.aspect = n_images, aspect
        self.labels = [textwrap.wrap(label, self.characters) for label in ("original", *labels)]
        width, height, left, top = self._extent()
        whole = left + _CELL * width + _RIGHT, top + _CELL * height + _EDGE
        self.figure = Figure(figsize=whole)
        self.axes = self._axes(whole, left, _EDGE, _CELL * width, _CELL * height)
        self.axes.set(xlim=(0, width), ylim=(height, 0), autoscale_on=False)
        self.axes.set_axis_off()
        tall = min(_CELL * height, 3.0)
        bar_at = left + _CELL * width + 0.12, _EDGE + (_CELL * height - tall) / 2
        self.bar = self._axes(whole, *bar_at, 0.12, tall)
        self.bar.set_visible(False)
        for place, lines in enumerate(self.labels):
            self._label(place, "\n".join(lines))

    @abstractmethod
    def _extent(self) -> tuple[float, float, float, float]:
        """Width and height in widths of an image, margins to the left and at the top in inches."""

    @abstractmethod
    def _at(self, place: int, number: int, is_map: bool) -> tuple[float, float]:
        """Left and upper end of an image, or of its map."""

    @abstractmethod
    def _label(self, place: int, label: str) -> None:
        """Writes what is shown at a place beside it."""

    def _axes(self, whole: tuple[float, float], left: float, bottom: float, width: float, height: float) -> Axes:
        return self.figure.add_axes((left / whole[0], bottom / whole[1], width / whole[0], height / whole[1]))

    def _image(self, at: tuple[float, float], image: Image, cmap: str, largest: float) -> AxesImage:
        left, top = at
        extent = (left, left + 1, top + self.aspect, top)
        return self.axes.imshow(image, extent=extent, aspect="auto", cmap=cmap, vmin=0, vmax=largest)

    def images(self, place: int, images: Sequence[Image | None]) -> None:
        """With values in [0, 1]."""
        for number, image in enumerate(images):
            if image is not None:
                self._image(self._at(place, number, is_map=False), image, "gray", 1.0)

    def error_maps(
        self, place: int, maps: Sequence[Image | None], errors: Sequence[float | None], largest: float
    ) -> None:
        """Maps (H, W) on the scale from 0 to `largest`, with the errors above."""
        for number, (one, error) in enumerate(zip(maps, errors, strict=True)):
            if one is None:
                continue
            left, top = self._at(place, number, is_map=True)
            shown = self._image((left, top), one, "magma", largest)
            self.axes.text(left + 0.5, top - 0.03, f"MSE {error:.3g}", ha="center", va="bottom", fontsize=7)
            if not self.bar.get_visible():
                self.figure.colorbar(shown, cax=self.bar, extend="max").set_label("|x_hat - x|", fontsize=8)
                self.bar.tick_params(labelsize=7)
                self.bar.set_visible(True)


class _Standing(_Sheet):
    """A column for each image, the labels to the left."""

    characters = 17

    def _extent(self) -> tuple[float, float, float, float]:
        height = self._at(len(self.labels) - 1, 0, is_map=True)[1] + self.aspect
        return self.n_images * (1 + _GAP) - _GAP, height, _LEFT, _EDGE

    def _at(self, place: int, number: int, is_map: bool) -> tuple[float, float]:
        top = place * (2 * self.aspect + 1.5 * _GAP + _TEXT) - (0 if is_map or not place else self.aspect + _TEXT)
        return number * (1 + _GAP), top

    def _label(self, place: int, label: str) -> None:
        middle = self._at(place, 0, is_map=False)[1] + self.aspect / 2
        self.axes.text(-0.1, middle, label, ha="right", va="center", fontsize=8)


class _Lying(_Sheet):
    """A column for each solver, the labels above."""

    characters = 14

    def _extent(self) -> tuple[float, float, float, float]:
        height = self._at(0, self.n_images - 1, is_map=True)[1] + self.aspect
        top = _EDGE + _LINE * max(map(len, self.labels))
        return len(self.labels) * (1 + _GAP) - _GAP, height, _EDGE, top

    def _at(self, place: int, number: int, is_map: bool) -> tuple[float, float]:
        top = number * (2 * self.aspect + 1.5 * _GAP + _TEXT) + (self.aspect + _TEXT if is_map else 0)
        return place * (1 + _GAP), top

    def _label(self, place: int, label: str) -> None:
        self.axes.text(self._at(place, 0, is_map=False)[0] + 0.5, -0.03, label, ha="center", va="bottom", fontsize=7)


def _shown(image: Image | None, value_range: tuple[float, float]) -> Image | None:
    """(C, H, W) to (H, W), or (H, W, 3) in colour, with values in [0, 1]."""
    if image is None:
        return None
    low, high = value_range
    scaled = (np.clip(image, low, high) - low) / (high - low)
    return np.moveaxis(scaled, 0, -1) if len(image) == 3 else scaled[0]


def _error_map(image: Image | None, original: Image) -> Image | None:
    return None if image is None else np.abs(image - original).mean(0)
