"""Randomised spectra against dense Jacobians."""

import math

import pytest
import torch
from torch import Tensor, nn

from lit_inverse.networks import DeepDecoder, ReLUGenerator, TwoLayerGenerator
from lit_inverse.networks.initialization import initialize
from lit_inverse.seeding import generator
from lit_inverse.theory.jacobian import Jacobian, by_latent, by_weights, leading_spectrum, principal_angles


def _matrix(n: int, columns: int, decay: float = 0.8) -> Tensor:
    """Singular values decay^0, decay^1, ..."""
    source = generator(0)
    u, v = (
        torch.linalg.qr(torch.randn(size, min(n, columns), generator=source, dtype=torch.float64)).Q
        for size in (n, columns)
    )
    return u * decay ** torch.arange(min(n, columns)) @ v.T


def _dense(network: nn.Module, z: Tensor, names: list[str]) -> Tensor:
    parameters = dict(network.named_parameters())
    weights = tuple(parameters[name].detach() for name in names)
    parts = torch.autograd.functional.jacobian(
        lambda *new: torch.func.functional_call(network, dict(zip(names, new, strict=True)), (z,)).flatten(), weights
    )
    return torch.cat([part.flatten(1) for part in parts], 1)


def _assert_leads(jacobian: Jacobian, dense: Tensor, rank: int, **options: int) -> None:
    found = leading_spectrum(jacobian, rank, **options)
    u, values, _ = torch.linalg.svd(dense, full_matrices=False)
    torch.testing.assert_close(found.values, values[:rank], rtol=1e-8, atol=0)
    assert float(principal_angles(found.left, u[:, :rank]).max()) < 1e-3
    # each is its own singular vector: ||J^T u|| = sigma
    torch.testing.assert_close((dense.T @ found.left).norm(dim=0), values[:rank], rtol=1e-8, atol=0)


@pytest.mark.parametrize(("n", "columns"), [(60, 40), (40, 60), (50, 50)])
@pytest.mark.parametrize("chunk", [1, 7])
def test_leading_values_of_a_linear_map_are_those_of_its_matrix(n: int, columns: int, chunk: int) -> None:
    matrix = _matrix(n, columns)
    jacobian = Jacobian(lambda a: matrix @ a, torch.zeros(columns, dtype=torch.float64), chunk)
    _assert_leads(jacobian, matrix, 10, oversampling=10, n_power=6)


def test_with_as_many_directions_as_outputs_all_values_are_exact() -> None:
    matrix = _matrix(12, 30, 0.1)
    jacobian = Jacobian(lambda a: matrix @ a, torch.zeros(30, dtype=torch.float64))
    found = leading_spectrum(jacobian, 12, oversampling=0, n_power=0)
    torch.testing.assert_close(found.values, 0.1 ** torch.arange(12, dtype=torch.float64), rtol=1e-4, atol=1e-15)


def test_values_are_never_too_large() -> None:
    matrix = _matrix(60, 80, 0.97)
    jacobian = Jacobian(lambda a: matrix @ a, torch.zeros(80, dtype=torch.float64))
    for n_power in (0, 1, 3):
        found = leading_spectrum(jacobian, 15, oversampling=5, n_power=n_power).values
        assert (found <= 0.97 ** torch.arange(15) * (1 + 1e-12)).all()


def test_jacobian_by_weights_of_networks_is_the_dense_one() -> None:
    two_layer = TwoLayerGenerator((24,), 40, 4).double()
    decoder = DeepDecoder((1, 1, 32), width=6, depth=3, in_size=(1, 4), sigmoid=False).double()
    latent = torch.rand(1, 6, 1, 4, dtype=torch.float64, generator=generator(1))
    for network, z in ((two_layer, torch.empty(1, 0, dtype=torch.float64)), (decoder, latent)):
        initialize(network, "paper", generator(2))
        names = [name for name, _ in network.named_parameters()]
        dense = _dense(network, z, names)
        _assert_leads(by_weights(network, z), dense, 5, oversampling=8, n_power=30)
        w = torch.randn(3, len(dense), dtype=torch.float64, generator=generator(3))
        torch.testing.assert_close(by_weights(network, z).transposed_times(w), w @ dense)
        v = torch.randn(3, dense.shape[1], dtype=torch.float64, generator=generator(3))
        torch.testing.assert_close(by_weights(network, z).times(v), v @ dense.T)


def test_only_the_chosen_weights_count() -> None:
    network = DeepDecoder((1, 1, 32), width=6, depth=3, in_size=(1, 4), sigmoid=False).double()
    z = torch.rand(1, 6, 1, 4, dtype=torch.float64, generator=generator(1))
    names = [name for name, one in network.named_parameters() if one.ndim > 1]
    assert by_weights(network, z, names[:2]).at.numel() == 2 * 36
    _assert_leads(by_weights(network, z, names[:2]), _dense(network, z, names[:2]), 4, oversampling=30)
    for name, one in network.named_parameters():
        one.requires_grad_(name in names[:2])
    assert by_weights(network, z).at.numel() == 2 * 36
    with pytest.raises(ValueError, match="expected some of layers"):
        by_weights(network, z, ["nothing"])


def test_jacobian_by_z_of_a_relu_network_is_the_product_of_its_matrices() -> None:
    network = ReLUGenerator((5, 20, 30), seed=0).double()
    z = torch.randn(1, 5, dtype=torch.float64, generator=generator(0))
    dense = torch.autograd.functional.jacobian(lambda a: network(a).flatten(), z).flatten(1)
    _assert_leads(by_latent(network, z), dense, 5)


def test_nothing_global_is_drawn_and_nothing_changes() -> None:
    network = TwoLayerGenerator((24,), 10, 4)
    before, weights = torch.random.get_rng_state(), network.weight.detach().clone()
    first, again = (leading_spectrum(by_weights(network, torch.empty(1, 0)), 3).values for _ in range(2))
    assert torch.equal(first, again)
    assert torch.equal(before, torch.random.get_rng_state())
    assert torch.equal(weights, network.weight)
    assert network.weight.grad is None


def test_principal_angles_of_a_rotation() -> None:
    angle = 1e-9
    e = torch.eye(4, dtype=torch.float64)
    turned = torch.stack([math.cos(angle) * e[0] + math.sin(angle) * e[2], e[1] + e[3]], 1)
    found = principal_angles(e[:, :2], 3 * turned)
    torch.testing.assert_close(found, torch.tensor([math.degrees(angle), 45.0], dtype=torch.float64), rtol=1e-6, atol=0)
    assert principal_angles(e[:, :3], e[:, 1:2]).tolist() == pytest.approx([0])


@pytest.mark.parametrize("rank", [0, 13])
def test_impossible_ranks_are_refused(rank: int) -> None:
    jacobian = Jacobian(lambda a: a[:12], torch.zeros(20))
    with pytest.raises(ValueError, match=f"rank is {rank}, expected from 1 to 12"):
        leading_spectrum(jacobian, rank)


@pytest.mark.parametrize("kind", [nn.BatchNorm1d, nn.InstanceNorm1d])
def test_networks_that_applying_changes_are_refused_unchanged(kind: type[nn.Module]) -> None:
    network = nn.Sequential(nn.Conv1d(1, 2, 3), kind(2, track_running_stats=True)).double()
    z = torch.randn(3, 1, 8, dtype=torch.float64, generator=generator(0))
    before = {name: one.clone() for name, one in network.state_dict().items()}
    for jacobian in (by_weights, by_latent):
        with pytest.raises(ValueError, match=r"norm '1' keeps running statistics in training.*network.eval\(\)"):
            jacobian(network, z)
    assert all(torch.equal(one, before[name]) for name, one in network.state_dict().items())
    assert leading_spectrum(by_weights(network.eval(), z), 2).values.shape == (2,)


@pytest.mark.parametrize("at", [torch.ones(8), torch.ones(8, dtype=torch.complex64)])
def test_complex_functions_are_refused(at: Tensor) -> None:
    with pytest.raises(ValueError, match="to torch.complex64, expected real numbers"):
        Jacobian(lambda a: torch.complex(a.real[:4], a.real[4:]), at)
