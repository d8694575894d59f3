"""The transforms of patches and of groups, as matrices in float64."""

import functools
import math

import pywt
import torch
from torch import Tensor

from lit_inverse.bases import dct_matrix


@functools.cache
@torch.inference_mode(False)
def patch_transform(name: str, side: int) -> Tensor:
    """T of shape (side^2, side^2), T2D = T vec(patch), rows of unit norm: white noise keeps its standard deviation."""
    rows = dct_matrix(side) if name == "dct" else _wavelet_matrix(name, side)
    return torch.kron(rows, rows)


def patch_window(side: int) -> Tensor:
    """Weights (side,) along rows and columns that make the edges of a patch count less: a Kaiser window of beta = 2."""
    return torch.kaiser_window(side, periodic=False, beta=2.0, dtype=torch.float64)


@functools.cache
@torch.inference_mode(False)
def haar_matrix(length: int) -> Tensor:
    """The orthonormal Haar transform as a (length, length) matrix, of a power of two."""
    if length == 1:
        return torch.ones(1, 1, dtype=torch.float64)
    sums = torch.kron(haar_matrix(length // 2), torch.tensor([1.0, 1.0], dtype=torch.float64))
    differences = torch.kron(
        torch.eye(length // 2, dtype=torch.float64), torch.tensor([1.0, -1.0], dtype=torch.float64)
    )
    return torch.cat([sums, differences]) / math.sqrt(2)


def _wavelet_matrix(wavelet: str, length: int) -> Tensor:
    """The periodised wavelet transform down to one lowpass coefficient, rows scaled to unit norm."""
    low, high = (torch.tensor(f, dtype=torch.float64) for f in pywt.Wavelet(wavelet).filter_bank[:2])
    lowpass, rows = torch.eye(length, dtype=torch.float64), list[Tensor]()
    while len(lowpass) > 1:
        rows.insert(0, _halved(lowpass, high))
        lowpass = _halved(lowpass, low)
    return torch.nn.functional.normalize(torch.cat([lowpass, *rows]), dim=1)


def _halved(signal: Tensor, taps: Tensor) -> Tensor:
    """sum_i taps_i signal[(2k + F/2 - i) mod N], the convention of PyWavelets' "periodization"."""
    starts = torch.arange(0, len(signal), 2)[:, None] + len(taps) // 2 - torch.arange(len(taps))
    return torch.einsum("kin,i->kn", signal[starts % len(signal)], taps)
