"""Recovery with random networks: the digest of their trials, and what claims take from it."""

import math
from collections.abc import Sequence

import numpy as np

from lit_inverse.reproductions.claims.missing import number
from lit_inverse.reproductions.claims.values import Points
from lit_inverse.reproductions.tables import Row, Tables
from lit_inverse.theory.random_networks.figure import crossing
from lit_inverse.theory.random_networks.trials import FAILURE, SUCCESS

_SETTING = ("experiment", "k", "n", "m", "level")
_FEWEST = 3  # m that were tried, for a threshold


def digest(tables: Tables) -> list[Row]:
    """One row for each setting of trials.csv.

    Of `trials` signals `succeeded` ended with a relative error below 1e-3 and `kept` below .3; error and relative are
    medians of the latter, of ||x_hat - x|| over ||x|| and over ||eta||.
    """
    found = []
    for key, rows in tables.groups("trials", _SETTING).items():
        kept = [row for row in rows if row["error"] < FAILURE]
        noisy = [row["error"] / row["noise"] for row in kept if row["noise"] > 0]
        found.append(
            {
                **dict(zip(_SETTING, key, strict=True)),
                "trials": len(rows),
                "succeeded": sum(row["error"] < SUCCESS for row in rows),
                "kept": len(kept),
                "error": float(np.median([row["error"] for row in kept])) if kept else None,
                "relative": float(np.median(noisy)) if noisy else None,
            }
        )
    return found


def thresholds(experiment: str) -> Points:
    """k and the m from which on one half of the noiseless trials succeed, NaN where they do at no m that was tried."""

    def points(tables: Tables) -> tuple[Sequence[float], Sequence[float]]:
        found = {}
        for (k,), rows in sorted(tables.groups("settings", ["k"], experiment=experiment, level=0).items()):
            of_k = sorted((row for row in rows if row["trials"]), key=lambda row: row["m"])
            if len(of_k) < _FEWEST:
                continue
            m = crossing([row["m"] for row in of_k], [row["succeeded"] / row["trials"] for row in of_k])
            if not m <= of_k[0]["m"]:  # else it is below all m that were tried
                found[k] = m
        return list(found), list(found.values())

    return points


def errors(experiment: str, column: str, over: str) -> Points:
    """k / `over` and the median error of noisy trials with a relative error below .3.

    Others ended at a spurious point. NaN, which leaves a claim undecided, where fewer than half are below: the rest
    would be a chosen few. The column is "error" or "relative".
    """

    def points(tables: Tables) -> tuple[Sequence[float], Sequence[float]]:
        rows = [row for row in tables.where("settings", experiment=experiment) if row["level"] > 0]
        found = [number(row[column]) if 2 * row["kept"] >= row["trials"] else math.nan for row in rows]
        return [row["k"] / row[over] for row in rows], found

    return points
