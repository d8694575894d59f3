"""Solvers: each turns y into x_hat without ever seeing x."""

from lit_inverse.solvers.base import Solver, ValueRange
from lit_inverse.solvers.deep_prior import DeepPrior
from lit_inverse.solvers.fista import FISTA
from lit_inverse.solvers.lasso import Lasso
from lit_inverse.solvers.latent_search import LatentSearch
from lit_inverse.solvers.power_law import PowerLaw
from lit_inverse.solvers.solution import Solution, Status, Trace
from lit_inverse.solvers.tval3 import TVAL3

__all__ = [
    "FISTA",
    "TVAL3",
    "DeepPrior",
    "Lasso",
    "LatentSearch",
    "PowerLaw",
    "Solution",
    "Solver",
    "Status",
    "Trace",
    "ValueRange",
]
