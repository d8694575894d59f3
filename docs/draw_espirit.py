"""Draws ESPIRiT maps of one slice: python docs/draw_espirit.py FILE.h5 OUT.png [slice], from the repository's root."""

import sys

import h5py
import torch
from matplotlib.figure import Figure
from scipy import ndimage
from torch import Tensor

from lit_inverse.operators import Fourier, MultiCoil, sensitivities

N_COILS = 3  # whose maps are drawn


def head_of(image: Tensor) -> Tensor:
    """All within the bright rim of the scalp, bool (H, W)."""
    bright = ndimage.binary_closing((image > 0.1 * image.max()).numpy(), iterations=6)
    return torch.from_numpy(ndimage.binary_fill_holes(bright))


def draw(kspace: Tensor, out: str) -> None:
    """RSS image, combination by the maps, their difference, and the first maps of kspace (coils, H, W)."""
    everything = torch.ones(kspace.shape[-2:], dtype=torch.bool)
    y, maps = kspace.flatten(-2)[None], sensitivities.espirit(kspace)
    rss = torch.linalg.vector_norm(Fourier(tuple(kspace.shape), everything).adjoint(y)[0], dim=0)
    combined = MultiCoil(maps, everything).adjoint(y)[0, 0].abs()
    inside = head_of(rss)
    nrmse = float((combined - rss)[inside].norm() / rss[inside].norm())
    images = {
        "root of the sum of squares": rss,
        f"by ESPIRiT maps\nNRMSE {nrmse:.4f} inside the head": combined,
        "difference x 20": 20 * (combined - rss).abs(),
    }
    figure = Figure(figsize=(8, 8), layout="constrained")
    axes = figure.subplots(3, N_COILS)
    for ax, (title, image) in zip(axes[0], images.items(), strict=True):
        ax.imshow(image, cmap="gray", vmin=0, vmax=float(rss.max()))
        ax.set_title(title, fontsize=9)
    for coil in range(N_COILS):
        axes[1, coil].imshow(maps[coil].abs(), cmap="gray", vmin=0, vmax=1)
        axes[1, coil].set_title(f"size of map {coil + 1}", fontsize=9)
        axes[2, coil].imshow(maps[coil].angle().masked_fill(maps[coil] == 0, torch.nan), cmap="twilight")
        axes[2, coil].set_title(f"phase of map {coil + 1}", fontsize=9)
    for ax in axes.flat:
        ax.axis("off")
    figure.savefig(out, dpi=80)
    print(f"NRMSE inside the head: {nrmse:.4f}")


if __name__ == "__main__":
    with h5py.File(sys.argv[1]) as file:
        measured = torch.from_numpy(file["kspace"][int(sys.argv[3]) if len(sys.argv) > 3 else 0])
    draw(measured, sys.argv[2])
