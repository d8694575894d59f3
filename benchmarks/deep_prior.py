"""Iterations of untrained networks per second: DeepPrior against others and against itself, on the CPU.

    python benchmarks/deep_prior.py [--case mnist|retina|xray] [--threads 1] [--fits 4] [--iterations 200] [--rounds 5]

Three comparisons, all of the same network and the same A: with CS-DIP's settings against a plain loop like its
authors'; with Adam, mean squared error and no TV against the DeepImagePrior of deepinv (tried with 0.5; left out where
it is not installed), both of which take one image at a time, by one fit and by --fits at once; and --fits images that
share A, handed over in one call (on the CPU one fit after the other) and made to advance at once, against a call
for each. In each round each contestant does --iterations image-iterations, in turns; a ratio is the median of the
rounds' ratios. Wall time is what counts on an idle machine; processor time, of all threads, is steadier on a busy one.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lit_inverse.networks.dcgan import DCGANGenerator
from lit_inverse.networks.initialization import initialize
from lit_inverse.operators import Gaussian
from lit_inverse.seeding import generator
from lit_inverse.solvers.deep_prior import DeepPrior
from lit_inverse.solvers.fitting import Adam, AnisotropicTV, SquaredError

CASES = {"mnist": ((1, 28, 28), 75, 0.01), "retina": ((3, 128, 128), 1000, 0.02), "xray": ((1, 256, 256), 2000, 0.05)}


class PlainNetwork(nn.Module):
    """CS-DIP's networks as their paper describes them: ConvTranspose2d, BatchNorm2d, ReLU, nearest upsampling."""

    def __init__(self, out_shape: tuple[int, ...], latent_dim: int, width: int = 64) -> None:
        super().__init__()
        w, channels = width, out_shape[0]
        if out_shape == (1, 28, 28):  # in, out, kernel, stride, padding
            layers = [
                (latent_dim, 8 * w, 2, 1, 0),
                (8 * w, 4 * w, 4, 1, 0),
                (4 * w, 2 * w, 3, 1, 1),
                (2 * w, w, 3, 1, 1),
                (w, 1, 3, 1, 1),
            ]
            self.upsampled = {0, 2, 3}  # layers after which the image is doubled
        else:
            n_doublings = out_shape[-1].bit_length() - 4
            layers = [(latent_dim, w, 4, 1, 0), *[(w, w, 6, 2, 2)] * n_doublings, (w, channels, 4, 2, 1)]
            self.upsampled = set()
        self.convs = nn.ModuleList(nn.ConvTranspose2d(*layer, bias=False) for layer in layers)
        self.norms = nn.ModuleList(nn.BatchNorm2d(layer[1]) for layer in layers[:-1])

    def forward(self, z: Tensor) -> Tensor:
        x = z[:, :, None, None]
        for i, norm in enumerate(self.norms):
            x = F.relu(norm(self.convs[i](x)))
            if i in self.upsampled:
                x = F.interpolate(x, scale_factor=2)
        return torch.tanh(self.convs[-1](x))


def plain_network(network: DCGANGenerator, width: int = 64) -> PlainNetwork:
    """The plain network with the weights of ours."""
    plain = PlainNetwork(network.out_shape, network.latent_dim, width).to(next(network.parameters()))
    for target, weights in zip(_ordered(plain), network.parameters(), strict=True):
        # the layers with upsampling have (out, k, k, in), torch's (in, out, k, k)
        target.data.copy_(weights if target.shape == weights.shape else weights.permute(3, 0, 1, 2))
    return plain


def _ordered(plain: PlainNetwork) -> list[nn.Parameter]:
    parameters = []
    for conv, norm in zip(plain.convs, [*plain.norms, None], strict=True):
        parameters += [conv.weight] + ([] if norm is None else [norm.weight, norm.bias])
    return parameters


def plain_loop(
    plain: PlainNetwork, z: Tensor, y: Tensor, matrix: Tensor, tv: float, n_iter: int
) -> tuple[list[Tensor], list[Tensor]]:
    """Objectives and images of the iterates 0 to n_iter - 1 of one image, y (1, m), matrix (m, n)."""
    optimizer = torch.optim.RMSprop(plain.parameters(), lr=1e-3, momentum=0.9)
    losses, images = [], []
    for _ in range(n_iter):
        optimizer.zero_grad()
        x = plain(z)
        variation = (x[..., 1:, :] - x[..., :-1, :]).abs().sum() + (x[..., 1:] - x[..., :-1]).abs().sum()
        loss = (x.view(1, -1) @ matrix.T - y).square().sum() + tv * variation
        loss.backward()
        losses.append(loss.detach())
        images.append(x.detach())
        optimizer.step()
    return losses, images


def contestants(case: str, n_iter: int, n_fits: int) -> tuple[dict[str, Callable[[], object]], list[tuple[str, str]]]:
    """What each does in a round, and who is compared with whom."""
    out_shape, m, tv = CASES[case]
    operator = Gaussian(out_shape, m, seed=0)
    y = torch.randn(n_fits, m, generator=generator(1), dtype=torch.float32)
    seeds, regularizer = list(range(n_fits)), AnisotropicTV(tv)
    ours = DeepPrior(regularizer=regularizer, max_iter=n_iter)
    adam = partial(DeepPrior, optimizer=Adam(), data_term=SquaredError("mean"), regularizer=None)
    short = DeepPrior(regularizer=regularizer, max_iter=n_iter // n_fits)
    at_once = DeepPrior(regularizer=regularizer, max_iter=n_iter // n_fits, max_parallel=n_fits)

    def authors() -> None:
        network = DCGANGenerator(out_shape)
        initialize(network, "paper", generator(0))
        z = torch.randn(1, network.latent_dim, generator=generator(0), dtype=torch.float32)
        plain_loop(plain_network(network), z, y[:1], operator.matrix, tv, n_iter)

    runs: dict[str, Callable[[], object]] = {
        "DeepPrior": lambda: ours.solve(y[:1], operator, seeds=[0]),
        "plain loop": authors,
        f"{n_fits} in a call": lambda: short.solve(y, operator, seeds=seeds),
        f"{n_fits} at once": lambda: at_once.solve(y, operator, seeds=seeds),
        f"{n_fits} calls": lambda: [short.solve(y[[i]], operator, seeds=[i]) for i in seeds],
    }
    pairs = [
        ("DeepPrior", "plain loop"),
        (f"{n_fits} at once", "plain loop"),
        (f"{n_fits} in a call", f"{n_fits} calls"),
        (f"{n_fits} at once", f"{n_fits} calls"),
    ]
    theirs = deepinv_fit(out_shape, operator, y[:1], n_iter)
    if theirs is None:
        print("deepinv is not installed: its DeepImagePrior is left out")
    else:
        one, several = adam(max_iter=n_iter), adam(max_iter=n_iter // n_fits, max_parallel=n_fits)
        runs |= {
            "Adam": lambda: one.solve(y[:1], operator, seeds=[0]),
            f"Adam, {n_fits} at once": lambda: several.solve(y, operator, seeds=seeds),
            "deepinv": theirs,
        }
        pairs[2:2] = [("Adam", "deepinv"), (f"Adam, {n_fits} at once", "deepinv")]
    return runs, pairs


def deepinv_fit(out_shape: tuple[int, ...], operator: Gaussian, y: Tensor, n_iter: int) -> Callable[[], object] | None:
    """deepinv's fit of our network to y (1, m), which it begins anew from fresh weights and z."""
    try:
        from deepinv.models import DeepImagePrior
        from deepinv.physics import LinearPhysics
    except ImportError:
        return None
    physics = LinearPhysics(A=lambda x, **_: operator(x), A_adjoint=lambda y, **_: operator.adjoint(y))

    def fit() -> Tensor:
        network = DCGANGenerator(out_shape)
        initialize(network, "paper", generator(0))
        result: Tensor = DeepImagePrior(network, network.latent_shape, n_iter, 1e-3)(y, physics)
        return result

    return fit


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", choices=CASES, default="mnist")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--fits", type=int, default=4, help="images that are fitted together")
    parser.add_argument("--iterations", type=int, default=200, help="a multiple of --fits")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    if arguments.iterations % arguments.fits:
        parser.error(f"--iterations is {arguments.iterations}, expected a multiple of --fits {arguments.fits}")
    torch.set_num_threads(arguments.threads)
    runs, pairs = contestants(arguments.case, arguments.iterations, arguments.fits)
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
    for round_number in range(arguments.rounds + 1):  # the first warms up
        for name, run in runs.items():
            wall, processor = time.perf_counter(), time.process_time()
            run()
            if round_number:
                seconds[name].append((time.perf_counter() - wall, time.process_time() - processor))
    print(f"{arguments.case}, {arguments.threads} thread(s); image-iterations per second of wall (processor) time")
    for name, taken in seconds.items():
        wall, processor = (arguments.iterations / statistics.median(column) for column in zip(*taken, strict=True))
        print(f"  {name:18s} {wall:8.1f} ({processor:.1f})")
    print("times as many, wall (rounds), processor time (rounds)")
    for ours, theirs in pairs:
        columns = []
        for clock in range(2):
            ratios = [b[clock] / a[clock] for a, b in zip(seconds[ours], seconds[theirs], strict=True)]
            columns.append(f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")
        print(f"  {f'{ours} / {theirs}':30s} " + "  ".join(columns))


if __name__ == "__main__":
    main()
