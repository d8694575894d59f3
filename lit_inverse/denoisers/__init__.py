"""Denoisers D(x; sigma), called as `denoiser(x, sigma)`."""

from lit_inverse.denoisers.base import Denoiser
from lit_inverse.denoisers.bm3d import BM3D
from lit_inverse.denoisers.tv import TV
from lit_inverse.denoisers.wavelet import Wavelet

__all__ = ["BM3D", "TV", "Denoiser", "Wavelet"]
