"""The figure: measured and predicted values, the deep decoder's along its fit, and principal angles."""

import math
from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lit_inverse.drawing import DPI, WIDTH, style
from lit_inverse.theory.jacobian_spectra.measurement import DEEP_DECODER, SUBSPACES, Angle, Value, worst_error


def draw(values: Sequence[Value], angles: Sequence[Angle], path: Path) -> None:
    """Three panels."""
    figure = Figure(figsize=(WIDTH * 2, 4.2), layout="constrained")
    two_layers, decoder, turned = figure.subplots(1, 3)
    _two_layers(two_layers, [one for one in values if not math.isnan(one.predicted)])
    _decoder(decoder, [one for one in values if math.isnan(one.predicted)])
    _angles(turned, [one for one in angles if one.dimension == max(SUBSPACES)])
    for axes in (two_layers, decoder, turned):
        axes.grid(alpha=0.3)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(fontsize=8)
    figure.savefig(path, dpi=DPI)


def _two_layers(axes: Axes, values: Sequence[Value]) -> None:
    """Measured values on the lines of eq. 11."""
    for place, name in enumerate(dict.fromkeys(one.network for one in values)):
        rows = [one for one in values if one.network == name]
        look = {**style(place), "linestyle": "none", "markersize": 4}
        label = f"{name.removeprefix('two layers, ')}: within {worst_error(rows):.1%}"
        axes.plot([r.place for r in rows], [r.value for r in rows], label=label, **look)
        axes.plot([r.place for r in rows], [r.predicted for r in rows], color=look["color"], linewidth=1)
    axes.plot([], [], color="0.4", linewidth=1, label="predicted, eq. 11")
    axes.set(xlabel="i", ylabel="singular value i", title="two layers, first weights", ylim=(0, None))


def _decoder(axes: Axes, values: Sequence[Value]) -> None:
    """Fig. 4; values that are 0 but for rounding are below the axis."""
    largest = max((one.value for one in values), default=1.0)
    for place, iteration in enumerate(sorted({one.iteration for one in values})):
        rows = [one for one in values if one.iteration == iteration]
        look = {**style(place), "marker": ""}
        axes.plot([r.place for r in rows], [r.value for r in rows], label=f"iteration {iteration}", **look)
    axes.set(yscale="log", ylim=(largest * 1e-5, largest * 2), xlabel="i", ylabel="singular value i")
    axes.set_title("four-layer deep decoder")


def _angles(axes: Axes, angles: Sequence[Angle]) -> None:
    """Those of the largest subspace, from the smallest to the largest."""
    keys = list(dict.fromkeys((one.network, one.iteration) for one in angles))
    for place, (name, iteration) in enumerate(keys):
        rows = [one for one in angles if (one.network, one.iteration) == (name, iteration)]
        label = f"{name}, iteration {iteration}" if name == DEEP_DECODER else name
        look = {**style(place), "marker": ""}
        axes.plot([r.place for r in rows], [r.degrees for r in rows], label=label, **look)
    title = f"{max(SUBSPACES)} leading vectors, {max(SUBSPACES)} lowest functions"
    axes.set(xlabel="i", ylabel="principal angle i (degrees)", title=title, ylim=(0, 90))
