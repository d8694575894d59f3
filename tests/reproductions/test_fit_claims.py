"""Claims about fits of an image and of noise, on tables made by hand: each both ways."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hand_made import tables

from lit_inverse.reproductions import beside
from lit_inverse.reproductions.claims.fits import fitted_sooner, has_a_minimum
from lit_inverse.reproductions.reproduction import Check

AT = (0, 10, 20, 30, 40)


def fit(target: str, losses: Sequence[float], errors: Sequence[Any] = (1.0,) * 5) -> list[dict[str, Any]]:
    return [
        {"target": target, "iteration": i, "loss": loss, "error": error}
        for i, loss, error in zip(AT, losses, errors, strict=True)
    ]


@pytest.mark.parametrize(
    ("noise", "holds", "told"),
    [
        ((5, 4, 3, 2, 0.4), True, "noise after 40 (4 times)"),
        ((5, 4, 3, 0.4, 0.3), True, "noise after 30 (3 times)"),
        ((5, 4, 0.4, 0.3, 0.2), False, "noise after 20 (2 times)"),
        ((5, 4, 3, 2, 1), True, "noise after more than 40 (over 4 times)"),
    ],
)
def test_the_image_is_fitted_sooner_than_noise(noise: Sequence[float], holds: bool, told: str, tmp_path: Path) -> None:
    found = tables(tmp_path, fits=[*fit("image", (10, 0.9, 0.5, 0.2, 0.1)), *fit("noise", noise)])
    verdict = fitted_sooner("image", "noise", 0.1, 3.0)(found)
    assert verdict.holds is holds
    assert verdict.evidence == f"image below 10% of its start after 10 iterations, {told}"


def test_fits_that_ended_too_soon_decide_nothing(tmp_path: Path) -> None:
    slow = fit("noise", (5, 4, 3, 2, 1))
    found = tables(tmp_path, fits=[*fit("image", (10, 9, 8, 0.9, 0.8)), *slow])
    assert fitted_sooner("image", "noise", 0.1, 2.0)(found).holds is None
    neither = tables(tmp_path / "b", fits=[*fit("image", (10, 9, 8, 7, 6)), *slow])
    assert fitted_sooner("image", "noise", 0.1, 2.0)(neither).holds is None
    assert fitted_sooner("image", "noise", 0.3, 2.0)(neither).holds is False


@pytest.mark.parametrize(
    ("errors", "holds"),
    [
        ((1.0, 0.5, 0.4, 0.5, 0.6), True),
        ((1.0, 0.5, 0.4, 0.41, 0.42), False),
        ((1.0, 0.5, 0.4, 0.3, 0.2), False),
        ((0.2, 0.3, 0.4, 0.5, 0.6), False),
    ],
)
def test_the_error_passes_a_minimum(errors: Sequence[float], holds: bool, tmp_path: Path) -> None:
    verdict = has_a_minimum("both", 0.1)(tables(tmp_path, fits=fit("both", AT, errors)))
    assert verdict.holds is holds
    assert verdict.evidence.startswith(f"{errors[0]:.3g} at first, {min(errors):.3g} after ")


@pytest.mark.parametrize("check", [fitted_sooner("image", "noise", 0.1, 2.0), has_a_minimum("image", 0.1)])
def test_what_was_not_measured_is_not_decided(check: Check, tmp_path: Path) -> None:
    assert check(tables(tmp_path)).holds is None
    diverged = fit("image", (10, 0.9, 0.5, float("nan"), 0.1), (1.0, 0.5, 0.2, float("nan"), 0.6))
    assert check(tables(tmp_path / "nan", fits=[*diverged, *fit("noise", (5, 4, 3, 2, 1))])).holds is None


def test_iterations_are_told_beside_the_published_ones(tmp_path: Path) -> None:
    made = beside.fits({"image": "300", "noise": "3000"}, 0.1, ("both", "300"))
    rows = [*fit("image", (10, 0.9, 0.5, 0.2, 0.1)), *fit("noise", (5, 4, 3, 2, 1)), *fit("both", AT, (9, 8, 2, 3, 4))]
    assert [row[1:] for row in made(tables(tmp_path, fits=rows)).rows] == [
        ["300", "10"], ["3000", "more than 40"], ["300", "20"],
    ]  # fmt: skip
    assert {row[2] for row in made(tables(tmp_path / "b")).rows} == {"not measured"}
