"""The settings of CS-DIP give the numbers they always gave, to the last bit: against its loop, frozen here."""

from pathlib import Path

import pytest
import torch
from jsonargparse import ArgumentParser
from torch import Tensor
from torch.func import replace_all_batch_norm_modules_

from lit_inverse.networks.dcgan import DCGANGenerator
from lit_inverse.networks.initialization import initialize
from lit_inverse.operators import Gaussian
from lit_inverse.seeding import generator
from lit_inverse.solvers import Solver

CONFIGS = Path(__file__).resolve().parents[2] / "configs" / "solvers"
WIDTH, LR, WINDOW = 4, 1e-3, 51


def _fused_rmsprop(parameters: list[Tensor], squares: list[Tensor], steps: list[Tensor], g: list[Tensor]) -> None:
    ages = [torch.full((), 1e6, dtype=torch.float32) for _ in parameters]
    options = {"beta1": 0.0, "beta2": 0.99, "weight_decay": (1 - 0.9) / LR, "eps": 1e-8}
    torch._fused_adamw_(steps, g, g, squares, [], ages, lr=LR, amsgrad=False, maximize=False, **options)
    torch._foreach_add_(parameters, steps)


def _frozen_fit(y: Tensor, operator: Gaussian, tv: float, n_iter: int, source: torch.Generator) -> list[Tensor]:
    """x and objective of the chosen iterate, then all objectives."""
    network = DCGANGenerator(operator.in_shape, width=WIDTH).to(y.dtype)
    replace_all_batch_norm_modules_(network)
    initialize(network, "paper", source)
    z = torch.randn(1, network.latent_dim, generator=source, dtype=torch.float32).to(y.dtype)
    parameters = [weights.detach() for weights in network.parameters()]
    squares, steps = ([torch.zeros_like(weights) for weights in parameters] for _ in range(2))
    images, losses = [], []
    for _ in range(n_iter):
        x = network(z)
        misfit = (operator(x) - y).square().sum(1)  # first: the order decides the last bits of the gradient
        vertical = (x[..., 1:, :] - x[..., :-1, :]).abs().flatten(1).sum(1)
        horizontal = (x[..., 1:] - x[..., :-1]).abs().flatten(1).sum(1)
        loss = misfit + tv * (vertical + horizontal)
        gradients = torch.autograd.grad(loss.sum(), list(network.parameters()))
        images.append(x.detach())
        losses.append(loss.detach())
        _fused_rmsprop(parameters, squares, steps, [gradient.contiguous() for gradient in gradients])
    objectives = torch.cat(losses)
    chosen = max(0, n_iter - WINDOW) + int(objectives[-WINDOW:].argmin())
    return [images[chosen][0], objectives[chosen], objectives]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    ("name", "shape", "tv", "n_restarts", "n_iter"),
    [
        ("csdip_digits", (1, 28, 28), 0.01, 1, 70),
        ("csdip_mnist", (1, 28, 28), 0.01, 5, 25),
        ("csdip_xray", (1, 256, 256), 0.05, 1, 6),
    ],
)
def test_settings_of_csdip_give_the_frozen_numbers_to_the_last_bit(
    name: str, shape: tuple[int, ...], tv: float, n_restarts: int, n_iter: int, dtype: torch.dtype
) -> None:
    parser = ArgumentParser(exit_on_error=False)
    parser.add_subclass_arguments(Solver, "solver")
    options = [f"--solver.network.width={WIDTH}", f"--solver.max_iter={n_iter}"]
    solver = parser.instantiate(parser.parse_args(["--solver", str(CONFIGS / f"{name}.yaml"), *options])).solver
    operator = Gaussian(shape, 40, 3).to(dtype)
    y = torch.randn(1, 40, generator=generator(99), dtype=torch.float32).to(dtype)
    solution = solver.solve(y, operator, seeds=[5])

    source = generator(5)
    fits = [_frozen_fit(y, operator, tv, n_iter, source) for _ in range(n_restarts)]
    x, _, losses = min(fits, key=lambda fit: float(fit[1]))
    assert torch.equal(solution.x[0], x)
    assert torch.equal(solution.history["loss"][:, 0], losses)
