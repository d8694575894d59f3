"""All figures and tables, in the order of the papers."""

from lit_inverse.reproductions.catalogue import analytic_deep_prior, csdip, non_expansive, survey, untrained
from lit_inverse.reproductions.reproduction import Reproduction

REPRODUCTIONS: tuple[Reproduction, ...] = (
    *csdip.REPRODUCTIONS,
    *untrained.REPRODUCTIONS,
    *analytic_deep_prior.REPRODUCTIONS,
    *non_expansive.REPRODUCTIONS,
    *survey.REPRODUCTIONS,
)
