"""What every data module promises, shown on all of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from counting_model import CountingModel

import datamodules
from datamodules import (
    ChestXrayDataModule,
    DigitsDataModule,
    ImagesDataModule,
    MNISTDataModule,
    RetinaDataModule,
)
from datamodules.arrays import ArrayImages
from datamodules.base import ImageDataset, SplitDataModule

THIRDS = (0.4, 0.3, 0.3)
Make = Callable[..., SplitDataModule]


@pytest.fixture(params=datamodules.__all__)
def make(request: pytest.FixtureRequest, tmp_path: Path, write_image: Callable[..., Any]) -> Make:
    """Makes the data module on ten small images or more, with shared arguments."""
    name = request.param
    if name == "DigitsDataModule":
        return DigitsDataModule
    if name == "MNISTDataModule":
        root = request.getfixturevalue("mnist_root")
        return lambda **shared: MNISTDataModule(root, val_size=5, **shared)
    shape = (36, 32, 3) if name == "RetinaDataModule" else (36, 32)
    for i in range(10):
        write_image(tmp_path / "folder" / f"{i}.png", shape, seed=i)
    cls: Any = {"ImagesDataModule": ImagesDataModule, "ChestXrayDataModule": ChestXrayDataModule}.get(
        name, RetinaDataModule
    )
    return lambda **shared: cls(tmp_path / "folder", crop=32, size=16, fractions=THIRDS, **shared)


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_an_item_is_x_in_the_value_range_and_a_string(make: Make, split: str) -> None:
    data = make()
    data.setup()
    item = data.dataset(split)[0]
    assert set(item) == {"x", "id"}
    assert item["x"].shape == data.item_shape
    assert item["x"].dtype == torch.float32
    assert item["x"].min() >= 0
    assert item["x"].max() <= 1
    assert item["x"].std() > 0.05
    assert isinstance(item["id"], str)


def test_value_range_is_an_affine_map(make: Make) -> None:
    unit, symmetric = make().dataset("test"), make(value_range=(-1, 1)).dataset("test")
    for i in range(3):
        torch.testing.assert_close(symmetric[i]["x"], -1 + 2 * unit[i]["x"], rtol=0, atol=0)
    assert make(value_range=(-1, 1)).value_range == (-1.0, 1.0)


def test_splits_share_no_image_and_are_the_same_every_time(make: Make) -> None:
    first, second = make(), make()
    items = [[first.dataset(s)[i] for i in range(len(first.dataset(s)))] for s in ("train", "val", "test")]
    again = [[second.dataset(s)[i] for i in range(len(second.dataset(s)))] for s in ("train", "val", "test")]
    flat = [item for split in items for item in split]
    assert len({item["id"] for item in flat}) == len(flat)
    assert len({item["x"].numpy().tobytes() for item in flat}) == len(flat)
    for item, same in zip(flat, [item for split in again for item in split], strict=True):
        assert item["id"] == same["id"]
        assert torch.equal(item["x"], same["x"])


def test_loaders_cover_each_item_once_and_drop_none(make: Make) -> None:
    data = make(batch_size=4)
    data.setup()
    for split, loader in (
        ("train", data.train_dataloader()),
        ("val", data.val_dataloader()),
        ("test", data.test_dataloader()),
        ("test", data.predict_dataloader()),
    ):
        ids = [name for batch in loader for name in batch["id"]]
        expected = [data.dataset(split)[i]["id"] for i in range(len(data.dataset(split)))]
        assert sorted(ids) == sorted(expected)
        assert split == "train" or ids == expected


def test_training_order_follows_the_seed_and_changes_with_the_epoch(image_root: Path) -> None:
    def epochs(seed: int) -> list[list[str]]:
        loader = ImagesDataModule(image_root, fractions=(1, 0, 0), seed=seed).train_dataloader()
        return [[name for batch in loader for name in batch["id"]] for _ in range(2)]

    assert epochs(0) == epochs(0)
    assert epochs(0)[0] != epochs(0)[1]
    assert epochs(0)[0] != epochs(1)[0]


def test_the_global_random_generator_is_not_touched(make: Make) -> None:
    before = torch.get_rng_state()
    data = make()
    data.setup()
    for loader in (data.train_dataloader(), data.val_dataloader(), data.test_dataloader()):
        next(iter(loader))
    assert torch.equal(torch.get_rng_state(), before)


def test_worker_processes_give_the_same_items(image_root: Path) -> None:
    loaders = [ImagesDataModule(image_root, num_workers=n, batch_size=7).test_dataloader() for n in (0, 1)]
    for alone, worked in zip(*loaders, strict=True):
        assert alone["id"] == worked["id"]
        assert torch.equal(alone["x"], worked["x"])


def test_an_unknown_split_is_named_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="'valid', expected one of train, val, test"):
        DigitsDataModule().dataset("valid")


def test_an_empty_split_says_so(image_root: Path) -> None:
    with pytest.raises(
        ValueError, match=r"ImagesDataModule has no train images: .* 0 for train, 0 for val, 20 for test"
    ):
        ImagesDataModule(image_root).dataset("train")


@pytest.mark.parametrize("index", [-1, 200])
def test_an_index_outside_of_the_split_is_an_error(index: int) -> None:
    with pytest.raises(IndexError, match="a split of 200 images"):
        DigitsDataModule().dataset("test")[index]


@pytest.mark.parametrize("value_range", [(1, 0), (0, 0), (float("nan"), 1), (0, float("inf")), (0, 1, 2)])
def test_an_impossible_value_range_is_refused(value_range: Any) -> None:
    with pytest.raises(ValueError, match=r"value_range is .*, expected two finite numbers"):
        DigitsDataModule(value_range=value_range)


@pytest.mark.parametrize(("argument", "value"), [("batch_size", 0), ("num_workers", -1)])
def test_an_impossible_loader_setting_is_refused(argument: str, value: int) -> None:
    with pytest.raises(ValueError, match=f"{argument} is {value}, expected"):
        DigitsDataModule(**{argument: value})


def test_a_misspelt_argument_is_refused() -> None:
    with pytest.raises(TypeError, match="batchsize"):
        DigitsDataModule(batchsize=3)


@pytest.mark.parametrize(
    ("pixel", "message"),
    [
        (float("nan"), "'test/1' has 1 pixels that are NaN or infinite"),
        (float("inf"), "'test/1' has 1 pixels that are NaN or infinite"),
        (1.5, r"'test/1' has pixels from 0 to 1\.5, expected 0 \(black\) to 1 \(white\)"),
        (-0.5, r"'test/1' has pixels from -0\.5 to 0, expected"),
    ],
)
def test_a_bad_pixel_is_an_error_that_names_the_item(pixel: float, message: str) -> None:
    images = torch.zeros(2, 4, 4)
    images[1, 2, 3] = pixel
    dataset = ImageDataset(ArrayImages(images, 1, "test"), (0, 1))
    assert dataset[0]["id"] == "test/0"
    with pytest.raises(ValueError, match=message):
        dataset[1]


def test_data_is_read_once(image_root: Path) -> None:
    data = ImagesDataModule(image_root)
    for stage in ("fit", "validate", "test", "predict", None):
        data.setup(stage)
        (image_root / "00.png").unlink(missing_ok=True)
    assert len(data.dataset("test")) == 20


@pytest.mark.parametrize("cls", [MNISTDataModule, ImagesDataModule, ChestXrayDataModule, RetinaDataModule])
def test_a_missing_root_is_an_error_of_setup_and_not_before(
    cls: Callable[..., SplitDataModule], tmp_path: Path
) -> None:
    data = cls(tmp_path / "nowhere")
    data.prepare_data()
    with pytest.raises(FileNotFoundError, match=str(tmp_path / "nowhere")):
        data.setup("predict")


@pytest.mark.parametrize("val_size", [0, 5])
def test_a_trainer_runs_with_and_without_validation_images(mnist_root: Path, tmp_path: Path, val_size: int) -> None:
    data, model = MNISTDataModule(mnist_root, val_size=val_size, batch_size=4), CountingModel()
    trainer = pl.Trainer(
        max_epochs=1,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        default_root_dir=tmp_path,
    )
    trainer.fit(model, data)
    trainer.predict(model, data)
    assert model.n_items == {"train": 20 - val_size, "val": val_size, "predict": 10}
