"""Measurements of training images, simulated as a sweep simulates them."""

import functools
from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor

from lit_inverse.noise import Noise
from lit_inverse.operators import Gaussian, Operator
from lit_inverse.problem import Problem, as_told, draw
from lit_inverse.seeding import noise_seed, operator_seed, solver_seed

ConfiguredOperator = Callable[[tuple[int, ...]], Operator]  # as configurations name it; for `problem.draw`


class Measured(NamedTuple):
    """What is known of one image: y (1, *out_shape), A, sigma (1,), and the seed of whoever fits it."""

    y: Tensor
    operator: Operator
    sigma: Tensor
    seed: int


def measure(x: Tensor, image: str, operator: ConfiguredOperator | None, noise: Noise, seed: int) -> Measured:
    """A, eta and the fit's seed that a sweep of this seed, with one A per image, draws for x (*in_shape) of this id.

    A is Gaussian with m = 500 by default.
    """
    law = operator or functools.partial(Gaussian, m=500)
    drawn = draw(law, tuple(x.shape), operator_seed(seed, image)).to(x.device, x.real.dtype)
    y, sigma = Problem(drawn, noise).simulate(x[None], [noise_seed(seed, image)])
    return Measured(y, as_told(drawn, x, y), sigma.to(y.real), solver_seed(seed, image))


def draw_shared(in_shape: tuple[int, ...], operator: ConfiguredOperator, seed: int) -> Operator:
    """The A that a sweep of this seed, with one A for all items, draws for x of shape in_shape."""
    return draw(operator, in_shape, operator_seed(seed))
