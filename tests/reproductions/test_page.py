"""The page and the verdicts on it, from results made by hand."""

from pathlib import Path

import numpy as np
import pytest
from hand_made import comparison, summary, tables
from PIL import Image

from lit_inverse.reproductions import beside
from lit_inverse.reproductions.claims.sweeps import ahead
from lit_inverse.reproductions.collect import collect
from lit_inverse.reproductions.experiment import Claim, Data, Experiment, Run
from lit_inverse.reproductions.page import anchor, write_page
from lit_inverse.reproductions.tables import Tables

RUN = Run("sweep", Data("xray/dev", "chest X-rays"))
ONE = Experiment(
    "A paper (2020)",
    "Fig. 1a",
    RUN,
    "Error against m.",
    [Claim("Ours is ahead of the Lasso.", ahead("ours", "lasso")), Claim("And of TV.", ahead("ours", "tv"))],
    beside.errors(),
    pictures=("figures/error.png",),
    notes=("Other images.",),
)
SUMMARY = [summary("ours", 10, 0.1), summary("lasso", 10, 0.2, diverged=3)]
AHEAD, BEHIND, OPEN = (-0.3, -0.1), (0.1, 0.3), (-0.1, 0.2)


def page(tmp_path: Path, experiment: Experiment = ONE, **record: object) -> str:
    if record.pop("run", True):
        interval = record.pop("tv", AHEAD)
        rows = [comparison("ours", "lasso", 10, *AHEAD), comparison("ours", "tv", 10, *interval)]  # type: ignore[misc]
        tables(tmp_path / "reproductions" / "sweep", record, comparisons=rows, summary=SUMMARY)
    return write_page([experiment], tmp_path).read_text()


@pytest.mark.parametrize(
    ("interval", "verdict"), [(AHEAD, "reproduced"), (BEHIND, "not reproduced"), (OPEN, "undecided")]
)
def test_the_verdict_is_that_of_the_claims(tmp_path: Path, interval: tuple[float, float], verdict: str) -> None:
    text = page(tmp_path, tv=interval)
    assert f"| A paper (2020) | [Fig. 1a](#a-paper-2020-fig-1a) | Error against m. | {verdict} |" in text
    assert f"**Verdict: {verdict}" in text
    if verdict == "not reproduced":
        assert "not reproduced: And of TV (ahead at 0 of 1, behind tv at 10: +0.2 (+0.1 to +0.3))**" in text


def test_what_can_not_be_compared_says_why(tmp_path: Path) -> None:
    one = Experiment("P", "Table 2", RUN, "Times.", [], beside.errors(), not_comparable="another machine")
    text = page(tmp_path, one)
    assert "| not comparable |" in text
    assert "**Verdict: not comparable: another machine**" in text


def test_a_run_that_was_not_made_is_listed_with_its_commands(tmp_path: Path) -> None:
    text = page(tmp_path, run=False)
    assert "| not run |" in text
    assert "--config configs/evaluate/sweep.yaml --config configs/evaluate/sweep.small.yaml --data.root DIR" in text
    assert "Published" not in text


def test_a_section_has_claims_numbers_data_date_and_time(tmp_path: Path) -> None:
    text = page(tmp_path)
    assert "| Ours is ahead of the Lasso. | yes | ahead at 1 of 1, closest lasso at 10: -0.2 (-0.3 to -0.1) |" in text
    assert "| 10 | 0.1 (0.05 to 0.2) | 0.2 (0.1 to 0.4), 3 of 5 diverged |" in text
    assert "data: chest X-rays; 2026-01-02, cpu, test, 1.5 minutes of computation, commit 0123456789ab." in text
    assert "Departures from the paper: Other images." in text
    assert "Not on the data" not in text


def test_data_that_stood_in_is_told_before_all_else(tmp_path: Path) -> None:
    text = page(tmp_path, real=False, data="drawn ellipses")
    section = text[text.index("## A paper") :].split("\n\n")
    assert section[1] == ("> **Not on the data of the paper** (not found: chest X-rays): measured on drawn ellipses.")


def test_the_page_is_a_function_of_what_is_kept(tmp_path: Path) -> None:
    assert page(tmp_path) == page(tmp_path) == write_page([ONE], tmp_path).read_text()


def test_links_lead_to_headings(tmp_path: Path) -> None:
    text = page(tmp_path)
    headings = [anchor(line.removeprefix("## ")) for line in text.splitlines() if line.startswith("## ")]
    assert "a-paper-2020-fig-1a" in headings


def test_tables_and_pictures_are_kept_small(tmp_path: Path) -> None:
    source, docs = tmp_path / "run", tmp_path / "docs"
    tables(source, comparisons=[comparison("ours", "lasso", 10, *AHEAD)], summary=SUMMARY)
    (source / "run.json").rename(source / "done.json")
    (source / "figures").mkdir()
    noise = np.random.default_rng(0).integers(0, 255, (600, 800, 3), dtype=np.uint8)
    Image.fromarray(noise).save(source / "figures" / "error.png")
    kept = docs / "reproductions" / "sweep"
    kept.mkdir(parents=True)
    (kept / "old.csv").touch()
    collect(RUN, ["figures/nothing.png|figures/err*.png", "figures/absent.png"], source, kept)
    assert {path.name for path in kept.iterdir()} == {"comparisons.csv", "summary.csv", "error.png", "run.json"}
    assert (kept / "error.png").stat().st_size <= 150_000
    assert Tables(kept).record["seconds"] == 90.0
    assert "![A paper (2020), Fig. 1a](reproductions/sweep/error.png)" in write_page([ONE], docs).read_text()


def test_digests_are_kept_in_place_of_large_tables(tmp_path: Path) -> None:
    tables(tmp_path / "run", trials=[{"k": 1}, {"k": 2}])
    (tmp_path / "run" / "run.json").rename(tmp_path / "run" / "done.json")
    run = Run("theory", tables=(), digests={"settings": lambda of: [{"n": len(of["trials"])}]})
    collect(run, [], tmp_path / "run", tmp_path / "kept")
    assert Tables(tmp_path / "kept")["settings"] == [{"n": 2}]
    assert not (tmp_path / "kept" / "trials.csv").exists()
