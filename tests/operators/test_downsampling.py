"""Downsampling against torch, and against the weights of MATLAB."""

import numpy as np
import pytest
import torch
from operator_examples import normal
from torch.nn import functional

from lit_inverse.operators import Downsampling

DOUBLE = torch.float64


@pytest.mark.parametrize("factor", [1, 2, 3, 4])
def test_mean_equals_pooling(factor: int) -> None:
    x = normal(2, 3, 12, 24, dtype=DOUBLE)
    operator = Downsampling((3, 12, 24), factor).double()
    torch.testing.assert_close(operator(x), functional.avg_pool2d(x, factor), rtol=0, atol=1e-7)
    torch.testing.assert_close(operator.norm(), torch.tensor(1 / factor, dtype=DOUBLE), rtol=1e-6, atol=0)


@pytest.mark.parametrize("factor", [2, 3, 4])
def test_bicubic_equals_that_of_torch_on_the_mirrored_image(factor: int) -> None:
    x = normal(2, 3, 12, 24, dtype=DOUBLE)
    margin = 4 * factor  # beyond what the border of the wide image can reach
    wide = torch.from_numpy(np.pad(x.numpy(), ((0, 0), (0, 0), (margin, margin), (margin, margin)), mode="symmetric"))
    small = functional.interpolate(wide, scale_factor=1 / factor, mode="bicubic", antialias=True)
    operator = Downsampling((3, 12, 24), factor, kind="bicubic").double()
    torch.testing.assert_close(operator(x), small[:, :, 4:-4, 4:-4], rtol=0, atol=1e-6)


def test_bicubic_weights_are_those_of_matlab() -> None:
    """imresize([0 0 0 0 1 0 0 0 0 0], 0.5) and its neighbours: the Keys kernel at 1/4, 3/4, 5/4 and 7/4, halved."""
    half = [-0.01171875, -0.03515625, 0.11328125, 0.43359375]
    rows = Downsampling((1, 16, 16), 2, kind="bicubic").rows
    torch.testing.assert_close(rows[3, 3:11], torch.tensor(half + half[::-1]))
    mirrored = torch.tensor([half[3] + half[2], half[3] + half[1], half[2] + half[0], half[1], half[0]])
    torch.testing.assert_close(rows[0, :5], mirrored)


@pytest.mark.parametrize("kind", ["mean", "bicubic"])
def test_a_constant_image_stays_constant(kind: str) -> None:
    operator = Downsampling((1, 6, 8), 2, kind="mean" if kind == "mean" else "bicubic")
    torch.testing.assert_close(operator(torch.full((1, 1, 6, 8), 0.7)), torch.full((1, 1, 3, 4), 0.7))


def test_impossible_factors_are_refused() -> None:
    with pytest.raises(ValueError, match=r"factor is 3, in_shape \(1, 9, 8\)"):
        Downsampling((1, 9, 8), 3)
    with pytest.raises(ValueError, match="kind is 'cubic'"):
        Downsampling((1, 9, 9), 3, "cubic")  # type: ignore[arg-type]
