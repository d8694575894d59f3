"""What tests of modules share: small fits and a trainer for them, and a logger that remembers."""

import functools
from pathlib import Path
from typing import Any

from pytorch_lightning import Trainer
from pytorch_lightning.callbacks import ModelCheckpoint
from pytorch_lightning.loggers import WandbLogger
from torch import Tensor

from datamodules import DigitsDataModule
from lit_inverse.networks import DCGANGenerator
from lit_inverse.noise import Gaussian as GaussianNoise
from lit_inverse.operators import Gaussian
from lit_inverse.solvers import DeepPrior

NETWORK = functools.partial(DCGANGenerator, latent_dim=4, width=2)
SETTINGS: dict[str, Any] = {"operator": functools.partial(Gaussian, m=30), "noise": GaussianNoise(0.1), "seed": 3}


def prior(**settings: Any) -> DeepPrior:
    return DeepPrior(NETWORK, **{"max_iter": 10, **settings})


def data(**settings: Any) -> DigitsDataModule:
    return DigitsDataModule(**{"batch_size": 4, "value_range": (-1.0, 1.0), **settings})


def trainer(folder: Path, epochs: int, **settings: Any) -> Trainer:
    """As train.py has it: one checkpoint after each epoch."""
    callbacks = [ModelCheckpoint(folder, "last", enable_version_counter=False)]
    quiet: dict[str, Any] = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    return Trainer(
        accelerator="cpu", max_epochs=epochs, limit_train_batches=1, callbacks=callbacks, **{**quiet, **settings}
    )


class Recorder(WandbLogger):
    """Keeps what it is given: curves by step, and the images of each key."""

    def __init__(self) -> None:
        self.curves: dict[int, dict[str, float]] = {}
        self.images: dict[str, list[Tensor]] = {}

    name = version = save_dir = experiment = None  # type: ignore[assignment]

    def log_image(self, key: str, images: list[Any], step: int | None = None, **_: Any) -> None:
        self.images.setdefault(key, []).extend(images)

    def log_metrics(self, metrics: Any, step: int | None = None) -> None:
        self.curves.setdefault(step or 0, {}).update(metrics)

    def log_hyperparams(self, *_: Any, **__: Any) -> None: ...

    def after_save_checkpoint(self, *_: Any) -> None: ...

    def finalize(self, status: str) -> None: ...
