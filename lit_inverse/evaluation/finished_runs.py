"""Sums up and compares finished runs: python evaluate.py compare DIR DIR ... [--out DIR]."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lit_inverse import drawing
from lit_inverse.errors import OneLineParser
from lit_inverse.evaluation.findings import Findings
from lit_inverse.evaluation.gallery import draw
from lit_inverse.evaluation.gathered_runs import configuration_of, gather, varied
from lit_inverse.evaluation.grouping import shown
from lit_inverse.evaluation.laws import Law
from lit_inverse.evaluation.names import Names
from lit_inverse.noise import Noise

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
    rows = gather(args.runs)
    configuration = configuration_of(args.runs[0])
    findings = Findings.of(rows, configuration.get("success_nmse") or _SUCCESS_NMSE)
    summaries, comparisons = findings.summaries, findings.comparisons
    symbol = varied(configuration)
    in_db = all(summary.nmse_db is not None for summary in summaries)
    error = "NMSE (dB)" if in_db else "mean MSE"
    print(f"{'solver':<32}{symbol:>10}{'noise':>9}{'images':>8}{error:>12}{'95 % interval':>26}")
    for s in summaries:
        value, low, high = (s.nmse_db, s.nmse_db_low, s.nmse_db_high) if in_db else (s.mse_mean, s.mse_low, s.mse_high)
        interval = f"{low:.4g} to {high:.4g}"
        setting = shown(s.setting)
        print(f"{s.label:<32}{setting:>10}{s.noise_level:>9g}{s.n:>8}{value:>12.4g}{interval:>26}")
    print("\npaired differences of MSE and in dB, 95 % intervals (bootstrap, below 10 images t), Holm-corrected p")
    for c in comparisons:
        where = f"{symbol}={shown(c.setting)}, noise {c.noise_level:g}, {c.n} images"
        found = f"{c.difference:.3g} ({c.low:.3g} to {c.high:.3g})"
        if c.difference_db is not None:
            found += f", {c.difference_db:.3g} dB ({c.db_low:.3g} to {c.db_high:.3g})"
        print(f"{c.first} - {c.second} at {where}: {found}, p {c.p_holm:.2g}")
    if args.out is not None:
        args.out.mkdir(parents=True, exist_ok=True)
        findings.write(args.out)
        for drawn in draw(findings, _names(findings, configuration)):
            drawing.save(drawn.figure, args.out, drawn.name)


def _names(findings: Findings, configuration: Mapping[str, Any]) -> Names:
    labels = {summary.solver: summary.label for summary in findings.summaries}
    noise = Law[Noise]((configuration.get("noise") or {}).get("class_path", "lit_inverse.noise.Gaussian"), {})
    levels = sorted({summary.noise_level for summary in findings.summaries})
    value_range = findings.rows[0]["value_range"]
    return Names(labels, varied(configuration), value_range, noise.drawn_class, levels)
