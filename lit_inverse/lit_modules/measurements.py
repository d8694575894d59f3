"""Measurements of training images, simulated as a sweep simulates them."""

import inspect
from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor

from lit_inverse.noise import Noise
from lit_inverse.operators import LinearOperator, Operator
from lit_inverse.problem import Problem
from lit_inverse.seeding import derive_seed

OperatorLaw = Callable[[tuple[int, ...]], Operator]  # makes A of the shape of x, and of `seed` where it is random


class Measured(NamedTuple):
    """What is known of one image: y (1, *out_shape), A, sigma (1,), and the seed of whoever fits it."""

    y: Tensor
    operator: Operator
    sigma: Tensor
    seed: int


def measure(x: Tensor, image: str, operator: OperatorLaw, noise: Noise, seed: int) -> Measured:
    """A, eta and the fit's seed that a sweep of this seed, with one A per image, draws for x (*in_shape) of this id."""
    parameters = inspect.signature(operator).parameters.keys() | getattr(operator, "keywords", {}).keys()
    seeded = {"seed": derive_seed(seed, "operator", image, 0)} if "seed" in parameters else {}
    drawn = operator(tuple(x.shape), **seeded).to(x.device, x.real.dtype)
    y, sigma = Problem(drawn, noise).simulate(x[None], [derive_seed(seed, "noise", image, 0)])
    if y.is_complex() and not x.is_complex() and isinstance(drawn, LinearOperator):
        drawn = drawn.on_reals()
    return Measured(y, drawn, sigma.to(y.real), derive_seed(seed, "solver", image, 0))
