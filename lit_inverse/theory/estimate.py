"""A constant of theory, as far as it can be measured."""

from dataclasses import dataclass
from typing import Literal

Bound = Literal["exact", "lower", "upper", "mean"]


@dataclass(frozen=True)
class Estimate:
    """One number, and what is known of the constant by it.

    Attributes:
        value: the number.
        bound: what it is: "exact" up to rounding; a "lower" or an "upper" bound of the constant, such as the worst case
            that a search has found; or a "mean" over draws.
        error: half width of the 95 % interval of a mean; 0 of everything else.
        n: number of samples that it rests on; 1 of everything that is not sampled.
    """

    value: float
    bound: Bound
    error: float = 0.0
    n: int = 1
