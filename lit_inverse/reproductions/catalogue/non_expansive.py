"""Cocola 2022, Signal recovery with non-expansive generative network priors."""

from lit_inverse.reproductions import beside
from lit_inverse.reproductions.claims.networks import digest, errors, thresholds
from lit_inverse.reproductions.claims.values import as_often, means, slope
from lit_inverse.reproductions.experiment import Claim, Experiment, Run

_PAPER = "Non-expansive generative networks (Cocola 2022)"
_TRIALS = Run("random_networks", tables=(), digests={"settings": digest})
_CONDITIONS = Run("recovery_conditions", tables=("conditions",))
_PICTURE = ("random_networks.png",)
_NOTE = (
    "The appendix with the paper's own figures is not in our text: claims are those of Theorems 1.1 and 1.2.",
    "Networks k - 250 - 600 - n; small: one network of each setting in place of four.",
)
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
            Claim("Recovery takes a number of measurements of the order of k.", slope(_sensing, 0.75, 1.25)),
            Claim("With noise the error is of the order of sqrt(k / m) ||eta||.", slope(_noisy, 0.4, 0.65, fewest=4)),
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
        [Claim("The error is of the order of sqrt(k / n) ||eta||.", slope(_denoised, 0.4, 0.65, fewest=4))],
        beside.exponents([("error, in k / n", "1/2", _denoised)]),
        published="order",
        pictures=_PICTURE,
        notes=_NOTE,
    ),
    Experiment(
        _PAPER,
        "phase retrieval",
        _TRIALS,
        "Phase retrieval with the same networks.",
        [Claim("Recovery takes a number of measurements of the order of k.", slope(_phases, 0.75, 1.25))],
        beside.exponents([("m for success of one half, in k", "1", _phases)]),
        published="order",
        pictures=_PICTURE,
        notes=_NOTE,
    ),
    Experiment(
        _PAPER,
        "spiked matrices",
        _TRIALS,
        "The spiked Wigner and Wishart models with the same networks.",
        [
            Claim("In the Wigner model the error is of the order of sqrt(k / n).", slope(_wigner, 0.4, 0.65, fewest=4)),
            Claim("In the Wishart model it is of the order of sqrt(k / N).", slope(_wishart, 0.4, 0.65, fewest=4)),
        ],
        beside.exponents([("Wigner error, in k / n", "1/2", _wigner), ("Wishart error, in k / N", "1/2", _wishart)]),
        published="orders",
        pictures=_PICTURE,
        notes=_NOTE,
    ),
    Experiment(
        _PAPER,
        "recovery against width and depth",
        _CONDITIONS,
        "Expansive and contractive networks: the condition that the paper puts in place of the WDC, and recovery.",
        [
            Claim(
                "The range-restricted condition gets better with the width of contractive networks.",
                slope(
                    means("conditions", "width", lambda row: float(row["r2wdc"]), family="contractive", depth=3),
                    -2.0,
                    -0.25,
                    fewest=2,
                ),
            ),
            Claim(
                "Contractive networks are recovered as often as expansive ones of the same widths (depth 3).",
                as_often("conditions", "n_recovered", "n_signals", "family", "contractive", "expansive", depth=3),
            ),
        ],
        beside.means("conditions", ["family", "depth", "width"], ["wdc", "r2wdc", "rric", "n_recovered"]),
        published="theory only",
        pictures=("recovery_conditions.png",),
        notes=("k = 5, m = 30. Constants are bounds, as docs/theory.md tells. Small: half as many networks.",),
    ),
)
