"""ConvLISTA against kernels put into place one by one."""

import numpy as np
import pytest
import torch

from lit_inverse.networks import ConvLISTA
from lit_inverse.operators import Gaussian, Identity


def drawn(image: tuple[int, int, int], stride: int) -> ConvLISTA:
    network = ConvLISTA(image, n_layers=3, n_atoms=4, size=3, stride=stride).double()
    source = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=source, dtype=torch.float64))
    return network


def dictionary(kernels: np.ndarray, image: tuple[int, int, int], stride: int) -> np.ndarray:
    """One column, an image, per atom and place: the kernel around every stride-th pixel, cut off at the border."""
    channels, height, width = image
    columns = []
    for kernel in kernels:
        for row in range(0, height, stride):
            for column in range(0, width, stride):
                padded = np.zeros((channels, height + 2, width + 2))
                padded[:, row : row + 3, column : column + 3] = kernel
                columns.append(padded[:, 1:-1, 1:-1].flatten())
    return np.stack(columns, 1)


@pytest.mark.parametrize(("image", "stride"), [((1, 6, 7), 1), ((2, 7, 6), 2), ((1, 8, 8), 3)])
def test_layers_are_those_of_the_equation(image: tuple[int, int, int], stride: int) -> None:
    operator, network = Gaussian(image, 20, 3).double(), drawn(image, stride)
    y = torch.randn(3, 20, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    d, e = (dictionary(kernels.detach().numpy(), image, stride) for kernels in (network.d, network.e))
    a, z = operator.matrix.numpy(), np.zeros((3, d.shape[1]))
    places = d.shape[1] // 4
    for x, log_gamma, log_theta in zip(
        network.iterates(y, operator), network.log_gamma, network.log_theta, strict=True
    ):
        gamma, theta = float(log_gamma.detach().exp()), np.repeat(log_theta.detach().exp().flatten().numpy(), places)
        z = z + gamma / np.linalg.norm(a, 2) ** 2 * (y.numpy() - z @ d.T @ a.T) @ a @ e
        z = np.sign(z) * np.maximum(np.abs(z) - theta, 0)
        np.testing.assert_allclose(x.detach().flatten(1).numpy(), z @ d.T, rtol=1e-10, atol=1e-12)


def test_it_takes_any_number_of_measurements_and_one_a_per_item() -> None:
    network = drawn((1, 6, 6), 1)
    operator = Gaussian((1, 6, 6), 9, [1, 2]).double()
    y = torch.randn(2, 9, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    together = network(y, operator)
    assert together.shape == (2, 1, 6, 6)
    torch.testing.assert_close(network(y[1:], operator.take([1])), together[1:])
    network(y, operator).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())
    with pytest.raises(ValueError, match="this ConvLISTA was made for m x 36"):
        network(torch.zeros(1, 25), Identity((25,)))


def test_a_dictionary_begins_with_norm_1() -> None:
    network = ConvLISTA((1, 12, 12), n_atoms=8, size=5, stride=1)
    z = torch.zeros(1, 8, 12, 12, requires_grad=True)
    d = torch.autograd.functional.jacobian(
        lambda z: torch.nn.functional.conv_transpose2d(z, network.d, padding=2).flatten(), z
    ).flatten(1)
    assert 0.8 < float(torch.linalg.matrix_norm(d, 2)) <= 1.0001
    with pytest.raises(ValueError, match="size is 4, expected an odd number"):
        ConvLISTA(size=4)
