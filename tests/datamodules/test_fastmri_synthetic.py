"""Drawn volumes: what they look like, and that they are the same every time."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch

from datamodules.fastmri import SyntheticVolumes, phantom, write_synthetic
from datamodules.fastmri.header import matrix_sizes
from datamodules.fastmri.reference import centre_crop, centred_kspace, coil_images, root_sum_of_squares


def test_a_volume_depends_on_law_and_number_alone() -> None:
    law, state = SyntheticVolumes(2, 2, (16, 16)), torch.get_rng_state()
    a, again, b = law.draw(3), law.draw(3), law.draw(4)
    assert torch.equal(a.kspace, again.kspace)
    assert torch.equal(a.reference, again.reference)
    assert not torch.equal(a.kspace, b.kspace)
    assert not torch.equal(a.kspace, SyntheticVolumes(2, 2, (16, 16), seed=1).draw(3).kspace)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("default", [torch.float32, torch.float64])
def test_a_volume_does_not_depend_on_the_default_precision(default: torch.dtype) -> None:
    expected = SyntheticVolumes(1, 2, (16, 16)).draw(1)
    torch.set_default_dtype(default)
    try:
        found = SyntheticVolumes(1, 2, (16, 16)).draw(1)
    finally:
        torch.set_default_dtype(torch.float32)
    assert found.kspace.dtype == torch.complex64
    assert found.reference.dtype == torch.float32
    assert torch.equal(found.kspace, expected.kspace)


@pytest.mark.parametrize("number", [0, 1])
def test_without_noise_coils_combine_to_the_magnitude(number: int) -> None:
    law = SyntheticVolumes(4, 6, (64, 48), (40, 44), noise=0.0)
    drawn, single = law.draw(number), SyntheticVolumes(4, None, (64, 48), (40, 44), noise=0.0).draw(number)
    torch.testing.assert_close(drawn.reference, single.reference, rtol=1e-4, atol=1e-5)
    assert drawn.reference.min() >= 0
    assert 0.3 < drawn.reference.max() < 3
    images = coil_images(drawn.kspace)
    outside = images.abs().square().sum() - centre_crop(images, (40, 44)).abs().square().sum()
    assert outside < 1e-3 * images.abs().square().sum()  # the anatomy lies within the crop
    slices = drawn.reference.flatten(1)
    assert ((slices[1:] - slices[:-1]).norm(dim=1) > 0.05 * slices[1:].norm(dim=1)).all()


def test_noise_has_the_variance_that_was_asked_for() -> None:
    noisy, clean = (SyntheticVolumes(4, 4, (64, 64), noise=noise).draw(1) for noise in (0.1, 0.0))
    eta = torch.view_as_real(noisy.kspace - clean.kspace).double()
    coils = SyntheticVolumes(4, 4, (64, 64), noise=0.2).draw(1)
    assert eta.square().mean(dim=(0, 1, 2, 3))[0].item() == pytest.approx(eta[..., 1].square().mean().item(), rel=0.03)
    twice = torch.view_as_real(coils.kspace - clean.kspace).double()
    assert twice.std().item() == pytest.approx(2 * eta.std().item(), rel=1e-4)


def test_sensitivities_are_smooth_and_of_unit_sum_of_squares() -> None:
    places = phantom.places((40, 32), (40, 32))
    s = phantom.sensitivities(torch.Generator().manual_seed(0), 5, places)
    torch.testing.assert_close(s.abs().square().sum(0), torch.ones(40, 32, dtype=torch.float64))
    assert (s[:, 1:] - s[:, :-1]).abs().max() < 0.2
    assert (s[:, :, 1:] - s[:, :, :-1]).abs().max() < 0.2
    assert (s.abs().flatten(1).argmax(1).unique().numel()) == 5


def test_an_ellipse_covers_its_area() -> None:
    disc = torch.tensor([[1.0, 0.6, 0.3, 0.9, 0.1, 0.0, 0.0, 0.5]], dtype=torch.float64)
    places = phantom.places((128, 128), (128, 128))
    area = phantom.section(disc, 0.0, places, 64).sum().item() / 64**2
    assert area == pytest.approx(np.pi * 0.6 * 0.3, rel=0.01)
    assert phantom.section(disc, 0.95, places, 64).max() == 0
    higher = phantom.section(disc, 0.45, places, 64).sum().item() / 64**2
    assert higher == pytest.approx(np.pi * 0.6 * 0.3 * 0.75, rel=0.02)


@pytest.mark.parametrize("shape", [(6, 8), (7, 8), (6, 9), (7, 9)])
def test_kspace_and_images_are_inverse_and_centred(shape: tuple[int, int]) -> None:
    source = torch.Generator().manual_seed(0)
    images = torch.view_as_complex(torch.randn(3, *shape, 2, generator=source, dtype=torch.float64))
    kspace = centred_kspace(images)
    torch.testing.assert_close(coil_images(kspace), images)
    expected = np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(images.numpy(), (1, 2)), norm="ortho"), (1, 2))
    np.testing.assert_allclose(kspace.numpy(), expected, atol=1e-12)
    assert kspace[0, shape[0] // 2, shape[1] // 2].item() == pytest.approx(
        images[0].sum().item() / np.sqrt(np.prod(shape))
    )
    torch.testing.assert_close(root_sum_of_squares(kspace, shape), images.abs().square().sum(0).sqrt())


def test_files_have_the_format_of_fastmri(tmp_path: Path) -> None:
    paths = write_synthetic(tmp_path, 2, SyntheticVolumes(3, 2, (20, 13), (10, 9)), first=5)
    assert [path.name for path in paths] == ["volume_005.h5", "volume_006.h5"]
    with h5py.File(paths[0]) as file:
        assert set(file) == {"kspace", "reconstruction_rss", "ismrmrd_header"}
        assert (file["kspace"].shape, file["kspace"].dtype) == ((3, 2, 20, 13), np.complex64)
        assert (file["reconstruction_rss"].shape, file["reconstruction_rss"].dtype) == ((3, 10, 9), np.float32)
        assert set(file.attrs) == {"acquisition", "max", "norm", "patient_id"}
        assert file.attrs["max"] == file["reconstruction_rss"][()].max()
        assert matrix_sizes(file["ismrmrd_header"][()].decode()) == ((20, 13, 1), (10, 9, 1))
    (single,) = write_synthetic(tmp_path / "single", 1, SyntheticVolumes(3, None, (20, 13)), columns=[5, 6, 7])
    with h5py.File(single) as file:
        assert set(file) == {"kspace", "mask", "ismrmrd_header"}
        assert file["kspace"].shape == (3, 20, 13)
        assert file["mask"][()].nonzero()[0].tolist() == [5, 6, 7]
        assert "max" not in file.attrs


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_slices": 0}, "number below 1"),
        ({"n_coils": 0}, "number below 1"),
        ({"shape": (0, 4)}, "number below 1"),
        ({"crop": (200, 4)}, r"crop is \(200, 4\), expected at most the shape \(96, 96\)"),
        ({"noise": -1.0}, "noise is -1.0"),
        ({"noise": float("nan")}, "noise is nan"),
        ({"seed": -1}, "seed -1"),
    ],
)
def test_impossible_laws_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SyntheticVolumes(**arguments)
