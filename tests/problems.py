"""Small problems, and which of them each solver of configs/solvers is tested on. A new solver adds one line."""

import functools
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from datamodules import SparseSignalsDataModule
from lit_inverse.lit_modules.measurements import draw_shared
from lit_inverse.noise import Gaussian as GaussianNoise
from lit_inverse.operators import CartesianFourier, Gaussian, Operator
from lit_inverse.problem import Problem

SEEDS = [101, 102, 103]


@dataclass(frozen=True)
class SmallProblem:
    """y (3, *out_shape) of three items in float64, one operator per item or one for all."""

    x: Tensor
    y: Tensor
    operator: Operator
    sigma: float
    value_range: tuple[float, float] | None


def _disc(size: int, channels: int = 1) -> Tensor:
    """Smooth bright discs on black, (3, channels, size, size) in [0, 1]."""
    grid = torch.linspace(-1, 1, size, dtype=torch.float64)
    radius = (grid[:, None] ** 2 + (grid[None] - torch.tensor([-0.3, 0.0, 0.3]).view(3, 1, 1)) ** 2).sqrt()
    return (4 * (0.6 - radius)).clamp(0, 1)[:, None].expand(3, channels, size, size)


def _gaussian(x: Tensor, m: int, value_range: tuple[float, float] | None) -> SmallProblem:
    operator = Gaussian(tuple(x.shape[1:]), m, SEEDS).double()
    sigma = 0.01
    return SmallProblem(x, Problem(operator, GaussianNoise(sigma)).measure(x, SEEDS), operator, sigma, value_range)


def grey_image() -> SmallProblem:
    """28 x 28 pixels from 60 Gaussian measurements."""
    return _gaussian(_disc(28), 60, (0.0, 1.0))


def large_grey_image() -> SmallProblem:
    """256 x 256 pixels from 20 Gaussian measurements."""
    return _gaussian(_disc(256), 20, (0.0, 1.0))


def colour_image() -> SmallProblem:
    """128 x 128 x 3 pixels from 20 Gaussian measurements."""
    return _gaussian(_disc(128, 3), 20, (0.0, 1.0))


def sparse_vector() -> SmallProblem:
    """4 of 40 entries, from 20 Gaussian measurements."""
    x = torch.zeros(3, 40, dtype=torch.float64)
    x[:, ::10] = torch.tensor([1.0, -2.0, 0.5, 3.0], dtype=torch.float64)
    return _gaussian(x, 20, None)


def benchmark_vector() -> SmallProblem:
    """About 50 of 500 entries, from 250 measurements by the A of the shipped unfolded networks."""
    operator = draw_shared((500,), functools.partial(Gaussian, m=250, columns="unit"), 0).double()
    x = SparseSignalsDataModule(n_test=3).dataset("test").x.double()
    return SmallProblem(x, Problem(operator, GaussianNoise(0.0)).measure(x, SEEDS), operator, 0.0, None)


def k_space() -> SmallProblem:
    """Half of the columns of k-space of two coils, 32 x 32."""
    turns = torch.linspace(0, 1, 32, dtype=torch.float64)
    coils = torch.polar(torch.stack([1 + turns, 2 - turns])[:, None].expand(2, 32, 32), turns.expand(2, 32, 32))
    x = coils * _disc(32)
    operator = CartesianFourier((2, 32, 32), 2.0, 0.25, seed=SEEDS).double()
    return SmallProblem(x, Problem(operator, GaussianNoise(0.01)).measure(x, SEEDS), operator, 0.01, None)


PROBLEM_OF: dict[str, Callable[[], SmallProblem]] = {
    "admm_mnist": grey_image,
    "alista": benchmark_vector,
    "analytic_deep_prior": sparse_vector,
    "bm3d_amp": grey_image,
    "bm3d_amp_robust": grey_image,
    "bm3d_vamp": grey_image,
    "conv_decoder": grey_image,
    "conv_decoder_mri": k_space,
    "conv_lista_mnist": grey_image,
    "csdip_digits": grey_image,
    "csdip_mnist": grey_image,
    "csdip_retina": colour_image,
    "csdip_xray": large_grey_image,
    "csdip_xray_learned": large_grey_image,
    "csdip_xray_learned_weights": large_grey_image,
    "csgm_dcgan_mnist": grey_image,
    "csgm_digits": grey_image,
    "csgm_l1_mnist": grey_image,
    "csgm_lbfgs_mnist": grey_image,
    "csgm_mnist": grey_image,
    "deep_decoder": grey_image,
    "deep_decoder_mri": k_space,
    "deep_prior_best": grey_image,
    "dip_denoising": grey_image,
    "dip_denoising_discrepancy": grey_image,
    "dip_denoising_es_wmv": grey_image,
    "fista": sparse_vector,
    "fourier_features": grey_image,
    "hqs": grey_image,
    "hyperlista": benchmark_vector,
    "intermediate_layer_mnist": grey_image,
    "ista": sparse_vector,
    "lamp": benchmark_vector,
    "landweber": grey_image,
    "langevin_mnist": grey_image,
    "lasso_csgm_celeba_dct": colour_image,
    "lasso_csgm_celeba_wavelet": colour_image,
    "lasso_csgm_mnist": grey_image,
    "lasso_dct": grey_image,
    "lasso_dct_large": grey_image,
    "lasso_wavelet": grey_image,
    "lasso_wavelet_large": grey_image,
    "lista": benchmark_vector,
    "lvamp": benchmark_vector,
    "lvamp_mnist": grey_image,
    "median_of_means_mnist": grey_image,
    "one_bit_mnist": grey_image,
    "phase_retrieval_mnist": grey_image,
    "pnp_admm": grey_image,
    "power_law": grey_image,
    "projected_gradient_mnist": grey_image,
    "red": grey_image,
    "sense": k_space,
    "sense_conv_decoder": k_space,
    "sense_tv": k_space,
    "sense_wavelet": k_space,
    "siren": grey_image,
    "soft_tsvd": grey_image,
    "sparse_gen_mnist": grey_image,
    "spiked_mnist": grey_image,
    "step_lista": benchmark_vector,
    "subgradient_mnist": grey_image,
    "tikhonov": grey_image,
    "tsvd": grey_image,
    "tval3": grey_image,
    "tval3_csdip": grey_image,
    "zero_filled": k_space,
}
