"""Writes what a sweep found: tables, figures and one self-contained page."""

import base64
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, PackageLoader

from lit_inverse import drawing
from lit_inverse.evaluation.cases import Case
from lit_inverse.evaluation.constant_means import Constant, constants
from lit_inverse.evaluation.diagnostics import Planned, estimates
from lit_inverse.evaluation.findings import Findings, Table
from lit_inverse.evaluation.gallery import draw, draw_constants
from lit_inverse.evaluation.names import Names
from lit_inverse.evaluation.oracle import oracle_rows
from lit_inverse.evaluation.outcome import Outcome
from lit_inverse.evaluation.pictures import draw_cases
from lit_inverse.evaluation.results import Results, read_diagnostics
from lit_inverse.evaluation.sweep import Sweep

_FIGURE_CHARACTERS = 3_500_000  # of the page; further figures are only named there
_PIXELS_PER_INCH = 90  # two figures fit beside each other
_MAX_CASES = 5000  # listed one by one on the page


@dataclass(frozen=True)
class Report:
    """What was written: the cases, their statistics, the figures' paths (PNG) by title, and diagnostics.

    Attributes:
        undiagnosed: diagnostics that failed, with the reason.
    """

    outcome: Outcome
    findings: Findings
    figures: dict[str, Path]
    constants: list[Constant] = field(default_factory=list)
    undiagnosed: list[tuple[Planned, str]] = field(default_factory=list)


def write_report(
    sweep: Sweep,
    cases: list[Case],
    results: Results,
    versions: Mapping[str, Any],
    measured: Sequence[Planned] = (),
) -> Report:
    """Sums up the finished cases and diagnostics of a sweep into its folder."""
    outcome = Outcome.of(sweep, cases, results)
    oracle = oracle_rows(sweep, [case for case, _ in outcome.finished]) if sweep.oracle else []
    findings = Findings.of([row for _, row in outcome.finished], sweep.success_nmse, oracle)
    findings.write(results.out)
    labels = {solver: sweep.label(solver) for solver in sweep.solvers}
    names = Names(labels, sweep.vary, sweep.shown_range, sweep.noise.drawn_class, sweep.noise_levels)
    done, failures, folder = read_diagnostics(results.out), results.failures(), results.out / "figures"
    found = constants(estimates(sweep, measured, done))
    undiagnosed = [(one, failures[one.key]) for one in measured if one.key in failures and one.key not in done]
    Table(Constant, found, optional=True).write(results.out / "diagnostics.csv")
    beside = draw_constants(findings, [one for one in found if one.n], sweep.diagnostics, names)
    drawn = itertools.chain(beside, draw(findings, names), draw_cases(sweep, outcome, results, names))
    written = {one.title: drawing.save(one.figure, folder, one.name) for one in drawn}
    _leave_alone(folder, [path.stem for path in written.values()])
    report = Report(outcome, findings, written, found, undiagnosed)
    (results.out / "report.html").write_text(_page(sweep, report, versions), encoding="utf-8")
    return report


def _leave_alone(folder: Path, written: Sequence[str]) -> None:
    """Of all figures that reports wrote to the folder only these; what they did not write is not touched."""
    known = folder / ".written"
    for name in set(known.read_text().splitlines() if known.exists() else []) - set(written):
        for kind in (".png", ".pdf"):
            (folder / f"{name}{kind}").unlink(missing_ok=True)
    if folder.exists():
        known.write_text("\n".join(written))


def _page(sweep: Sweep, report: Report, versions: Mapping[str, Any]) -> str:
    outcome, findings = report.outcome, report.findings
    environment = Environment(
        loader=PackageLoader("lit_inverse.evaluation", "."), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"number": _number, "label_of": sweep.label}
    embedded, named = _embedded(report.figures)
    return environment.get_template("report.html").render(
        sweep=sweep,
        symbol=sweep.vary or "m",
        data=type(sweep.data).__name__,
        n_images=len({case.image for case, _ in outcome.finished}),
        hours=sum(timing.total for timing in findings.timings) / 3600,
        n_diverged=sum(summary.diverged for summary in findings.summaries),
        n_stopped_early=sum(summary.stopped_early for summary in findings.summaries),
        outcome=outcome,
        findings=findings,
        constants=report.constants,
        undiagnosed=report.undiagnosed,
        in_db=any(summary.nmse_db is not None for summary in findings.summaries),
        items="images" if sweep.shown_range else "signals",
        infinity=math.inf,
        best={(winner.solver, winner.setting, winner.noise_level) for winner in findings.winners},
        embedded=embedded,
        named=named,
        rows=findings.rows if len(findings.rows) <= _MAX_CASES else [],
        versions=yaml.safe_dump(dict(versions), sort_keys=False),
    )


def _number(value: float | str | None, digits: int = 4) -> str:
    """A number in few characters, empty for none, a dash for an infinite one; other values as they are."""
    if value is None or isinstance(value, str):
        return value or ""
    return f"{value:.{digits}g}" if abs(value) < float("inf") else "-"


def _embedded(paths: Mapping[str, Path]) -> tuple[list[tuple[str, str, int]], list[tuple[str, str]]]:
    """Title, data and width of the figures the page has room for; title and file of the others."""
    embedded, named, used = [], [], 0
    for title, path in paths.items():
        content = path.read_bytes()
        used += 4 * len(content) // 3
        if used <= _FIGURE_CHARACTERS:
            width = int.from_bytes(content[16:20], "big")  # PNG, Sec. 11.2.1
            data = "data:image/png;base64," + base64.b64encode(content).decode()
            embedded.append((title, data, width * _PIXELS_PER_INCH // drawing.DPI))
        else:
            named.append((title, f"figures/{path.name}"))
    return embedded, named
