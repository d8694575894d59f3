"""Runs the missing cases of a sweep inside one trainer.predict, in as many processes as the trainer has."""

import logging
import os
import shutil
import time
import traceback
import uuid
from collections.abc import Iterator
from datetime import timedelta

import torch
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.strategies import DDPStrategy
from torch.utils.data import DataLoader

from lit_inverse.errors import as_usage_errors, one_line
from lit_inverse.evaluation.cases import Case, Plan, batches
from lit_inverse.evaluation.progress import Progress
from lit_inverse.evaluation.results import Results
from lit_inverse.evaluation.solving import Solved, solve_batch
from lit_inverse.evaluation.sweep import Sweep
from lit_inverse.evaluation.work import Costs, Work

GRID_IMAGES = 8  # reconstructions of the first images are kept for the figures

_log = logging.getLogger(__name__)


def build_trainer(sweep: Sweep) -> Trainer:
    """Lightning's Trainer with the settings of the sweep.

    Raises:
        UsageError: when they are impossible.
    """
    settings = dict(sweep.trainer)
    if settings["strategy"] == "auto" and (settings["devices"] not in (1, "1") or settings["num_nodes"] != 1):
        # The processes meet once, at the start; gloo serves for that on any device, and slow starters are awaited.
        settings["strategy"] = DDPStrategy(process_group_backend="gloo", timeout=timedelta(days=1))
    with as_usage_errors("trainer"):
        return Trainer(
            **settings,
            logger=False,
            inference_mode=False,
            use_distributed_sampler=False,
            enable_checkpointing=False,
            enable_model_summary=False,
            enable_progress_bar=False,
            default_root_dir=sweep.out,
        )


def run(sweep: Sweep, plan: Plan, results: Results, trainer: Trainer) -> None:
    """Computes the missing cases and appends their lines to `results`."""
    if not {case.key for case in plan.cases} - results.rows().keys():
        return
    evaluation = _Evaluation(sweep, plan, results)
    trainer.predict(evaluation, return_predictions=False)


class _Evaluation(LightningModule):
    """Takes batches until none is left; the fit loop runs inside the step, where Lightning costs nothing."""

    def __init__(self, sweep: Sweep, plan: Plan, results: Results) -> None:
        super().__init__()
        self.sweep, self.plan, self.results = sweep, plan, results
        self.dataset = sweep.dataset()
        self.parent = os.getppid()

    def predict_dataloader(self) -> DataLoader[int]:
        """As many steps as there are batches: a step that finds none left does nothing."""
        agreed = self._agree() if self.trainer.is_global_zero else ("", [])
        # the only time the processes talk to each other
        claims, missing = self.trainer.strategy.broadcast(agreed)
        self.claims = self.results.out / "claims" / claims
        costs, n_processes = Costs(self.plan.cases, self.results), self.trainer.world_size
        self.work = Work(missing, costs, self.claims if n_processes > 1 else None, self.global_rank)
        self.progress = Progress(self.plan.cases, costs, n_processes, shown=self.trainer.is_global_zero)
        return DataLoader(range(len(missing)), batch_size=None, collate_fn=int)  # type: ignore[arg-type]

    def _agree(self) -> tuple[str, list[list[Case]]]:
        """Name of the folder of claims, and the batches to take from it."""
        shutil.rmtree(self.results.out / "claims", ignore_errors=True)  # of a run that was killed
        name = uuid.uuid4().hex
        if self.trainer.world_size > 1:
            (self.results.out / "claims" / name).mkdir(parents=True)
        return name, batches(self.sweep, self.plan, self.results.rows(), self.device, self.trainer.world_size)

    def predict_step(self, number: int, batch_idx: int) -> dict[str, int]:
        batch = None if self._orphaned() else self.work.take()
        if batch is not None:
            self.progress.begin(batch)
            dtype = torch.float64 if "64" in str(self.trainer.precision) else torch.float32
            for solved in self._solve(batch, dtype):
                self._keep(solved)
        return {"cases": 0 if batch is None else len(batch)}  # Lightning warns of a step that returns nothing

    def _orphaned(self) -> bool:
        """Whether this is a process that Lightning started and whose starter was killed."""
        environment = getattr(self.trainer.strategy, "cluster_environment", None)
        if self.local_rank == 0 or environment is None or environment.creates_processes_externally:
            return False
        return os.getppid() != self.parent

    def _solve(self, batch: list[Case], dtype: torch.dtype) -> Iterator[list[Solved]]:
        """Solves a batch, in halves where memory is short; a case that fails is noted and the sweep goes on."""
        try:
            yield solve_batch(self.sweep, self.dataset, batch, self.device, dtype)
            return
        except Exception as error:
            if len(batch) == 1:
                reason = f"{type(error).__name__}: {one_line(error)}"
                _log.warning("%s failed on %s: %s", batch[0].solver, batch[0].image, reason)
                self.results.note_failure(batch[0].key, reason, traceback.format_exc())
                return
            if _is_out_of_memory(error):
                _log.warning("%d cases of %s need too much memory; trying half", len(batch), batch[0].solver)
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        half = len(batch) // 2
        yield from self._solve(batch[:half], dtype)
        yield from self._solve(batch[half:], dtype)

    def _keep(self, solved: list[Solved]) -> None:
        for one in solved:
            if one.case.index < GRID_IMAGES and one.case.repeat == 0:
                self.results.keep_reconstruction(one.case.key, one.x_hat)
        self.results.append([one.row for one in solved])

    def on_predict_end(self) -> None:
        """The first process waits until the others have finished what they took, by looking at files."""
        if self.trainer.world_size > 1:
            (self.claims / f"finished.{self.global_rank}").touch()
            while self.trainer.is_global_zero and len([*self.claims.glob("finished.*")]) < self.trainer.world_size:
                self.progress.show()
                time.sleep(0.5)
        if self.trainer.is_global_zero:
            shutil.rmtree(self.claims.parent, ignore_errors=True)
        self.progress.close()


def _is_out_of_memory(error: Exception) -> bool:
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "not enough memory" in str(error)
