"""Claims about the end of fits: along.csv has loss and error of one image along its fit."""

import json
from collections.abc import Callable

import numpy as np

from lit_inverse.evaluation.results import read_rows
from lit_inverse.reproductions.claims.missing import number
from lit_inverse.reproductions.reproduction import Check, Verdict
from lit_inverse.reproductions.tables import Row, Tables

_LAST = 0.1  # of the iterations, whose loss is held to that of as many before
_CHANGES = 0.05  # a loss that changes by less is flat
_FITTED = 1e-3  # of the first loss: what is left to fit is a thousandth of the energy of y
_MOVES = 0.02  # an error that changes by less from the last kept iterate but one is at rest


def digest(solver: str) -> Callable[[Tables], list[Row]]:
    """Of a sweep: a row for each iteration at which the loss or the mean squared error of its first image is kept.

    At most some 200, evenly on a logarithmic scale.
    """

    def rows(tables: Tables) -> list[Row]:
        for key, row in read_rows(tables.folder).items():
            path = tables.folder / "trajectories" / f"{key}.json"
            if row["solver"] == solver and path.exists():
                kept = json.loads(path.read_bytes())
                losses = dict(zip(kept["steps"], kept["values"], strict=True))
                errors = dict(zip(kept["iterations"], kept["mse"], strict=True))
                return [
                    {"image": row["image"], "iteration": at, "loss": losses.get(at), "error": errors.get(at)}
                    for at in sorted(losses.keys() | errors.keys())
                ]
        return []

    return rows


def needs_no_stop(slack: float, must_fit: bool = False) -> Check:
    """Once the fit has converged its last error is at most this much above the least along it, relatively.

    Undecided before it has: the loss must be flat (its median over the last tenth of the iterations is within 5 % of
    that over the tenth before) or next to nothing (a thousandth of the first), and the error at rest (it changes by at
    most 2 % from the last kept iterate but one, which lies after some two thirds of the iterations). A flat loss is not
    enough where the fit must reach y, as without noise, and with a step that decays, which brings any loss to rest.
    """

    def check(tables: Tables) -> Verdict:
        losses, errors = _curve(tables, "loss"), _curve(tables, "error")
        if len(losses) < 2 or len(errors) < 3 or not all(0 < one < np.inf for one in errors.values()):
            return Verdict(None, "loss and error along the iterations were not measured")
        best, end = min(errors, key=lambda at: errors[at]), errors[max(errors)]
        excess = end / errors[best] - 1
        evidence = f"error {end:.3g} after {max(errors)} iterations, {excess:+.1%} of the least, after {best}"
        if moves := _loss_is_open(losses, must_fit) or _error_moves(errors):
            return Verdict(None, f"{evidence}; not converged: {moves}")
        return Verdict(excess <= slack, evidence)

    return check


def _curve(tables: Tables, column: str) -> dict[int, float]:
    """By iteration; without the rows that do not have it."""
    return {row["iteration"]: number(row[column]) for row in tables["along"] if row[column] is not None}


def _loss_is_open(losses: dict[int, float], must_fit: bool) -> str:
    """Says why; empty where it is next to nothing, or flat and need not be."""
    last, first = max(losses), losses[min(losses)]
    late, before = (
        [loss for at, loss in losses.items() if start * last < at <= end * last]
        for start, end in ((1 - _LAST, 1.0), (1 - 2 * _LAST, 1 - _LAST))
    )
    if not late or not before:
        return "too few losses were kept"
    found = float(np.median(late))
    flat = abs(found / float(np.median(before)) - 1) <= _CHANGES
    if found <= _FITTED * first or (flat and not must_fit):
        return ""
    return f"the loss, {found / first:.2g} of the first, {'does not reach y' if flat else 'still changes'}"


def _error_moves(errors: dict[int, float]) -> str:
    """Says so; empty where it is at rest."""
    before, end = [errors[at] for at in sorted(errors)][-2:]
    change = end / before - 1
    return f"the error still changes, by {change:+.1%}" if abs(change) > _MOVES else ""
