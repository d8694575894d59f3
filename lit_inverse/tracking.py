"""Tracking in Weights & Biases: online when a key is set, offline otherwise, never a login prompt."""

import netrc
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import wandb
import yaml
from pytorch_lightning.loggers import Logger, WandbLogger

from lit_inverse.errors import UsageError, one_line


def has_key() -> bool:
    """Whether a key for the W&B server (WANDB_BASE_URL) is set in the environment or stored by `wandb login`."""
    if os.environ.get("WANDB_API_KEY"):
        return True
    host = urlsplit(os.environ.get("WANDB_BASE_URL") or "https://api.wandb.ai").netloc
    try:
        return netrc.netrc(os.environ.get("NETRC")).authenticators(host) is not None
    except (OSError, netrc.NetrcParseError):
        return False


def mode() -> str:
    """WANDB_MODE; without a key "offline" instead of what would ask for one."""
    # WandbLogger(offline=True) would set WANDB_MODE for the whole process and for all that it starts
    asked = os.environ.get("WANDB_MODE") or "online"
    return asked if asked in ("offline", "disabled") or has_key() else "offline"


def wandb_logger(name: str, folder: Path, run_id: str | None = None) -> WandbLogger:
    """A logger of project lit_inverse writing below `folder`; the same run_id continues the same run."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = wandb.Settings(silent=os.environ.get("WANDB_SILENT", "true") == "true")
    logger = WandbLogger(project="lit_inverse", name=name, save_dir=folder, id=run_id, mode=mode(), settings=settings)
    logger._wandb_init.pop("anonymous", None)  # wandb warns of it, and Lightning 2.6 always passes it
    return logger


@contextmanager
def in_reach() -> Iterator[None]:
    """For the first use of a logger, by which its run begins.

    Raises:
        UsageError: when W&B cannot be reached.
    """
    try:
        yield
    except wandb.Error as error:
        raise UsageError(f"logger: {one_line(error)}: choose --logger false or WANDB_MODE=offline") from error


def log_configuration(loggers: Iterable[Logger], resolved: str) -> None:
    """Gives a resolved configuration (YAML) to each logger; raises as `in_reach`."""
    with in_reach():
        for logger in loggers:
            logger.log_hyperparams(yaml.safe_load(resolved))
