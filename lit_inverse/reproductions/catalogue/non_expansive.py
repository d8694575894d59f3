"""Cocola 2022, Signal recovery with non-expansive generative network priors."""

import math

from lit_inverse.reproductions import beside
from lit_inverse.reproductions.claims.missing import number
from lit_inverse.reproductions.claims.networks import digest, errors, thresholds
from lit_inverse.reproductions.claims.values import as_often, means, slope
from lit_inverse.reproductions.reproduction import Claim, Reproduction, Run

_PAPER = "Non-expansive generative networks (Cocola 2022)"
_TRIALS = Run("random_networks", tables=(), digests={"settings": digest})
_CONDITIONS = Run("recovery_conditions", tables=("conditions",))
_PICTURE = ("random_networks.png",)
_NETWORKS = (
    "Networks k - 250 - 600 - n, n = 200 unless another one is told; small: two networks of each setting in place of "
    "four."
)
_HALF = (
    "The theorem holds with high probability and up to logarithms; the m measured is that from which on one half of "
    "the signals are recovered."
)
_KEPT = (
    "Errors with noise are medians over the signals with a relative error below .3, others having ended at a spurious "
    "point; a claim is undecided where fewer than half of the signals are left at a setting."
)
_NOTE = (
    "The figures of the paper's appendix were not at hand: claims are those of Theorem 1.1.",
    _HALF,
    _KEPT,
    _NETWORKS,
)
_RATES = (
    "Theorem 1.2 says that the same algorithm succeeds with high probability. The rates that the appendix proves were "
    "not at hand: these are those of the works that it extends to contractive layers."
)
_CONSTANTS = (
    "k = 5, m = 30. Constants are bounds, as docs/theory.md tells. Small: three networks of each setting in place of "
    "four, 70 signals of each in place of 100, and no networks of four and five layers.",
    "To lose at most a fifth of the signals is a margin chosen here: the theorem says that signals are recovered with "
    "high probability.",
    "Signals of one random network count as independent: where networks differ much, the intervals are too narrow.",
    "The paper has no such measurement.",
)
_LEAST = 0.4  # of exponents that are 1/2 in theory and more where errors are smaller yet, with room for noise
_MOST = 1.25  # of exponents that are 1 in theory, likewise
_ORDER_K = "A number of measurements of the order of k suffices (for one half of the signals)."
_UNLESS_FAILED = "(median over signals with a relative error below .3)"
_sensing, _phases = thresholds("compressed sensing"), thresholds("phase retrieval")
_noisy = errors("compressed sensing", "relative", over="m")
_denoised = errors("denoising", "relative", over="n")
_wigner, _wishart = errors("Wigner", "error", over="n"), errors("Wishart", "error", over="m")

REPRODUCTIONS = (
    Reproduction(
        _PAPER,
        "recovery against m and k",
        _TRIALS,
        "Compressed sensing with random networks whose last layer is contractive.",
        [
            Claim(_ORDER_K, slope(_sensing, -math.inf, _MOST)),
            Claim(
                f"With noise the error is at most of the order of sqrt(k / m) ||eta|| {_UNLESS_FAILED}.",
                slope(_noisy, _LEAST, math.inf),
            ),
        ],
        beside.exponents(
            [("m for success of one half, in k", "1", _sensing), ("noisy error, in k / m", "1/2", _noisy)]
        ),
        published="orders",
        pictures=_PICTURE,
        notes=_NOTE,
    ),
    Reproduction(
        _PAPER,
        "denoising",
        _TRIALS,
        "Denoising with random networks of 100 to 800 outputs, contractive up to 400.",
        [
            Claim(
                f"The error is at most of the order of sqrt(k / n) ||eta|| {_UNLESS_FAILED}.",
                slope(_denoised, _LEAST, math.inf),
            )
        ],
        beside.exponents([("error, in k / n", "1/2", _denoised)]),
        published="order",
        pictures=_PICTURE,
        notes=(_RATES, _KEPT, "At n = 800 the last layer expands.", _NETWORKS),
    ),
    Reproduction(
        _PAPER,
        "phase retrieval",
        _TRIALS,
        "Phase retrieval with random networks whose last layer is contractive.",
        [Claim(_ORDER_K, slope(_phases, -math.inf, _MOST))],
        beside.exponents([("m for success of one half, in k", "1", _phases)]),
        published="order",
        pictures=_PICTURE,
        notes=(_RATES, _HALF, _NETWORKS),
    ),
    Reproduction(
        _PAPER,
        "spiked matrices",
        _TRIALS,
        "The spiked Wigner and Wishart models with random networks whose last layer is contractive.",
        [
            Claim(
                f"In the Wigner model the error is at most of the order of sqrt(k / n) {_UNLESS_FAILED}.",
                slope(_wigner, _LEAST, math.inf),
            ),
            Claim(
                f"In the Wishart model it is at most of the order of sqrt(k / N) {_UNLESS_FAILED}.",
                slope(_wishart, _LEAST, math.inf),
            ),
        ],
        beside.exponents([("Wigner error, in k / n", "1/2", _wigner), ("Wishart error, in k / N", "1/2", _wishart)]),
        published="orders",
        pictures=_PICTURE,
        notes=(_RATES, _KEPT, "In the Wigner model n = 100, 200 and 400.", _NETWORKS),
    ),
    Reproduction(
        _PAPER,
        "recovery against width",
        _CONDITIONS,
        "Expansive and contractive networks: the condition that the paper puts in place of the WDC, and recovery.",
        [
            Claim(
                "The range-restricted condition gets better with the width of contractive networks.",
                slope(
                    means("conditions", "width", lambda row: number(row["r2wdc"]), family="contractive", depth=3),
                    -math.inf,
                    0.0,
                ),
            ),
            Claim(
                "Layers need not expand: contractive networks are recovered as often as expansive ones of the same "
                "widths, or less often by at most a fifth of the signals (three layers, every width).",
                as_often(
                    "conditions", "n_recovered", "n_signals", "family", "contractive", "expansive", "width", depth=3
                ),
            ),
        ],
        beside.means("conditions", ["family", "depth", "width"], ["wdc", "r2wdc", "rric", "n_recovered"]),
        published="theory only",
        pictures=("recovery_conditions.png",),
        notes=_CONSTANTS,
    ),
    Reproduction(
        _PAPER,
        "recovery against depth",
        _CONDITIONS,
        "Recovery with two to six layers, the narrowest 24 k wide, and m = 6 k.",
        [
            Claim(
                "Layers need not expand: contractive networks are recovered as often as expansive ones of the same "
                "widths, or less often by at most a fifth of the signals (every depth).",
                as_often(
                    "conditions", "n_recovered", "n_signals", "family", "contractive", "expansive", "depth", width=24
                ),
            )
        ],
        beside.means("conditions", ["family", "depth", "width"], ["n_recovered"]),
        published="theory only",
        pictures=("recovery_conditions.png",),
        notes=_CONSTANTS,
        not_comparable="the theorem has widths and m grow with the depth, by a power it does not name; here both stay",
    ),
)
