"""Fundus photographs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torchvision import transforms

from datamodules import RetinaDataModule


def test_preparation_is_that_of_cs_dip(tmp_path: Path, write_image: Callable[..., Any]) -> None:
    write_image(tmp_path / "a.png", (606, 700, 3))
    reference = transforms.Compose([transforms.CenterCrop(512), transforms.Resize(128), transforms.ToTensor()])
    with Image.open(tmp_path / "a.png") as image:
        expected = reference(image)
    data = RetinaDataModule(tmp_path)
    assert data.item_shape == (3, 128, 128)
    assert torch.equal(data.dataset("test")[0]["x"], expected)


def test_real_photographs(shared_data: Callable[[str], Path]) -> None:
    data = RetinaDataModule(shared_data("retina/dev"), value_range=(-1, 1))
    dataset = data.dataset("test")
    assert len(dataset) == 20
    assert dataset[0]["id"] == "stare_im0001.png"
    assert dataset[0]["x"].shape == data.item_shape == (3, 128, 128)
    assert dataset[0]["x"].min() < -0.9
