"""Figures of single cases of a sweep: their iterations, and their reconstructions."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from lit_inverse.evaluation import figures
from lit_inverse.evaluation.gallery import Drawn
from lit_inverse.evaluation.grouping import Setting, setting_of
from lit_inverse.evaluation.names import Names
from lit_inverse.evaluation.outcome import Outcome
from lit_inverse.evaluation.reference import Reference
from lit_inverse.evaluation.results import Results, Row
from lit_inverse.evaluation.sweep import Sweep
from lit_inverse.evaluation.trajectories import Trajectory


def draw_cases(sweep: Sweep, outcome: Outcome, results: Results, names: Names) -> Iterator[Drawn]:
    """Iterations first, then the reconstructions."""
    places = dict.fromkeys((row["noise_level"], _setting(row, names)) for _, row in outcome.finished)
    levels = sorted({level for level, _ in places}, reverse=names.noise.in_db)
    for level in levels:
        followed, image = _followed(outcome, results, level)
        if followed:
            suffix, at = names.at_level(level)
            along = figures.along_iterations(followed, names.labels, names.symbol, names.unit, f"of image {image}")
            yield Drawn(f"along_iterations{suffix}", f"Loss and error along the iterations{at}", along)
    for level, setting in sorted(places, key=lambda place: levels.index(place[0])):
        yield from _reconstructions(sweep, outcome, results, names, setting, level)


def _reconstructions(
    sweep: Sweep, outcome: Outcome, results: Results, names: Names, setting: Setting | None, level: float
) -> Iterator[Drawn]:
    """The first images of one setting, of which reconstructions are kept."""
    shown = {
        (case.solver, case.index): row
        for case, row in outcome.finished
        if case.is_shown and (_setting(row, names), row["noise_level"]) == (setting, level)
    }
    dataset = sweep.dataset()
    indices = sorted({index for _, index in shown})
    items = {index: dataset[index] for index in indices}
    originals = {index: Reference.of([item], item["x"], sweep.shown_range).x[0] for index, item in items.items()}
    short, at = ("", "") if setting is None else names.at_setting(setting)
    suffix, noise = names.at_level(level)
    shapes = list(dict.fromkeys(tuple(x.shape) for x in originals.values() if x.ndim == 3 and not x.is_complex()))
    for shape in shapes:
        alike = {index: x.numpy() for index, x in originals.items() if tuple(x.shape) == shape}
        images, errors = {}, {}
        for solver, label in names.labels.items():
            rows = [shown.get((solver, index)) for index in alike]
            kept = [None if row is None else results.reconstruction(row["key"]) for row in rows]
            if any(x_hat is not None for x_hat in kept):
                images[label] = [None if x_hat is None else _real(x_hat) for x_hat in kept]
                errors[label] = [None if row is None else row["mse"] for row in rows]
        if images:
            grid = figures.reconstruction_grid([*alike.values()], images, errors, sweep.shown_range or (-1.0, 1.0))
            size = "" if len(shapes) == 1 else f"{shape[1]} x {shape[2]}"
            name = f"reconstructions{short}{suffix}{'_' if size else ''}{size.replace(' ', '')}"
            yield Drawn(name, f"Reconstructions{at}{noise}{', ' if size else ''}{size}", grid)


def _setting(row: Row, names: Names) -> Setting | None:
    """None where nothing varies: images of other sizes have another m at the same setting."""
    return None if names.vary is None else setting_of(row)


def _real(image: Any) -> Any:
    """What is seen of an image: of a complex one its magnitude."""
    return np.abs(image) if np.iscomplexobj(image) else image


def _followed(outcome: Outcome, results: Results, level: float) -> tuple[dict[Setting, dict[str, Trajectory]], str]:
    """Trajectories of one image at one noise level by setting and solver, and the image's name."""
    found: dict[Setting, dict[str, Trajectory]] = {}
    image = ""
    for case, row in outcome.finished:
        if case.noise_level == level and case.is_followed:
            kept = results.trajectory(case.key)
            if kept is not None and (kept["iterations"] or kept["steps"]):
                found.setdefault(setting_of(row), {})[case.solver] = Trajectory(**kept)
                image = case.image
    return found, image
