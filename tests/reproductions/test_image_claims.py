"""Claims about the errors of single images, on tables made by hand: each both ways."""

import json
from pathlib import Path
from typing import Any

import pytest
from hand_made import tables

from lit_inverse.reproductions.claims.images import ends_lower, errors, saturates
from lit_inverse.reproductions.collect import collect
from lit_inverse.reproductions.reproduction import Run
from lit_inverse.reproductions.tables import Tables

HALF = saturates("csgm", 75, least=0.5)


def errors_of(solver: str, setting: int, values: list[float]) -> list[dict[str, Any]]:
    return [{"solver": solver, "setting": setting, "noise_level": 0.0, "image": i, "error": value}
            for i, value in enumerate(values)]  # fmt: skip


def test_errors_are_kept_by_image_and_setting_without_repeats(tmp_path: Path) -> None:
    source = tmp_path / "run"
    source.mkdir()
    cases = [
        ("a", "x", 10, 0, 1.0),
        ("a", "x", 10, 1, 3.0),
        ("a", "x", 20, 0, 5.0),
        ("b", "x", 10, 0, 7.0),
        ("c", "x", 10, 0, 9.0),
    ]
    rows = [{"key": str(i), "solver": solver, "image": image, "m": m, "noise_level": 0.5, "repeat": repeat, "mse": mse}
            for i, (solver, image, m, repeat, mse) in enumerate(cases)]  # fmt: skip
    (source / "results.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (source / "done.json").write_text("{}")
    collect(Run("sweep", tables=(), digests={"images": errors("a", "b")}), [], source, tmp_path / "kept")
    found = [tuple(row.values()) for row in Tables(tmp_path / "kept")["images"]]
    assert found == [("a", 10, 0.5, "x", 2.0), ("a", 20, 0.5, "x", 5.0), ("b", 10, 0.5, "x", 7.0)]


@pytest.mark.parametrize(("texture", "holds"), [(0.2, True), (0.1, False), (0.05, False), ("nan", None), (0.0, None)])
def test_a_smooth_image_ends_with_a_smaller_error(texture: Any, holds: bool | None, tmp_path: Path) -> None:
    rows = [{"solver": "all", "image": "smooth", "error": 0.1}, {"solver": "all", "image": "texture", "error": texture}]
    rows += [{"solver": "stop", "image": "smooth", "error": 0.2}]
    assert ends_lower("all", "smooth", "texture")(tables(tmp_path, images=rows)).holds is holds
    assert ends_lower("all", "smooth", "grass")(tables(tmp_path / "b", images=rows)).holds is None


@pytest.mark.parametrize(
    ("last", "holds"),
    [
        ([0.08, 0.07, 0.09, 0.08], True),
        ([0.02, 0.01, 0.02, 0.03], False),
        ([0.05, 0.02, 0.09, 0.05], None),
        ([0.04, 0.05, 0.045, 0.05], None),
        ([0.05, 0.06, 0.055, 0.05], None),
    ],
)
def test_saturation_keeps_half_of_the_error(tmp_path: Path, last: list[float], holds: bool | None) -> None:
    others = [*errors_of("csgm", 25, [1.0] * 4), *errors_of("csdip", 200, [1e-4] * 4)]
    rows = [*errors_of("csgm", 75, [0.1] * 4), *errors_of("csgm", 200, last), *others]
    assert HALF(tables(tmp_path, images=rows)).holds is holds


def test_saturation_is_open_where_a_hard_image_rules_the_mean_error(tmp_path: Path) -> None:
    """Every other image keeps its error."""
    first, last = [0.1] * 9 + [9.0], [0.1] * 9 + [0.1]
    rows = [*errors_of("csgm", 75, first), *errors_of("csgm", 200, last)]
    verdict = HALF(tables(tmp_path, images=rows))
    assert verdict.holds is None
    assert verdict.evidence.startswith("0.99 at 75, 0.1 at 200: 10% of it; by image -1.95 dB (")


@pytest.mark.parametrize("bad", [0.0, "", "nan", "inf"])
def test_an_error_that_has_no_decibels_leaves_saturation_open(tmp_path: Path, bad: Any) -> None:
    rows = [*errors_of("csgm", 75, [0.1, bad]), *errors_of("csgm", 200, [0.1, 0.1])]
    assert HALF(tables(tmp_path, images=rows)).holds is None


def test_saturation_asks_for_a_later_setting_and_for_two_images(tmp_path: Path) -> None:
    lost = errors_of("csgm", 75, [0.1, 0.1, 9.0]) + errors_of("csgm", 200, [0.1, 0.1])
    assert HALF(tables(tmp_path / "d", images=lost)).holds is None
    alone, single = errors_of("csgm", 75, [0.1, 0.1]), errors_of("csgm", 75, [0.1]) + errors_of("csgm", 200, [0.1])
    assert HALF(tables(tmp_path / "a", images=alone)).holds is None
    assert HALF(tables(tmp_path / "b", images=single)).holds is None
    assert HALF(tables(tmp_path / "c")).holds is None


def test_an_image_with_two_errors_decides_nothing(tmp_path: Path) -> None:
    rows = [
        {"solver": "all", "image": "smooth", "error": 0.1},
        {"solver": "all", "image": "texture", "error": 0.2},
        {"solver": "all", "image": "smooth", "error": 0.3},
    ]
    assert ends_lower("all", "smooth", "texture")(tables(tmp_path, images=rows)).holds is None
