"""Dittmer et al. 2020, Regularization by architecture: a deep prior approach for inverse problems."""

from lit_inverse.reproductions import beside
from lit_inverse.reproductions.claims.filters import between, never_damps, order_optimal
from lit_inverse.reproductions.claims.learned_operator import better_once_converged
from lit_inverse.reproductions.claims.values import equal, nearer_to_1, value
from lit_inverse.reproductions.reproduction import Claim, Reproduction, Run

_PAPER = "Analytic deep prior (Dittmer et al. 2020)"
_RUN = Run("analytic_deep_prior", tables=("coefficients", "responses", "orders", "limits", "errors"))
_PICTURE = ("analytic_deep_prior.png",)
_SMALL = "Small: four alphas of six, and 7000 steps of 20,000."
_TEXT = "Worked from the text without its figures:"

REPRODUCTIONS = (
    Reproduction(
        _PAPER,
        "Fig. 4.2",
        _RUN,
        "Direct inverse, Tikhonov and the analytic deep prior for y along one singular function, alpha = .001.",
        [
            Claim(
                "The analytic deep prior damps less than Tikhonov.",
                nearer_to_1("coefficients", "method", "coefficient", "analytic deep prior x(B)", "Tikhonov x(A)"),
            ),
            Claim(
                "Descent on the matrix B ends where eq. 4.17 says (and the other two methods where their formulas do).",
                equal("coefficients", "coefficient", "prediction", 1e-3),
            ),
            Claim(
                "The scalar descent of eq. 4.16 ends where eq. 4.17 says, for all pairs of alpha and sigma.",
                equal("limits", "coefficient", "prediction", 1e-3),
            ),
        ],
        beside.means("coefficients", ["method"], ["coefficient", "prediction"]),
        published="figure and eq. 4.17",
        pictures=_PICTURE,
        notes=(f"{_TEXT} u_7 and delta = .002 are our choices.",),
    ),
    Reproduction(
        _PAPER,
        "Fig. 4.3",
        _RUN,
        "Filters of TSVD, Tikhonov and soft TSVD, alpha = .5.",
        [
            Claim("Soft TSVD and TSVD leave large singular values as they are, Tikhonov damps them.", never_damps()),
            Claim("Soft TSVD damps small singular values, and does not throw them away as TSVD does.", between()),
        ],
        beside.pivot("responses", "filter", "sigma", "response", (0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 2.5)),
        published="figure, and the formulas in Table 4.1",
        pictures=_PICTURE,
    ),
    Reproduction(
        _PAPER,
        "Table 4.1",
        _RUN,
        "Smoothness nu for which each filter is of optimal order.",
        [
            Claim("Tikhonov has gamma = 1/2.", value("orders", "gamma", 0.5, 0.02, filter="Tikhonov")),
            Claim("TSVD has gamma = 1.", value("orders", "gamma", 1.0, 0.02, filter="TSVD")),
            Claim("Soft TSVD has gamma = 1/2.", value("orders", "gamma", 0.5, 0.02, filter="soft TSVD")),
            Claim("Tikhonov is of optimal order for nu < 2, and not beyond.", order_optimal("Tikhonov", most=2.0)),
            Claim("TSVD is for every nu.", order_optimal("TSVD")),
            Claim("Soft TSVD is for every nu.", order_optimal("soft TSVD")),
        ],
        beside.means("orders", ["filter", "nu"], ["gamma", "rate"]),
        published="gamma 1/2, 1 and 1/2 of Tikhonov, TSVD and soft TSVD; 0 < nu < 2, nu > 0 and nu > 0",
        pictures=_PICTURE,
        notes=("Exponents between alpha = 1e-6 and 1e-4.",),
    ),
    Reproduction(
        _PAPER,
        "Fig. 4.6",
        _RUN,
        "Reconstructions from noisy integrals: Tikhonov against the learned B.",
        [
            Claim(
                "For all choices of alpha the converged B gives a smaller error than A.",
                better_once_converged(),
            )
        ],
        beside.means("errors", ["signal", "alpha"], ["tikhonov", "final", "best", "soft_tsvd", "moved"]),
        pictures=_PICTURE,
        notes=(
            f"{_TEXT} u_7 and u_3, two bumps (smooth) as the more general signal, and the values of alpha, from .1 "
            "(small: .03) to .0003, are our choices.",
            "moved is the share of its way that x(B) made in the last tenth of the steps. Where it is .02 or more B "
            "still moves, which leaves the claim undecided.",
            "x(B) is exact here. In the paper (Appendix III) it is the output of L = 10 layers that begin where those "
            "of the step before ended.",
            _SMALL,
        ),
    ),
)
