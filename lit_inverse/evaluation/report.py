"""Writes what a sweep found: summary.csv, figures and one self-contained page."""

import base64
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, PackageLoader
from matplotlib.figure import Figure

from lit_inverse.evaluation import figures
from lit_inverse.evaluation.cases import Case
from lit_inverse.evaluation.comparisons import Comparison, compare
from lit_inverse.evaluation.results import Results, Row
from lit_inverse.evaluation.runner import GRID_IMAGES
from lit_inverse.evaluation.statistics import Summary, summarise, write_csv
from lit_inverse.evaluation.sweep import Sweep


def write_report(sweep: Sweep, cases: list[Case], results: Results, versions: Mapping[str, Any]) -> dict[str, Path]:
    """Sums up the finished cases of a sweep into its folder; returns the figures' paths by title."""
    finished = results.rows()
    # in the order of the cases, not of their finishing
    rows = {case.key: finished[case.key] for case in cases if case.key in finished}
    summaries, comparisons = summarise(rows.values()), compare(rows.values())
    write_csv(summaries, results.out / "summary.csv")
    write_csv(comparisons, results.out / "comparisons.csv", leave_out={"differences"})
    drawn = [*_curves(sweep, summaries, comparisons), *_grids(sweep, cases, rows, results)]
    titled = {title: figures.save(figure, results.out / "figures", name) for name, title, figure in drawn}
    page = _page(sweep, cases, rows, results.failures(), summaries, comparisons, titled, versions)
    (results.out / "report.html").write_text(page, encoding="utf-8")
    return titled


def _range(sweep: Sweep) -> tuple[float, float]:
    return sweep.value_range or (-1.0, 1.0)


def _levels(sweep: Sweep) -> Iterator[tuple[float, str, str]]:
    """Each noise level with its addition to file names and to titles."""
    for level in sweep.noise_levels:
        alone = list(sweep.noise_levels) == [0.0]
        yield level, "" if alone else f"_noise{level:g}", "" if alone else f", noise level {level:g}"


def _curves(sweep: Sweep, summaries: list[Summary], comparisons: list[Comparison]) -> Iterator[tuple[str, str, Figure]]:
    """Name, title and figure of all that is drawn from the statistics."""
    unit = "x in [{:g}, {:g}]".format(*_range(sweep))
    labels = {name: sweep.label(name) for name in sweep.solvers}
    for level, suffix, noise in _levels(sweep):
        if not any(summary.noise_level == level for summary in summaries):
            continue
        against_m = f"Error against measurements{noise}"
        yield f"error_against_m{suffix}", against_m, figures.error_against_m(summaries, level, unit)
        linear = figures.error_against_m(summaries, level, unit, logarithmic=False)
        yield f"error_against_m_linear{suffix}", f"{against_m}, linear axis", linear
        against_time = figures.error_against_time(summaries, level, unit)
        yield f"error_against_time{suffix}", f"Error against time{noise}", against_time
        paired = [comparison for comparison in comparisons if comparison.noise_level == level]
        if paired:
            boxes = figures.paired_differences(paired, labels, unit)
            yield f"paired_differences{suffix}", f"Paired differences{noise}", boxes
    if len(sweep.noise_levels) > 1:
        for m in sorted({summary.m for summary in summaries}):
            against_noise = figures.error_against_noise(summaries, m, unit)
            yield f"error_against_noise_m{m}", f"Error against noise at m = {m}", against_noise


def _grids(
    sweep: Sweep, cases: list[Case], rows: Mapping[str, Row], results: Results
) -> Iterator[tuple[str, str, Figure]]:
    """Name, title and figure of the reconstructions of the first images at each setting."""
    for level, suffix, noise in _levels(sweep):
        for measurement in sweep.measurements:
            shown = [c for c in cases if (c.measurement, c.noise_level, c.repeat) == (measurement, level, 0)]
            shown = [case for case in shown if case.index < GRID_IMAGES and case.key in rows]
            grid = _grid(sweep, shown, rows, results)
            if grid is not None:
                at = "" if sweep.vary is None else f" at {sweep.vary} = {measurement}"
                short = "" if sweep.vary is None else f"_{sweep.vary}{measurement}"
                yield f"reconstructions{short}{suffix}", f"Reconstructions{at}{noise} (mean squared error below)", grid


def _grid(sweep: Sweep, cases: list[Case], rows: Mapping[str, Row], results: Results) -> Figure | None:
    dataset = sweep.dataset()
    indices = sorted({case.index for case in cases})
    originals = [dataset[index]["x"] for index in indices]
    if not originals or originals[0].ndim != 3 or originals[0].is_complex():
        return None
    images: dict[str, list[Any]] = {"original": [x.numpy() for x in originals]}
    errors: dict[str, list[float | None]] = {}
    for solver in sweep.solvers:
        found = {case.index: case.key for case in cases if case.solver == solver}
        keys = [found.get(index) for index in indices]
        images[sweep.label(solver)] = [None if key is None else results.reconstruction(key) for key in keys]
        errors[sweep.label(solver)] = [None if key is None else rows[key]["mse"] for key in keys]
    return figures.reconstruction_grid(images, errors, *_range(sweep))


def _page(
    sweep: Sweep,
    cases: list[Case],
    rows: Mapping[str, Row],
    failures: Mapping[str, str],
    summaries: list[Summary],
    comparisons: list[Comparison],
    titled: Mapping[str, Path],
    versions: Mapping[str, Any],
) -> str:
    low, high = _range(sweep)
    settings = dict.fromkeys((summary.m, summary.noise_level) for summary in summaries)
    of_setting = {at: [s for s in summaries if (s.m, s.noise_level) == at] for at in settings}
    failed = [(case, failures[case.key]) for case in cases if case.key in failures]
    environment = Environment(loader=PackageLoader("lit_inverse.evaluation", "."), autoescape=True)
    return environment.get_template("report.html").render(
        sweep=sweep,
        data=type(sweep.data).__name__,
        n_images=len({case.image for case in cases}),
        n_cases=len(cases),
        n_done=len(rows),
        n_diverged=sum(summary.diverged for summary in summaries),
        hours=sum(row["seconds"] for row in rows.values()) / 3600,
        low=f"{low:g}",
        high=f"{high:g}",
        figures=[(title, _data_uri(path)) for title, path in titled.items()],
        summaries=summaries,
        best=[min(group, key=lambda summary: summary.mse_mean) for group in of_setting.values()],
        winners=_winners(sweep, of_setting, comparisons),
        comparisons=comparisons,
        failed=failed,
        versions=yaml.safe_dump(dict(versions), sort_keys=False),
    )


def _winners(
    sweep: Sweep, of_setting: Mapping[tuple[int, float], list[Summary]], comparisons: list[Comparison]
) -> list[tuple[int, float, str, str]]:
    """Who wins where: m, noise level, the solver of least mean error, and whom it beats beyond chance."""
    winners = []
    for (m, level), group in of_setting.items():
        best = min(group, key=lambda summary: summary.mse_mean)
        here = [c for c in comparisons if (c.m, c.noise_level) == (m, level) and best.solver in (c.first, c.second)]
        beaten = [c.second if c.first == best.solver else c.first for c in here if c.better == best.solver]
        winners.append((m, level, best.label, ", ".join(map(sweep.label, beaten)) or "none"))
    return winners


def _data_uri(path: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode()
