"""What the modules of this package share: they say what they can not be trained on, and they show images."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

import torch
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.loggers import WandbLogger
from torch import Tensor

from datamodules.base import DataModule


class CheckedModule(LightningModule, ABC):
    """A LightningModule that refuses data and settings before a run begins.

    train.py calls `check` before it makes a folder for the run; in any other training Lightning does, by `setup`.
    """

    @abstractmethod
    def check(self, data: DataModule, trainer: Trainer) -> None:
        """Refuses what does not fit.

        Each process may call it, before it knows of others: it exchanges nothing, and `self.trainer` is not there yet.

        Args:
            data: the data module, set up to fit.
            trainer: asked for its settings alone, such as max_epochs, precision and world_size.

        Raises:
            ValueError: when the module can not be trained so.
        """

    def setup(self, stage: str) -> None:
        """Checks, on every process; loaders without a data module have nothing to check."""
        if stage == "fit" and getattr(self.trainer, "datamodule", None) is not None:
            self.check(self.data, self.trainer)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Lightning loads weights before it makes the module float64, and would round them to float32."""
        if self.trainer.precision == "64-true":
            self.double()

    @property
    def data(self) -> DataModule:
        """The data module of the trainer."""
        data: DataModule = self.trainer.datamodule  # type: ignore[attr-defined]
        return data


def with_all(loss: Tensor, weights: Iterable[Tensor]) -> Tensor:
    """The loss, of which each of the weights has a gradient, be it 0: among several processes it must."""
    return loss + 0 * torch.stack([weight.sum() for weight in weights]).sum()


def expect(data: DataModule, **expected: Any) -> None:
    """Compares what a data module says of x, its value_range or item_shape, with what is expected; None: anything.

    Raises:
        ValueError: when they differ.
    """
    for name, wanted in expected.items():
        came = getattr(data, name)
        if wanted is not None and (came is None or tuple(came) != tuple(wanted)):
            raise ValueError(f"{name} of the data is {came}, expected {tuple(wanted)}")


def log_image(module: LightningModule, key: str, image: Tensor) -> None:
    """Shows an image (C, H, W) in [0, 1], or outside of it cut off, in Weights & Biases; other loggers get nothing."""
    for logger in module.loggers:
        if isinstance(logger, WandbLogger):  # which rescales what is not in bytes
            logger.log_image(key, [(255 * image).clamp(0, 255).round().to(torch.uint8)])
