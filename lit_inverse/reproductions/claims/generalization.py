"""Claims about the generalisation gap |error on new signals - error on the training signals|, from gaps.csv."""

import math
from collections.abc import Sequence

from lit_inverse.intervals import t_interval
from lit_inverse.reproductions.claims.missing import number
from lit_inverse.reproductions.reproduction import Check, Verdict
from lit_inverse.reproductions.tables import Row, Tables

_LEARNED = 0.8  # of the error of x_hat = 0: a network above it has learned next to nothing, and so has no gap


def gap(row: Row) -> float:
    """Of one trained network; NaN where it was not measured, or has learned next to nothing."""
    return abs(number(row["loss"]) - number(row["train_loss"])) if _learned([row]) else math.nan


def error_of_zero(sparsity: int) -> float:
    """E ||x|| of x with so many entries of law N(0, 1) that are not 0: the error of x_hat = 0."""
    return math.sqrt(2) * math.exp(math.lgamma((sparsity + 1) / 2) - math.lgamma(sparsity / 2))


def smaller_gap(first: str, second: str, n_layers: int) -> Check:
    """The gap of one network is smaller than that of another of as many layers for each number N of training signals.

    Told by intervals of the difference, paired by seed: it holds where all 95 % intervals lie below 0, and is refuted
    where one of those together (Bonferroni) lies above. Undecided otherwise, and at an N where the second network has
    learned next to nothing, with a training error above 80 % of that of x_hat = 0: what fits nothing has no gap.
    """

    def check(tables: Tables) -> Verdict:
        rows = [row for row in tables.where("gaps", n_layers=n_layers) if row["network"] in (first, second)]
        sizes = sorted({row["n_train"] for row in rows})
        learned = [size for size in sizes if _learned(_of(tables, second, n_layers, size))]
        if not learned:
            return Verdict(None, f"{second} of {n_layers} layers has learned at no N, or was not measured")
        of_both = {size: [_of(tables, name, n_layers, size) for name in (first, second)] for size in learned}
        found = {size: _excess(a, b) for size, (a, b) in of_both.items()}
        words = [f"N = {size}: {_told(found[size])}" if size in found else f"N = {size}: nothing learned by {second}"
                 for size in sizes]  # fmt: skip
        evidence = f"difference of the gaps, paired by seed; {'; '.join(words)}"
        if any(t_interval(one, 1 - 0.05 / len(found))[0] > 0 for one in found.values()):
            return Verdict(False, evidence)
        below = all(t_interval(one)[1] < 0 for one in found.values())
        return Verdict(True if below and len(found) == len(sizes) else None, evidence)

    return check


def grows_as_the_bound(network: str, n_layers: tuple[int, int], n_train: int) -> Check:
    """From T_1 to T_2 layers the gap grows by no more than the bound of Theorem 11, (log T_2 / log T_1)^(1/2).

    Told by the 95 % interval of gap_2 - growth * gap_1, paired by seed: it holds below 0, is refuted above, and is
    undecided where it holds 0, and where a network has learned next to nothing.
    """
    shallow, deep = n_layers
    growth = math.sqrt(math.log(deep) / math.log(shallow))

    def check(tables: Tables) -> Verdict:
        above, below = (_of(tables, network, depth, n_train) for depth in (deep, shallow))
        excess = _excess(above, below, growth)
        if len(excess) < 2:
            return Verdict(None, f"{network} of {shallow} and of {deep} layers was not measured with two seeds or more")
        large, small = (sum(map(gap, rows)) / len(rows) for rows in (above, below))
        low, high = t_interval(excess)
        evidence = f"mean gap {small:.3g} at {shallow} layers, {large:.3g} at {deep} (N = {n_train}); "
        evidence += f"gap of {deep} less {growth:.2f} times that of {shallow}: {_told(excess)}"
        return Verdict(True if high <= 0 else False if low > 0 else None, evidence)

    return check


def _of(tables: Tables, network: str, n_layers: int, n_train: int) -> list[Row]:
    return tables.where("gaps", network=network, n_layers=n_layers, n_train=n_train)


def _learned(rows: Sequence[Row]) -> bool:
    return bool(rows) and all(number(row["train_loss"]) < _LEARNED * error_of_zero(row["sparsity"]) for row in rows)


def _excess(first: Sequence[Row], second: Sequence[Row], factor: float = 1.0) -> list[float]:
    """The gap of the first less `factor` times that of the second, for each seed of both."""
    a, b = ({row["seed"]: gap(row) for row in rows} for rows in (first, second))
    return [a[seed] - factor * b[seed] for seed in sorted(a.keys() & b.keys())]


def _told(excess: Sequence[float]) -> str:
    if not excess:
        return "not measured"
    low, high = t_interval(excess)
    return f"{sum(excess) / len(excess):+.3g} ({low:+.3g} to {high:+.3g}, {len(excess)} seeds)"
