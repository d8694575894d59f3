"""The figure: Fig. 4.2, Fig. 4.3, and the errors of Fig. 4.6 over alpha and along the descent."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lit_inverse.drawing import DPI, WIDTH, style
from lit_inverse.theory.analytic_deep_prior.predictions import Order, Response
from lit_inverse.theory.analytic_deep_prior.reconstructions import A, Along, Coefficient, Errors, signal

_CURVES: dict[str, Callable[[Errors], float]] = {
    "Tikhonov x(A)": lambda row: row.tikhonov,
    "x(B), last": lambda row: row.final,
    "x(B), best iterate": lambda row: row.best,
    "soft TSVD": lambda row: row.soft_tsvd,
}


def draw(
    responses: Sequence[Response],
    orders: Sequence[Order],
    coefficients: Sequence[Coefficient],
    errors: Sequence[Errors],
    curves: Sequence[Along],
    path: Path,
) -> None:
    """Three rows of panels: what theory says, errors over alpha, errors along the descent; a column for each signal."""
    names = list(dict.fromkeys(row.signal for row in errors))
    figure = Figure(figsize=(WIDTH * 2, 10.5), layout="constrained")
    panels = figure.subplots(3, max(len(names), 3), squeeze=False)
    _coefficients(panels[0, 0], coefficients)
    _filters(panels[0, 1], responses)
    _orders(panels[0, 2], orders)
    for place, name in enumerate(names):
        _over_alpha(panels[1, place], [row for row in errors if row.signal == name], name)
        _along(panels[2, place], [row for row in curves if row.signal == name], name)
    for axes in panels.flat:
        if axes.has_data():
            axes.legend(fontsize=8)
            axes.grid(alpha=0.3)
        else:
            axes.axis("off")
    figure.savefig(path, dpi=DPI)


def _line(place: int) -> dict[str, object]:
    return {**style(place), "marker": ""}


def _coefficients(axes: Axes, coefficients: Sequence[Coefficient]) -> None:
    t = (np.arange(A.n) + 0.5) / A.n
    for place, one in enumerate(coefficients):
        label = f"{one.method}: {one.coefficient:.6f}"
        axes.plot(t, one.coefficient * signal("u_7").numpy(), label=label, **_line(place))  # type: ignore[arg-type]
    axes.set(xlabel="t", title="Fig. 4.2: u_7, alpha = 0.001")


def _filters(axes: Axes, responses: Sequence[Response]) -> None:
    for place, name in enumerate(dict.fromkeys(row.filter for row in responses)):
        rows = [row for row in responses if row.filter == name]
        axes.plot([r.sigma for r in rows], [r.response for r in rows], label=name, **_line(place))  # type: ignore[arg-type]
    axes.set(xlabel="sigma", ylabel="F(sigma)", title="Fig. 4.3: alpha = 0.5")


def _orders(axes: Axes, orders: Sequence[Order]) -> None:
    """Filters on the line are of optimal order."""
    for place, name in enumerate(dict.fromkeys(row.filter for row in orders)):
        rows = [row for row in orders if row.filter == name]
        axes.plot([r.nu for r in rows], [r.rate / r.gamma for r in rows], label=name, **style(place))
    largest = max(row.nu for row in orders)
    axes.plot([0, largest], [0, largest], color="0.6", linewidth=1, label="optimal order")
    axes.set(xlabel="nu", ylabel="rate / gamma, measured", title="Table 4.1")


def _over_alpha(axes: Axes, errors: Sequence[Errors], name: str) -> None:
    """Means over the draws of the noise; a cross where the last x(B) is worse than x(A)."""
    alphas = sorted({row.alpha for row in errors})
    means = {
        label: np.array([np.mean([of(row) for row in errors if row.alpha == alpha]) for alpha in alphas])
        for label, of in _CURVES.items()
    }
    for place, (label, values) in enumerate(means.items()):
        axes.plot(alphas, values, label=label, **style(place))
    worse = means["x(B), last"] > means["Tikhonov x(A)"]
    if worse.any():
        label = "worse than x(A)"
        at = np.array(alphas)[worse]
        axes.plot(at, means["x(B), last"][worse], "x", color="black", markersize=11, label=label)
    axes.set(xscale="log", yscale="log", xlabel="alpha", ylabel="||x_hat - x|| / ||x||", title=name)


def _along(axes: Axes, curves: Sequence[Along], name: str) -> None:
    """Of three of the alphas, with x(A) as a broken line."""
    alphas = sorted({row.alpha for row in curves}, reverse=True)
    chosen = dict.fromkeys([alphas[0], alphas[len(alphas) // 2], alphas[-1]])
    for place, alpha in enumerate(chosen):
        rows = sorted((row for row in curves if row.alpha == alpha), key=lambda row: row.iteration)
        look = {**_line(place), "linestyle": "-"}
        label = f"alpha = {alpha:g}"
        axes.plot([r.iteration for r in rows], [r.error for r in rows], label=label, **look)  # type: ignore[arg-type]
        axes.axhline(rows[0].error, color=style(place)["color"], linestyle="--", linewidth=0.8)
    axes.set(
        xscale="symlog", yscale="log", xlim=(0, None), xlabel="iteration", ylabel="||x(B) - x|| / ||x||", title=name
    )
