"""What tests of modules that fit images share: small fits and a trainer for them."""

import functools
from pathlib import Path
from typing import Any

from pytorch_lightning import Trainer
from pytorch_lightning.callbacks import ModelCheckpoint

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
