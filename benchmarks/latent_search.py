"""Throughput of LatentSearch: all images and restarts as one batch, against loops over images and over single searches.

python benchmarks/latent_search.py [--m 50 200] [--images 50] [--restarts 10] [--steps 100] [--threads 1] [--rounds 3]

The network is the VAE of Bora et al. 2017; its weights do not matter here. The time is the smallest of some rounds in
which the ways take turns, scaled from --steps to the published 1000; of single searches the first ten are timed.
"""

import argparse
import time
from collections.abc import Callable

import torch
from torch import Tensor

from lit_inverse.networks import VAE
from lit_inverse.operators import Gaussian, Operator
from lit_inverse.seeding import generator
from lit_inverse.solvers import LatentSearch

_PUBLISHED_STEPS = 1000
_N_SINGLE = 10


def seconds(run: Callable[[], object]) -> float:
    """Wall time."""
    begin = time.perf_counter()
    run()
    return time.perf_counter() - begin


def ways(y: Tensor, a: Operator, n_restarts: int, n_steps: int) -> dict[str, tuple[Callable[[], object], float]]:
    """Each way with the part of all searches that it makes."""
    network, n = VAE(), len(y)
    together = LatentSearch(network, max_iter=n_steps, n_restarts=n_restarts)
    single = LatentSearch(network, max_iter=n_steps, n_restarts=1)

    def loop(solver: LatentSearch, items: list[int]) -> None:
        for seed, i in enumerate(items):
            solver.solve(y[i : i + 1], a.take([i]), seeds=[seed])

    return {
        "one batch": (lambda: together.solve(y, a, seeds=range(n)), 1.0),
        "loop over images": (lambda: loop(together, list(range(n))), 1.0),
        "loop over searches": (lambda: loop(single, [i % n for i in range(_N_SINGLE)]), _N_SINGLE / (n * n_restarts)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--m", type=int, nargs="+", default=[50, 200])
    for name, default in (("images", 50), ("restarts", 10), ("steps", 100), ("threads", 1), ("rounds", 3)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    print(f"{given.images} images x {given.restarts} restarts, one A each, {given.threads} thread(s), float32")
    print(f"{'m':>4}  {'way':<20}{'s':>8}{'images/s':>10}{'ratio':>7}   (for {_PUBLISHED_STEPS} steps)")
    for m in given.m:
        a = Gaussian((1, 28, 28), m, list(range(given.images)))
        y = a(torch.rand(given.images, 1, 28, 28, generator=generator(0)))
        compared = ways(y, a, given.restarts, given.steps)
        rounds = [{name: seconds(run) / part for name, (run, part) in compared.items()} for _ in range(given.rounds)]
        for name in compared:
            best = {way: min(times[way] for times in rounds) for way in compared}
            taken = best[name] * _PUBLISHED_STEPS / given.steps
            print(f"{m:>4}  {name:<20}{taken:>8.1f}{given.images / taken:>10.3f}{best[name] / best['one batch']:>7.2f}")


if __name__ == "__main__":
    main()
