"""The parts that fits of untrained networks are put together from."""

from lit_inverse.solvers.fitting.data_terms import AbsoluteError, DataTerm, PoissonLikelihood, SquaredError
from lit_inverse.solvers.fitting.descent import Descent, Iterate, Known, Objective
from lit_inverse.solvers.fitting.ensemble import Ensemble
from lit_inverse.solvers.fitting.inputs import FixedInput, Input, JitteredInput
from lit_inverse.solvers.fitting.learned_regularization import LearnedRegularization
from lit_inverse.solvers.fitting.optimizers import SGD, Adam, Optimizer, RMSprop
from lit_inverse.solvers.fitting.outputs import ExponentialAverage, Output, RawOutput
from lit_inverse.solvers.fitting.regularizers import AnisotropicTV, IsotropicTV, Regularizer, Sum, WeightDecay
from lit_inverse.solvers.fitting.roll_back import RollBack
from lit_inverse.solvers.fitting.run import Fits, Fitting
from lit_inverse.solvers.fitting.schedules import Constant, LinearDecay, Schedule

__all__ = [
    "SGD",
    "AbsoluteError",
    "Adam",
    "AnisotropicTV",
    "Constant",
    "DataTerm",
    "Descent",
    "Ensemble",
    "ExponentialAverage",
    "Fits",
    "Fitting",
    "FixedInput",
    "Input",
    "IsotropicTV",
    "Iterate",
    "JitteredInput",
    "Known",
    "LearnedRegularization",
    "LinearDecay",
    "Objective",
    "Optimizer",
    "Output",
    "PoissonLikelihood",
    "RMSprop",
    "RawOutput",
    "Regularizer",
    "RollBack",
    "Schedule",
    "SquaredError",
    "Sum",
    "WeightDecay",
]
