"""Solvers: each turns y into x_hat without ever seeing x."""

from lit_inverse.solvers.analytic_deep_prior import AnalyticDeepPrior
from lit_inverse.solvers.base import Given, Solver, ValueRange
from lit_inverse.solvers.damp import DAMP
from lit_inverse.solvers.deep_prior import DeepPrior
from lit_inverse.solvers.dvamp import DVAMP
from lit_inverse.solvers.fista import FISTA
from lit_inverse.solvers.generative_admm import GenerativeADMM
from lit_inverse.solvers.intermediate_layer import IntermediateLayer
from lit_inverse.solvers.landweber import Landweber
from lit_inverse.solvers.langevin import Langevin
from lit_inverse.solvers.lasso import Lasso
from lit_inverse.solvers.latent_search import LatentSearch
from lit_inverse.solvers.median_of_means import MedianOfMeans
from lit_inverse.solvers.plug_and_play import PlugAndPlay
from lit_inverse.solvers.power_law import PowerLaw
from lit_inverse.solvers.projected_gradient import ProjectedGradient
from lit_inverse.solvers.real_channels import RealChannels
from lit_inverse.solvers.red import RED
from lit_inverse.solvers.sense import SENSE
from lit_inverse.solvers.soft_tsvd import SoftTSVD
from lit_inverse.solvers.solution import Solution, Status, Trace
from lit_inverse.solvers.sparse_gen import SparseGen
from lit_inverse.solvers.subgradient_descent import SubgradientDescent
from lit_inverse.solvers.tikhonov import Tikhonov
from lit_inverse.solvers.trained import Trained
from lit_inverse.solvers.tsvd import TSVD
from lit_inverse.solvers.tval3 import TVAL3
from lit_inverse.solvers.unfolded import Unfolded
from lit_inverse.solvers.zero_filled import ZeroFilled

__all__ = [
    "DAMP",
    "DVAMP",
    "FISTA",
    "RED",
    "SENSE",
    "TSVD",
    "TVAL3",
    "AnalyticDeepPrior",
    "DeepPrior",
    "GenerativeADMM",
    "Given",
    "IntermediateLayer",
    "Landweber",
    "Langevin",
    "Lasso",
    "LatentSearch",
    "MedianOfMeans",
    "PlugAndPlay",
    "PowerLaw",
    "ProjectedGradient",
    "RealChannels",
    "SoftTSVD",
    "Solution",
    "Solver",
    "SparseGen",
    "Status",
    "SubgradientDescent",
    "Tikhonov",
    "Trace",
    "Trained",
    "Unfolded",
    "ValueRange",
    "ZeroFilled",
]
