"""Inpainting: which pixels are seen, and how they are packed."""

import pytest
import torch
from operator_examples import normal

from lit_inverse.bases import dct_matrix
from lit_inverse.operators import BlockInpainting, Inpainting, Matrix, RandomInpainting, TextInpainting


def test_measurements_are_the_kept_pixels_of_each_channel() -> None:
    mask = torch.tensor([[1, 0, 0], [0, 1, 1]])
    operator = Inpainting((2, 2, 3), mask)
    x = torch.arange(12.0).view(1, 2, 2, 3)
    assert operator.out_shape == (2, 3)
    assert operator(x).tolist() == [[[0, 4, 5], [6, 10, 11]]]
    torch.testing.assert_close(operator.adjoint(operator(x)), x * mask)
    assert operator.mask.shape == (2, 2, 3)
    assert torch.equal(operator.mask[1], mask.bool())


@pytest.mark.parametrize(
    ("in_shape", "mask_shape", "out_shape"),
    [
        ((2, 3, 4), (3, 4), (2, 6)),
        ((2, 3, 4), (2, 3, 4), (2, 6)),
        ((2, 3, 4), (5, 1, 3, 4), (2, 6)),
        ((12,), (12,), (6,)),
    ],
)
def test_masks_spread_over_channels(
    in_shape: tuple[int, ...], mask_shape: tuple[int, ...], out_shape: tuple[int, ...]
) -> None:
    mask = torch.arange(12).view(in_shape[-2:]) % 2 == 0
    operator = Inpainting(in_shape, mask.expand(mask_shape))
    assert operator.out_shape == out_shape
    assert operator.n_items == (5 if len(mask_shape) == 4 else None)


def test_half_of_the_pixels_are_seen_by_default() -> None:
    assert Inpainting((2, 4, 5)).out_shape == (2, 10)
    assert torch.equal(Inpainting((2, 4, 5)).mask, RandomInpainting((2, 4, 5)).mask)
    assert Inpainting((6,)).out_shape == (3,)


def test_channels_that_keep_different_numbers_are_joined() -> None:
    mask = torch.ones(2, 2, 2, dtype=torch.bool)
    mask[0, 0, 0] = False
    assert Inpainting((2, 2, 2), mask).out_shape == (7,)


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.77, 1.0])
def test_random_masks_keep_an_exact_number_of_pixels(kept: float) -> None:
    operator = RandomInpainting((3, 9, 11), kept, seed=[0, 1, 2, 3])
    assert operator.out_shape == (3, round(99 * kept))
    assert (operator.mask.flatten(2).sum(2) == round(99 * kept)).all()
    assert kept == 1 or not torch.equal(operator.mask[0], operator.mask[1])
    assert torch.equal(operator.mask[2], RandomInpainting((3, 9, 11), kept, seed=2).mask)


def test_random_masks_of_one_seed_are_nested() -> None:
    few, many = (RandomInpainting((1, 9, 11), kept, seed=5).mask for kept in (0.2, 0.6))
    assert bool((many | ~few).all())


def test_every_pixel_is_kept_as_often_as_another() -> None:
    mask = RandomInpainting((1, 4, 4), 0.25, seed=range(4000)).mask.double()
    assert float((mask.mean(0) - 0.25).abs().max()) < 5 * (0.25 * 0.75 / 4000) ** 0.5


def test_the_hidden_block_lies_in_the_centre() -> None:
    mask = BlockInpainting((1, 8, 12), 0.5).mask[0]
    assert not mask[2:6, 3:9].any()
    assert int(mask.sum()) == 96 - 24


def test_text_is_made_of_dots_of_the_given_size() -> None:
    small, large = (TextInpainting((1, 120, 240), scale=scale).mask[0] for scale in (1, 3))
    assert 0.1 < 1 - small.double().mean() < 0.3
    assert 0.1 < 1 - large.double().mean() < 0.3
    assert torch.equal(large[::3, ::3].repeat_interleave(3, 0).repeat_interleave(3, 1), large)
    assert torch.equal(TextInpainting((3, 30, 30), "lit").mask[2], TextInpainting((1, 30, 30), "lit").mask[0])


def test_masks_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match=r"mask has shape \(3, 3\), expected one that spreads over \(1, 2, 3\)"):
        Inpainting((1, 2, 3), torch.ones(3, 3))
    with pytest.raises(ValueError, match=r"mask keeps \[1, 2\] entries"):
        Inpainting((2,), torch.tensor([[True, False], [True, True]]))
    with pytest.raises(ValueError, match="at least one"):
        Inpainting((2,), torch.zeros(2))
    with pytest.raises(ValueError, match="other than True and False"):
        Inpainting((2,), torch.tensor([0.5, 1.0]))
    with pytest.raises(ValueError, match="kept is 0, expected"):
        RandomInpainting((1, 4, 4), 0)
    with pytest.raises(ValueError, match="empty list"):
        RandomInpainting((1, 4, 4), seed=[])
    with pytest.raises(ValueError, match="hidden is 1"):
        BlockInpainting((1, 4, 4), 1)
    with pytest.raises(ValueError, match="expected \\(C, H, W\\), letters"):
        TextInpainting((1, 30, 30), " ")


def test_inpainting_of_an_orthonormal_synthesis_has_orthonormal_rows() -> None:
    synthesis = Matrix(dct_matrix(30).double().mT)
    operator = RandomInpainting((30,), 0.4, seed=[0, 1, 2]) @ synthesis
    y = normal(3, 12, dtype=torch.float64)
    torch.testing.assert_close(operator(operator.adjoint(y)), y)
    torch.testing.assert_close(operator.pinv(y), operator.adjoint(y))
    torch.testing.assert_close(operator.norm(), torch.ones(3, dtype=torch.float64))
