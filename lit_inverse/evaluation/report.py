"""Writes what a sweep found: summary.csv, figures and one self-contained page."""

import base64
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, PackageLoader
from matplotlib.figure import Figure

from lit_inverse.evaluation import figures
from lit_inverse.evaluation.cases import Case
from lit_inverse.evaluation.results import Results, Row
from lit_inverse.evaluation.runner import GRID_IMAGES
from lit_inverse.evaluation.statistics import Summary, summarise, write_csv
from lit_inverse.evaluation.sweep import Sweep


def write_report(sweep: Sweep, cases: list[Case], results: Results, versions: Mapping[str, Any]) -> dict[str, Path]:
    """Sums up the finished cases of a sweep into its folder; returns the figures' paths by title."""
    finished = results.rows()
    rows = {case.key: finished[case.key] for case in cases if case.key in finished}
    summaries = summarise(rows.values())
    write_csv(summaries, results.out / "summary.csv")
    drawings = _drawings(sweep, cases, rows, results, summaries)
    paths = figures.save({name: draw for name, (_, draw) in drawings.items()}, results.out / "figures")
    titled = {title: paths[name] for name, (title, _) in drawings.items()}
    page = _page(sweep, cases, rows, summaries, titled, versions)
    (results.out / "report.html").write_text(page, encoding="utf-8")
    return titled


def _range(sweep: Sweep) -> tuple[float, float]:
    return sweep.value_range or (-1.0, 1.0)


def _drawings(
    sweep: Sweep, cases: list[Case], rows: Mapping[str, Row], results: Results, summaries: list[Summary]
) -> dict[str, tuple[str, Callable[[], Figure]]]:
    unit = "x in [{:g}, {:g}]".format(*_range(sweep))
    drawings: dict[str, tuple[str, Callable[[], Figure]]] = {}
    for level in dict.fromkeys(summary.noise_level for summary in summaries):
        noise = "" if sweep.noise_levels == [0.0] else f", noise level {level:g}"
        suffix = "" if sweep.noise_levels == [0.0] else f"_noise{level:g}"
        draw = partial(figures.error_against_m, summaries, level, unit)
        drawings[f"error_against_m{suffix}"] = (f"Error against measurements{noise}", draw)
        for measurement in sweep.measurements:
            shown = [c for c in cases if (c.measurement, c.noise_level, c.repeat) == (measurement, level, 0)]
            shown = [case for case in shown if case.index < GRID_IMAGES and case.key in rows]
            grid = _grid(sweep, shown, rows, results)
            if grid is not None:
                varied = "" if sweep.vary is None else f" at {sweep.vary} = {measurement}"
                name = (
                    f"reconstructions_{sweep.vary}{measurement}{suffix}" if sweep.vary else f"reconstructions{suffix}"
                )
                drawings[name] = (f"Reconstructions{varied}{noise} (mean squared error below each)", grid)
    return drawings


def _grid(sweep: Sweep, cases: list[Case], rows: Mapping[str, Row], results: Results) -> Callable[[], Figure] | None:
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
    return partial(figures.reconstruction_grid, images, errors, *_range(sweep))


def _page(
    sweep: Sweep,
    cases: list[Case],
    rows: Mapping[str, Row],
    summaries: list[Summary],
    titled: Mapping[str, Path],
    versions: Mapping[str, Any],
) -> str:
    low, high = _range(sweep)
    settings = dict.fromkeys((summary.m, summary.noise_level) for summary in summaries)
    best = [
        min((s for s in summaries if (s.m, s.noise_level) == setting), key=lambda s: s.mse_mean) for setting in settings
    ]
    template = Environment(loader=PackageLoader("lit_inverse.evaluation", "."), autoescape=True).get_template(
        "report.html"
    )
    return template.render(
        name=sweep.name,
        data=type(sweep.data).__name__,
        split=sweep.split,
        operator=sweep.operator.name,
        n_solvers=len(sweep.solvers),
        n_images=len({case.image for case in cases}),
        n_cases=len(cases),
        n_done=len(rows),
        n_diverged=sum(summary.diverged for summary in summaries),
        low=f"{low:g}",
        high=f"{high:g}",
        figures=[(title, _data_uri(path)) for title, path in titled.items()],
        summaries=summaries,
        best=best,
        resolved=sweep.resolved,
        versions=yaml.safe_dump(dict(versions), sort_keys=False),
    )


def _data_uri(path: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode()
