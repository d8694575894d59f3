"""What was not measured decides nothing."""

import math
from collections.abc import Sequence
from typing import Any

from lit_inverse.reproductions.reproduction import Verdict
from lit_inverse.reproductions.tables import Row


def number(cell: Any) -> float:
    """What a cell holds; NaN where that is no number."""
    return float(cell) if isinstance(cell, int | float) else math.nan


def missing(what: str, rows: Sequence[Row], *columns: str) -> Verdict | None:
    """Undecided when there are no rows, or one of them has no such column or no number in it; else None."""
    if not rows:
        return Verdict(None, f"{what} was not measured")
    open_ = sum(any(math.isnan(number(row.get(name))) for name in columns) for row in rows)
    return Verdict(None, f"{what}: {open_} of {len(rows)} rows without {' or '.join(columns)}") if open_ else None
