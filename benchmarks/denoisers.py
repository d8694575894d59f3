"""Seconds per image and PSNR of the denoisers, beside the authors' BM3D program where it is installed, on one thread.

    python benchmarks/denoisers.py --images FOLDER [--count 8] [--size 256] [--sigmas 15 25 50] [--repeats 2]

Ours take all images as one batch, the program `bm3d` (PyPI; not free for commercial use and no dependency of this
repository: install it yourself) one after the other with num_threads = 1. Grey images from 0 to 255, noise of seed 0,
PSNR in dB averaged over the images. Times are CPU times, which other processes disturb little; the contestants take
turns and the best of the repeats counts. "ratio" is the time of `bm3d` with the same profile over ours.
"""

import argparse
import importlib
import importlib.util
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from datamodules import ImagesDataModule
from lit_inverse.denoisers import BM3D, TV, Wavelet
from lit_inverse.metrics import psnr

GREY = (0.0, 255.0)
Run = Callable[[Tensor, float], Tensor]


def images(folder: Path, count: int, size: int) -> Tensor:
    data = ImagesDataModule(folder, size=size, value_range=GREY)
    data.prepare_data()
    data.setup("test")
    dataset = data.dataset("test")
    return torch.stack([dataset[i]["x"] for i in range(min(count, len(dataset)))])


def authors(profile_name: str) -> Run:
    """Their program with a profile of its own, image by image."""
    bm3d = importlib.import_module("bm3d")
    profile = getattr(bm3d.profiles, profile_name)()
    profile.num_threads = 1

    def run(y: Tensor, sigma: float) -> Tensor:
        estimates = [bm3d.bm3d(item[0].double().numpy() / 255, sigma / 255, profile) for item in y]
        return torch.stack([torch.from_numpy(x_hat).float()[None] * 255 for x_hat in estimates])

    return run


def contestants() -> dict[str, Run]:
    runs: dict[str, Run] = {
        "BM3D np": BM3D("np", GREY),
        "BM3D lc": BM3D("lc", GREY),
        "BM3D high": BM3D("high", GREY),
        "TV": TV(value_range=GREY),
        "Wavelet": Wavelet(value_range=GREY),
    }
    if importlib.util.find_spec("bm3d"):
        runs |= {"bm3d np": authors("BM3DProfile"), "bm3d lc": authors("BM3DProfileLC")}
    return runs


def compare(x: Tensor, sigma: float, repeats: int) -> None:
    generator = torch.Generator().manual_seed(0)
    y = x + sigma * torch.randn(x.shape, generator=generator, dtype=torch.float32)
    runs = contestants()
    seconds = dict.fromkeys(runs, float("inf"))
    figures = dict.fromkeys(runs, float("nan"))
    for _ in range(repeats):
        for name, run in runs.items():
            start = time.process_time()
            x_hat = run(y, sigma)
            seconds[name] = min(seconds[name], (time.process_time() - start) / len(x))
            figures[name] = float(psnr(x_hat, x, data_range=255.0).mean())
    for name in runs:
        other = seconds.get(name.replace("BM3D", "bm3d")) if name.startswith("BM3D") else None
        ratio = f"{other / seconds[name]:6.2f}" if other else ""
        print(f"{sigma:5g}  {name:10s} {figures[name]:7.3f} {seconds[name]:9.3f} {ratio}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path, default=Path(__file__).parents[2] / "shared/data/natural/dev")
    parser.add_argument("--count", type=int, default=8)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--sigmas", type=float, nargs="+", default=[15.0, 25.0, 50.0])
    parser.add_argument("--repeats", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(1)
    x = images(args.images, args.count, args.size)
    print(f"{len(x)} images of {args.size} x {args.size}, one thread\nsigma  denoiser      PSNR   s/image  ratio")
    for sigma in args.sigmas:
        compare(x, sigma, args.repeats)


if __name__ == "__main__":
    main()
