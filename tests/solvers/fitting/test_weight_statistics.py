"""Algorithm 1 of CS-DIP against its limit, and the limit against numpy."""

import numpy as np
import torch
from torch import Tensor

from lit_inverse.seeding import generator
from lit_inverse.solvers.fitting.weight_statistics import layer_moments, limit

SHAPES = [(3, 2, 2), (3,), (40,)]


def fits(n: int = 4) -> list[list[Tensor]]:
    """Of three layers, whose means and spreads differ between fits."""
    source = generator(0)
    return [
        [q / 4 + (1 + layer) * torch.randn(shape, generator=source) for layer, shape in enumerate(SHAPES)]
        for q in range(n)
    ]


def algorithm_1(
    fits: list[list[Tensor]], n_iter: int, n_samples: int, source: torch.Generator
) -> tuple[Tensor, Tensor]:
    """mu (L,) and Sigma (L, L) as published: T draws of S weights of each layer of one fit, with replacement."""
    layers = [[layer.detach().double().flatten().cpu() for layer in weights] for weights in fits]
    mu, covariance = torch.zeros(len(layers[0]), dtype=torch.float64), torch.zeros((), dtype=torch.float64)
    for _ in range(n_iter):
        chosen = layers[int(torch.randint(len(layers), (), generator=source))]
        drawn = torch.stack([layer[torch.randint(len(layer), (n_samples,), generator=source)] for layer in chosen])
        mu_t = drawn.mean(1)
        mu = mu + mu_t / n_iter
        covariance = covariance + (drawn @ drawn.T / n_samples - mu_t.outer(mu_t)) / n_iter
    return mu, covariance


def test_limit_is_the_mean_over_fits_of_mean_and_variance_within_a_fit() -> None:
    mu, covariance = limit(fits())
    layers = [[layer.double().numpy() for layer in layers] for layers in zip(*fits(), strict=True)]
    np.testing.assert_allclose(mu, [np.mean([layer.mean() for layer in of_fits]) for of_fits in layers])
    variances = [np.mean([layer.var() for layer in of_fits]) for of_fits in layers]
    np.testing.assert_allclose(covariance, np.diag(variances))


def test_variance_of_all_weights_together_is_the_limit_plus_that_of_the_means() -> None:
    mu, covariance = limit(fits())
    means = torch.stack([layer_moments(weights)[0] for weights in fits()])
    for number, of_fits in enumerate(zip(*fits(), strict=True)):
        together = torch.stack(of_fits).double().numpy()
        np.testing.assert_allclose(mu[number], together.mean())
        expected = covariance[number, number] + means[:, number].var(correction=0)
        np.testing.assert_allclose(expected, together.var())


def test_algorithm_1_tends_to_the_limit_without_a_share_of_one_in_s() -> None:
    n_iter, n_samples = 5000, 5
    mu, covariance = algorithm_1(fits(), n_iter, n_samples, generator(1))
    expected_mu, expected = limit(fits())
    # each of the T terms has a spread of a few units (fits differ), of which 1 / sqrt(T) = 1 / 70 is left
    torch.testing.assert_close(mu, expected_mu, rtol=0, atol=0.08)
    torch.testing.assert_close(covariance, (1 - 1 / n_samples) * expected, rtol=0.04, atol=0.15)
    pooled = torch.stack([torch.stack(layers).var(correction=0) for layers in zip(*fits(), strict=True)]).double()
    assert (covariance.diagonal() < pooled).all()
