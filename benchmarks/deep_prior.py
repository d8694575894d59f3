"""Time per iteration of DeepPrior against the plain loop of CS-DIP's authors: same network, same data, one thread.

python benchmarks/deep_prior.py [--case mnist|xray] [--iterations 200] [--rounds 5]
"""

import argparse
import statistics
import time

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lit_inverse.networks.dcgan import DCGANGenerator
from lit_inverse.networks.initialization import initialize
from lit_inverse.operators import Gaussian
from lit_inverse.seeding import generator
from lit_inverse.solvers.deep_prior import DeepPrior
from lit_inverse.solvers.fitting import AnisotropicTV

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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", choices=CASES, default="mnist")
    parser.add_argument("--iterations", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    out_shape, m, tv = CASES[arguments.case]
    operator = Gaussian(out_shape, m, seed=0)
    y = torch.randn(1, m, generator=generator(1), dtype=torch.float32)
    solver = DeepPrior(regularizer=AnisotropicTV(tv), max_iter=arguments.iterations)

    def ours() -> None:
        solver.solve(y, operator, seeds=[0])

    def authors() -> None:
        network = DCGANGenerator(out_shape)
        initialize(network, "paper", generator(0))
        z = torch.randn(1, network.latent_dim, generator=generator(0), dtype=torch.float32)
        plain_loop(plain_network(network), z, y, operator.matrix, tv, arguments.iterations)

    milliseconds: dict[str, list[float]] = {"plain loop": [], "DeepPrior": []}
    for round_number in range(arguments.rounds + 1):  # the first warms up
        for name, fit in (("plain loop", authors), ("DeepPrior", ours)):
            start = time.perf_counter()
            fit()
            if round_number:
                milliseconds[name].append(1e3 * (time.perf_counter() - start) / arguments.iterations)
    ratios = [b / a for a, b in zip(*milliseconds.values(), strict=True)]
    for name, values in milliseconds.items():
        print(f"{arguments.case} {name:10s} {statistics.median(values):8.2f} ms per iteration (min {min(values):.2f})")
    print(
        f"{arguments.case} DeepPrior / plain loop: {statistics.median(ratios):.3f} (rounds: {min(ratios):.3f} to",
        end="",
    )
    print(f" {max(ratios):.3f})")


if __name__ == "__main__":
    main()
