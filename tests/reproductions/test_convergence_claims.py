"""Claims about the end of a fit: each both ways, and on what a sweep keeps."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hand_made import tables

from lit_inverse.reproductions.claims.convergence import digest, needs_no_stop
from lit_inverse.reproductions.collect import collect
from lit_inverse.reproductions.reproduction import Run
from lit_inverse.reproductions.tables import Tables

CHECK = needs_no_stop(0.1)
AT = (1, 100, 500, 760, 850, 950, 980, 1000)
FLAT = (1.0, 0.3, 0.2, 0.101, 0.1, 0.1, 0.1, 0.099)
FITTED = (1.0, 0.3, 1e-2, 3e-3, 1e-3, 5e-4, 3e-4, 1e-4)
FALLS = (1.0, 0.3, 0.2, 0.15, 0.1, 0.08, 0.075, 0.07)
JUMPS = (1.0, 0.3, 0.2, 0.1, 0.1, 0.1, 0.3, 0.1)
RISES = (1.0, 0.3, 0.2, 0.1, 0.1, 1.0, 3.0, 5.0)


def fit(losses: Sequence[Any], errors: Sequence[Any]) -> list[dict[str, Any]]:
    """Errors are kept at fewer iterations."""
    kept = dict(zip((0, 100, 760, 1000), errors, strict=True))
    return [{"image": "a", "iteration": 0, "loss": "", "error": errors[0]}] + [
        {"image": "a", "iteration": at, "loss": loss, "error": kept.get(at, "")}
        for at, loss in zip(AT, losses, strict=True)
    ]


RESTING = (1.0, 0.1, 0.1, 0.1)
WORSE = (1.0, 0.1, 0.149, 0.15)


@pytest.mark.parametrize(
    ("losses", "errors", "holds"),
    [
        (FLAT, RESTING, True),
        (FITTED, RESTING, True),
        (FLAT, WORSE, False),
        (FALLS, RESTING, None),
        (FALLS, WORSE, None),
        (JUMPS, RESTING, True),
        (RISES, RESTING, None),
        (FLAT, (1.0, 0.2, 0.11, 0.1), None),
        (FLAT, (1.0, 0.1, 0.1, 0.105), None),
        (FLAT, (1.0, 0.1, 0.1, "nan"), None),
        (("nan",) * 8, RESTING, None),
    ],
)
def test_a_fit_needs_no_stop_once_it_has_converged(
    losses: Sequence[Any], errors: Sequence[Any], holds: bool | None, tmp_path: Path
) -> None:
    assert CHECK(tables(tmp_path, along=fit(losses, errors))).holds is holds


def test_a_flat_loss_is_no_convergence_where_the_fit_must_reach_y(tmp_path: Path) -> None:
    must_fit = needs_no_stop(0.1, must_fit=True)
    verdict = must_fit(tables(tmp_path / "flat", along=fit(FLAT, RESTING)))
    assert verdict.holds is None
    assert verdict.evidence.endswith("not converged: the loss, 0.1 of the first, does not reach y")
    assert must_fit(tables(tmp_path / "fitted", along=fit(FITTED, RESTING))).holds


def test_it_is_told_what_still_moves(tmp_path: Path) -> None:
    falls = CHECK(tables(tmp_path / "a", along=fit(FALLS, RESTING))).evidence
    assert falls.startswith("error 0.1 after 1000 iterations, +0.0% of the least, after 100; not converged: ")
    assert falls.endswith("the loss, 0.075 of the first, still changes")
    moves = CHECK(tables(tmp_path / "b", along=fit(FLAT, (1.0, 0.1, 0.1, 0.105)))).evidence
    assert moves.endswith("not converged: the error still changes, by +5.0%")


def test_the_least_error_is_that_along_the_whole_fit(tmp_path: Path) -> None:
    """Not that of a few stops."""
    rows = [*fit(FLAT, (1.0, 0.3, 0.2, 0.2)), {"image": "a", "iteration": 20, "loss": "", "error": 0.1}]
    verdict = CHECK(tables(tmp_path, along=rows))
    assert verdict.holds is False
    assert "+100.0% of the least, after 20" in verdict.evidence


def test_what_was_not_measured_is_not_decided(tmp_path: Path) -> None:
    assert CHECK(tables(tmp_path)).holds is None


def test_loss_and_error_of_the_followed_image_are_kept(tmp_path: Path) -> None:
    source = tmp_path / "run"
    (source / "trajectories").mkdir(parents=True)
    rows = [{"key": key, "solver": solver, "image": image, "mse": float(key)}
            for key, solver, image in (("1", "stop", "a"), ("2", "all", "a"), ("3", "all", "b"))]  # fmt: skip
    (source / "results.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for key, shift in (("1", 5.0), ("2", 0.0)):
        kept = {
            "iterations": [0, 2],
            "mse": [1.0, 0.5 + shift],
            "objective": "loss",
            "steps": [1, 2],
            "values": [3.0, 2.0],
        }
        (source / "trajectories" / f"{key}.json").write_text(json.dumps(kept))
    (source / "done.json").write_text("{}")
    run = Run("sweep", tables=(), digests={"along": digest("all"), "none": digest("nobody")})
    collect(run, [], source, tmp_path / "kept")
    found = Tables(tmp_path / "kept")
    assert found["along"] == [
        {"image": "a", "iteration": 0, "loss": None, "error": 1.0},
        {"image": "a", "iteration": 1, "loss": 3.0, "error": None},
        {"image": "a", "iteration": 2, "loss": 2.0, "error": 0.5},
    ]
    assert found["none"] == []
