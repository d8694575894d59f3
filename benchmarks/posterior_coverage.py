"""How many pixels of digits drawn from the generator itself lie in the 90 % intervals of Langevin sampling.

    python benchmarks/posterior_coverage.py [--digits 12] [--m 100] [--sigma 0.01] [--seed 0]

z ~ N(0, I), x = G(z) of the shipped VAE of MNIST, y = A x + eta with one Gaussian A per digit: the model is true, so
that an exact posterior covers 90 % of all pixels in the mean. Pixels whose interval is narrower than 1e-3 are told
apart: there the generator hardly leaves anything open.
"""

import argparse

import torch

from lit_inverse.checkpoints import SHIPPED, load_network
from lit_inverse.noise import Gaussian as GaussianNoise
from lit_inverse.operators import Gaussian
from lit_inverse.problem import Problem
from lit_inverse.seeding import generator
from lit_inverse.solvers import Langevin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--digits", type=int, default=12)
    parser.add_argument("--m", type=int, default=100)
    parser.add_argument("--sigma", type=float, default=0.01)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    network = load_network(SHIPPED / "vae_mnist.pt")
    z = torch.randn(arguments.digits, *network.latent_shape, generator=generator(arguments.seed), dtype=torch.float32)
    with torch.no_grad():
        x = network(z)
    seeds = [arguments.seed + 1 + digit for digit in range(arguments.digits)]
    operator = Gaussian(tuple(x.shape[1:]), arguments.m, seeds)
    y = Problem(operator, GaussianNoise(sigma=arguments.sigma)).measure(x, seeds=seeds)
    solution = Langevin().solve(y, operator, sigma=arguments.sigma, value_range=network.value_range, seeds=seeds)
    assert solution.samples is not None
    low, high = solution.samples.quantile(torch.tensor([0.05, 0.95]), dim=0)
    inside = ((low <= x) & (x <= high)).float()
    wide = high - low > 1e-3
    each = inside.flatten(1).mean(1)
    print(f"90 % intervals cover {inside.mean():.1%} of all pixels ({each.min():.1%} to {each.max():.1%} of a digit's)")
    print(f"{wide.float().mean():.0%} of the intervals are wider than 1e-3; these cover {inside[wide].mean():.1%}")
    print(f"median standard deviation of these pixels {solution.samples.std(0)[wide].median():.4f}")


if __name__ == "__main__":
    main()
