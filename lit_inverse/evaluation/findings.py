"""All statistics of some results together."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lit_inverse.evaluation.comparisons import Comparison, Winner, compare, winners
from lit_inverse.evaluation.grouping import by_setting
from lit_inverse.evaluation.layers import LayerError, layer_errors
from lit_inverse.evaluation.results import Row
from lit_inverse.evaluation.statistics import DECIBELS, Summary, summarise, write_csv
from lit_inverse.evaluation.success import SuccessRate, success_rates
from lit_inverse.evaluation.volumes import VolumeError, volume_errors


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
    """What the results of one or more sweeps say.

    Attributes:
        layers: errors of all iterates, of vectors and solvers of few iterations.
        oracle: errors of the oracle, where there are any.
        volumes: errors of whole volumes, where images are slices of some.
    """

    rows: Sequence[Row]
    summaries: list[Summary]
    comparisons: list[Comparison]
    winners: list[Winner]
    success: list[SuccessRate]
    timings: list[Timing]
    layers: list[LayerError]
    oracle: list[Summary]
    volumes: list[VolumeError]

    @classmethod
    def of(cls, rows: Sequence[Row], success_nmse: float, oracle: Sequence[Row] = ()) -> "Findings":
        """Sums up result lines, and those of the oracle; `success_nmse` is the largest error of a success."""
        summaries, comparisons = summarise(rows), compare(rows)
        return cls(
            rows,
            summaries,
            comparisons,
            winners(summaries, comparisons),
            success_rates(rows, success_nmse),
            _timings(rows),
            layer_errors(rows),
            summarise(oracle),
            volume_errors(rows),
        )

    def write(self, out: Path) -> None:
        """Each table as a CSV file; those of vectors only where there are any."""
        in_db = any(summary.nmse_db is not None for summary in self.summaries)
        write_csv(Summary, self.summaries, out / "summary.csv", leave_out=() if in_db else DECIBELS)
        if self.layers:
            write_csv(LayerError, self.layers, out / "layers.csv")
        if self.oracle:
            write_csv(Summary, self.oracle, out / "oracle.csv")
        if self.volumes:
            write_csv(VolumeError, self.volumes, out / "volumes.csv")
        write_csv(Comparison, self.comparisons, out / "comparisons.csv", leave_out={"differences"})
        write_csv(Winner, self.winners, out / "winners.csv")
        write_csv(SuccessRate, self.success, out / "success.csv")


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
