"""How evenly a mixed sweep is dealt to 8 processes: claiming as it is done, static dealing, and round-robin.

    python benchmarks/balance.py [--ranks 8] [--run DIR]

Simulates the processes on the measured seconds of a finished run, or else on those of 100 MNIST images, five m and
three solvers as measured on one core (CS-DIP 15 s, CSGM 1 s, Lasso 0.05 s per image, each +- 20 %). "Static" deals all
batches at the start, longest first to the least loaded, by costs estimated from the first 10 % of the cases.
"""

import argparse
import random
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from lit_inverse.evaluation.cases import Case
from lit_inverse.evaluation.results import Results, Row, read_rows
from lit_inverse.evaluation.work import Costs, Work

MEASURED = {"csdip": 15.0, "csgm": 1.0, "lasso_dct": 0.05}
BATCH = {"csdip": 1, "csgm": 4, "lasso_dct": 4}


def cases_of(run: Path | None) -> tuple[list[Case], dict[str, float]]:
    """Cases and the true seconds of each."""
    if run is not None:
        rows = read_rows(run).values()
        cases = [Case(r["key"], r["solver"], 0, r["image"], r["m"], r["noise_level"], r["repeat"]) for r in rows]
        return cases, {row["key"]: row["seconds"] for row in rows}
    source = random.Random(0)
    cases = [
        Case(f"{solver}{m}{i}", solver, i, str(i), m, 0.0, 0)
        for m in (25, 50, 75, 100, 200)
        for solver in MEASURED
        for i in range(100)
    ]
    return cases, {case.key: MEASURED[case.solver] * source.uniform(0.8, 1.2) for case in cases}


def in_batches(cases: Sequence[Case]) -> list[list[Case]]:
    groups: dict[object, list[Case]] = {}
    for case in cases:
        groups.setdefault(case.group, []).append(case)
    sized = [(group, BATCH.get(group[0].solver, 1)) for group in groups.values()]
    return [group[first : first + size] for group, size in sized for first in range(0, len(group), size)]


class Clocked(Results):
    """Results that appear when they are due."""

    def __init__(self, out: Path) -> None:
        super().__init__(out)
        self.due: list[tuple[float, Row]] = []
        self.now = 0.0
        self.seen = 0

    def new_rows(self) -> list[Row]:
        new = [row for time, row in self.due[self.seen :] if time <= self.now]
        self.seen += len(new)
        return new


def claimed(cases: list[Case], seconds: dict[str, float], n_ranks: int) -> float:
    """The time at which the last process ends when each takes from `Work` what is open."""
    with tempfile.TemporaryDirectory() as folder:
        claims = Path(folder) / "claims"
        claims.mkdir()
        results = Clocked(Path(folder))
        costs = Costs(cases, results)
        work = [Work(in_batches(cases), costs, claims, rank) for rank in range(n_ranks)]
        clocks = [0.0] * n_ranks
        working = set(range(n_ranks))
        while working:
            rank = min(working, key=clocks.__getitem__)
            results.now = clocks[rank]
            costs.look(now=True)
            batch = work[rank].take()
            if batch is None:
                working.discard(rank)
                continue
            clocks[rank] += sum(seconds[case.key] for case in batch)
            rows = [{"key": case.key, "seconds": seconds[case.key]} for case in batch]
            results.due = sorted([*results.due, *((clocks[rank], row) for row in rows)], key=lambda due: due[0])
        return max(clocks)


def static(cases: list[Case], seconds: dict[str, float], n_ranks: int) -> float:
    """Longest first to the least loaded, by the mean cost of each group among a tenth of the cases."""
    sample = random.Random(1).sample(cases, len(cases) // 10)
    total, count = Counter[object](), Counter[object]()
    for case in sample:
        total[case.group] += seconds[case.key]
        count[case.group] += 1
    mean = sum(total.values()) / sum(count.values())

    def estimate(batch: list[Case]) -> float:
        group = batch[0].group
        return len(batch) * (total[group] / count[group] if count[group] else mean)

    loads, estimated = [0.0] * n_ranks, [0.0] * n_ranks
    for batch in sorted(in_batches(cases), key=estimate, reverse=True):
        rank = min(range(n_ranks), key=estimated.__getitem__)
        estimated[rank] += estimate(batch)
        loads[rank] += sum(seconds[case.key] for case in batch)
    return max(loads)


def round_robin(cases: list[Case], seconds: dict[str, float], n_ranks: int) -> float:
    loads = [0.0] * n_ranks
    for number, batch in enumerate(in_batches(cases)):
        loads[number % n_ranks] += sum(seconds[case.key] for case in batch)
    return max(loads)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ranks", type=int, default=8)
    parser.add_argument("--run", type=Path, default=None, help="folder of a finished run")
    args = parser.parse_args()
    cases, seconds = cases_of(args.run)
    ideal = sum(seconds.values()) / args.ranks
    print(f"{len(cases)} cases, {sum(seconds.values()):.0f} s in all; ideal on {args.ranks} processes: {ideal:.1f} s")
    for name, policy in (("claimed", claimed), ("static", static), ("round-robin", round_robin)):
        end = policy(cases, seconds, args.ranks)
        print(f"{name:<12} last process ends after {end:8.1f} s, {100 * (end / ideal - 1):5.1f} % over the ideal")


if __name__ == "__main__":
    main()
