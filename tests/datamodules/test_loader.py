"""Orders of epochs, and training that stops anywhere and goes on."""

from pathlib import Path
from typing import Any

import pytest
import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from torch.utils.data import DataLoader

from datamodules.loader import EpochSampler, ResumableLoader


def test_orders_are_those_of_a_shuffling_loader_epoch_by_epoch() -> None:
    shuffling = DataLoader(range(23), 5, shuffle=True, generator=torch.Generator().manual_seed(7))
    sampler = EpochSampler(23, 7)
    for epoch in range(3):
        expected = torch.cat(list(shuffling)).tolist()
        assert list(sampler) == expected
        sampler.set_epoch(epoch)
        assert list(sampler) == expected


class Listener(LightningModule):
    """Remembers what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.seen: list[tuple[int, ...]] = []

    def training_step(self, batch: torch.Tensor, batch_idx: int) -> torch.Tensor:
        self.seen.append((self.current_epoch, batch_idx, *batch.tolist()))
        return self.weight.sum()

    def validation_step(self, batch: torch.Tensor, batch_idx: int) -> None: ...

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), 0.1)


class SaveAt(Callback):
    def __init__(self, step: int, path: Path) -> None:
        self.step, self.path = step, path

    def on_train_batch_end(self, trainer: Trainer, *_: Any) -> None:
        if trainer.global_step == self.step:
            trainer.save_checkpoint(self.path)


def seen(
    path: Path | None = None, *callbacks: Callback, validate: bool = True, workers: int = 0, **settings: Any
) -> list[Any]:
    """What a module is given in three epochs of four batches, from a checkpoint on."""
    quiet: dict[str, Any] = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    trainer = Trainer(accelerator="cpu", max_epochs=3, callbacks=list(callbacks), **quiet, **settings)
    module = Listener()
    processes: dict[str, Any] = {"num_workers": workers, "persistent_workers": workers > 0}  # as data modules have them
    train = ResumableLoader(torch.arange(8), 2, sampler=EpochSampler(8, 3), **processes)
    validation = DataLoader(torch.arange(2)) if validate else None
    trainer.fit(module, train, validation, ckpt_path=path, weights_only=True)
    return module.seen


@pytest.mark.parametrize("validate", [True, False])
@pytest.mark.parametrize("limit", [None, 3])
@pytest.mark.parametrize("step", [1, 3, 4, 6])
def test_training_goes_on_with_the_batches_that_were_left(
    step: int, limit: int | None, validate: bool, tmp_path: Path
) -> None:
    path = tmp_path / "some.ckpt"
    settings: dict[str, Any] = {"limit_train_batches": limit, "validate": validate, "enable_checkpointing": False}
    whole = seen(None, SaveAt(step, path), **settings)
    assert seen(path, **settings) == whole[step:]


def test_processes_that_read_make_no_difference(tmp_path: Path) -> None:
    path = tmp_path / "some.ckpt"
    expected = seen(None, SaveAt(6, path), enable_checkpointing=False)
    assert seen(None, enable_checkpointing=False, workers=1) == expected
    assert seen(path, enable_checkpointing=False, workers=1) == expected[6:]


def test_an_epoch_follows_on_one_that_was_finished(tmp_path: Path) -> None:
    whole = seen(None, enable_checkpointing=False)
    trainer = Trainer(accelerator="cpu", max_epochs=1, logger=False, default_root_dir=tmp_path)
    train = ResumableLoader(torch.arange(8), 2, sampler=EpochSampler(8, 3))
    trainer.fit(Listener(), train)
    (path,) = tmp_path.rglob("*.ckpt")
    assert seen(path, enable_checkpointing=False) == whole[4:]
