"""All statistics of a sweep together."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lit_inverse.evaluation.cases import Case
from lit_inverse.evaluation.comparisons import Comparison, Winner, compare, winners
from lit_inverse.evaluation.grouping import by_setting
from lit_inverse.evaluation.layers import LayerError, layer_errors
from lit_inverse.evaluation.oracle import oracle_rows
from lit_inverse.evaluation.results import Results, Row
from lit_inverse.evaluation.statistics import DECIBELS, Summary, summarise, write_csv
from lit_inverse.evaluation.success import SuccessRate, success_rates
from lit_inverse.evaluation.sweep import Sweep


@dataclass(frozen=True)
class Timing:
    """Solver time of one solver over all of its cases, in seconds."""

    solver: str
    label: str
    cases: int
    total: float
    mean: float
    median: float
    largest: float
    devices: str


@dataclass(frozen=True)
class Findings:
    """What a sweep found.

    Attributes:
        finished: cases with their results, in the order of the sweep.
        failed: cases that could not be computed, with the reason.
        layers: errors of all iterates, of vectors and solvers of few iterations.
        oracle: errors of the oracle, where the sweep asks for it.
    """

    finished: list[tuple[Case, Row]]
    failed: list[tuple[Case, str]]
    n_cases: int
    summaries: list[Summary]
    comparisons: list[Comparison]
    winners: list[Winner]
    success: list[SuccessRate]
    timings: list[Timing]
    layers: list[LayerError]
    oracle: list[Summary]

    @property
    def rows(self) -> list[Row]:
        """The results of the finished cases."""
        return [row for _, row in self.finished]

    def write(self, out: Path) -> None:
        """Each table as a CSV file; those of vectors only where there are any."""
        in_db = any(summary.nmse_db is not None for summary in self.summaries)
        write_csv(Summary, self.summaries, out / "summary.csv", leave_out=() if in_db else DECIBELS)
        if self.layers:
            write_csv(LayerError, self.layers, out / "layers.csv")
        if self.oracle:
            write_csv(Summary, self.oracle, out / "oracle.csv")
        write_csv(Comparison, self.comparisons, out / "comparisons.csv", leave_out={"differences"})
        write_csv(Winner, self.winners, out / "winners.csv")
        write_csv(SuccessRate, self.success, out / "success.csv")


def find(sweep: Sweep, cases: Sequence[Case], results: Results) -> Findings:
    """Sums up the finished cases of a sweep."""
    rows, failures = results.rows(), results.failures()
    finished = [(case, _named(sweep, case, rows[case.key])) for case in cases if case.key in rows]
    found = [row for _, row in finished]
    summaries, comparisons = summarise(found), compare(found)
    return Findings(
        finished=finished,
        failed=[(case, failures[case.key]) for case in cases if case.key in failures and case.key not in rows],
        n_cases=len(cases),
        summaries=summaries,
        comparisons=comparisons,
        winners=winners(summaries, comparisons),
        success=success_rates(found, sweep.success_nmse),
        timings=_timings(found),
        layers=layer_errors(found),
        oracle=summarise(oracle_rows(sweep, [case for case, _ in finished])) if sweep.oracle else [],
    )


def _named(sweep: Sweep, case: Case, row: Row) -> Row:
    """The row under the names of this sweep: a result may have been computed under others."""
    setting = row["m"] if sweep.vary is None else case.measurement
    return {**row, "solver": case.solver, "label": sweep.label(case.solver), "setting": setting}


def _timings(rows: Sequence[Row]) -> list[Timing]:
    of_solver: dict[str, list[Row]] = {}
    for _, group in by_setting(rows):
        of_solver.setdefault(group[0]["solver"], []).extend(group)
    return [_timing(solver, group) for solver, group in of_solver.items()]


def _timing(solver: str, rows: Sequence[Row]) -> Timing:
    seconds = np.array([row["seconds"] for row in rows])
    devices = ", ".join(sorted({row["device"] for row in rows}))
    total, mean, median, largest = (float(f(seconds)) for f in (np.sum, np.mean, np.median, np.max))
    return Timing(solver, rows[0]["label"], len(rows), total, mean, median, largest, devices)
