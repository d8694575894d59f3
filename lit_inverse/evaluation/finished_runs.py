"""Sums up and compares finished runs: python evaluate.py compare DIR DIR ... [--out DIR]."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from lit_inverse.errors import UsageError
from lit_inverse.evaluation import figures
from lit_inverse.evaluation.comparisons import compare
from lit_inverse.evaluation.results import Row, read_rows
from lit_inverse.evaluation.statistics import summarise, write_csv

_SHARED = ("data", "operator", "n", "seed", "value_range")  # without these in common, errors are not comparable


def compare_runs(argv: Sequence[str]) -> None:
    """Prints each solver's mean error per setting and all paired comparisons; writes both and a figure to --out.

    Raises:
        UsageError: when a folder holds no results, or the runs are not of the same images and measurements.
    """
    parser = argparse.ArgumentParser(prog="evaluate.py compare", description=__doc__)
    parser.add_argument("runs", nargs="+", type=Path, help="folders of finished runs")
    parser.add_argument("--out", type=Path, default=None, help="folder for tables and figures")
    args = parser.parse_args(argv)
    rows = _gather(args.runs)
    summaries, comparisons = summarise(rows), compare(rows)
    print(f"{'solver':<32}{'m':>7}{'noise':>9}{'images':>8}{'mean MSE':>12}{'95 % interval':>26}")
    for s in summaries:
        interval = f"{s.mse_low:.4g} to {s.mse_high:.4g}"
        print(f"{s.label:<32}{s.m:>7}{s.noise_level:>9g}{s.n:>8}{s.mse_mean:>12.4g}{interval:>26}")
    print("\npaired differences of MSE, 95 % bootstrap intervals, Holm-corrected p")
    for c in comparisons:
        where = f"m={c.m}, noise {c.noise_level:g}, {c.n} images"
        print(f"{c.first} - {c.second} at {where}: {c.difference:.3g} ({c.low:.3g} to {c.high:.3g}), p {c.p_holm:.2g}")
    if args.out is not None:
        args.out.mkdir(parents=True, exist_ok=True)
        write_csv(summaries, args.out / "summary.csv")
        write_csv(comparisons, args.out / "comparisons.csv", leave_out={"differences"})
        unit = f"x in {rows[0]['value_range']}" if rows[0]["value_range"] else "vectors"
        for level in dict.fromkeys(summary.noise_level for summary in summaries):
            figures.save(figures.error_against_m(summaries, level, unit), args.out, f"error_against_m_noise{level:g}")


def _gather(runs: Sequence[Path]) -> list[Row]:
    """All rows; with several runs, solvers are named RUN/SOLVER."""
    gathered: list[Row] = []
    for run in runs:
        rows = list(read_rows(run).values())
        if not rows:
            raise UsageError(f"{run} holds no results, expected the --out folder of a sweep")
        if len(runs) > 1:
            rows = [{**r, "solver": f"{run.name}/{r['solver']}", "label": f"{run.name}/{r['label']}"} for r in rows]
        gathered += rows
    for name in _SHARED:
        values = {str(row[name]) for row in gathered}
        if len(values) > 1:
            raise UsageError(
                f"the runs differ in {name} ({', '.join(sorted(values))}): their errors are not comparable"
            )
    return gathered
