"""Sums up and compares finished runs: python evaluate.py compare DIR DIR ... [--out DIR]."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from lit_inverse.errors import OneLineParser, UsageError
from lit_inverse.evaluation import figures
from lit_inverse.evaluation.decibels import powers
from lit_inverse.evaluation.findings import Findings
from lit_inverse.evaluation.gallery import draw
from lit_inverse.evaluation.laws import Law
from lit_inverse.evaluation.names import Names
from lit_inverse.evaluation.results import NewRows, Row
from lit_inverse.noise import Noise

_SHARED_SETTINGS = ("operator", "operator_per", "noise", "split")
_SHARED = ("data", "operator", "n", "seed", "value_range")  # without these in common, errors are not comparable
_SAME_ENERGY = 1e-6  # relative
_SUCCESS_NMSE = 0.01  # that of a sweep that names none


def compare_runs(argv: Sequence[str]) -> None:
    """Prints the mean error of each solver and setting, and all paired comparisons; writes the statistics to --out.

    Raises:
        UsageError: when a folder holds no results, or the runs are not of the same images and measurements.
    """
    parser = OneLineParser(prog="evaluate.py compare", description=__doc__)
    parser.add_argument("runs", nargs="+", type=Path, help="folders of finished runs")
    parser.add_argument("--out", type=Path, default=None, help="folder for tables and figures")
    args = parser.parse_args(argv)
    rows = _gather(args.runs)
    configuration = _configuration(args.runs[0])
    findings = Findings.of(rows, configuration.get("success_nmse") or _SUCCESS_NMSE)
    summaries, comparisons = findings.summaries, findings.comparisons
    symbol = _varied(configuration)
    in_db = all(summary.nmse_db is not None for summary in summaries)
    error = "NMSE (dB)" if in_db else "mean MSE"
    print(f"{'solver':<32}{symbol:>10}{'noise':>9}{'images':>8}{error:>12}{'95 % interval':>26}")
    for s in summaries:
        value, low, high = (s.nmse_db, s.nmse_db_low, s.nmse_db_high) if in_db else (s.mse_mean, s.mse_low, s.mse_high)
        interval = f"{low:.4g} to {high:.4g}"
        setting = figures.shown(s.setting)
        print(f"{s.label:<32}{setting:>10}{s.noise_level:>9g}{s.n:>8}{value:>12.4g}{interval:>26}")
    print("\npaired differences of MSE and in dB, 95 % intervals (bootstrap, below 10 images t), Holm-corrected p")
    for c in comparisons:
        where = f"{symbol}={figures.shown(c.setting)}, noise {c.noise_level:g}, {c.n} images"
        found = f"{c.difference:.3g} ({c.low:.3g} to {c.high:.3g})"
        if c.difference_db is not None:
            found += f", {c.difference_db:.3g} dB ({c.db_low:.3g} to {c.db_high:.3g})"
        print(f"{c.first} - {c.second} at {where}: {found}, p {c.p_holm:.2g}")
    if args.out is not None:
        args.out.mkdir(parents=True, exist_ok=True)
        findings.write(args.out)
        for drawn in draw(findings, _names(findings, configuration)):
            figures.save(drawn.figure, args.out, drawn.name)


def _names(findings: Findings, configuration: Mapping[str, Any]) -> Names:
    labels = {summary.solver: summary.label for summary in findings.summaries}
    noise = Law[Noise]((configuration.get("noise") or {}).get("class_path", "lit_inverse.noise.Gaussian"), {})
    levels = sorted({summary.noise_level for summary in findings.summaries})
    value_range = findings.rows[0]["value_range"]
    return Names(labels, _varied(configuration), value_range, noise.drawn_class, levels)


def _gather(runs: Sequence[Path]) -> list[Row]:
    """All rows; with several runs, solvers are named RUN/SOLVER."""
    gathered: dict[Path, list[Row]] = {}
    configurations = {run: _configuration(run) for run in runs}
    symbols = {run: _varied(configuration) for run, configuration in configurations.items()}
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


def _varied(configuration: Mapping[str, Any]) -> str:
    """Name of the argument a run varied; m if it says none."""
    return str(configuration.get("vary") or "m")


def _configuration(run: Path) -> dict[str, Any]:
    path = run / "config.yaml"
    return (yaml.safe_load(path.read_text()) if path.exists() else None) or {}
