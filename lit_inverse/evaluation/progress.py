"""Progress of a sweep in cases, with the time left: a bar on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Sequence

from tqdm import tqdm

from lit_inverse.evaluation.cases import Case
from lit_inverse.evaluation.work import Costs

_SECONDS_BETWEEN_LINES = 10.0


class Progress:
    """Shows the cases all processes have finished, and estimates the time left from the measured costs.

    Args:
        cases: all cases of the sweep.
        costs: what is known from the results.
        n_processes: how many work at them.
        shown: False keeps silent.
    """

    def __init__(self, cases: Sequence[Case], costs: Costs, n_processes: int, shown: bool) -> None:
        self.cases, self.costs, self.n_processes, self.shown = cases, costs, n_processes, shown
        self.doing = ""
        self._next_line = time.monotonic()
        done = costs.n_finished()
        self.bar = tqdm(
            total=len(cases),
            initial=done,
            disable=not (shown and sys.stderr.isatty()),
            bar_format="{l_bar}{bar}| {n_fmt}/{total_fmt} cases [{elapsed}{postfix}]",
        )

    def begin(self, batch: list[Case]) -> None:
        """Names the batch that this process begins."""
        self.doing = f"{batch[0].solver} at {batch[0].measurement}"
        self.show()

    def show(self, last: bool = False) -> None:
        """Draws the bar, or prints a line if the last one is some time ago; always for the last."""
        if not self.shown:
            return
        self.costs.look(now=last)
        done, left = self.costs.n_finished(), self._time_left()
        if not self.bar.disable:
            self.bar.n = done
            self.bar.set_postfix_str(f"{self.doing}, {left}")
        elif last or time.monotonic() > self._next_line:
            print(f"{done}/{len(self.cases)} cases, {self.doing}, {left}", flush=True)
            self._next_line = time.monotonic() + _SECONDS_BETWEEN_LINES

    def close(self) -> None:
        """Leaves the bar as it is."""
        self.show(last=True)
        self.bar.close()

    def _time_left(self) -> str:
        seconds = self.costs.seconds_left()
        if seconds is None:
            return "time left not known yet"
        return f"{tqdm.format_interval(seconds / self.n_processes)} left"
