"""Images for who has no data: ellipses of random place, size and grey level, from a seed."""

from pathlib import Path

import numpy as np
from PIL import Image

_N_ELLIPSES = 25


def draw_images(folder: Path, colour: bool, number: int = 20, side: int = 512) -> Path:
    """Writes `number` square PNG files, where they are not there yet; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(number):
        path = folder / f"{seed:03d}.png"
        if not path.exists():
            pixels = _ellipses(np.random.default_rng(seed), side, 3 if colour else 1)
            Image.fromarray(pixels if colour else pixels[..., 0]).save(path)
    return folder


def _ellipses(source: np.random.Generator, side: int, channels: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """(side, side, channels) grey levels: ellipses upon each other, large ones first."""
    v, u = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    image = np.zeros((side, side, channels))
    for size in np.geomspace(0.9, 0.03, _N_ELLIPSES):
        (a, b), angle, level = source.uniform(-0.7, 0.7, 2), source.uniform(0, np.pi), source.uniform(0, 255, channels)
        along = (u - a) * np.cos(angle) + (v - b) * np.sin(angle)
        across = (v - b) * np.cos(angle) - (u - a) * np.sin(angle)
        image[along**2 + (across / source.uniform(0.4, 1)) ** 2 < size**2] = level
    return image.round().astype(np.uint8)
