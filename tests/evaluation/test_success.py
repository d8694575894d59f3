"""Success rates against scipy and by hand."""

import numpy as np

from lit_inverse.evaluation.success import success_rates
from lit_inverse.intervals import wilson_interval


def row(m: int, image: int, nmse: float, repeat: int = 0) -> dict[str, object]:
    return {
        "solver": "a", "label": "A", "m": m, "noise_level": 0.0, "image": str(image), "repeat": repeat, "nmse": nmse
    }  # fmt: skip


def test_a_success_is_an_error_of_at_most_the_threshold() -> None:
    rows = [row(50, image, nmse) for image, nmse in enumerate([0.02, 0.01, 0.005, 0.5])]
    (rate,) = success_rates(rows, 0.01)
    assert (rate.rate, rate.n, rate.threshold) == (0.5, 4, 0.01)
    assert (rate.low, rate.high) == wilson_interval(0.5, 4)


def test_repeats_of_an_image_count_as_one_image() -> None:
    (rate,) = success_rates([row(50, 0, 0.1), row(50, 0, 0.0, repeat=1), row(50, 1, 0.0)], 0.01)
    assert (rate.rate, rate.n) == (0.75, 2)


def test_slices_of_a_volume_count_as_one_image() -> None:
    slices = [row(50, place, nmse) | {"volume": "v"} for place, nmse in enumerate([0.1, 0.0, 0.0, 0.0])]
    (rate,) = success_rates([*slices, row(50, 9, 0.0) | {"volume": "w"}], 0.01)
    assert (rate.rate, rate.n) == (0.875, 2)
    assert (rate.low, rate.high) == wilson_interval(0.875, 2)


def test_a_transition_shows_as_a_rate_per_setting() -> None:
    rows = [row(m, image, 1.0 if image > m / 10 else 0.0) for m in (100, 20, 50) for image in range(10)]
    assert [(rate.setting, rate.rate) for rate in success_rates(rows, 0.5)] == [(20, 0.3), (50, 0.6), (100, 1.0)]


def test_the_interval_is_conservative_for_means_of_shares() -> None:
    """Shares of successes among repeats vary less than single outcomes of the same mean."""
    draws = np.random.default_rng(0).binomial(4, 0.3, size=(2000, 20)) / 4
    covered = [low <= 0.3 <= high for low, high in (wilson_interval(float(d.mean()), 20) for d in draws)]
    assert np.mean(covered) > 0.95
