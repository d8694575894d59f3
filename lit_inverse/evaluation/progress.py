"""Progress of a sweep in cases, with the time left: a bar on a terminal, plain lines elsewhere."""

import sys
import time
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer
from tqdm import tqdm

from lit_inverse.evaluation.cases import Case

_SECONDS_BETWEEN_LINES = 10.0


class Progress(Callback):
    """Shows cases done, the current solver and an estimate of the time left from each solver's measured cost."""

    def __init__(self, batches: list[list[Case]]) -> None:
        self.batches = batches
        self.left: dict[str, int] = {}
        for batch in batches:
            self.left[batch[0].solver] = self.left.get(batch[0].solver, 0) + len(batch)
        self.total = sum(self.left.values())
        self.spent = dict.fromkeys(self.left, 0.0)
        self.done = dict.fromkeys(self.left, 0)

    def on_predict_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.start = self.last_line = time.perf_counter()
        self.bar = tqdm(total=self.total, unit="case", disable=not sys.stderr.isatty(), bar_format=_BAR)

    def on_predict_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int, dataloader_idx: int = 0
    ) -> None:
        self.batch_start = time.perf_counter()
        case = self.batches[batch][0]
        self.bar.set_postfix_str(f"{case.solver} at {case.measurement}, {self._time_left()}")

    def on_predict_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        cases, now = self.batches[batch], time.perf_counter()
        solver = cases[0].solver
        self.spent[solver] += now - self.batch_start
        self.done[solver] += len(cases)
        self.left[solver] -= len(cases)
        self.bar.update(len(cases))
        finished = not any(self.left.values())
        if self.bar.disable and (finished or now - self.last_line > _SECONDS_BETWEEN_LINES):
            self.last_line = now
            print(f"{sum(self.done.values())}/{self.total} cases, last {solver}, {self._time_left()}", flush=True)

    def on_predict_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.bar.close()

    def _time_left(self) -> str:
        if any(count and not self.done[solver] for solver, count in self.left.items()):
            return "time left unknown yet"
        seconds = sum(count * self.spent[name] / self.done[name] for name, count in self.left.items() if count)
        return f"{tqdm.format_interval(seconds)} left"


_BAR = "{l_bar}{bar}| {n_fmt}/{total_fmt} cases [{elapsed}{postfix}]"
