"""How evenly a mixed sweep is dealt to 8 processes: claiming as it is done, static dealing, and round-robin.

    python evaluate.py --limit 50 --out runs/mixed          # a sweep of solvers of very different cost
    python benchmarks/balance.py runs/mixed [--ranks 8]

Replays the measured seconds of a finished run, the true costs, in batches of the sizes evaluate.py would make for so
many processes. "Claimed" is `Work`, which knows no cost at the start and learns from what is finished. "Static" deals
all batches at the start, longest first to the least loaded, by the mean cost of the first tenth of the cases of each
solver and setting. "Round-robin" deals them in turn, without costs.
"""

import argparse
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from lit_inverse.evaluation.batches import fair_size
from lit_inverse.evaluation.cases import Case, Group
from lit_inverse.evaluation.results import NewRows, Row, read_rows
from lit_inverse.evaluation.work import Costs, Work

Batches = list[list[Case]]


def cases_of(run: Path) -> tuple[list[Case], dict[str, float]]:
    """Cases of a finished run and the seconds of each."""
    rows = read_rows(run).values()
    cases = [Case(r["key"], r["solver"], 0, r["image"], r["m"], r["noise_level"], r["repeat"]) for r in rows]
    return cases, {row["key"]: row["seconds"] for row in rows}


def in_batches(cases: Sequence[Case], seconds: dict[str, float], n_ranks: int) -> Batches:
    """No larger than the batches of the run, whose cases have equal seconds."""
    groups: dict[Group, list[Case]] = defaultdict(list)
    for case in cases:
        groups[case.group].append(case)
    split = []
    for group in groups.values():
        was = max(Counter(seconds[case.key] for case in group).values())
        size = min(was, fair_size(len(group), n_ranks))
        split += [group[first : first + size] for first in range(0, len(group), size)]
    return split


class Clocked(NewRows):
    """Results that appear when they are due."""

    def __init__(self, out: Path) -> None:
        super().__init__(out)
        self.due: list[tuple[float, Row]] = []
        self.now = 0.0
        self.seen = 0

    def read(self) -> list[Row]:
        new = [row for time, row in self.due[self.seen :] if time <= self.now]
        self.seen += len(new)
        return new


def claimed(batches: Batches, seconds: dict[str, float], n_ranks: int) -> float:
    """The time at which the last process ends when each takes from `Work` what is open."""
    cases = [case for batch in batches for case in batch]
    with tempfile.TemporaryDirectory() as folder:
        claims = Path(folder) / "claims"
        claims.mkdir()
        results = Clocked(Path(folder))
        costs = Costs(cases, results)
        work = [Work(batches, costs, claims, rank) for rank in range(n_ranks)]
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


def static(batches: Batches, seconds: dict[str, float], n_ranks: int) -> float:
    """Longest first to the least loaded, by the mean cost of the first tenth of each group."""
    groups: dict[Group, list[float]] = defaultdict(list)
    for case in (case for batch in batches for case in batch):
        groups[case.group].append(seconds[case.key])
    mean = {group: sum(costs[: -(-len(costs) // 10)]) / -(-len(costs) // 10) for group, costs in groups.items()}

    def estimate(batch: list[Case]) -> float:
        return len(batch) * mean[batch[0].group]

    loads, estimated = [0.0] * n_ranks, [0.0] * n_ranks
    for batch in sorted(batches, key=estimate, reverse=True):
        rank = min(range(n_ranks), key=estimated.__getitem__)
        estimated[rank] += estimate(batch)
        loads[rank] += sum(seconds[case.key] for case in batch)
    return max(loads)


def round_robin(batches: Batches, seconds: dict[str, float], n_ranks: int) -> float:
    """The next batch to the next process."""
    return max(sum(seconds[case.key] for batch in batches[rank::n_ranks] for case in batch) for rank in range(n_ranks))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="folder of a finished run")
    parser.add_argument("--ranks", type=int, default=8)
    args = parser.parse_args()
    cases, seconds = cases_of(args.run)
    ideal = sum(seconds.values()) / args.ranks
    print(f"{len(cases)} cases, {sum(seconds.values()):.0f} s in all; ideal on {args.ranks} processes: {ideal:.1f} s")
    each = defaultdict(list)
    for case in cases:
        each[case.solver].append(seconds[case.key])
    for solver, costs in each.items():
        print(f"  {solver}: {len(costs)} cases of {min(costs):.3g} to {max(costs):.3g} s, {sum(costs):.0f} s in all")
    batches = in_batches(cases, seconds, args.ranks)
    for name, policy in (("claimed", claimed), ("static", static), ("round-robin", round_robin)):
        end = policy(batches, seconds, args.ranks)
        print(f"{name:<12} last process ends after {end:8.1f} s, {100 * (end / ideal - 1):5.1f} % over the ideal")


if __name__ == "__main__":
    main()
