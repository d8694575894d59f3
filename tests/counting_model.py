"""A model that tells what the loaders of a data module gave it."""

from typing import Any

import pytorch_lightning as pl
import torch
from torch import nn


class CountingModel(pl.LightningModule):
    """The smallest model: it counts what the loaders give it."""

    def __init__(self) -> None:
        super().__init__()
        self.mean = nn.Parameter(torch.zeros(()))
        self.n_items = {"train": 0, "val": 0, "predict": 0}

    def training_step(self, batch: dict[str, Any]) -> torch.Tensor:
        self.n_items["train"] += len(batch["id"])
        return ((batch["x"] - self.mean) ** 2).mean()

    def validation_step(self, batch: dict[str, Any]) -> None:
        self.n_items["val"] += len(batch["id"])

    def predict_step(self, batch: dict[str, Any]) -> None:
        self.n_items["predict"] += len(batch["id"])

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)
