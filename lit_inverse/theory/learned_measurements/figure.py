"""The figure: errors over m, and rows of A."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lit_inverse.drawing import DPI, ORACLE, WIDTH, style
from lit_inverse.operators import Learned
from lit_inverse.theory.learned_measurements.training import KINDS, Result

_N_ROWS = 8  # of A that are shown


def draw(results: Sequence[Result], folder: Path, path: Path) -> None:
    """Errors, and below them the first rows of a learned and a Gaussian A of the median m."""
    figure = Figure(figsize=(WIDTH * 1.3, 7.4), layout="constrained")
    grid = figure.add_gridspec(1 + len(KINDS), _N_ROWS, height_ratios=[5, *[1] * len(KINDS)])
    _errors(figure.add_subplot(grid[0, :]), results)
    sizes = sorted({row.m for row in results})
    m = sizes[(len(sizes) - 1) // 2]
    for line, kind in enumerate(KINDS, 1):
        file = folder / f"{kind}_{m}_0.ckpt"
        if file.exists():
            for place, row in enumerate(Learned((28, 28), file).matrix[:_N_ROWS].view(-1, 28, 28).numpy()):
                axes = figure.add_subplot(grid[line, place])
                axes.imshow(row, cmap="RdBu", vmin=-np.abs(row).max(), vmax=np.abs(row).max())
                axes.axis("off")
                if place == 0:
                    axes.set_title(f"rows of A, {kind}, m = {m}", loc="left", fontsize=9)
    figure.savefig(path, dpi=DPI)


def _errors(axes: Axes, results: Sequence[Result]) -> None:
    """Means over seeds."""
    sizes = sorted({row.m for row in results})

    def mean(kind: str, name: str) -> list[float]:
        of = [row for row in results if row.kind == kind]
        return [float(np.mean([getattr(row, name) for row in of if row.m == m] or [np.nan])) for m in sizes]

    for place, kind in enumerate(KINDS):
        axes.plot(sizes, mean(kind, "mse"), label=f"{kind} A, MLP", **{**style(place), "linestyle": "-"})
        thin = {**style(place), "linestyle": "--", "markerfacecolor": "none", "linewidth": 1}
        axes.plot(sizes, mean(kind, "affine"), label=f"{kind} A, affine estimate", **thin)
    least = {row.m: row.principal for row in results}
    axes.plot(sizes, [least[m] for m in sizes], **ORACLE, label="m principal components, no noise")
    axes.set(yscale="log", xlabel="measurements m", ylabel="mean squared error per pixel, x in [0, 1]")
    axes.set_title(
        f"{results[0].data.removesuffix('DataModule')}, {results[0].n_steps} steps, sigma = {results[0].sigma:g}"
    )
    axes.grid(alpha=0.3, which="both")
    axes.legend(fontsize=8)
