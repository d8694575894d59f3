import math

import pytest
import torch
from torch import Tensor

from lit_inverse.denoisers import TV, Wavelet
from lit_inverse.networks import ReLUGenerator
from lit_inverse.operators import Gaussian, Identity, SubsampledDCT
from lit_inverse.theory.constants.restricted_eigenvalue import range_restricted_isometry, restricted_eigenvalue
from lit_inverse.theory.constants.search import Search

K, N, M = 6, 60, 20
OPERATOR = Gaussian((N,), M, seed=3).double()
BASIS = torch.linalg.qr(torch.randn(N, K, generator=torch.Generator().manual_seed(1), dtype=torch.float64))[0]


def source(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def latents(n: int, k: int) -> Tensor:
    return torch.randn(n, k, generator=source(2), dtype=torch.float64)


def linear(z: Tensor) -> Tensor:
    return z @ (BASIS @ torch.arange(1, K + 1, dtype=torch.float64).diag()).mT


def test_on_a_linear_range_the_constants_are_those_of_singular_values() -> None:
    singular = torch.linalg.svdvals(OPERATOR.matrix @ BASIS)
    gamma = restricted_eigenvalue(OPERATOR, linear, latents(100, K), source())
    epsilon = range_restricted_isometry(OPERATOR, linear, latents(100, K), source())
    assert gamma.value == pytest.approx(singular[-1].item(), rel=1e-6)
    assert epsilon.value == pytest.approx(max(singular[0].item() ** 2 - 1, 1 - singular[-1].item() ** 2), rel=1e-6)
    assert (gamma.bound, epsilon.bound, gamma.n) == ("upper", "lower", 1000)


def test_search_finds_worse_pairs_than_samples_on_a_relu_range_and_never_leaves_its_span() -> None:
    network = ReLUGenerator((4, 40, N)).double().requires_grad_(False)
    z, few = latents(100, 4), Search(n_samples=200, n_steps=0)
    sampled, searched = (
        restricted_eigenvalue(OPERATOR, network, z, source(), search=how).value for how in (few, Search(200, 8, 60))
    )
    assert 0 <= searched < 0.9 * sampled
    rric = range_restricted_isometry(OPERATOR, network, z, source(), Search(200, 8, 60)).value
    assert rric >= max(1 - searched**2, 1.5 * range_restricted_isometry(OPERATOR, network, z, source(), few).value)
    assert rric <= OPERATOR.norm().item() ** 2 - 1


def test_isometries_have_the_constants_1_and_0() -> None:
    for operator in (Identity((N,)).double(), SubsampledDCT((N,), N).double()):
        assert restricted_eigenvalue(operator, linear, latents(50, K), source()).value == pytest.approx(1)
        assert range_restricted_isometry(operator, linear, latents(50, K), source()).value < 1e-12


def test_with_delta_the_farthest_points_of_the_ball_count() -> None:
    """||A (x1 - x2)|| = ||x1 - x2|| <= 2 r L: gamma = 1 + delta / (2 r L) with L the Lipschitz constant."""
    gamma = restricted_eigenvalue(
        Identity((N,)).double(), linear, latents(100, K), source(), 0.3, 0.5, Search(n_steps=300)
    )
    assert gamma.value == pytest.approx(1 + 0.3 / (2 * 0.5 * K), rel=1e-3)


def test_images_of_a_denoiser_are_told_apart_but_the_range_of_a_proximal_map_is_everything() -> None:
    operator = Gaussian((1, 6, 6), 18).double()
    images = torch.rand(8, 1, 6, 6, generator=source(), dtype=torch.float64)
    denoiser = TV(max_iter=20)
    given = restricted_eigenvalue(operator, lambda x: denoiser(x, 0.05), images, source(), search=Search(30, 4, 0))
    searched = restricted_eigenvalue(operator, lambda x: denoiser(x, 0.05), images, source(), search=Search(30, 4, 100))
    assert given.value > 0.4
    assert searched.value < 0.1 * given.value


def test_a_denoiser_without_derivative_can_be_sampled() -> None:
    operator = Gaussian((1, 8, 8), 32)
    images = torch.rand(4, 1, 8, 8, generator=source(), dtype=torch.float32)
    denoiser = torch.no_grad()(Wavelet())
    assert (
        restricted_eigenvalue(operator, lambda x: denoiser(x, 0.1), images, source(), search=Search(20, 4, 0)).value > 0
    )


def test_what_has_no_constant_is_refused() -> None:
    z = latents(10, K)
    with pytest.raises(ValueError, match="do all points have the same image"):
        restricted_eigenvalue(OPERATOR, lambda z: linear(0 * z), z, source())
    with pytest.raises(ValueError, match="delta is -1"):
        restricted_eigenvalue(OPERATOR, linear, z, source(), delta=-1)
    with pytest.raises(ValueError, match="radius is 0"):
        restricted_eigenvalue(OPERATOR, linear, z, source(), radius=0)
    with pytest.raises(ValueError, match="n_starts is 0"):
        Search(n_starts=0)


def test_the_same_source_finds_the_same_and_the_global_one_is_left_alone(untouched_rng: object) -> None:
    few = Search(50, 4, 10)
    one, other = (restricted_eigenvalue(OPERATOR, linear, latents(20, K), source(), search=few) for _ in range(2))
    assert one == other
    assert math.isfinite(one.value)
