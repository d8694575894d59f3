"""Which batch comes next: dealt to the processes of a sweep as they become free, the most expensive first."""

import os
import time
from collections import Counter, deque
from collections.abc import Sequence
from pathlib import Path

from lit_inverse.evaluation.cases import Case, Group
from lit_inverse.evaluation.results import NewRows

_SECONDS_BETWEEN_LOOKS = 1.0


class Costs:
    """Measured seconds per case of each group (one solver at one setting), from the results of all processes."""

    def __init__(self, cases: Sequence[Case], new_rows: NewRows) -> None:
        self.new_rows = new_rows
        self._open: dict[str, Group] = {}
        for case in cases:  # a case that equal solvers share is computed under the name of the first
            self._open.setdefault(case.key, case.group)
        self._n_cases = Counter(self._open.values())
        self._n_finished: Counter[Group] = Counter()
        self._seconds: Counter[Group] = Counter()
        self._next_look = 0.0
        self.look()

    def look(self, now: bool = False) -> None:
        """Reads the lines that came since the last look, at most once per second unless `now`."""
        if not now and time.monotonic() < self._next_look:
            return
        for row in self.new_rows.read():
            group = self._open.pop(row["key"], None)
            if group is not None:
                self._n_finished[group] += 1
                self._seconds[group] += row["seconds"]
        self._next_look = time.monotonic() + _SECONDS_BETWEEN_LOOKS

    def per_case(self, group: Group) -> float | None:
        """Mean seconds of a case; None while no case of the group is finished."""
        finished = self._n_finished[group]
        return self._seconds[group] / finished if finished else None

    def n_finished(self, group: Group | None = None) -> int:
        """Number of finished cases of a group, or of all."""
        return self._n_finished.total() if group is None else self._n_finished[group]

    def seconds_left(self) -> float | None:
        """Seconds one process would need for the open cases; None while a group was never measured."""
        seconds = 0.0
        for group, n in self._n_cases.items():
            each = self.per_case(group)
            if each is None:
                return None
            seconds += each * (n - self._n_finished[group])
        return seconds


class Work:
    """The open batches of a sweep, which several processes take from without talking to each other.

    A process that is free takes the most expensive open batch, one of a group that was never measured before all
    others (so the first batches are the sample that estimates rest on). Longest first keeps the processes busy to the
    end: all finish within about one last, cheap batch of each other, whatever the estimates are worth. A batch belongs
    to the process that creates its file in `claims`, which the file system grants to one alone; nobody waits for
    anybody.

    Args:
        batches: the same list in each process.
        costs: estimates, which may differ between processes.
        claims: folder on a file system all processes share; None for a single process.
        rank: number of this process; they begin with different groups.
    """

    def __init__(self, batches: Sequence[list[Case]], costs: Costs, claims: Path | None = None, rank: int = 0) -> None:
        self.costs, self.claims = costs, claims
        self.open: dict[Group, deque[tuple[int, list[Case]]]] = {}
        for number, batch in enumerate(batches):
            self.open.setdefault(batch[0].group, deque()).append((number, batch))
        for group in list(self.open)[: rank % max(1, len(self.open))]:
            self.open[group] = self.open.pop(group)

    def take(self) -> list[Case] | None:
        """The next batch, now this process's own; None when all are taken."""
        self.costs.look()
        while self.open:
            group = max(self.open, key=self._cost_of_next)
            number, batch = self.open[group].popleft()
            if not self.open[group]:
                del self.open[group]
            if self._claim(number):
                return batch
        return None

    def _cost_of_next(self, group: Group) -> float:
        seconds = self.costs.per_case(group)
        return float("inf") if seconds is None else seconds * len(self.open[group][0][1])

    def _claim(self, number: int) -> bool:
        if self.claims is None:
            return True
        try:
            os.close(os.open(self.claims / str(number), os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        except FileExistsError:
            return False
        return True
