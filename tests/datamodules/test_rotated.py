import math

import pytest
import torch

from datamodules import DigitsDataModule, RotatedDataModule
from datamodules.arrays import ArrayImages
from datamodules.rotated import RotatedImages


def rotated(degrees: float) -> RotatedDataModule:
    return RotatedDataModule(DigitsDataModule(value_range=(-1.0, 1.0)), degrees)


def test_a_quarter_turn_is_exact_and_anticlockwise() -> None:
    straight, turned = DigitsDataModule(value_range=(-1.0, 1.0)).dataset("test")[3], rotated(90.0).dataset("test")[3]
    torch.testing.assert_close(turned["x"], straight["x"].rot90(1, (1, 2)), atol=1e-5, rtol=0)
    assert turned["id"] == straight["id"] == "test/3"


def test_images_that_are_not_square_keep_their_proportions() -> None:
    height, width, r, angle = 21, 41, 7, math.radians(30)
    image = torch.zeros(1, height, width)
    image[0, height // 2, width // 2 + r] = 9.0
    x = RotatedImages(ArrayImages(image, 9.0, "test"), 30.0).pixels(0)[0]
    rows, columns = torch.meshgrid(torch.arange(height) - height // 2, torch.arange(width) - width // 2, indexing="ij")
    centre = [(x * places).sum() / x.sum() for places in (rows, columns)]
    assert [float(c) for c in centre] == pytest.approx([-r * math.sin(angle), r * math.cos(angle)], abs=0.1)


def test_is_in_range_and_black_outside() -> None:
    x = rotated(45.0).dataset("train")[0]["x"]
    assert x.dtype == torch.float32
    assert -1 <= x.min() <= x.max() <= 1
    assert (x[0, [0, 0, -1, -1], [0, -1, 0, -1]] == -1).all()


def test_angles_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="degrees is nan"):
        rotated(math.nan)
