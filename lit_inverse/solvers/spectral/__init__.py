"""Spectral regularisation: filters of singular values, and rules that choose their parameter."""

from lit_inverse.solvers.spectral.discrepancy import DiscrepancyPrinciple
from lit_inverse.solvers.spectral.gcv import GCV
from lit_inverse.solvers.spectral.l_curve import LCurve
from lit_inverse.solvers.spectral.parameter_choice import ParameterChoice

__all__ = ["GCV", "DiscrepancyPrinciple", "LCurve", "ParameterChoice"]
