"""The three fits, and the files of what was measured."""

from pathlib import Path

import torch

from lit_inverse.drawing import save
from lit_inverse.settings import positive
from lit_inverse.theory.image_and_noise.figure import draw
from lit_inverse.theory.image_and_noise.fits import NETWORKS, TARGETS, Architecture, Point, Setting, fit, hash_of
from lit_inverse.theory.image_and_noise.image import first_image
from lit_inverse.theory.records import expect, read_records, write_records


def run(
    out: Path = Path("runs/image_and_noise"),
    root: Path | None = None,
    network: Architecture = "deep_decoder",
    size: int = 64,
    width: int = 64,
    lr: float = 0.01,
    sigma: float = 40 / 255,
    n_iter: int = 3000,
    threads: int = 1,
) -> None:
    """Measures and writes fits.csv and image_and_noise.png; about two minutes of the processor.

    Fits that fits.csv holds already are not made again.

    Args:
        out: folder.
        root: folder of square images, of which the first is taken; none for a photograph that comes with scikit-learn.
        network: "deep_decoder" or "skip_unet", that of the deep image prior.
        size: side that the image is resized to.
        width: channels of each layer; with more than n = size^2 weights a network can fit noise.
        lr: step size of Adam.
        sigma: standard deviation of the noise added to the image, whose range is [0, 1].
        n_iter: number of updates.
        threads: of the processor.

    Raises:
        ValueError: when a setting is impossible, or fits.csv was measured with others.
        FileNotFoundError: when there is no such folder, or no image in it.
    """
    positive(lr=lr, sigma=sigma)
    if size < 2:
        raise ValueError(f"size is {size}, expected at least 2: what is normalised in a network of one pixel is 0")
    NETWORKS[network](size, width)  # refuses what can not be made
    torch.set_num_threads(threads)
    name, x = first_image(root, size)
    setting = Setting(name, hash_of(x), network, size, width, lr, sigma, n_iter)
    out.mkdir(parents=True, exist_ok=True)
    path = out / "fits.csv"
    points = read_records(Point, path)
    expect(points, path, **vars(setting))
    for target in TARGETS:
        if target not in {point.target for point in points}:
            points += fit(x, setting, target)
            write_records(Point, points, path)
            print(f"{target}: loss {points[-1].loss:.3g}, error {points[-1].error:.3g} in the end", flush=True)
    print(f"{path}\n{save(draw(points), out, 'image_and_noise')}")
