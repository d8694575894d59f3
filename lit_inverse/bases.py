"""Bases Psi with Psi Psi^T = I: x = Psi z (synthesis), z = Psi^T x (analysis)."""

import functools
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from types import EllipsisType
from typing import Literal

import pywt
import torch
import torch.nn.functional as F
from torch import Tensor

BasisName = Literal["dct", "wavelet", "pixel"]
Level = int | Literal["full"] | None

_FFT_LENGTH = 1024  # from this length on an FFT beats the product with a dense DCT matrix


class Basis(ABC):
    """An orthonormal basis of signals, or a tight frame; leading axes are batch axes.

    Attributes:
        shape: of the coefficients of a signal, where they are more than its entries; None where they have its shape.
    """

    shape: tuple[int, ...] | None = None

    @abstractmethod
    def synthesis(self, z: Tensor) -> Tensor:
        """x = Psi z."""

    @abstractmethod
    def analysis(self, x: Tensor) -> Tensor:
        """z = Psi^T x."""


class Pixel(Basis):
    """Psi = I."""

    def synthesis(self, z: Tensor) -> Tensor:
        return z

    def analysis(self, x: Tensor) -> Tensor:
        return x


def make_basis(
    name: BasisName, shape: tuple[int, ...], like: Tensor, wavelet: str = "db4", level: Level = None
) -> "Basis":
    """The basis of that name for signals of a shape, in the real dtype and on the device of `like`."""
    if name == "dct":
        return DCT(shape, like)
    return Pixel() if name == "pixel" else Wavelet(shape, wavelet, level, like)


class DCT(Basis):
    """The orthonormal DCT-II along the last one or two axes (Ahmed, Natarajan, Rao 1974).

    z_k = s_k sum_j x_j cos(pi (j + 1/2) k / N) with s_0 = sqrt(1/N), s_k = sqrt(2/N); the JPEG basis of whole images.

    Args:
        shape: of a signal; images (..., H, W) are transformed over H and W, vectors (n,) over n.
        like: gives the real dtype and the device.
    """

    def __init__(self, shape: tuple[int, ...], like: Tensor) -> None:
        self._lengths = shape[-2:]
        dense = [length for length in set(self._lengths) if length < _FFT_LENGTH]
        self._matrices = {length: dct_matrix(length).to(like.device, like.real.dtype) for length in dense}

    def analysis(self, x: Tensor) -> Tensor:
        for axis, length in zip((-1, -2), reversed(self._lengths), strict=False):
            x = x.movedim(axis, -1)
            x = x @ self._matrices[length].mT if length in self._matrices else dct(x)
            x = x.movedim(-1, axis)
        return x

    def synthesis(self, z: Tensor) -> Tensor:
        for axis, length in zip((-1, -2), reversed(self._lengths), strict=False):
            z = z.movedim(axis, -1)
            z = z @ self._matrices[length] if length in self._matrices else inverse_dct(z)
            z = z.movedim(-1, axis)
        return z


def dct_matrix(length: int) -> Tensor:
    """The orthonormal DCT-II as a (length, length) float64 matrix, one frequency per row."""
    k = torch.arange(length, dtype=torch.float64)
    matrix = torch.cos(math.pi * (k + 0.5) * k[:, None] / length) * math.sqrt(2 / length)
    matrix[0] /= math.sqrt(2)
    return matrix


@functools.lru_cache(maxsize=16)
@torch.inference_mode(False)
def _dct_phase(length: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """s_k exp(-i pi k / 2N) for k <= N/2, which turns an FFT of the reordered signal into its DCT (Makhoul 1980)."""
    k = torch.arange(length // 2 + 1, dtype=torch.float64)
    scale = torch.full_like(k, math.sqrt(2 / length))
    scale[0] = math.sqrt(1 / length)
    return torch.polar(scale, -math.pi * k / (2 * length)).to(device, dtype.to_complex())


def dct(x: Tensor) -> Tensor:
    """The orthonormal DCT-II along the last axis of a real x, by an FFT of its length (Makhoul 1980)."""
    length = x.shape[-1]
    even_then_odd = torch.cat([x[..., ::2], x[..., 1::2].flip(-1)], -1)
    z = torch.fft.rfft(even_then_odd) * _dct_phase(length, x.dtype, x.device)
    # z_k is the real part, z_{N-k} minus the imaginary one
    return torch.cat([z.real, -z.imag[..., 1 : (length + 1) // 2].flip(-1)], -1)


def inverse_dct(z: Tensor) -> Tensor:
    """The inverse of `dct`, which is its adjoint."""
    length = z.shape[-1]
    mirrored = torch.cat([torch.zeros_like(z[..., :1]), z[..., length - length // 2 :].flip(-1)], -1)  # z_N = 0
    spectrum = torch.complex(z[..., : length // 2 + 1], -mirrored) / _dct_phase(length, z.dtype, z.device)
    even_then_odd = torch.fft.irfft(spectrum, n=length)
    n_even = (length + 1) // 2
    x = torch.empty_like(z)
    x[..., ::2], x[..., 1::2] = even_then_odd[..., :n_even], even_then_odd[..., n_even:].flip(-1)
    return x


class Wavelet(Basis):
    """The orthonormal periodised wavelet transform along the last one or two axes (Mallat 1989; Daubechies 1988).

    Each level splits the lowpass part into halves, low[k] = sum_i h_i x[(2k + F/2 - i) mod N], and high with g for h,
    for filters h, g of length F, the convention of PyWavelets' "periodization". Coefficients are laid out in place,
    [[LL, LH], [HL, HH]] with LL split further, like `pywt.coeffs_to_array`.

    A signal whose sides are no multiples of 2^level is the beginning of a longer one of which no more is known: Psi
    cuts it out, Psi^T continues it by zeros. The columns of Psi are then a tight frame, Psi Psi^T = I.

    Args:
        shape: of a signal, (..., H, W) or (n,).
        wavelet: an orthogonal wavelet of PyWavelets.
        level: number of levels; "full" for as many as keep the lowpass part no shorter than the filter, but at least 1;
            None for no more of them than the sides can be halved, where they can be at all.
        like: gives the real dtype and the device.

    Raises:
        ValueError: when the wavelet is unknown or not orthogonal, level is another word, or a side is shorter than
            2^level.
    """

    def __init__(self, shape: tuple[int, ...], wavelet: str, level: Level, like: Tensor) -> None:
        check_wavelet(wavelet)
        low, high = pywt.Wavelet(wavelet).dec_lo, pywt.Wavelet(wavelet).dec_hi
        self._filters = torch.tensor([low, high], dtype=torch.float64).to(like.device, like.real.dtype)
        self._axes = (-1, -2)[: len(shape)]
        self.level = _check_level(shape[-2:], len(low), level)
        self._cut: tuple[EllipsisType | slice, ...] = (..., *(slice(length) for length in shape[-2:]))
        self._lengths = tuple(length + -length % 2**self.level for length in shape[-2:])
        self._missing = [n for length in reversed(shape[-2:]) for n in (0, -length % 2**self.level)]
        if any(self._missing):
            self.shape = (*shape[:-2], *self._lengths)

    def analysis(self, x: Tensor) -> Tensor:
        z = F.pad(x, self._missing)  # a copy even where nothing is missing
        for level in range(self.level):
            block = self._lowpass_block(z, level)
            z[block] = self._along_axes(_split, z[block])
        return z

    def synthesis(self, z: Tensor) -> Tensor:
        x = z.clone()
        for level in reversed(range(self.level)):
            block = self._lowpass_block(x, level)
            x[block] = self._along_axes(_merge, x[block])
        return x[self._cut]

    def _lowpass_block(self, z: Tensor, level: int) -> tuple[EllipsisType | slice, ...]:
        return (..., *(slice(length >> level) for length in self._lengths))

    def _along_axes(self, transform: Callable[[Tensor, Tensor], Tensor], x: Tensor) -> Tensor:
        for axis in self._axes:
            x = transform(x.movedim(axis, -1), self._filters).movedim(-1, axis)
        return x


def _taps(n_taps: int) -> Iterator[tuple[int, int, int]]:
    """For tap i: x[2k + F/2 - i] is entry k + shift of the even (parity 0) or odd (parity 1) samples."""
    for i in range(n_taps):
        shift, parity = divmod(n_taps // 2 - i, 2)
        yield i, shift, parity


def _split(x: Tensor, filters: Tensor) -> Tensor:
    halves = torch.zeros(2, *x.shape[:-1], x.shape[-1] // 2, dtype=x.dtype, device=x.device)
    for i, shift, parity in _taps(filters.shape[1]):
        halves += filters[:, i].view(-1, *[1] * x.ndim) * x[..., parity::2].roll(-shift, -1)
    return torch.cat([halves[0], halves[1]], -1)


def _merge(z: Tensor, filters: Tensor) -> Tensor:
    low, high = z.chunk(2, -1)
    x = torch.zeros_like(z)
    for i, shift, parity in _taps(filters.shape[1]):
        x[..., parity::2] += (filters[0, i] * low + filters[1, i] * high).roll(shift, -1)
    return x


def check_wavelet(wavelet: str) -> None:
    """Refuses an unknown or not orthogonal wavelet with a ValueError."""
    # dmey is a truncated filter, orthogonal to 2e-3 only
    if wavelet not in pywt.wavelist(kind="discrete") or not pywt.Wavelet(wavelet).orthogonal or wavelet == "dmey":
        raise ValueError(f"wavelet is {wavelet!r}, expected an orthogonal one of PyWavelets: haar, dbN, symN or coifN")


def _check_level(lengths: tuple[int, ...], n_taps: int, level: Level) -> int:
    most = min(lengths).bit_length() - 1
    if isinstance(level, str) and level != "full":
        raise ValueError(f"level is {level!r}, expected a number, 'full' or None")
    if level is None or isinstance(level, str):
        halvings = min((length & -length).bit_length() - 1 for length in lengths) if level is None else 0
        level = min(max(int(pywt.dwt_max_level(min(lengths), n_taps)), 1), halvings or most)
    if not 0 <= level <= most:
        raise ValueError(
            f"level is {level}, expected 0 to {most}, so that 2^level is at most the shortest of the sides {lengths}"
        )
    return level
