"""Filters of singular values."""

import pytest
import torch

from lit_inverse.solvers.spectral import filters

SIGMA = torch.tensor([0, 0.25, 0.5, 1, 2**0.5, 1.5, 2], dtype=torch.float64)


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (filters.soft_tsvd, [0, 0.1768, 0.3536, 0.7071, 1, 1, 1]),
        (filters.tsvd, [0, 0, 1, 1, 1, 1, 1]),
        (filters.tikhonov, [0, 0.1111, 0.3333, 0.6667, 0.8, 0.8182, 0.8889]),
    ],
)
def test_the_values_of_figure_4_3(response: object, expected: list[float]) -> None:
    found = response(SIGMA, 0.5)  # type: ignore[operator]
    torch.testing.assert_close(found, torch.tensor(expected, dtype=torch.float64), rtol=0, atol=5e-5)


def test_soft_tsvd_is_tikhonov_with_the_best_singular_values() -> None:
    sigma, alpha = torch.linspace(0.01, 2, 50, dtype=torch.float64), 0.1
    root = (sigma.square() / 4 - alpha).clamp_min(0).sqrt()
    beta = torch.where(sigma >= 2 * alpha**0.5, sigma / 2 + root, alpha**0.5)  # Dittmer et al. 2020, eq. 4.19
    torch.testing.assert_close(filters.soft_tsvd(sigma, alpha), sigma * beta / (beta.square() + alpha))
    others = torch.linspace(1e-3, 5, 5000, dtype=torch.float64)[:, None]
    reached = sigma * others / (others.square() + alpha)
    assert ((1 - reached).abs().amin(0) >= (1 - filters.soft_tsvd(sigma, alpha)) - 1e-12).all()


@pytest.mark.parametrize("family", [filters.TIKHONOV, filters.TSVD, filters.SOFT_TSVD])
def test_filters_rise_to_1_about_their_threshold(family: filters.Filter) -> None:
    threshold = torch.tensor(0.3, dtype=torch.float64)
    alpha = family.alpha_of(threshold)
    sigma = torch.logspace(-4, 4, 400, dtype=torch.float64)
    response = family.response(sigma, alpha)
    assert (response.diff() >= 0).all()
    assert response[0] < 1e-3
    assert response[-1] > 0.999
    assert family.response(threshold * 1.001, alpha) >= 0.5
    assert family.response(threshold * 0.01, alpha) <= 0.01
