"""Denoisers D(x; sigma), called as `denoiser(x, sigma)`."""

from lit_inverse.denoisers.base import Denoiser
from lit_inverse.denoisers.bm3d import BM3D
from lit_inverse.denoisers.deepinv_denoiser import from_deepinv
from lit_inverse.denoisers.network import Network
from lit_inverse.denoisers.tv import TV
from lit_inverse.denoisers.wavelet import Wavelet

__all__ = ["BM3D", "TV", "Denoiser", "Network", "Wavelet", "from_deepinv"]
