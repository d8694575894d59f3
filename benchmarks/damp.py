"""Images per second of BM3D-AMP on a batch, against the same iteration with the BM3D program of its authors.

    python benchmarks/damp.py --images FOLDER [--count 8] [--size 128] [--ratio 0.2] [--iterations 20] [--theirs 8]

`DAMP` with the profile "lc" solves all images as one batch. The other loop is the same solver with the program `bm3d`
(PyPI; not free for commercial use and no dependency of this repository: `pip install --target DIR bm3d` and put DIR
into PYTHONPATH) for its denoiser, profile lc, num_threads = 1, called image by image. All images share a Gaussian A
with columns of unit norm. One thread; CPU times, which other processes disturb little. Mean PSNR in dB.
"""

import argparse
import importlib
import importlib.util
import time
from pathlib import Path

import torch
from torch import Tensor

from datamodules import ImagesDataModule
from lit_inverse.denoisers import BM3D, Denoiser
from lit_inverse.metrics import psnr
from lit_inverse.operators import Gaussian, LinearOperator
from lit_inverse.solvers import DAMP

GREY = (0.0, 255.0)


class AuthorsBM3D(Denoiser):
    """Their program with its profile of low complexity, image by image."""

    channels = (1,)

    def denoise(self, x: Tensor, sigma: Tensor) -> Tensor:
        bm3d = importlib.import_module("bm3d")
        profile = bm3d.profiles.BM3DProfileLC()
        profile.num_threads = 1
        pairs = zip(x[:, 0].double().numpy(), sigma.tolist(), strict=True)
        return torch.stack([torch.from_numpy(bm3d.bm3d(z, level, profile))[None] for z, level in pairs]).to(x)


def images(folder: Path, count: int, size: int) -> Tensor:
    data = ImagesDataModule(folder, size=size, value_range=GREY)
    data.prepare_data()
    data.setup("test")
    dataset = data.dataset("test")
    return torch.stack([dataset[i]["x"] for i in range(min(count, len(dataset)))])


def rate(name: str, denoiser: Denoiser, x: Tensor, operator: LinearOperator, max_iter: int) -> float:
    """Images per second of CPU time, printed beside PSNR."""
    solver, y, seeds = DAMP(denoiser, max_iter=max_iter), operator(x), range(len(x))
    start = time.process_time()
    solution = solver.solve(y, operator, value_range=GREY, seeds=seeds)
    seconds = time.process_time() - start
    figures = psnr(solution.x, x, data_range=255.0)
    print(f"{name:18s} {len(x):2d} images, {len(x) / seconds:7.4f} per second, {figures.mean():6.2f} dB", flush=True)
    return len(x) / seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path, default=Path(__file__).parents[2] / "shared/data/natural/dev")
    parser.add_argument("--count", type=int, default=8)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--ratio", type=float, default=0.2, help="m/n")
    parser.add_argument("--iterations", type=int, default=20)
    parser.add_argument("--theirs", type=int, default=8, help="how many of the images the other program solves")
    args = parser.parse_args()
    torch.set_num_threads(1)
    x = images(args.images, args.count, args.size)
    operator = Gaussian((1, args.size, args.size), round(args.ratio * args.size**2), seed=0, columns="unit")
    print(f"{args.size} x {args.size}, m/n = {args.ratio:g}, {args.iterations} iterations, one thread")
    ours = rate("BM3D lc, one batch", BM3D("lc", GREY), x, operator, args.iterations)
    if importlib.util.find_spec("bm3d") is None:
        print("bm3d is not installed: nothing to compare with (pip install --target DIR bm3d, PYTHONPATH=DIR)")
        return
    theirs = rate("bm3d lc", AuthorsBM3D(GREY), x[: args.theirs], operator, args.iterations)
    print(f"ratio {ours / theirs:.2f}")


if __name__ == "__main__":
    main()
