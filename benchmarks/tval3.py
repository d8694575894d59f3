"""Images per second of TVAL3 on a batch of images that share A, against the same images one at a time; one thread.

    python benchmarks/tval3.py [--images 16] [--alone 16] [--size 128] [--ratio 0.2] [--dtype float32]

Gaussian A, settings of configs/solvers/tval3_csdip.yaml. Both runs solve to the same end: each image takes the same
steps alone and in the batch, but for rounding. Times are CPU times, which other processes disturb little.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from lit_inverse.operators import Gaussian
from lit_inverse.solvers import TVAL3, Solution

_NATURAL = Path(__file__).parents[2] / "shared/data/natural/dev"


def images(count: int, size: int) -> Tensor:
    """Natural images of grey levels 0 to 255, in turn upright and on their sides; of squares where there are none."""
    paths = sorted(_NATURAL.glob("*.png"))
    if not paths:
        print("squares, for want of ../shared/data/natural")
        corners = torch.arange(count).view(-1, 1, 1, 1) * size // (2 * count)
        row, column = torch.arange(size).view(1, 1, -1, 1), torch.arange(size)
        inside = (row > corners) & (row < size // 2 + corners) & (column > size // 4) & (column < size // 2)
        return 200.0 * inside.float()
    loaded = [
        torch.from_numpy(np.array(Image.open(path).convert("L").resize((size, size), Image.Resampling.BICUBIC)))
        for path in paths
    ]
    return torch.stack([loaded[i % len(paths)].rot90(i // len(paths)) for i in range(count)]).unsqueeze(1).float()


def timed(run: Callable[[], Solution]) -> tuple[float, Solution]:
    start = time.process_time()
    solution = run()
    return time.process_time() - start, solution


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=16)
    parser.add_argument("--alone", type=int, default=16, help="how many of the images are also solved one at a time")
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--ratio", type=float, default=0.2, help="m/n")
    parser.add_argument("--dtype", choices=["float32", "float64"], default="float32")
    args = parser.parse_args()
    torch.set_num_threads(1)
    x = images(args.images, args.size).to(getattr(torch, args.dtype))
    operator = Gaussian((1, args.size, args.size), round(args.ratio * args.size**2), seed=0).to(x.dtype)
    y = operator(x)
    solver = TVAL3(norm="anisotropic", constraint="nonnegative", tol=1e-3, max_iter=300)

    def solve(items: Tensor) -> Solution:
        return solver.solve(items, operator, value_range=(0, 255))

    together, solution = timed(lambda: solve(y))
    alone = [timed(lambda item=item: solve(item.unsqueeze(0))) for item in y[: args.alone]]  # type: ignore[misc]
    psnr = 10 * torch.log10(255**2 / (solution.x - x).square().flatten(1).mean(1))
    n_iter = torch.stack([one.n_iter[0] for _, one in alone])
    rates = args.images / together, len(alone) / sum(seconds for seconds, _ in alone)
    print(f"{args.images} images of {args.size} x {args.size}, m/n = {args.ratio:g}, {args.dtype}, one thread")
    print(f"batch         {rates[0]:7.3f} images per second of CPU time, {solution.n_iter.double().mean():.0f} steps")
    print(f"one at a time {rates[1]:7.3f} ({len(alone)} images), {n_iter.double().mean():.0f} steps")
    print(f"ratio         {rates[0] / rates[1]:7.2f}; mean PSNR {psnr.mean():.2f} dB")


if __name__ == "__main__":
    main()
