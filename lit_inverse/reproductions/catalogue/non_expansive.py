"""Cocola 2022, Signal recovery with non-expansive generative network priors."""

import math

from lit_inverse.reproductions import beside
from lit_inverse.reproductions.claims.missing import number
from lit_inverse.reproductions.claims.networks import digest, errors, thresholds
from lit_inverse.reproductions.claims.values import as_often, means, slope
from lit_inverse.reproductions.experiment import Claim, Experiment, Run

_PAPER = "Non-expansive generative networks (Cocola 2022)"
_TRIALS = Run("random_networks", tables=(), digests={"settings": digest})
_CONDITIONS = Run("recovery_conditions", tables=("conditions",))
_PICTURE = ("random_networks.png",)
_NETWORKS = "Networks k - 250 - 600 - n; small: one network of each setting in place of four."
_NOTE = ("The appendix with the paper's own figures is not in our text: claims are those of Theorem 1.1.", _NETWORKS)
_NOTE_2 = (
    "Theorem 1.2 says that the same algorithm succeeds; its rates are in the appendix, which is not in our text: these "
    "are those of the works that it extends to contractive layers.",
    _NETWORKS,
)
_CONSTANTS = (
    "k = 5, m = 30. Constants are bounds, as docs/theory.md tells. Small: half as many networks.",
    "The paper has no such measurement.",
)
_LEAST = 0.4  # of exponents that are 1/2 in theory and more where errors are smaller yet, with room for noise
_MOST = 1.25  # of exponents that are 1 in theory, likewise
_sensing, _phases = thresholds("compressed sensing"), thresholds("phase retrieval")
_noisy = errors("compressed sensing", "relative", over="m")
_denoised = errors("denoising", "relative", over="n")
_wigner, _wishart = errors("Wigner", "error", over="n"), errors("Wishart", "error", over="m")

EXPERIMENTS = (
    Experiment(
        _PAPER,
        "recovery against m and k",
        _TRIALS,
        "Compressed sensing with random networks whose last layer is contractive.",
        [
            Claim("A number of measurements of the order of k suffices.", slope(_sensing, -math.inf, _MOST)),
            Claim(
                "With noise the error is at most of the order of sqrt(k / m) ||eta||.", slope(_noisy, _LEAST, math.inf)
            ),
        ],
        beside.exponents(
            [("m for success of one half, in k", "1", _sensing), ("noisy error, in k / m", "1/2", _noisy)]
        ),
        published="orders",
        pictures=_PICTURE,
        notes=_NOTE,
    ),
    Experiment(
        _PAPER,
        "denoising",
        _TRIALS,
        "Denoising with the same networks.",
        [Claim("The error is at most of the order of sqrt(k / n) ||eta||.", slope(_denoised, _LEAST, math.inf))],
        beside.exponents([("error, in k / n", "1/2", _denoised)]),
        published="order",
        pictures=_PICTURE,
        notes=_NOTE_2,
    ),
    Experiment(
        _PAPER,
        "phase retrieval",
        _TRIALS,
        "Phase retrieval with the same networks.",
        [Claim("A number of measurements of the order of k suffices.", slope(_phases, -math.inf, _MOST))],
        beside.exponents([("m for success of one half, in k", "1", _phases)]),
        published="order",
        pictures=_PICTURE,
        notes=_NOTE_2,
    ),
    Experiment(
        _PAPER,
        "spiked matrices",
        _TRIALS,
        "The spiked Wigner and Wishart models with the same networks.",
        [
            Claim(
                "In the Wigner model the error is at most of the order of sqrt(k / n).",
                slope(_wigner, _LEAST, math.inf),
            ),
            Claim("In the Wishart model it is at most of the order of sqrt(k / N).", slope(_wishart, _LEAST, math.inf)),
        ],
        beside.exponents([("Wigner error, in k / n", "1/2", _wigner), ("Wishart error, in k / N", "1/2", _wishart)]),
        published="orders",
        pictures=_PICTURE,
        notes=_NOTE_2,
    ),
    Experiment(
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
    Experiment(
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
