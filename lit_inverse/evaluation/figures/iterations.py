"""Loss and error along the iterations of single cases."""

from collections.abc import Mapping, Sequence

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lit_inverse.drawing import legend, log_ticks, style
from lit_inverse.evaluation.figures.style import mse_label, panels
from lit_inverse.evaluation.grouping import Setting, shown
from lit_inverse.evaluation.trajectories import Trajectory

_OBJECTIVES = {"loss": "loss\n(of each solver's own)", "gap": "relative\nduality gap"}


def along_iterations(
    trajectories: Mapping[Setting, Mapping[str, Trajectory]],
    labels: Mapping[str, str],
    symbol: str,
    unit: str,
    title: str,
) -> Figure:
    """What each solver minimises, and below the error of its iterates, for up to four settings.

    Args:
        trajectories: setting -> solver -> trajectory of one case.
        labels: names of all solvers, in the order of the sweep.
        symbol: of the argument that is the setting.
        unit: of x.
        title: which case is shown.
    """
    settings = panels(list(trajectories))
    noted = {one.objective for of_solver in trajectories.values() for one in of_solver.values()}
    rows = [name for name in _OBJECTIVES if name in noted]
    size = (max(4.8, 1.2 + 2.2 * len(settings)), 1.0 + 2.0 * (len(rows) + 1))
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(len(rows) + 1, len(settings), sharex=True, sharey="row", squeeze=False)
    handles: dict[str, Artist] = {}
    for column, setting in enumerate(settings):
        for place, solver in enumerate(labels):
            one = trajectories[setting].get(solver)
            if one is not None:
                look = {**style(place), "markersize": 4}
                handles[labels[solver]] = _plot(grid[-1, column], one.iterations, one.mse, look)
                if one.objective is not None:
                    _plot(grid[rows.index(one.objective), column], one.steps, one.values, look)
        grid[0, column].set_title(f"{symbol} = {shown(setting)}", fontsize=9)
    for axes in grid.ravel():
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.minorticks_off()
        axes.grid(alpha=0.3)
    for axes in grid[:, 0]:
        low, high = axes.get_ylim()
        log_ticks(axes, high / low)
    for axes, name in zip(grid[:, 0], [*map(_OBJECTIVES.get, rows), mse_label(unit).replace(" (", "\n(")], strict=True):
        axes.set_ylabel(name, fontsize=9)
    figure.supxlabel(f"iteration ({title})", fontsize=9)
    legend(figure, list(handles.values()), list(handles))
    return figure


def _plot(axes: Axes, numbers: Sequence[int], values: Sequence[float], look: Mapping[str, object]) -> Artist:
    """Positive values from iteration 1 on, with about eight markers."""
    positive = [(number, value) for number, value in zip(numbers, values, strict=True) if number > 0 and value > 0]
    at, heights = ([pair[part] for pair in positive] for part in (0, 1))
    (line,) = axes.plot(at, heights, markevery=max(1, len(at) // 8), **look)  # type: ignore[arg-type]
    return line
