"""Runs the missing cases of a sweep inside one trainer.predict, in as many processes as the trainer has."""

import logging
import shutil
import signal
import threading
import time
import traceback
import uuid
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from datetime import timedelta

from lightning_fabric.utilities.exceptions import MisconfigurationException
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.strategies import DDPStrategy
from torch.utils.data import DataLoader

from lit_inverse.errors import as_usage_errors, one_line
from lit_inverse.evaluation.batches import batches
from lit_inverse.evaluation.cases import Case, Group, Plan, names
from lit_inverse.evaluation.memory import Portions, is_out_of_memory
from lit_inverse.evaluation.parent_process import as_parent
from lit_inverse.evaluation.progress import Progress
from lit_inverse.evaluation.results import NewRows, Results
from lit_inverse.evaluation.solving import Solved, solve_batch
from lit_inverse.evaluation.sweep import Sweep
from lit_inverse.evaluation.work import Costs, Work

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
    with as_usage_errors("trainer"), _misconfiguration_as_value_error():
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


@contextmanager
def _misconfiguration_as_value_error() -> Iterator[None]:
    try:
        yield
    except MisconfigurationException as error:
        raise ValueError(str(error)) from error


def run(sweep: Sweep, plan: Plan, results: Results, trainer: Trainer) -> None:
    """Computes the missing cases and appends their lines to `results`."""
    if _decides_alone(trainer) and not {case.key for case in plan.cases} - results.rows().keys():
        return
    evaluation = _Evaluation(sweep, plan, results)
    with as_parent() if trainer.local_rank == 0 else nullcontext():
        try:
            trainer.predict(evaluation, return_predictions=False)
        except SystemExit:
            if trainer.interrupted:  # Lightning's way to end after Ctrl-C
                raise KeyboardInterrupt from None
            raise


def _decides_alone(trainer: Trainer) -> bool:
    """Whether nobody waits for this process if it has nothing to do: what one finds missing, another may find done."""
    environment = getattr(trainer.strategy, "cluster_environment", None)
    starts_others = environment is not None and not environment.creates_processes_externally
    return trainer.world_size == 1 or (starts_others and trainer.is_global_zero)


class _Evaluation(LightningModule):
    """Takes batches until none is left; the fit loop runs inside the step, where Lightning costs nothing."""

    def __init__(self, sweep: Sweep, plan: Plan, results: Results) -> None:
        super().__init__()
        self.sweep, self.plan, self.results = sweep, plan, results
        self.dataset = sweep.dataset()
        self.names = names(sweep, plan.cases)
        self.portions: dict[Group, Portions] = defaultdict(Portions)
        self.progress: Progress | None = None

    def setup(self, stage: str) -> None:
        """Notes what SIGTERM does before Lightning changes it."""
        self.handler_before = signal.getsignal(signal.SIGTERM) or signal.SIG_DFL

    def predict_dataloader(self) -> DataLoader[int]:
        """As many steps as there are batches: a step that finds none left does nothing."""
        if threading.current_thread() is threading.main_thread():
            # Lightning's handler only notes the signal: the sweep would go on to its last case
            signal.signal(signal.SIGTERM, self.handler_before)
        agreed = self._agree() if self.trainer.is_global_zero else ("", [])
        # the only time the processes talk to each other
        claims, missing = self.trainer.strategy.broadcast(agreed)
        self.claims = self.results.out / "claims" / claims
        n_processes, costs = self.trainer.world_size, Costs(self.plan.cases, NewRows(self.results.out))
        self.work = Work(missing, costs, self.claims if n_processes > 1 else None, self.global_rank)
        if self.trainer.is_global_zero:
            self.progress = Progress(self.plan.cases, self.results.out, n_processes)
        steps = max(1, len(missing))  # Lightning would skip the end of none
        return DataLoader(range(steps), batch_size=None, collate_fn=int)  # type: ignore[arg-type]

    def _agree(self) -> tuple[str, list[list[Case]]]:
        """Name of the folder of claims, and the batches to take from it."""
        while self.results.others_open(self.trainer.world_size):  # they end with their parent, or with their batch
            time.sleep(0.5)
        shutil.rmtree(self.results.out / "claims", ignore_errors=True)  # of a run that was killed
        name = uuid.uuid4().hex
        if self.trainer.world_size > 1:
            (self.results.out / "claims" / name).mkdir(parents=True)
        return name, batches(self.sweep, self.plan, self.results.rows(), self.device, self.trainer.world_size)

    def predict_step(self, number: int, batch_idx: int) -> dict[str, int]:
        batch = self.work.take() or []
        if batch:
            if self.progress is not None:
                self.progress.begin(batch)
            for solved in self.portions[batch[0].group].of(batch, self._solve):
                self._keep(solved)
        return {"cases": len(batch)}  # Lightning warns of a step that returns nothing

    def _solve(self, batch: list[Case]) -> list[Solved]:
        """Solves a batch; a case that fails is found by halving it, and noted, and the sweep goes on."""
        try:
            return solve_batch(self.sweep, self.dataset, batch, self.device)
        except Exception as error:
            if len(batch) == 1:
                reason = f"{type(error).__name__}: {one_line(error)}"
                _log.warning("%s failed on %s: %s", batch[0].solver, batch[0].image, reason)
                self.results.note_failure(batch[0].key, reason, traceback.format_exc())
                return []
            if is_out_of_memory(error):
                _log.warning("%d cases of %s need too much memory; trying half", len(batch), batch[0].solver)
                raise
        half, portions = len(batch) // 2, self.portions[batch[0].group]
        parts = batch[:half], batch[half:]
        return [one for part in parts for solved in portions.of(part, self._solve) for one in solved]

    def _keep(self, solved: list[Solved]) -> None:
        for one in solved:
            if one.case.is_shown:
                self.results.keep_reconstruction(one.case.key, one.x_hat)
            if one.trajectory is not None:
                self.results.keep_trajectory(one.case.key, asdict(one.trajectory))
        self.results.append([name | one.row for one in solved for name in self.names[one.case.key]])

    def on_predict_end(self) -> None:
        """The first process waits until the others have finished what they took, by looking at files."""
        if self.trainer.world_size > 1:
            (self.claims / f"finished.{self.global_rank}").touch()
        if self.progress is not None:
            while any(self._is_working(rank) for rank in range(1, self.trainer.world_size)):
                time.sleep(0.5)
            shutil.rmtree(self.claims.parent, ignore_errors=True)
            self.progress.close()

    def _is_working(self, rank: int) -> bool:
        """Whether a process has not finished; one of this machine that died does not work, its cases are missing."""
        here = rank < self.trainer.num_devices
        return not (self.claims / f"finished.{rank}").exists() and (not here or self.results.is_open(rank))
