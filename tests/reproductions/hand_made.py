"""Results of runs that never were."""

import csv
import json
from pathlib import Path
from typing import Any

from lit_inverse.reproductions.tables import Tables

RECORD = {
    "small": True, "data": "chest X-rays", "real": True, "seconds": 90.0, "date": "2026-01-02",
    "device": "cpu, test", "commit": "0123456789abcdef", "unknowns": 1000,
}  # fmt: skip
Rows = list[dict[str, Any]]


def tables(folder: Path, record: dict[str, Any] | None = None, **content: Rows) -> Tables:
    """A folder with these tables, and a record."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in content.items():
        with (folder / f"{name}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    (folder / "run.json").write_text(json.dumps(RECORD | (record or {})))
    return Tables(folder)


def comparison(first: str, second: str, m: int, low: float, high: float, level: float = 0.0) -> dict[str, Any]:
    """A row of comparisons.csv: the mean of first minus second lies in the middle of its interval.

    That of mean squared errors is the one given, that in dB ten times as large.
    """
    middle = (low + high) / 2
    return {
        "first": first, "second": second, "m": m, "setting": m, "noise_level": level, "n": 5,
        "difference": middle, "low": low, "high": high,
        "difference_db": 10 * middle, "db_low": 10 * low, "db_high": 10 * high,
    }  # fmt: skip


def summary(solver: str, m: int, mse: float, diverged: int = 0, level: float = 0.0) -> dict[str, Any]:
    """A row of summary.csv of 5 images, a case of each."""
    return {
        "solver": solver, "label": solver.upper(), "m": m, "setting": m, "noise_level": level, "n": 5, "cases": 5,
        "mse_mean": mse, "mse_low": mse / 2, "mse_high": 2 * mse, "diverged": diverged, "seconds_mean": 3.0,
    }  # fmt: skip
