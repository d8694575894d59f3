"""BM3D and its parts."""

from lit_inverse.denoisers.bm3d.denoiser import BM3D

__all__ = ["BM3D"]
