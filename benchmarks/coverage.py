"""How often 95 % intervals hold the true mean, over simulated sweeps.

    python benchmarks/coverage.py [--sweeps 2000]

Each simulated sweep draws the errors of n images from one law and sums them up as an evaluation does. The bootstrap is
the one of paired differences (BCa).
"""

import argparse
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from lit_inverse.evaluation.comparisons import bootstrap_interval
from lit_inverse.evaluation.statistics import summarise

Floats = npt.NDArray[np.float64]
LAWS: dict[str, tuple[Callable[[np.random.Generator, int], Floats], float]] = {
    "normal": (lambda source, n: source.normal(3.0, 1.0, n), 3.0),
    "log-normal": (lambda source, n: source.lognormal(0.0, 1.0, n), float(np.exp(0.5))),
}


def t_of_a_sweep(errors: Floats) -> tuple[float, float]:
    """The interval of an evaluation's summary."""
    row = {"solver": "a", "label": "a", "m": 1, "noise_level": 0.0, "psnr": None, "ssim": None, "seconds": 0.0}
    rows = [{**row, "image": str(i), "mse": float(error), "status": "max_iter"} for i, error in enumerate(errors)]
    (summary,) = summarise(rows)
    return summary.mse_low, summary.mse_high


def coverage(
    interval: Callable[[Floats], tuple[float, float]], law: str, n: int, n_sweeps: int
) -> tuple[float, float, float]:
    """Share of the sweeps whose interval holds the mean, lies below it, and above it."""
    draw, mean = LAWS[law]
    source = np.random.default_rng(0)
    ends = np.array([interval(draw(source, n)) for _ in range(n_sweeps)])
    below, above = float(np.mean(ends[:, 1] < mean)), float(np.mean(ends[:, 0] > mean))
    return 1 - below - above, below, above


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sweeps", type=int, default=2000)
    args = parser.parse_args()
    print(f"{'law':<12}{'n':>5}{'interval':>12}{'covers (%)':>12}{'below (%)':>11}{'above (%)':>11}")
    for law in LAWS:
        for n in (5, 10, 100):
            for name, interval in (("t", t_of_a_sweep), ("bootstrap", bootstrap_interval)):
                shares = coverage(interval, law, n, args.sweeps)
                covers, below, above = (100 * share for share in shares)
                print(f"{law:<12}{n:>5}{name:>12}{covers:>12.1f}{below:>11.1f}{above:>11.1f}", flush=True)


if __name__ == "__main__":
    main()
