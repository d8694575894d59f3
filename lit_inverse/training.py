"""The command line of train.py."""

import contextlib
import itertools
import os
import sys
from argparse import ArgumentError, ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from jsonargparse.typing import PositiveInt
from lightning_fabric.utilities.exceptions import MisconfigurationException
from pytorch_lightning import LightningDataModule, LightningModule, Trainer
from pytorch_lightning.callbacks import ModelCheckpoint
from pytorch_lightning.cli import LightningArgumentParser, LightningCLI
from pytorch_lightning.loggers import WandbLogger
from pytorch_lightning.utilities import rank_zero_only

from lit_inverse import checkpoints
from lit_inverse.checkpoints import CheckpointPath
from lit_inverse.class_defaults import keep_apart
from lit_inverse.errors import UsageError, as_usage_errors, one_line, parser_error
from lit_inverse.lit_modules.base import CheckedModule
from lit_inverse.paths import ConfigPath
from lit_inverse.quiet import quieten_lightning
from lit_inverse.run_log import RunLog
from lit_inverse.tracking import in_reach, wandb_logger

RUNS = Path("checkpoints") / "runs"
_BAD_SETTINGS = (ArgumentError, ValueError, TypeError, OSError, MisconfigurationException)


def train(argv: Sequence[str] | None, default: Path) -> None:
    """Runs the training that a command line asks for; `default` is read only when it names no --config.

    Args:
        argv: the arguments; None for those of the process, which Lightning repeats when it starts one per device.
        default: the default configuration.

    Raises:
        UsageError: when the request is impossible; no training step has been made then.
    """
    quieten_lightning()
    cli = _parse(argv, default)
    if cli.is_main:
        with as_usage_errors("data"):
            cli.datamodule.prepare_data()
            cli.datamodule.setup("fit")
        with as_usage_errors("model"):
            if isinstance(cli.model, CheckedModule):
                cli.model.check(cli.datamodule, cli.trainer)
        with as_usage_errors("ckpt_path"):
            _check_resumable(cli.config.ckpt_path, cli.model, cli.trainer.max_epochs)
        with as_usage_errors("out"):
            cli.open_run()
    try:
        with in_reach():  # the hyperparameters of a module may be logged before the configuration
            cli.trainer.fit(cli.model, datamodule=cli.datamodule, ckpt_path=cli.config.ckpt_path, weights_only=True)
    except (ValueError, OSError, MisconfigurationException) as error:
        if cli.log.started:
            raise
        raise UsageError(one_line(error)) from error
    except SystemExit:
        if not cli.trainer.interrupted:
            raise
        if cli.is_main:
            print(f"interrupted: {cli.how_to_go_on()}", file=sys.stderr)
        sys.exit(130)
    finally:
        cli.withdraw_unstarted()
    for logger in cli.trainer.loggers:
        if isinstance(logger, WandbLogger) and cli.is_main:
            logger.experiment.finish()


def _parse(argv: Sequence[str] | None, default: Path) -> "TrainCLI":
    keep_apart()
    first = ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    first.add_argument("-c", "--config", action="append", default=[])
    try:
        asked, rest = first.parse_known_args(argv)
        files = [argument for file in asked.config for argument in ("--config", file)]
        return TrainCLI(
            LightningModule,
            LightningDataModule,
            subclass_mode_model=True,
            subclass_mode_data=True,
            run=False,
            args=files + rest,  # the command line wins over files wherever these stand
            save_config_callback=None,
            seed_everything_default=0,
            auto_configure_optimizers=False,
            load_from_checkpoint_support=False,
            parser_kwargs={
                "prog": "train.py",
                "description": "Trains a network.",
                "default_config_files": [] if files else [os.fspath(default)],
                "exit_on_error": False,
                "allow_abbrev": False,
            },
        )
    except _BAD_SETTINGS as error:
        raise UsageError(parser_error(error)) from error


class TrainCLI(LightningCLI):
    """LightningCLI without a subcommand, where each run has a folder of its own.

    Attributes:
        is_main: whether this is the process that writes.
        folder: where the run is kept, from `open_run` on; None in other processes and for fast_dev_run.
        log: knows whether training has begun.
    """

    datamodule: Any  # a `datamodules.base.DataModule`
    is_main: bool
    folder: Path | None = None
    log: RunLog

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        parser.add_argument("--name", type=str, default="run", help="of the run; names its folder")
        parser.add_argument(
            "--out", type=ConfigPath | None, default=None, help=f"folder of the run; a new {RUNS}/NAME/N by default"
        )
        parser.add_argument(
            "--threads", type=PositiveInt | None, default=None, help="processor threads of torch; null for its choice"
        )
        parser.add_argument("--ckpt_path", type=CheckpointPath | None, default=None, help="checkpoint to resume from")
        parser.add_argument(
            "--logger", type=bool, default=True, help="track in Weights & Biases (offline without a key)"
        )
        parser.add_argument(
            "--monitor", type=str | None, default="val/loss", help="what best.ckpt has the least of; null for none"
        )

    def before_instantiate_classes(self) -> None:
        if self.config.threads:
            torch.set_num_threads(self.config.threads)

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        config = self.config
        self.is_main = getattr(rank_zero_only, "rank", 0) == 0
        kwargs["logger"] = self.config_init.trainer.logger or False  # `open_run` adds W&B, which writes files
        if config.trainer.enable_progress_bar is None:
            kwargs["enable_progress_bar"] = sys.stderr.isatty()
        self.log = RunLog(self.resolved(), config.monitor, print_lines=not sys.stderr.isatty())
        last = ModelCheckpoint(filename="last", enable_version_counter=False)  # after each epoch
        best = ModelCheckpoint(filename="best", monitor=config.monitor, enable_version_counter=False)
        self.checkpoints = [last, best] if config.monitor else [last]
        given = self.config_init.trainer.callbacks or []
        given = given if isinstance(given, list) else [given]
        return super().instantiate_trainer(**kwargs, callbacks=[*given, self.log, *self.checkpoints])

    def resolved(self) -> str:
        """The complete configuration as YAML; --config takes it back."""
        dumped: str = self.parser.dump(self.config, skip_unset=False)
        return dumped

    def open_run(self) -> None:
        """Makes the run's folder, of which Lightning tells other processes, and the logger; no file yet.

        Raises:
            ValueError: when the folder holds a run already.
        """
        if self.config.trainer.fast_dev_run:
            return
        self.folder = self.log.folder = _new_folder(self.config.out, self.config.name)
        for callback in self.checkpoints:
            callback.dirpath = os.fspath(self.folder.absolute())
        if self.config.logger and self.trainer.logger is None:
            self.trainer.logger = wandb_logger(self.config.name, self.folder)

    def withdraw_unstarted(self) -> None:
        """Gives the number of a run back that was refused before its first step."""
        if self.folder and not self.log.started:
            with contextlib.suppress(OSError):  # not empty
                self.folder.rmdir()

    def how_to_go_on(self) -> str:
        """What a user can do after an interruption."""
        if self.folder and (self.folder / "last.ckpt").exists():
            return f"--ckpt_path {self.folder}/last.ckpt goes on from the last epoch"
        return "no epoch was saved, there is nothing to go on from"


def _new_folder(out: Path | None, name: str) -> Path:
    """`out`, or the next number below `RUNS`, which no other process gets."""
    if out is not None:
        if (out / "config.yaml").exists():
            raise ValueError(f"{out} holds a run already, expected a new folder")
        out.mkdir(parents=True, exist_ok=True)
        return out
    runs = RUNS / name
    runs.mkdir(parents=True, exist_ok=True)
    taken = [int(path.name) for path in runs.iterdir() if path.name.isdecimal()]
    for number in itertools.count(max(taken, default=-1) + 1):
        with contextlib.suppress(FileExistsError):  # made by another process in the meantime
            (runs / str(number)).mkdir()
            break
    return runs / str(number)


def _check_resumable(path: Path | None, model: LightningModule, max_epochs: int | None) -> None:
    if path is None:
        return
    checkpoint = checkpoints.read(path)
    if "optimizer_states" not in checkpoint:
        raise ValueError(
            f"checkpoint {path} has only weights, expected the complete state that a run keeps in last.ckpt"
        )
    n_epochs = checkpoint["loops"]["fit_loop"]["epoch_progress"]["current"]["processed"]
    if max_epochs not in (None, -1) and n_epochs >= max_epochs:
        raise ValueError(
            f"checkpoint {path} has made {n_epochs} epochs, expected trainer.max_epochs above, not {max_epochs}"
        )
    try:
        model.load_state_dict(checkpoint["state_dict"])
    except RuntimeError as error:
        raise ValueError(f"checkpoint {path} does not fit the model: {one_line(error)}") from error
