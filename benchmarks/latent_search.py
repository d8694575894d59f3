"""Throughput of LatentSearch: all images and restarts as one batch, against loops over images and over single searches.

python benchmarks/latent_search.py [--m 50 200] [--images 50] [--restarts 10] [--steps 100] [--threads 1] [--rounds 3]

The network is the VAE of Bora et al. 2017; its weights do not matter here. The time is the smallest of some rounds in
which the ways take turns, scaled from --steps to the published 1000; of single searches the first ten are timed, and so
of deepinv's CSGMGenerator, where deepinv is installed, with the same network, A and number of steps.
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


def deepinv_search(network: VAE, a: Operator, n_steps: int) -> Callable[[Tensor, int], object] | None:
    """One search of one y by deepinv, which has no restarts and no batches; None where it is not installed."""
    try:
        from deepinv.models import CSGMGenerator
        from deepinv.physics import LinearPhysics
    except ImportError:
        return None

    class Backbone(torch.nn.Module):
        nz = network.latent_dim

        def forward(self, z: Tensor) -> Tensor:
            x: Tensor = network(z.flatten(1))
            return x

    search = CSGMGenerator(Backbone(), inf_max_iter=n_steps, inf_tol=0.0).eval()
    return lambda y, i: search(y[i : i + 1], LinearPhysics(A=a.take([i])))


def ways(y: Tensor, a: Operator, n_restarts: int, n_steps: int) -> dict[str, tuple[Callable[[], object], float]]:
    """Each way with the part of all searches that it makes."""
    network, n = VAE(), len(y)
    together = LatentSearch(network, max_iter=n_steps, n_restarts=n_restarts)
    single = LatentSearch(network, max_iter=n_steps, n_restarts=1)

    def loop(solver: LatentSearch, items: list[int]) -> None:
        for seed, i in enumerate(items):
            solver.solve(y[i : i + 1], a.take([i]), seeds=[seed])

    theirs = deepinv_search(network, a, n_steps)
    few = [i % n for i in range(_N_SINGLE)]
    part = _N_SINGLE / (n * n_restarts)
    compared: dict[str, tuple[Callable[[], object], float]] = {
        "one batch": (lambda: together.solve(y, a, seeds=range(n)), 1.0),
        "loop over images": (lambda: loop(together, list(range(n))), 1.0),
        "loop over searches": (lambda: loop(single, few), part),
    }
    if theirs is not None:
        compared["deepinv"] = (lambda: [theirs(y, i) for i in few], part)
    return compared


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--m", type=int, nargs="+", default=[50, 200])
    for name, default in (("images", 50), ("restarts", 10), ("steps", 100), ("threads", 1), ("rounds", 3)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    print(f"{given.images} images x {given.restarts} restarts, one A each, {given.threads} thread(s), float32")
    print(f"{'m':>4}  {'way':<20}{'s':>8}{'searches/s':>12}{'ratio':>7}   (for {_PUBLISHED_STEPS} steps)")
    for m in given.m:
        a = Gaussian((1, 28, 28), m, list(range(given.images)))
        y = a(torch.rand(given.images, 1, 28, 28, generator=generator(0)))
        compared = ways(y, a, given.restarts, given.steps)
        rounds = [{name: seconds(run) / part for name, (run, part) in compared.items()} for _ in range(given.rounds)]
        for name in compared:
            best = {way: min(times[way] for times in rounds) for way in compared}
            taken = best[name] * _PUBLISHED_STEPS / given.steps
            rate, ratio = given.images * given.restarts / taken, best[name] / best["one batch"]
            print(f"{m:>4}  {name:<20}{taken:>8.1f}{rate:>12.2f}{ratio:>7.2f}")
        if "deepinv" not in compared:
            print("      deepinv is not installed: not compared")


if __name__ == "__main__":
    main()
