"""Tracking in Weights & Biases: online when a key is set, offline otherwise, never a login prompt."""

import netrc
import os
from pathlib import Path

import wandb
from pytorch_lightning.loggers import WandbLogger

_HOST = "api.wandb.ai"


def has_key() -> bool:
    """Whether a W&B key is set in the environment or stored by `wandb login`."""
    if os.environ.get("WANDB_API_KEY"):
        return True
    try:
        return netrc.netrc().authenticators(_HOST) is not None
    except (OSError, netrc.NetrcParseError):
        return False


def wandb_logger(name: str, folder: Path, run_id: str | None = None) -> WandbLogger:
    """A logger of project lit_inverse writing below `folder`; the same run_id continues the same run."""
    folder.mkdir(parents=True, exist_ok=True)
    offline = not has_key() or os.environ.get("WANDB_MODE") == "offline"
    # WandbLogger(offline=True) would set WANDB_MODE for the whole process and for all that it starts
    mode = "offline" if offline else "online"
    silent = os.environ.get("WANDB_SILENT", "true") == "true"
    settings = wandb.Settings(silent=silent)
    logger = WandbLogger(project="lit_inverse", name=name, save_dir=folder, id=run_id, mode=mode, settings=settings)
    logger._wandb_init.pop("anonymous", None)  # wandb warns of it, and Lightning 2.6 always passes it
    return logger
