"""The bases against SciPy's DCT and PyWavelets' periodised transform."""

import numpy as np
import pytest
import pywt
import torch
from jsonargparse import ArgumentParser
from scipy.fft import dct, dctn
from torch import Tensor

from lit_inverse.bases import DCT, Basis, Pixel, Wavelet
from lit_inverse.solvers import Solver

IMAGE = (2, 28, 20)


def draw(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def bases(shape: tuple[int, ...]) -> list[Basis]:
    like = draw(1)
    return [Pixel(), DCT(shape, like), Wavelet(shape, "db4", None, like), Wavelet(shape, "haar", 1, like)]


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("shape", [IMAGE, (16, 16), (1, 8, 8), (40,)])
def test_basis_is_orthonormal(shape: tuple[int, ...], number: int) -> None:
    basis = bases(shape)[number]
    x, z = draw(3, *shape), draw(4, *shape)[1:]
    torch.testing.assert_close(basis.synthesis(basis.analysis(x)), x, rtol=0, atol=1e-12)
    torch.testing.assert_close(basis.analysis(basis.synthesis(z)), z, rtol=0, atol=1e-12)
    torch.testing.assert_close((basis.analysis(x) * z).sum(), (x * basis.synthesis(z)).sum())


def test_dct_of_images_is_scipys_per_channel() -> None:
    x = draw(3, *IMAGE)
    expected = dctn(x.numpy(), axes=(-2, -1), norm="ortho")
    np.testing.assert_allclose(DCT(IMAGE, x).analysis(x), expected, atol=1e-12)


@pytest.mark.parametrize("length", [1, 2, 7, 64, 1024, 1025])
def test_dct_of_vectors_is_scipys_by_matrix_and_by_fft(length: int) -> None:
    x = draw(2, length)
    basis = DCT((length,), x)
    np.testing.assert_allclose(basis.analysis(x), dct(x.numpy(), norm="ortho"), atol=1e-11)
    torch.testing.assert_close(basis.synthesis(basis.analysis(x)), x, rtol=0, atol=1e-11)


@pytest.mark.filterwarnings("ignore:Level value")
@pytest.mark.parametrize("level", [1, 2])
@pytest.mark.parametrize("wavelet", ["haar", "db4", "sym6", "coif3"])
def test_wavelet_is_pywts_periodised_transform_per_channel(wavelet: str, level: int) -> None:
    x = draw(2, *IMAGE)

    def expected(channel: Tensor) -> np.ndarray:
        coefficients = pywt.wavedec2(channel.numpy(), wavelet, mode="periodization", level=level)
        return pywt.coeffs_to_array(coefficients)[0]

    z = Wavelet(IMAGE, wavelet, level, x).analysis(x).flatten(0, 1)
    for channel, coefficients in zip(x.flatten(0, 1), z, strict=True):
        np.testing.assert_allclose(coefficients, expected(channel), atol=1e-10)


def test_wavelet_of_vectors_is_pywts() -> None:
    x = draw(64)
    expected = np.concatenate(pywt.wavedec(x.numpy(), "db4", mode="periodization", level=3))
    np.testing.assert_allclose(Wavelet((64,), "db4", 3, x).analysis(x.unsqueeze(0))[0], expected, atol=1e-12)


@pytest.mark.filterwarnings("ignore:Level value")
@pytest.mark.parametrize(
    ("shape", "level", "padded"), [((2, 27, 21), 2, (28, 24)), ((1, 28, 20), 3, (32, 24)), ((1, 7, 40), 1, (8, 40))]
)
def test_sides_that_can_not_be_halved_are_the_beginning_of_longer_ones(
    shape: tuple[int, ...], level: int, padded: tuple[int, int]
) -> None:
    basis, x = Wavelet(shape, "db4", level, draw(1)), draw(3, *shape)
    assert basis.shape == (shape[0], *padded)
    z = draw(3, *basis.shape)
    slices = pywt.coeffs_to_array(pywt.wavedec2(np.zeros(padded), "db4", mode="periodization", level=level))[1]
    for found, coefficients in zip(basis.synthesis(z).flatten(0, 1), z.flatten(0, 1), strict=True):
        parts = pywt.array_to_coeffs(coefficients.numpy(), slices, "wavedec2")
        whole = pywt.waverec2(parts, "db4", mode="periodization")
        np.testing.assert_allclose(found, whole[: shape[1], : shape[2]], atol=1e-10)
    torch.testing.assert_close((basis.analysis(x) * z).sum(), (x * basis.synthesis(z)).sum())
    torch.testing.assert_close(basis.synthesis(basis.analysis(x)), x, rtol=0, atol=1e-12)


def test_vectors_of_odd_length_have_wavelets() -> None:
    basis, x = Wavelet((41,), "haar", 3, draw(1)), draw(2, 41)
    assert basis.shape == (48,)
    torch.testing.assert_close(basis.synthesis(basis.analysis(x)), x, rtol=0, atol=1e-12)
    assert torch.equal(Wavelet((1, 1, 9), "db4", None, x).analysis(x[..., None, :9]), x[..., None, :9])


def test_wavelet_level_is_limited_by_halving_and_by_the_filter() -> None:
    assert Wavelet((1, 28, 28), "db4", None, draw(1)).level == 2  # 28 = 4 * 7
    assert Wavelet((1, 256, 256), "db4", None, draw(1)).level == 5  # 256 / 2^5 = 8 taps
    assert Wavelet((1, 8, 8), "db4", None, draw(1)).level == 1
    assert Wavelet((1, 320, 213), "db4", None, draw(1)).level == 4  # 213 / 2^4 = 13 taps
    assert Wavelet((1, 230, 180), "db4", None, draw(1)).level == 1  # 230 = 2 * 115
    assert Wavelet((1, 230, 180), "db4", "full", draw(1)).level == 4
    assert Wavelet((1, 6, 6), "db4", "full", draw(1)).level == 1


@pytest.mark.parametrize(("shape", "level"), [((1, 28, 28), 5), ((1, 27, 15), 4), ((1, 28, 28), -1)])
def test_impossible_level_is_refused(shape: tuple[int, ...], level: int | None) -> None:
    with pytest.raises(ValueError, match="level is"):
        Wavelet(shape, "db4", level, draw(1))


@pytest.mark.parametrize("wavelet", ["bior2.2", "dmey", "no such wavelet"])
def test_wavelet_that_is_not_orthogonal_is_refused(wavelet: str) -> None:
    with pytest.raises(ValueError, match="expected an orthogonal one"):
        Wavelet((16,), wavelet, 1, draw(1))


def test_float32_stays_float32() -> None:
    x = draw(2, *IMAGE).float()
    for basis in (Pixel(), DCT(IMAGE, x), Wavelet(IMAGE, "db4", None, x)):
        assert basis.synthesis(basis.analysis(x)).dtype == torch.float32


@pytest.mark.parametrize("solver", ["Lasso", "SparseGen", "Unfolded"])
def test_a_configuration_may_ask_for_all_levels(solver: str) -> None:
    parser = ArgumentParser(exit_on_error=False)
    parser.add_subclass_arguments(Solver, "solver")
    found = parser.parse_args([f"--solver=lit_inverse.solvers.{solver}", "--solver.level=full"])
    assert found.solver.init_args.level == "full"


def test_a_word_that_is_no_number_of_levels_is_refused() -> None:
    with pytest.raises(ValueError, match="level is 'most', expected a number, 'full' or None"):
        Wavelet((1, 28, 28), "db4", "most", draw(1))  # type: ignore[arg-type]
