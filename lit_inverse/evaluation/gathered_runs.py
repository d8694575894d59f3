"""Results of finished runs put together, where their errors are comparable."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from lit_inverse.errors import UsageError
from lit_inverse.evaluation.decibels import powers
from lit_inverse.evaluation.results import NewRows, Row

_SHARED_SETTINGS = ("operator", "operator_per", "noise", "split")
_SHARED = ("data", "operator", "n", "seed", "value_range")  # without these in common, errors are not comparable
_SAME_ENERGY = 1e-6  # relative


def gather(runs: Sequence[Path]) -> list[Row]:
    """All rows; with several runs, solvers are named RUN/SOLVER.

    Raises:
        UsageError: when a folder holds no results, or the runs are not of the same images and measurements.
    """
    gathered: dict[Path, list[Row]] = {}
    configurations = {run: configuration_of(run) for run in runs}
    symbols = {run: varied(configuration) for run, configuration in configurations.items()}
    for run in runs:
        rows = list({(row["key"], row["solver"]): row for row in NewRows(run).read()}.values())
        if not rows:
            raise UsageError(f"{run} holds no results, expected the --out folder of a sweep")
        # lines that were taken over may name what their own run varied
        rows = [{**row, "setting": row["m"] if symbols[run] == "m" else row.get("setting", row["m"])} for row in rows]
        _refuse_ambiguous(run, rows)
        name = run.name if len({other.name for other in runs}) == len(runs) else str(run)
        if len(runs) > 1:
            rows = [{**r, "solver": f"{name}/{r['solver']}", "label": f"{name}/{r['label']}"} for r in rows]
        gathered[run] = rows
    values = {"vary": list(symbols.values())}
    for shared in _SHARED_SETTINGS:
        values[shared] = [str(configuration.get(shared)) for configuration in configurations.values()]
    for shared in _SHARED:
        values[shared] = [", ".join(sorted({str(row[shared]) for row in rows})) for rows in gathered.values()]
    for shared, of_run in values.items():
        if len(set(of_run)) > 1:
            raise UsageError(f"the runs differ in {shared} ({'; '.join(of_run)}): their errors are not comparable")
    _refuse_other_signals(gathered)
    return [row for rows in gathered.values() for row in rows]


def _refuse_other_signals(gathered: Mapping[Path, Sequence[Row]]) -> None:
    """Images of one name are told apart by their energy: drawn signals of another density, another folder of images."""
    known: dict[str, tuple[float, Path]] = {}
    for run, rows in gathered.items():
        for image, power in powers(rows).items():
            other, of_run = known.setdefault(image, (power, run))
            if not math.isclose(power, other, rel_tol=_SAME_ENERGY):
                raise UsageError(f"{image} is not the same in {of_run} and {run}: their errors are not comparable")


def _refuse_ambiguous(run: Path, rows: Sequence[Row]) -> None:
    """A folder may hold results of earlier settings too, and nothing in the lines tells which are the last."""
    counts = Counter((r["solver"], r["image"], str(r["setting"]), r["noise_level"], r["repeat"]) for r in rows)
    (solver, *_), most = counts.most_common(1)[0]
    if most > 1:
        raise UsageError(
            f"{run} holds results of {most} different settings of {solver}: run the sweep again with --out NEW "
            f"--reuse {run}, and compare that folder"
        )


def varied(configuration: Mapping[str, Any]) -> str:
    """Name of the argument a run varied; m if it says none."""
    return str(configuration.get("vary") or "m")


def configuration_of(run: Path) -> dict[str, Any]:
    """The resolved settings of a run; none where it has not kept them."""
    path = run / "config.yaml"
    return (yaml.safe_load(path.read_text()) if path.exists() else None) or {}
