"""Progress of a sweep in cases, with rate and time left: a bar on a terminal, plain lines elsewhere."""

import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from lit_inverse.evaluation.cases import Case
from lit_inverse.evaluation.results import NewRows
from lit_inverse.evaluation.work import Costs

_SECONDS_BETWEEN_BARS = 1.0
_SECONDS_BETWEEN_LINES = (10.0, 600.0)  # at first, and after hours: a log of weeks is still read


class Progress:
    """Shows the cases all processes have finished, from a thread: a batch may take hours, and others go on meanwhile.

    Args:
        cases: all cases of the sweep.
        out: folder of the sweep.
        n_processes: how many work at them.
    """

    def __init__(self, cases: Sequence[Case], out: Path, n_processes: int) -> None:
        self.costs, self.n_processes = Costs(cases, NewRows(out)), n_processes
        self.n_cases, self.n_before = len({case.key for case in cases}), self.costs.n_finished()
        self.doing, self.start = "starting", time.monotonic()
        self.bar = tqdm(
            total=self.n_cases,
            initial=self.n_before,
            disable=not sys.stderr.isatty(),
            bar_format="{l_bar}{bar}| {n_fmt}/{total_fmt} cases [{elapsed}{postfix}]",
        )
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def begin(self, batch: Sequence[Case]) -> None:
        """Names the batch that this process begins."""
        self.doing = f"{batch[0].solver} at {batch[0].measurement}"

    def close(self) -> None:
        """Shows the end."""
        self._stop.set()
        self._thread.join()
        self.doing = "done"
        self._show()
        self.bar.close()

    def _watch(self) -> None:
        while not self._stop.wait(self._pause()):
            self._show()

    def _pause(self) -> float:
        shortest, longest = _SECONDS_BETWEEN_LINES
        lines = min(longest, max(shortest, (time.monotonic() - self.start) / 20))
        return lines if self.bar.disable else _SECONDS_BETWEEN_BARS

    def _show(self) -> None:
        self.costs.look(now=True)
        done = self.costs.n_finished()
        state = f"{self._rate(done)}, {self.doing}, {self._time_left()}"
        if self.bar.disable:
            print(f"{done}/{self.n_cases} cases, {state}", flush=True)
        else:
            self.bar.n = done
            self.bar.set_postfix_str(state)

    def _rate(self, done: int) -> str:
        if done == self.n_before:
            return f"{time.monotonic() - self.start:.0f} s"
        each = (time.monotonic() - self.start) / (done - self.n_before)
        return f"{each:.2g} s/case" if each > 1 else f"{1 / each:.3g} cases/s"

    def _time_left(self) -> str:
        seconds = self.costs.seconds_left()
        if seconds is None:
            return "time left not known yet"
        return f"{tqdm.format_interval(seconds / self.n_processes)} left"
