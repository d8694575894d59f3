"""The figure: losses of the three fits, and the error of the one to the image with noise."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from lit_inverse.drawing import legend, style
from lit_inverse.theory.image_and_noise.fits import IMAGE, NOISE, NOISY, Point


def draw(points: Sequence[Point]) -> Figure:
    """Mean squared errors along the iterations from 1, both axes logarithmic."""
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.subplots()
    of = {name: [p for p in points if p.target == name and p.iteration > 0] for name in (IMAGE, NOISY, NOISE)}
    curves = {
        "loss, image": (of[IMAGE], "loss"),
        "loss, image + noise": (of[NOISY], "loss"),
        "error of that fit": (of[NOISY], "error"),
        "loss, noise": (of[NOISE], "loss"),
    }
    handles = []
    for place, (rows, column) in enumerate(curves.values()):
        heights = [getattr(row, column) for row in rows]
        handles += axes.plot([row.iteration for row in rows], heights, markevery=0.15, **style(place))
    one = points[0]  # what all fits have in common
    axes.axhline(one.sigma**2, color="0.4", linewidth=0.8)
    axes.annotate("variance of the noise", (1, one.sigma**2), (0, 3), textcoords="offset points", fontsize=8)
    label = f"iteration ({one.image}, {one.size} x {one.size}, {one.network.replace('_', ' ')}, width {one.width})"
    axes.set(xscale="log", yscale="log", xlabel=label, ylabel="mean squared error")
    axes.grid(alpha=0.3)
    legend(figure, handles, list(curves))
    return figure
