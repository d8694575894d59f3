"""A problem turns x into y; its operator is drawn from a law."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from lit_inverse.noise import Gaussian, Noise
from lit_inverse.operators import Fourier, LinearOperator, Operator
from lit_inverse.seeding import generator

Items = Tensor | Sequence[Mapping[str, Any]]
OperatorLaw = Callable[..., Operator]  # makes A of the shape of x, and of `seed` where it is random


def draw(law: OperatorLaw, in_shape: tuple[int, ...], seed: int | Sequence[int], **settings: Any) -> Operator:
    """A for x of shape in_shape; where it is random of the seed, an int or one per item.

    Args:
        law: a class of operators, a partial of one, or what names one as its `drawn_class`.
        in_shape: of x, without the batch.
        seed: goes to operators that have such an argument, in the place of their law's own.
        settings: further arguments.
    """
    seeded = {"seed": seed} if is_random(law) else {}
    if "in_shape" in _parameters(law):  # not the first of operators that are made of others
        return law(in_shape=in_shape, **settings, **seeded)
    return law(in_shape, **settings, **seeded)


def is_random(law: OperatorLaw) -> bool:
    """Whether a law's operators are drawn by a seed; all others are the same."""
    return "seed" in _parameters(law)


def _parameters(law: OperatorLaw) -> set[str]:
    signature = inspect.signature(getattr(law, "drawn_class", law))
    return signature.parameters.keys() | getattr(law, "keywords", {}).keys()


def unknown(item: Mapping[str, Any]) -> Tensor:
    """What A acts on, or something of its shape and kind: x, or the k-space that an item brings with it."""
    found: Tensor = item["kspace"] if "kspace" in item else item["x"]
    return found


def as_told(operator: Operator, x: Tensor, y: Tensor) -> Operator:
    """A as a solver is told it: with a complex y it knows from this when x is real."""
    if y.is_complex() and not x.is_complex() and isinstance(operator, LinearOperator):
        return operator.on_reals()
    return operator


@dataclass(frozen=True)
class Problem:
    """y = A(x) + eta for a drawn operator A (shared, or one per item) and a law of eta."""

    operator: Operator
    noise: Noise = field(default_factory=Gaussian)

    def measure(self, items: Items, seeds: Sequence[int]) -> Tensor:
        """Measurements y of shape (B, *out_shape).

        Items that bring their own measurements, k-space (coils, H, W) of all frequencies, are not simulated: y is what
        A keeps of it, and x is not looked at.

        Args:
            items: x of shape (B, *in_shape), or items of a data module: {"x": (*in_shape), ...}, or
                {"kspace": (*in_shape), ...}.
            seeds: of eta, one per item.

        Raises:
            ValueError: when there are not as many seeds as items, x or k-space does not fit the operator, or the
                operator does not sample k-space.
        """
        return self.simulate(items, seeds)[0]

    def simulate(self, items: Items, seeds: Sequence[int]) -> tuple[Tensor, Tensor]:
        """y of shape (B, *out_shape) and the sigma (B,) of its noise, float64 on the CPU.

        Item by item, so that y is bitwise the same in any batch.
        """
        if len(seeds) != len(items):
            raise ValueError(f"got {len(seeds)} seeds for {len(items)} items, expected one seed per item")
        is_measured = not isinstance(items, Tensor) and any("kspace" in item for item in items)
        x = items if isinstance(items, Tensor) else torch.stack([unknown(item) for item in items])
        self.operator.check_batch(x, self.operator.in_shape, "k-space" if is_measured else "x")
        y, sigma = [], []
        for i, seed in enumerate(seeds):
            operator = self.operator.take([i])
            # clone: products depend on the alignment of their input in the last bit
            one = x[i : i + 1].clone()
            clean = (_sampled(one, operator) if is_measured else operator(one))[0]
            y.append(self.noise.apply(clean, generator(seed)))
            sigma.append(self.noise.sigma(clean))
        return torch.stack(y), torch.tensor(sigma, dtype=torch.float64)


def _sampled(kspace: Tensor, operator: Operator) -> Tensor:
    if not isinstance(operator, Fourier):
        raise ValueError(
            f"operator is {type(operator).__name__}, expected Fourier, CartesianFourier, ...: data that brings its own "
            "k-space is only sampled"
        )
    return operator.sample(kspace)
