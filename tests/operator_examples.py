"""Small examples of every operator, on which the contract tests run. A new operator adds its lines."""

from collections.abc import Callable

import scipy.sparse
import torch
from scipy.sparse.linalg import aslinearoperator
from torch import Tensor

from lit_inverse import operators
from lit_inverse.operators import Operator, stack


def normal(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


# named "Class: what is special"; those of one operator per item have three
LINEAR: dict[str, Callable[[], operators.LinearOperator]] = {
    "Matrix": lambda: operators.Matrix(normal(20, 36), (1, 6, 6)),
    "Matrix: tall": lambda: operators.Matrix(normal(40, 36), (1, 6, 6)),
    "Matrix: complex": lambda: operators.Matrix(normal(20, 36, dtype=torch.complex64), (1, 6, 6)),
    "Matrix: per item": lambda: operators.Matrix(normal(3, 20, 36), (1, 6, 6)),
    "Gaussian": lambda: operators.Gaussian((1, 6, 6), 20, 0),
    "Gaussian: per item": lambda: operators.Gaussian((1, 6, 6), 20, [0, 1, 2]),
    "Gaussian: unit columns, kappa": lambda: operators.Gaussian((36,), 20, 0, columns="unit", kappa=5.0),
    "Bernoulli": lambda: operators.Bernoulli((1, 6, 6), 20, [0, 1, 2]),
    "GaussianStreamed": lambda: operators.GaussianStreamed((1, 6, 6), 20, 0),
    "GaussianStreamed: per item": lambda: operators.GaussianStreamed((1, 6, 6), 20, [0, 1, 0]),
    "SubsampledHadamard": lambda: operators.SubsampledHadamard((2, 4, 4), 20, 0),
    "SubsampledHadamard: padded, per item": lambda: operators.SubsampledHadamard((1, 6, 7), 20, [0, 1, 2]),
    "SubsampledDCT": lambda: operators.SubsampledDCT((1, 6, 6), 20, 0),
    "SubsampledDCT: odd, per item": lambda: operators.SubsampledDCT((37,), 20, [0, 1, 2]),
    "Fourier": lambda: operators.Fourier((2, 5, 6), normal(5, 6) > 0),
    "Fourier: unnormalised": lambda: operators.Fourier((1, 6, 7), normal(6, 7) > 0, norm="backward"),
    "RadialFourier": lambda: operators.RadialFourier((1, 9, 8), lines=3, half=False, zero_frequency=True),
    "CartesianFourier": lambda: operators.CartesianFourier((2, 4, 7), 2, 0.3, seed=[0, 1, 2]),
    "PoissonDiscFourier": lambda: operators.PoissonDiscFourier((1, 6, 7), 3, calibration=2, seed=[0, 1, 2]),
    "MultiCoil": lambda: operators.MultiCoil(normal(3, 5, 6, dtype=torch.complex64), normal(5, 6) > 0),
    "MultiCoil: maps per item": lambda: operators.MultiCoil(
        normal(3, 2, 4, 5, dtype=torch.complex64), normal(4, 5) > 0, norm="backward"
    ),
    "ComplexFromChannels": lambda: operators.ComplexFromChannels((2, 3, 4)),
    "OnReals: real channels": lambda: operators.on_real_channels(
        operators.CartesianFourier((1, 6, 8), 2.0, seed=[0, 1, 2])
    ),
    "MultiCoil: masks per item": lambda: operators.MultiCoil(
        normal(2, 4, 7, dtype=torch.complex64), operators.CartesianFourier((1, 4, 7), 2, 0.3, seed=[0, 1, 2]).mask
    ),
    "Identity": lambda: operators.Identity((2, 3, 5)),
    "Inpainting": lambda: operators.Inpainting((2, 5, 4)),
    "Inpainting: of a vector": lambda: operators.Inpainting((30,), normal(30) > 0),
    "Inpainting: channels keep different numbers": lambda: operators.Inpainting((2, 4, 5), normal(2, 4, 5) > 0),
    "RandomInpainting": lambda: operators.RandomInpainting((2, 5, 4), kept=0.3, seed=[0, 1, 2]),
    "BlockInpainting": lambda: operators.BlockInpainting((2, 5, 6)),
    "TextInpainting": lambda: operators.TextInpainting((1, 6, 7)),
    "Blur": lambda: operators.Blur((2, 7, 6), normal(3, 4)),
    "Blur: direct": lambda: operators.Blur((2, 6, 5), normal(3, 4), method="direct"),
    "Blur: singular": lambda: operators.Blur((1, 6, 5), torch.full((2, 1), 0.5)),
    "Blur: reflect": lambda: operators.Blur((2, 5, 6), normal(2, 3), boundary="reflect"),
    "Blur: reflect, direct": lambda: operators.Blur((2, 5, 6), normal(2, 3), method="direct", boundary="reflect"),
    "Blur: valid": lambda: operators.Blur((2, 5, 6), normal(3, 2), boundary="valid"),
    "Blur: valid, direct": lambda: operators.Blur((2, 5, 6), normal(3, 2), method="direct", boundary="valid"),
    "GaussianBlur": lambda: operators.GaussianBlur((1, 6, 7), 0.6, method="direct", boundary="reflect"),
    "MotionBlur": lambda: operators.MotionBlur((1, 6, 7), 3.5, 30.0),
    "Downsampling": lambda: operators.Downsampling((2, 6, 4)),
    "Downsampling: bicubic": lambda: operators.Downsampling((2, 6, 9), 3, kind="bicubic"),
    "Integration": lambda: operators.Integration(11),
    "Radon": lambda: operators.Radon((1, 5, 6), angles=7),
    "Radon: few angles, circle": lambda: operators.Radon((2, 6, 5), [0.0, 30.0, 135.0], circle=True),
    "from_scipy": lambda: operators.from_scipy(aslinearoperator(normal(20, 36).numpy()), (1, 6, 6)),
    "from_scipy: complex, sparse": lambda: operators.from_scipy(
        scipy.sparse.random_array((20, 30), density=0.3, rng=0) * (1 + 2j), (2, 3, 5), (4, 5)
    ),
    "Adjoint": lambda: operators.Gaussian((1, 6, 6), 20, [0, 1, 2]).H,
    "Scaled": lambda: -2.0 * operators.Gaussian((1, 6, 6), 20, 0),
    "Scaled: complex": lambda: (1 - 2j) * operators.Matrix(normal(20, 36, dtype=torch.complex64)),
    "LinearComposition": lambda: operators.Gaussian((20,), 10, 1) @ operators.Gaussian((1, 6, 6), 20, [0, 1, 2]),
    "LinearComposition: super-resolution": lambda: operators.Downsampling((2, 6, 4)) @ operators.Blur((2, 6, 4)),
    "Gram": lambda: operators.Gaussian((1, 6, 6), 20, 0).gram(),
    "OnReals": lambda: operators.Matrix(normal(20, 36, dtype=torch.complex64), (1, 6, 6)).on_reals(),
    "OnReals: Fourier": lambda: operators.RadialFourier((1, 9, 8), lines=3, zero_frequency=True).on_reals(),
    "Stacked": lambda: stack(operators.Gaussian((1, 6, 6), 20, 0), operators.Bernoulli((1, 6, 6), 10, [0, 1, 2])),
}
NONLINEAR: dict[str, Callable[[], Operator]] = {
    "Magnitude": lambda: operators.Magnitude(in_shape=(1, 6, 6), m=50),
    "Magnitude: squared, per item": lambda: operators.Magnitude(in_shape=(36,), m=20, seed=[0, 1, 2], squared=True),
    "Magnitude: Fourier": lambda: operators.Magnitude(operators.Fourier((1, 6, 7), normal(6, 7) > 0)),
    "Sign": lambda: operators.Sign(in_shape=(1, 6, 6), m=50, seed=[0, 1, 2]),
    "Sign: straight through, complex": lambda: operators.Sign(
        operators.Matrix(normal(20, 36, dtype=torch.complex64)), straight_through=True
    ),
    "Saturation": lambda: operators.Saturation(in_shape=(2, 3, 5), m=20, seed=[0, 1, 2], limit=0.5),
    "Quantisation": lambda: operators.Quantisation(in_shape=(2, 3, 5), m=20, seed=[0, 1, 2], bits=3),
    "Quantisation: straight through": lambda: operators.Quantisation(in_shape=(36,), m=20, straight_through=True),
    "Spiked": lambda: operators.Spiked((1, 3, 5)),
}
ONLY_REAL = {"OnReals"}  # classes that refuse a complex x
