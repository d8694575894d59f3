"""Figures of a sweep, one per file, readable in greyscale: each solver has a colour, a marker and a dash."""

from lit_inverse.evaluation.figures.diagnostics import Panel, constants_against_setting, constants_of_solvers
from lit_inverse.evaluation.figures.error_curves import error_against_noise, error_against_setting
from lit_inverse.evaluation.figures.iterations import along_iterations
from lit_inverse.evaluation.figures.layers import error_along_layers
from lit_inverse.evaluation.figures.paired_differences import paired_differences
from lit_inverse.evaluation.figures.pareto import error_against_time
from lit_inverse.evaluation.figures.reconstructions import reconstruction_grid
from lit_inverse.evaluation.figures.style import MAX_PANELS, axis_name
from lit_inverse.evaluation.figures.success_curves import success_against_setting

__all__ = [
    "MAX_PANELS",
    "Panel",
    "along_iterations",
    "axis_name",
    "constants_against_setting",
    "constants_of_solvers",
    "error_against_noise",
    "error_against_setting",
    "error_against_time",
    "error_along_layers",
    "paired_differences",
    "reconstruction_grid",
    "success_against_setting",
]
