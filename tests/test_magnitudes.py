"""Magnitudes of coil images."""

import pytest
import torch

from lit_inverse.magnitudes import as_reference, center_crop, root_sum_of_squares

IMAGES = torch.randn(2, 3, 8, 7, dtype=torch.complex64, generator=torch.Generator().manual_seed(0))


def test_coils_are_combined_by_the_root_of_their_squares() -> None:
    expected = IMAGES.abs().square().sum(1, keepdim=True).sqrt()
    torch.testing.assert_close(root_sum_of_squares(IMAGES), expected)


def test_the_crop_is_that_of_fastmri() -> None:
    image = torch.arange(56.0).view(1, 8, 7)
    assert torch.equal(center_crop(image, (4, 4)), image[:, 2:6, 1:5])  # from (8 - 4) // 2 and (7 - 4) // 2
    with pytest.raises(ValueError, match=r"images are \(8, 7\), expected at least \(9, 7\)"):
        center_crop(image, (9, 7))


def test_images_are_shown_as_their_reference_is() -> None:
    x = torch.zeros(2, 1, 4, 4)
    assert as_reference(IMAGES, x).shape == (2, 1, 4, 4)
    assert as_reference(IMAGES[None], x).shape == (1, 2, 1, 4, 4)  # iterates
    assert as_reference(x + 1, x) is not x
    torch.testing.assert_close(as_reference(x + 1, x), x + 1)
    vectors = torch.ones(2, 5)
    assert as_reference(vectors, vectors) is vectors
