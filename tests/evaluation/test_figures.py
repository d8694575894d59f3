"""Figures: what they show, and that nothing lies on anything else."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from evaluation.sweeps import rows
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from lit_inverse.drawing import save, style
from lit_inverse.evaluation import figures
from lit_inverse.evaluation.comparisons import compare
from lit_inverse.evaluation.figures.measure import measure_of
from lit_inverse.evaluation.figures.positions import Positions
from lit_inverse.evaluation.layers import layer_errors
from lit_inverse.evaluation.statistics import summarise
from lit_inverse.evaluation.success import success_rates
from lit_inverse.evaluation.trajectories import Trajectory

SOLVERS = ["a", "b", "c"]
LABELS = {solver: f"solver {solver}" for solver in SOLVERS}
UNIT = "x in [-1, 1]"
SETTINGS = [(25, 50, 100, 200), (50,), tuple(range(10, 170, 10)), ("unit", "None", "[3, 4]"), (0, 0.01, 0.1, 1.0)]


def drawn(kind: str, settings: Sequence[object] = SETTINGS[0]) -> Figure:
    sweep = rows(settings=tuple(settings))
    if kind == "success":
        return figures.success_against_setting(success_rates(sweep, 0.05), SOLVERS, "m")
    if kind == "pairs":
        return figures.paired_differences(compare(sweep), LABELS, "m", UNIT)
    summaries = summarise(sweep)
    if kind == "time":
        return figures.error_against_time(summaries, SOLVERS, "m", UNIT)
    if kind == "noise":
        return figures.error_against_noise(summarise(rows(levels=(0.0, 0.1))), SOLVERS, "noise level", UNIT)
    return figures.error_against_setting(summaries, SOLVERS, "m", UNIT, logarithmic=kind == "log")


def grid(n_columns: int = 3) -> Figure:
    images = np.random.default_rng(0).uniform(-1, 1, size=(n_columns, 1, 8, 12))
    return figures.reconstruction_grid(
        [*images],
        {"a": [*images[:-1], None], "a solver of a very long name": [*-images]},
        {"a": [0.0] * (n_columns - 1) + [None], "a solver of a very long name": [0.5] * n_columns},
        (-1, 1),
    )


def lying_grid() -> Figure:
    images = np.random.default_rng(0).uniform(-1, 1, size=(2, 1, 12, 8))
    labels = ["BM3D-AMP (robust)", "a solver of a very long name", "CONVDECODER PRIOR"]
    return figures.reconstruction_grid(
        [*images], {label: [*-images] for label in labels}, {label: [0.5, 0.00125] for label in labels}, (-1, 1)
    )


def along() -> Figure:
    loss = Trajectory([0, 1, 10], [1.0, 0.5, 0.1], "loss", [1, 5, 10], [9.0, 3.0, 1.0])
    gap = Trajectory([0, 3], [1.0, 0.2], "gap", [1, 3], [1.0, 1e-8])
    silent = Trajectory([0, 1], [1.0, 0.3], None, [], [])
    return figures.along_iterations(
        {25: {"a": loss, "b": gap}, 50: {"b": gap, "c": silent}}, LABELS, "m", UNIT, "image 0"
    )


INFINITY = float("inf")
PLACES = {(setting, level): f"m = {setting}, SNR {level} dB" for setting in (25, 50) for level in (20.0, INFINITY)}


def in_db(kind: str, exact: float = -147.0) -> Figure:
    """Figures of vectors; the oracle is exact where there is no noise, and elsewhere 30 dB below the first solver."""
    sweep = rows(settings=(25, 50), levels=(20.0, INFINITY), vectors=True)
    summaries = summarise(sweep)
    oracle = [
        replace(s, solver="oracle", label="oracle least squares", nmse_db=db, nmse_db_low=db - 1, nmse_db_high=db + 1)
        for s in summaries
        if s.solver == "a"
        for db in [exact if s.noise_level == INFINITY else s.nmse_db - 30]
    ]
    if kind == "layers":
        return figures.error_along_layers(layer_errors(sweep), SOLVERS, PLACES, oracle)
    if kind == "noise in dB":
        at_25, line = ([s for s in some if s.setting == 25] for some in (summaries, oracle))
        return figures.error_against_noise(at_25, SOLVERS, "SNR (dB)", "", oracle=line, in_db=True)
    level = INFINITY if kind == "curves in dB, exact oracle" else 20.0
    at_level, line = ([s for s in some if s.noise_level == level] for some in (summaries, oracle))
    if kind == "time in dB":
        return figures.error_against_time(at_level, SOLVERS, "m", "")
    return figures.error_against_setting(at_level, SOLVERS, "m", "", oracle=line)


ALL = {kind: lambda kind=kind: drawn(kind) for kind in ("log", "linear", "noise", "success", "time", "pairs")}
ALL |= {"grid": grid, "lying grid": lying_grid, "along": along}
IN_DB = ("layers", "noise in dB", "curves in dB", "curves in dB, exact oracle", "time in dB")
ALL |= {kind: lambda kind=kind: in_db(kind) for kind in IN_DB}


def not_drawn(axes: Axes, axis: Axis) -> list[Text]:
    """Texts of an axis that is off, and of its ticks that lie outside of the view."""
    if not (axes.axison and axes.get_visible()):
        return axis.findobj(Text)
    low, high = sorted(axis.get_view_interval())
    ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
    return [tick.label1 for tick in ticks if not low <= tick.get_loc() <= high]


def overlaps(figure: Figure) -> list[tuple[str, str]]:
    """Pairs of visible texts whose boxes meet, and texts of the legend within axes."""
    canvas = FigureCanvasAgg(figure)
    figure.draw_without_rendering()
    renderer = canvas.get_renderer()
    texts = [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip() and t.get_in_layout()]
    hidden = {text for axes in figure.axes for axis in (axes.xaxis, axes.yaxis) for text in not_drawn(axes, axis)}
    boxes = [(t.get_text(), t.get_window_extent(renderer).shrunk(0.9, 0.7)) for t in texts if t not in hidden]
    found = [(a, b) for (a, one), (b, other) in itertools.combinations(boxes, 2) if one.overlaps(other)]
    for legend in figure.legends:
        box = legend.get_window_extent(renderer)
        found += [
            ("legend", axes.get_title()) for axes in figure.axes if box.overlaps(axes.get_window_extent(renderer))
        ]
    return found


@pytest.mark.parametrize("kind", ALL)
def test_nothing_overlaps(kind: str) -> None:
    assert overlaps(ALL[kind]()) == []


@pytest.mark.parametrize("settings", SETTINGS[1:], ids=str)
@pytest.mark.parametrize("kind", ["log", "success", "pairs", "time"])
def test_any_settings_can_be_drawn(kind: str, settings: Sequence[object]) -> None:
    assert overlaps(drawn(kind, settings)) == []


def test_few_images_of_many_solvers_lie() -> None:
    places = [tuple(image.get_extent()) for image in lying_grid().axes[0].get_images()]
    assert len(places) == 2 + 2 * 2 * 3  # originals; images and maps
    assert len({left for left, *_ in places}) == 4  # the originals, and each solver
    assert len(set(places)) == len(places)
    assert all((right - left, bottom - top) == pytest.approx((1, 1.5)) for left, right, bottom, top in places)


def test_solvers_differ_without_colour() -> None:
    looks = [(style(place)["marker"], str(style(place)["linestyle"])) for place in range(40)]
    assert len(set(looks)) == 40


def test_a_solver_keeps_its_style_when_others_are_missing() -> None:
    figure = figures.error_against_setting(summarise(rows(solvers=("c",))), SOLVERS, "m", UNIT)
    assert figure.axes[0].lines[0].get_marker() == style(2)["marker"]


def test_bands_are_the_t_intervals_and_axes_have_units() -> None:
    summaries = summarise(rows(solvers=("a",)))
    axes: Axes = figures.error_against_setting(summaries, ["a"], "m", UNIT, logarithmic=False).axes[0]
    band = axes.collections[0].get_paths()[0].vertices
    for summary in summaries:
        at = np.isclose(band[:, 0], summary.setting)
        assert band[at, 1].max() == pytest.approx(summary.mse_high)
        assert band[at, 1].min() == pytest.approx(summary.mse_low)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("measurements m", "mean squared error (x in [-1, 1])")


@pytest.mark.parametrize(
    ("settings", "scale"),
    [((25, 50, 100), "log"), ((10, 20, 30), "linear"), ((0.0, 0.1, 0.5), "linear"), ((0.0, 0.01, 1.0), "symlog"),
     ((-1, 1), "linear"), (("a", "b"), "linear"), ((0.0,), "linear"), ((7,), "linear")],
)  # fmt: skip
def test_scale_of_the_horizontal_axis(settings: tuple[float, ...], scale: str) -> None:
    assert Positions(settings).scale == scale


@pytest.mark.parametrize("n_solvers", [2, 5, 7])
@pytest.mark.parametrize("length", [4, 30, 60])
def test_the_legend_is_within_the_figure(n_solvers: int, length: int) -> None:
    solvers = tuple("abcdefg"[:n_solvers])
    summaries = [
        replace(s, label=("A" if s.solver < "c" else "n" * length) + s.solver) for s in summarise(rows(solvers))
    ]
    figure = figures.error_against_setting(summaries, [*solvers], "m", UNIT)
    canvas = FigureCanvasAgg(figure)
    figure.draw_without_rendering()
    box = figure.legends[0].get_window_extent(canvas.get_renderer())
    assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1


def test_infinity_comes_after_the_largest_number() -> None:
    assert [Positions((20.0, 30.0, 40.0, INFINITY))[at] for at in (20.0, 40.0, INFINITY)] == [20, 40, 50]
    assert Positions((5.0, 20.0, INFINITY))[INFINITY] == pytest.approx(80)  # on a logarithmic axis
    assert Positions((5.0, 20.0, INFINITY), linear=True)[INFINITY] == 35
    assert Positions((INFINITY,)).scale == "linear"
    assert Positions((30.0, INFINITY))[INFINITY] == 31
    axes = in_db("noise in dB").axes[0]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["20", "∞"]


@pytest.mark.parametrize("kind", ["curves in dB", "noise in dB", "time in dB"])
def test_errors_of_vectors_are_in_db(kind: str) -> None:
    axes = in_db(kind).axes[0]
    expected = summarise(rows(settings=(25, 50), levels=(20.0, INFINITY), vectors=True))
    first = {round(summary.nmse_db, 6) for summary in expected if summary.solver == "a"}
    assert {round(float(value), 6) for value in axes.lines[0].get_ydata()} <= first
    assert (axes.get_ylabel(), axes.get_yscale()) == ("NMSE (dB)", "linear")


def test_layers_have_a_panel_per_place_and_end_at_the_error_of_the_reconstruction() -> None:
    figure = in_db("layers")
    summaries = summarise(rows(settings=(25, 50), levels=(20.0, INFINITY), vectors=True))
    assert [axes.get_title().split("\n")[0] for axes in figure.axes] == list(PLACES.values())
    for axes, place in zip(figure.axes, PLACES, strict=True):
        here = {s.solver: s for s in summaries if (s.setting, s.noise_level) == place}
        for solver, line, band in zip(SOLVERS, axes.lines, axes.collections, strict=False):
            at, value = line.get_data()
            assert (at[0], at[-1]) == (0, 16)
            assert value[0] == pytest.approx(0, abs=1e-9)
            assert value[-1] == pytest.approx(here[solver].nmse_db, abs=1e-6)
            edge = band.get_paths()[0].vertices
            ends = edge[np.isclose(edge[:, 0], 16), 1]
            assert (ends.min(), ends.max()) == pytest.approx((here[solver].nmse_db_low, here[solver].nmse_db_high))


def test_the_oracle_is_a_line_unless_it_is_exact() -> None:
    figure = in_db("layers")
    for axes, (_, level) in zip(figure.axes, PLACES, strict=True):
        assert len(axes.lines) == (3 if level == INFINITY else 4)
        assert ("(oracle: -147 dB)" in axes.get_title()) == (level == INFINITY)
        if level == 20.0:
            assert axes.get_ylim()[0] < axes.lines[-1].get_ydata()[0]
    assert "oracle least squares" in [text.get_text() for text in figure.legends[0].get_texts()]
    assert len(in_db("curves in dB").axes[0].lines) > len(in_db("curves in dB, exact oracle").axes[0].lines)
    assert in_db("noise in dB").axes[0].get_ylim()[0] > -120
    assert in_db("noise in dB", exact=-100).axes[0].get_ylim()[0] < -100


def test_the_front_is_what_no_solver_beats_in_both() -> None:
    figure = drawn("time")
    for axes in figure.axes:
        points = np.array([line.get_xydata()[0] for line in axes.lines if line.get_marker() != "None"])
        front = next(line for line in axes.lines if line.get_marker() == "None").get_xydata()
        expected = [p for p in points if not any((q < p).all() for q in points)]
        np.testing.assert_allclose(front, sorted(map(tuple, expected)))


def test_a_star_marks_differences_beyond_chance() -> None:
    figure = figures.paired_differences(compare(rows(("a", "c"), n_images=12)), LABELS, "m", UNIT)
    assert [t.get_text() for t in figure.axes[0].get_xticklabels()][::3] == ["25", "200*"]


def test_each_pair_has_its_own_stars() -> None:
    comparisons = compare(rows(("a", "b", "c"), n_images=12))
    figure = figures.paired_differences(comparisons, LABELS, "m", UNIT)
    pairs = list(dict.fromkeys((c.first, c.second) for c in comparisons))
    for axes, pair in zip(figure.axes, pairs, strict=True):
        expected = [f"{c.setting}{'*' if c.better else ''}" for c in comparisons if (c.first, c.second) == pair]
        assert [tick.get_text() for tick in axes.get_xticklabels()] == expected


def test_many_pairs_are_reduced_to_those_with_the_best_solver() -> None:
    solvers = tuple("abcdefg")
    figure = figures.paired_differences(
        compare(rows(solvers, n_images=3)), {solver: solver for solver in solvers}, "m", UNIT
    )
    titles = [axes.get_title() for axes in figure.axes if axes.get_visible()]
    assert len(titles) == 6
    assert all("g" in title for title in titles)


def test_error_maps_show_absolute_errors_on_one_scale() -> None:
    figure = grid()
    maps = [image for axes in figure.axes for image in axes.images if image.cmap.name == "magma"]
    assert len(maps) == 2 + 3
    assert len({image.get_clim() for image in maps}) == 1
    np.testing.assert_allclose(
        maps[2].get_array(), np.abs(2 * figure.axes[0].images[0].get_array() * 2 - 2), atol=1e-12
    )


def test_figures_are_written_as_png_and_pdf(tmp_path: Path) -> None:
    path = save(drawn("log"), tmp_path / "figures", "of kappa=[1/2]")
    assert path.name == "of_kappa_1_2_.png"
    assert path.read_bytes().startswith(b"\x89PNG")
    assert path.with_suffix(".pdf").read_bytes().startswith(b"%PDF")


def test_titles_say_how_many_images_or_volumes_means_are_over() -> None:
    slices = rows(n_images=4)
    assert measure_of(summarise(slices), UNIT).title == "mean over 4 images, 95 % t-intervals"
    volumes = [row | {"volume": f"volume {int(row['image'][-1]) // 2}"} for row in slices]
    assert measure_of(summarise(volumes), UNIT).title == "mean over 2 volumes, 95 % t-intervals"
