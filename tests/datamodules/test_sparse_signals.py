from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import ModelCheckpoint

from datamodules import SparseSignalsDataModule
from datamodules.loader import ResumableLoader


def test_signals_are_bernoulli_gaussian() -> None:
    x = SparseSignalsDataModule(n=500, n_test=2000).dataset("test").x
    assert x.shape == (2000, 500)
    assert x.dtype == torch.float32
    values = x[x != 0]
    assert (x != 0).double().mean().item() == pytest.approx(0.1, abs=0.002)  # 6 standard errors
    assert values.mean().item() == pytest.approx(0, abs=0.02)
    assert values.square().mean().item() == pytest.approx(1, abs=0.03)


def test_exact_sparsity_is_exact_and_every_entry_has_its_turn() -> None:
    x = SparseSignalsDataModule(n=30, n_nonzero=7, n_test=500).dataset("test").x
    assert ((x != 0).sum(1) == 7).all()
    assert ((x != 0).sum(0) > 60).all()  # 117 on average


def test_fixed_sets_are_the_same_each_time_and_differ_from_each_other() -> None:
    one, two = (SparseSignalsDataModule(n=20, n_train=100, n_val=100, n_test=100) for _ in range(2))
    for split in ("train", "val", "test"):
        torch.testing.assert_close(one.dataset(split).x, two.dataset(split).x, rtol=0, atol=0)
    assert not torch.equal(one.dataset("train").x, one.dataset("val").x)
    assert not torch.equal(one.dataset("test").x, SparseSignalsDataModule(n=20, n_test=100, seed=1).dataset("test").x)
    assert one.dataset("test")[3]["id"] == "test/3"


def test_a_larger_training_set_begins_with_the_smaller_one() -> None:
    small, large = (SparseSignalsDataModule(n=20, n_train=size).dataset("train").x for size in (37, 300))
    assert torch.equal(small, large[:37])


def test_training_batches_are_drawn_from_epoch_and_number_without_the_global_generator() -> None:
    state = torch.random.get_rng_state()
    data = SparseSignalsDataModule(n=20, batch_size=4, n_batches=3)
    batches = [data.on_after_batch_transfer(batch, 0) for batch in data.train_dataloader()]
    again = [data.on_after_batch_transfer(batch, 0) for batch in data.train_dataloader()]
    other = data.on_after_batch_transfer({"number": torch.tensor([1, 0, 0])}, 0)
    assert len(batches) == 3
    assert all(torch.equal(a["x"], b["x"]) for a, b in zip(batches, again, strict=True))
    assert len({batch["x"].sum().item() for batch in [*batches, other]}) == 4
    assert torch.equal(torch.random.get_rng_state(), state)


def test_a_fixed_training_set_goes_on_where_it_stood() -> None:
    settings = {"n": 20, "n_train": 40, "batch_size": 4}
    whole = [name for batch in SparseSignalsDataModule(**settings).train_dataloader() for name in batch["id"]]
    loader = SparseSignalsDataModule(**settings).train_dataloader()
    assert isinstance(loader, ResumableLoader)
    loader.load_state_dict({"epoch": 0, "n_given": 3})
    assert [name for batch in loader for name in batch["id"]] == whole[12:]


class Listener(LightningModule):
    """Remembers what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.seen: list[str] = []

    def training_step(self, batch: dict[str, Any], batch_idx: int) -> torch.Tensor:
        self.seen += batch["id"]
        return self.weight.sum()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), 0.1)


def seen(folder: Path, n_train: int | None, resumed: Path | None = None) -> list[str]:
    """In three epochs of four batches, with a checkpoint after every step."""
    data = SparseSignalsDataModule(n=8, batch_size=2, n_batches=4, n_train=n_train, n_val=2, n_test=2)
    listener = Listener()
    kept = ModelCheckpoint(folder, "{step}", every_n_train_steps=1, save_top_k=-1, auto_insert_metric_name=False)
    quiet: dict[str, Any] = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    trainer = Trainer(accelerator="cpu", max_epochs=3, limit_val_batches=0, callbacks=[kept], **quiet)
    trainer.fit(listener, datamodule=data, ckpt_path=resumed, weights_only=True)
    return listener.seen


@pytest.mark.parametrize("n_train", [None, 8])
def test_training_stopped_anywhere_goes_on_with_the_batches_that_were_left(n_train: int | None, tmp_path: Path) -> None:
    whole = seen(tmp_path / "whole", n_train)
    for step in (3, 4, 6):
        assert seen(tmp_path / str(step), n_train, tmp_path / "whole" / f"{step}.ckpt") == whole[2 * step :]


@pytest.mark.parametrize("transposed", [False, True])
def test_test_signals_may_come_from_a_file(tmp_path: Path, transposed: bool) -> None:
    x = np.arange(12.0).reshape(2, 6)
    np.savez(tmp_path / "x.npz", x_test=x.T if transposed else x)
    found = SparseSignalsDataModule(n=6, test_file=tmp_path / "x.npz").dataset("test")
    np.testing.assert_array_equal(found.x.numpy(), x)


def test_impossible_arguments_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="density is 0"):
        SparseSignalsDataModule(density=0.0)
    with pytest.raises(ValueError, match="n_nonzero is 9"):
        SparseSignalsDataModule(n=8, n_nonzero=9)
    with pytest.raises(ValueError, match="n_val is 0"):
        SparseSignalsDataModule(n_val=0)
    with pytest.raises(ValueError, match="drawn anew"):
        SparseSignalsDataModule().dataset("train")
    with pytest.raises(FileNotFoundError, match="there is no file"):
        SparseSignalsDataModule(test_file=tmp_path / "none.npz").dataset("test")
    np.save(tmp_path / "x.npy", np.zeros((3, 4)))
    with pytest.raises(ValueError, match="shape \\(3, 4\\)"):
        SparseSignalsDataModule(n=5, test_file=tmp_path / "x.npy").dataset("test")
    np.save(tmp_path / "y.npy", np.full((3, 5), np.nan))
    with pytest.raises(ValueError, match="not finite numbers"):
        SparseSignalsDataModule(n=5, test_file=tmp_path / "y.npy").dataset("test")
