"""All statistics of some results together."""

import csv
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lit_inverse.evaluation.comparisons import Comparison, Winner, compare, winners
from lit_inverse.evaluation.grouping import by_setting
from lit_inverse.evaluation.layers import LayerError, layer_errors
from lit_inverse.evaluation.results import Row
from lit_inverse.evaluation.statistics import DECIBELS, Summary, summarise
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


class Table(NamedTuple):
    """Records of one kind, to be written.

    Attributes:
        kind: the dataclass that they are of.
        leave_out: fields that get no column.
        optional: where there are no records, there is no file either.
    """

    kind: type[Any]
    records: Sequence[Any]
    leave_out: Collection[str] = ()
    optional: bool = False

    def write(self, path: Path) -> None:
        """As CSV, in place of what an earlier sweep with other settings wrote."""
        if self.records or not self.optional:
            columns = [field.name for field in fields(self.kind) if field.name not in self.leave_out]
            with path.open("w", newline="") as file:
                writer = csv.DictWriter(file, columns, extrasaction="ignore")
                writer.writeheader()
                writer.writerows(asdict(record) for record in self.records)
        else:
            path.unlink(missing_ok=True)


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

    def tables(self) -> dict[str, Table]:
        """All of them by name, besides the rows."""
        in_db = any(summary.nmse_db is not None for summary in self.summaries)
        return {
            "summary": Table(Summary, self.summaries, leave_out=() if in_db else DECIBELS),
            "comparisons": Table(Comparison, self.comparisons, leave_out={"differences"}),
            "winners": Table(Winner, self.winners),
            "success": Table(SuccessRate, self.success),
            "timings": Table(Timing, self.timings),
            "layers": Table(LayerError, self.layers, optional=True),
            "oracle": Table(Summary, self.oracle, optional=True),
            "volumes": Table(VolumeError, self.volumes, optional=True),
        }

    def write(self, out: Path) -> None:
        """Each table as a CSV file."""
        for name, table in self.tables().items():
            table.write(out / f"{name}.csv")


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
