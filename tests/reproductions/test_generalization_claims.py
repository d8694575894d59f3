"""Claims about the generalisation gap, on tables made by hand: each both ways."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from hand_made import tables

from datamodules import SparseSignalsDataModule
from lit_inverse.reproductions.claims.generalization import error_of_zero, gap, grows_as_the_bound, smaller_gap

SMALLER = smaller_gap("phi", "relu", n_layers=10)
GROWS = grows_as_the_bound("phi", (10, 20), n_train=512)


def networks(
    name: str, n_train: int, gaps: Sequence[Any], n_layers: int = 10, train: float = 1.0
) -> list[dict[str, Any]]:
    return [
        {"network": name, "n_layers": n_layers, "n_train": n_train, "seed": seed, "train_loss": train,
         "loss": gap if isinstance(gap, str) else train + gap, "sparsity": 12}
        for seed, gap in enumerate(gaps)
    ]  # fmt: skip


RELU = [*networks("relu", 32, (2.0, 2.1, 1.9)), *networks("relu", 128, (1.0, 1.1, 0.9))]
BELOW = networks("phi", 32, (0.5, 0.6, 0.5))


@pytest.mark.parametrize(
    ("at_128", "holds"),
    [
        ((0.2, 0.3, 0.2), True),
        ((0.1, 0.9, 0.8), None),  # the mean is smaller, the seeds scatter
        ((3.0, 3.2, 2.8), False),
        ((1.2, 1.28, 1.12), False),  # scatters, but with the seed like the other one
        ((0.2,), None),  # one seed has no interval
        ((0.2, 0.3, "nan"), None),
        ((), None),
    ],
)
def test_a_gap_is_smaller_by_intervals_over_seeds(tmp_path: Path, at_128: Sequence[Any], holds: bool | None) -> None:
    verdict = SMALLER(tables(tmp_path, gaps=[*BELOW, *networks("phi", 128, at_128), *RELU]))
    assert verdict.holds is holds
    assert "N = 32: -1.47 (-1.61 to -1.32, 3 seeds)" in verdict.evidence


@pytest.mark.parametrize(("gaps", "holds"), [((0.2, 0.3, 0.2), None), ((3.0, 3.2, 2.8), None)])
def test_a_network_that_fits_nothing_is_not_compared_with(
    tmp_path: Path, gaps: Sequence[float], holds: bool | None
) -> None:
    idle = networks("relu", 128, (0.01, 0.02, 0.015), train=0.9 * error_of_zero(12))
    verdict = SMALLER(tables(tmp_path / "a", gaps=[*BELOW, *networks("phi", 128, gaps), *RELU[:3], *idle]))
    assert verdict.holds is holds
    assert "N = 128: nothing learned by relu" in verdict.evidence
    larger = [*networks("phi", 32, (3.0, 3.2, 2.8)), *networks("phi", 128, gaps), *RELU[:3], *idle]
    assert SMALLER(tables(tmp_path / "b", gaps=larger)).holds is False
    assert SMALLER(tables(tmp_path / "c", gaps=[*networks("phi", 128, gaps), *idle])).holds is None


def test_many_sizes_do_not_refute_by_chance(tmp_path: Path) -> None:
    """At one of five sizes the 95 % interval just lies above 0, that of five together does not."""
    near = networks("phi", 1, (1.02, 1.14, 0.97, 1.1))
    rows = [*near, *networks("relu", 1, (1.0, 1.1, 0.9, 1.0))]
    alone = SMALLER(tables(tmp_path / "alone", gaps=rows))
    for size in range(2, 6):
        rows += networks("phi", size, (0.5, 0.6, 0.5, 0.6)) + networks("relu", size, (1.0, 1.1, 0.9, 1.0))
    assert alone.holds is False
    assert SMALLER(tables(tmp_path / "all", gaps=rows)).holds is None


@pytest.mark.parametrize(
    ("deep", "holds"),
    [((0.08, 0.1, 0.09), True), ((0.14, 0.16, 0.15), False), ((0.08, 0.2, 0.1), None), ((0.05,), None), ((), None)],
)
def test_the_gap_grows_with_the_depth_no_faster_than_the_bound(
    tmp_path: Path, deep: Sequence[float], holds: bool | None
) -> None:
    rows = [*networks("phi", 512, (0.09, 0.1, 0.095)), *networks("phi", 512, deep, n_layers=20)]
    verdict = GROWS(tables(tmp_path, gaps=rows))
    assert verdict.holds is holds
    assert len(deep) < 2 or "less 1.14 times that of 10" in verdict.evidence


def test_networks_that_fit_nothing_have_no_growth(tmp_path: Path) -> None:
    idle = networks("phi", 512, (0.001, 0.002, 0.001), n_layers=20, train=0.99 * error_of_zero(12))
    found = tables(tmp_path, gaps=[*networks("phi", 512, (0.09, 0.1, 0.095)), *idle])
    assert GROWS(found).holds is None
    assert math.isnan(gap(found["gaps"][-1]))


def test_the_error_of_zero_is_the_mean_length_of_the_signals() -> None:
    x = SparseSignalsDataModule(n=120, n_nonzero=12, n_test=5000).dataset("test").x
    lengths = torch.linalg.vector_norm(x, dim=1)
    assert float(lengths.mean()) == pytest.approx(error_of_zero(12), abs=4 * float(lengths.std()) / math.sqrt(5000))


@pytest.mark.parametrize("check", [SMALLER, GROWS])
def test_gaps_that_were_not_measured_decide_nothing(tmp_path: Path, check: Any) -> None:
    assert check(tables(tmp_path)).holds is None
