"""Sensitivities, on coils that are known and on measured k-space."""

import math
from pathlib import Path

import h5py
import pytest
import torch
from operator_examples import normal
from scipy import ndimage
from torch import Tensor

from lit_inverse.operators import Fourier, MultiCoil, sensitivities

ESTIMATES = [sensitivities.low_frequency_ratio, sensitivities.espirit]
SIDES = (64, 56)


def everything(*shape: int) -> Tensor:
    return torch.ones(*shape, dtype=torch.bool)


def coils(number: int = 6) -> Tensor:
    """Smooth complex maps (number, H, W) around the image, whose squares sum to 1."""
    i, j = torch.meshgrid(*(torch.linspace(-1, 1, n, dtype=torch.float64) for n in SIDES), indexing="ij")
    angles = torch.arange(number, dtype=torch.float64)[:, None, None] * (2 * math.pi / number)
    distance = (i - 1.2 * angles.sin()) ** 2 + (j - 1.2 * angles.cos()) ** 2
    maps = torch.polar(torch.exp(-distance / 2), angles + 0.5 * i * angles.cos())
    return maps / torch.linalg.vector_norm(maps, dim=0)


def head() -> Tensor:
    i, j = torch.meshgrid(*(torch.linspace(-1, 1, n) for n in SIDES), indexing="ij")
    return (i / 0.75) ** 2 + (j / 0.6) ** 2 < 1


def kspace(seed: int = 0, noise: float = 0.0) -> Tensor:
    """(coils, H, W) of a textured head."""
    image = head() * (1 + 0.3 * normal(*SIDES, seed=seed, dtype=torch.float64))
    y = MultiCoil(coils(), everything(*SIDES))(image[None, None])[0].view(-1, *SIDES)
    return y + noise * normal(*y.shape, seed=seed + 1, dtype=y.dtype)


def combined(maps: Tensor, measured: Tensor) -> Tensor:
    """|sum_c conj(S_c) I_c| (H, W) of k-space (coils, H, W)."""
    operator = MultiCoil(maps, everything(*maps.shape[-2:]))
    return operator.adjoint(measured.flatten(-2)[None])[0, 0].abs()


def root_sum_of_squares(measured: Tensor) -> Tensor:
    images = Fourier(tuple(measured.shape), everything(*measured.shape[-2:])).adjoint(measured.flatten(-2)[None])[0]
    return torch.linalg.vector_norm(images, dim=0)


def test_espirit_finds_the_coils() -> None:
    maps = sensitivities.espirit(kspace(noise=1e-3))
    agreement = (maps.conj() * coils()).sum(0).abs()[head()]  # 1 where they agree up to a phase
    assert float(agreement.min()) > 0.999


def test_espirit_maps_have_unit_norm_or_are_zero() -> None:
    maps = sensitivities.espirit(kspace(noise=1e-3))
    norms = torch.linalg.vector_norm(maps, dim=0)
    assert bool(((norms - 1).abs() < 1e-6).logical_or(norms == 0).all())
    assert bool((norms[head()] > 0).all())
    assert float((norms[:4] > 0).double().mean()) < 0.5


def test_espirit_maps_are_smooth_with_their_phase() -> None:
    assert largest_step(sensitivities.espirit(kspace(noise=1e-3)), head()) < 0.1


def test_low_frequency_ratio_finds_the_coils_inside_the_head() -> None:
    maps = sensitivities.low_frequency_ratio(kspace())
    agreement = (maps.conj() * coils()).sum(0).abs()[head()]
    assert float(agreement.mean()) > 0.995
    torch.testing.assert_close(torch.linalg.vector_norm(maps, dim=0), torch.ones(SIDES, dtype=torch.float64))


@pytest.mark.parametrize("estimate", ESTIMATES)
def test_only_the_calibration_square_is_read(estimate: object) -> None:
    assert callable(estimate)
    measured = kspace()
    inside = torch.zeros(SIDES, dtype=torch.bool)
    inside[32 - 10 : 32 + 10, 28 - 10 : 28 + 10] = True
    torch.testing.assert_close(estimate(measured * inside, calibration=20), estimate(measured, calibration=20))


@pytest.mark.parametrize("estimate", ESTIMATES)
def test_batches_are_items(estimate: object) -> None:
    assert callable(estimate)
    batch = torch.stack([kspace(seed, noise=0.01) for seed in (0, 5)])
    torch.testing.assert_close(estimate(batch), torch.stack([estimate(item) for item in batch]), rtol=0, atol=1e-8)


@pytest.mark.parametrize("estimate", ESTIMATES)
def test_precision_is_that_of_kspace(estimate: object) -> None:
    assert callable(estimate)
    single = estimate(kspace(noise=1e-2).to(torch.complex64))
    assert single.dtype == torch.complex64
    double = estimate(kspace(noise=1e-2))
    torch.testing.assert_close(single.to(double.dtype)[:, head()], double[:, head()], rtol=0, atol=1e-3)


def test_impossible_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="expected complex"):
        sensitivities.espirit(kspace().real)
    with pytest.raises(ValueError, match="calibration is 57, expected 1 to the sides of k-space"):
        sensitivities.low_frequency_ratio(kspace(), calibration=57)
    with pytest.raises(ValueError, match="kernel is 9, expected 1 to 8"):
        sensitivities.espirit(kspace(), calibration=8, kernel=9)


@pytest.fixture(params=["espirit_brain_8ch", "sense_tutorial_brain_16ch"])
def brain(request: pytest.FixtureRequest) -> Tensor:
    """Measured k-space (coils, H, W)."""
    path = Path(__file__).resolve().parents[3] / "shared" / "data" / "fastmri" / "multicoil" / f"{request.param}.h5"
    if not path.is_file():
        pytest.skip("the multi-coil k-space is not there: ../shared/data/fastmri/multicoil")
    with h5py.File(path) as file:
        return torch.from_numpy(file["kspace"][0])


def head_of(image: Tensor) -> Tensor:
    """All within the bright rim of the scalp, bool (H, W)."""
    bright = ndimage.binary_closing((image > 0.1 * image.max()).numpy(), iterations=6)
    return torch.from_numpy(ndimage.binary_fill_holes(bright))


def largest_step(maps: Tensor, inside: Tensor) -> float:
    """Between the maps of two neighbours that are both inside."""
    down, across = maps.diff(dim=-2).abs().amax(0), maps.diff(dim=-1).abs().amax(0)
    both_down, both_across = inside[1:] & inside[:-1], inside[:, 1:] & inside[:, :-1]
    return max(float(down[both_down].max()), float(across[both_across].max()))


def test_coils_of_a_brain_combine_to_their_root_sum_of_squares(brain: Tensor) -> None:
    expected = root_sum_of_squares(brain)
    inside = head_of(expected)
    difference = combined(sensitivities.espirit(brain), brain) - expected
    assert float(difference[inside].norm() / expected[inside].norm()) <= 0.02


def test_espirit_maps_of_a_brain_are_smooth_with_their_phase(brain: Tensor) -> None:
    assert largest_step(sensitivities.espirit(brain), head_of(root_sum_of_squares(brain))) < 0.6


def test_brain_is_recovered_from_every_other_column(brain: Tensor) -> None:
    """The maps come from the calibration columns only, as in an accelerated scan."""
    mask = torch.zeros(brain.shape[-2:], dtype=torch.bool)
    mask[:, ::2] = True
    middle = brain.shape[-1] // 2
    mask[:, middle - 12 : middle + 12] = True
    operator = MultiCoil(sensitivities.espirit(brain * mask), mask)
    y = brain[:, mask][None]
    full = MultiCoil(operator.sensitivities, everything(*mask.shape)).adjoint(brain.flatten(-2)[None])
    aliased = x_hat = operator.adjoint(y)
    for _ in range(30):  # Landweber steps; ||A|| <= 1
        x_hat = x_hat + operator.adjoint(y - operator(x_hat))
    assert float((x_hat - full).norm()) < 0.35 * float((aliased - full).norm())
