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
    drawn = _draw(tuple(x.shape), operator, derive_seed(seed, "operator", image, 0)).to(x.device, x.real.dtype)
    y, sigma = Problem(drawn, noise).simulate(x[None], [derive_seed(seed, "noise", image, 0)])
    if y.is_complex() and not x.is_complex() and isinstance(drawn, LinearOperator):
        drawn = drawn.on_reals()
    return Measured(y, drawn, sigma.to(y.real), derive_seed(seed, "solver", image, 0))


def draw_shared(in_shape: tuple[int, ...], operator: OperatorLaw, seed: int) -> Operator:
    """The A that a sweep of this seed, with one A for all items, draws for x of shape in_shape."""
    return _draw(in_shape, operator, derive_seed(seed, "operator", "", 0))


def _draw(in_shape: tuple[int, ...], operator: OperatorLaw, seed: int) -> Operator:
    """A, of the seed where it is random."""
    parameters = inspect.signature(operator).parameters.keys() | getattr(operator, "keywords", {}).keys()
    return operator(in_shape, **({"seed": seed} if "seed" in parameters else {}))
