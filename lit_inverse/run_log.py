"""What a training run writes when it begins, and a line per epoch."""

import time
from pathlib import Path

from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.utilities import rank_zero_only

from lit_inverse.provenance import describe_run
from lit_inverse.tracking import log_configuration


class RunLog(Callback):
    """Keeps configuration and versions when training begins and, where no bar can be drawn, prints a line per epoch.

    Attributes:
        folder: of the run, if this process has one.
        started: whether a training step may have been made.
    """

    def __init__(self, config: str, monitor: str | None, print_lines: bool) -> None:
        self.folder: Path | None = None
        self.config = config
        self.monitor = monitor
        self.print_lines = print_lines
        self.started = False
        self._logged: set[str] | None = None
        self._begin = 0.0

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.sanity_checking:
            self._logged = set(trainer.callback_metrics)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not trainer.fast_dev_run:  # type: ignore[attr-defined]
            self._check_monitor(validated=sum(trainer.num_val_batches) > 0)
        log_configuration(trainer.loggers, self.config)
        self.started = True
        self._begin = time.monotonic()
        if self.folder:
            describe_run(self.folder, self.config)

    def _check_monitor(self, validated: bool) -> None:
        """Lightning would notice only after the first epoch."""
        if self.monitor is None or self.monitor.startswith("train/"):
            return
        if not validated:
            raise ValueError(
                f"monitor is {self.monitor} and no data is held out for validation: hold some out, "
                "or set monitor to null and keep the last epoch"
            )
        if self._logged is not None and self.monitor not in self._logged:
            raise ValueError(f"monitor is {self.monitor}, expected one of {', '.join(sorted(self._logged))}")

    @rank_zero_only
    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if self.print_lines:
            values = ", ".join(f"{name} {value:.4g}" for name, value in trainer.callback_metrics.items())
            seconds = time.monotonic() - self._begin
            print(f"epoch {trainer.current_epoch + 1}/{trainer.max_epochs}, {seconds:.0f} s: {values}", flush=True)
