"""Parameters of BM3D, in grey levels 0 to 255."""

import math
from dataclasses import dataclass
from typing import Literal

ProfileName = Literal["np", "lc", "high"]

GREY_LEVELS = 255.0  # the range of clean images that the numbers below refer to
HIGH_NOISE = 40.0  # sigma above which other parameters are better (Dabov et al. 2007, Sec. V)


@dataclass(frozen=True)
class Stage:
    """Parameters of one of the two stages.

    Attributes:
        patch: side N1 of the patches.
        step: N_step, pixels between reference patches.
        window: N_S, side of the window of candidates, odd.
        group: N_2, most patches of a group, a power of two.
        tau: tau_match, mean squared difference per pixel up to which patches match.
        transform: of the patches.
    """

    patch: int
    step: int
    window: int
    group: int
    tau: float
    transform: Literal["bior1.5", "dct"]


@dataclass(frozen=True)
class Profile:
    """Both stages, and the threshold lambda_3D of the first in units of sigma."""

    hard: Stage
    wiener: Stage
    threshold: float


# For sigma <= HIGH_NOISE and above: Dabov et al. 2007, Table I, and where their later programs differ the numbers of
# those, but for tau at high noise: 25000 and 3500 there, no limit here. At sigma = 60 and 100 the results are the same;
# at sigma > 112 differences of noise alone, 2 sigma^2, exceed 25000, and most groups would be single patches.
PROFILES: dict[ProfileName, tuple[Profile, Profile]] = {
    "np": (
        Profile(Stage(8, 3, 39, 16, 3000, "bior1.5"), Stage(8, 3, 39, 32, 400, "dct"), 2.7),
        Profile(Stage(8, 3, 39, 16, math.inf, "bior1.5"), Stage(8, 3, 39, 32, math.inf, "dct"), 2.8),
    ),
    "lc": (
        Profile(Stage(8, 6, 25, 16, 3000, "bior1.5"), Stage(8, 5, 25, 16, 400, "dct"), 2.7),
        # groups of 32 instead of 16: 0.07 dB better at sigma = 50 for a tenth of the time
        Profile(Stage(8, 6, 25, 32, math.inf, "bior1.5"), Stage(8, 5, 25, 32, math.inf, "dct"), 2.8),
    ),
    "high": 2 * (Profile(Stage(8, 4, 39, 32, math.inf, "bior1.5"), Stage(11, 6, 39, 32, math.inf, "dct"), 2.8),),
}
