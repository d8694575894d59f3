"""Speed and memory of the operators of compressed sensing, each against the plain way in the same run.

    python benchmarks/operators.py [--n 65536] [--m 4000] [--streamed_m 8000] [--threads 1]

Prints: drawing a Gaussian matrix alone against building the operator (m = 1000, n = 12288; deepinv's, which also
inverts, beside it where it is installed); forward and adjoint of 16 images at once against a loop over them; the fast
structured operators against the dense one; one forward and adjoint of the streamed matrix against drawing and applying
the stored one, and the memory it takes. Times are the best of some repeats, in ms: of the processor with one thread,
which other jobs disturb little, by the clock on the wall with several; contestants take turns.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from lit_inverse.operators import Gaussian, GaussianStreamed, LinearOperator, SubsampledDCT, SubsampledHadamard

BATCH = 16


def clock() -> float:
    return time.process_time() if torch.get_num_threads() == 1 else time.perf_counter()


def best_times(runs: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Milliseconds of each run, the best of its turns; the first turn is a warm-up."""
    best = dict.fromkeys(runs, float("inf"))
    for turn in range(repeats + 1):
        for name, run in runs.items():
            start = clock()
            run()
            if turn > 0:
                best[name] = min(best[name], 1e3 * (clock() - start))
    return best


def both_ways(operator: LinearOperator, x: Tensor) -> Tensor:
    return operator.adjoint(operator(x))


def construction() -> None:
    shape, m = (3, 64, 64), 1000
    runs: dict[str, Callable[[], object]] = {
        "drawing": lambda: torch.randn(m, 12288, generator=torch.Generator().manual_seed(0)),
        "Gaussian": lambda: Gaussian(shape, m, seed=0),
    }
    try:
        from deepinv.physics import CompressedSensing
    except ImportError:
        print("deepinv is not installed: its construction is left out")
    else:
        runs["deepinv"] = lambda: CompressedSensing(m=m, img_size=shape)
    times = best_times(runs, 3)
    ratios = "  ".join(f"{name} {t:.0f} ms ({t / times['drawing']:.2f} x)" for name, t in times.items())
    print(f"construction, m = {m}, n = 12288:  {ratios}", flush=True)


def products(n: int, m: int) -> None:
    x = torch.randn(BATCH, n, generator=torch.Generator().manual_seed(1))
    dense = Gaussian((n,), m, seed=0)
    hadamard, dct = SubsampledHadamard((n,), m, seed=0), SubsampledDCT((n,), m, seed=0)
    times = best_times(
        {
            "batch": lambda: both_ways(dense, x),
            "loop": lambda: [both_ways(dense, x[i : i + 1]) for i in range(BATCH)],
            "hadamard": lambda: both_ways(hadamard, x),
            "dct": lambda: both_ways(dct, x),
        },
        4,
    )
    print(f"forward + adjoint of {BATCH} images, n = {n}, m = {m}:")
    at_once, in_loop = times["batch"], times["loop"]
    print(f"  at once {at_once:.0f} ms, in a loop {in_loop:.0f} ms: {in_loop / at_once:.1f} x")
    for name in ("hadamard", "dct"):
        print(f"  {name} {times[name]:.1f} ms, faster than dense {times['batch'] / times[name]:.0f} x", flush=True)


def streamed(n: int, m: int) -> None:
    """In a process of its own, so that nothing else has raised its peak of memory."""
    x = torch.randn(1, n, generator=torch.Generator().manual_seed(1))
    operator = GaussianStreamed((n,), m, seed=0)
    before = memory("VmRSS", reset=True)
    start = clock()
    both_ways(operator, x)
    own = clock() - start
    peak = memory("VmHWM") - before
    start = clock()
    matrix = torch.randn(m, n, generator=torch.Generator().manual_seed(0))
    (x @ matrix.T) @ matrix
    stored = clock() - start
    print(f"streamed forward + adjoint of one image, n = {n}, m = {m}: {own:.1f} s, {peak:.0f} MiB above imports;")
    print(f"  drawing and applying the stored matrix {stored:.1f} s: {own / stored:.2f} x", flush=True)


def memory(which: str, reset: bool = False) -> float:
    """MiB of this process on Linux: VmRSS, what it holds, or VmHWM, the most it held since the last reset."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(which)) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=65536)
    parser.add_argument("--m", type=int, default=4000)
    parser.add_argument("--streamed_m", type=int, default=8000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only_streamed", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    if args.only_streamed:
        streamed(args.n, args.streamed_m)
    else:
        construction()
        products(args.n, args.m)
        subprocess.run([sys.executable, __file__, "--only_streamed", *sys.argv[1:]], check=True)


if __name__ == "__main__":
    main()
