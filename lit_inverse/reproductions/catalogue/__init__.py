"""All figures and tables, in the order of the papers."""

from lit_inverse.reproductions.catalogue import analytic_deep_prior, csdip, non_expansive, survey, untrained
from lit_inverse.reproductions.experiment import Experiment

EXPERIMENTS: tuple[Experiment, ...] = (
    *csdip.EXPERIMENTS,
    *untrained.EXPERIMENTS,
    *analytic_deep_prior.EXPERIMENTS,
    *non_expansive.EXPERIMENTS,
    *survey.EXPERIMENTS,
)
