"""The page and the verdicts on it, from results made by hand."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hand_made import comparison, summary, tables
from PIL import Image

from lit_inverse.reproductions import beside
from lit_inverse.reproductions.collect import collect
from lit_inverse.reproductions.page import anchor, write_page
from lit_inverse.reproductions.reproduction import Claim, Data, Reproduction, Run, Verdict
from lit_inverse.reproductions.tables import Row, Tables

RUN = Run("sweep", Data("xray/dev", "chest X-rays", terms="Theirs."))
ONE = Reproduction(
    "A paper (2020)",
    "Fig. 1a",
    RUN,
    "Error against m.",
    [
        Claim("Ours is ahead of the Lasso.", lambda _: Verdict(True, "ahead at 1 of 1")),
        Claim("And of TV.", lambda of: Verdict(of.record["tv"], "ahead | beside at 0 of 1")),
    ],
    beside.errors(),
    pictures=("figures/error.png",),
    notes=("Other images.",),
)
SUMMARY = [summary("ours", 10, 0.1), summary("lasso", 10, 0.2, diverged=3)]


def page(docs: Path, experiment: Reproduction = ONE, **record: object) -> str:
    tables(docs / "reproductions" / "sweep", {"tv": True} | record, summary=SUMMARY)
    return write_page([experiment], docs).read_text()


@pytest.mark.parametrize(("tv", "verdict"), [(True, "reproduced"), (False, "not reproduced"), (None, "undecided")])
def test_the_verdict_is_that_of_the_claims(tmp_path: Path, tv: bool | None, verdict: str) -> None:
    text = page(tmp_path, tv=tv)
    assert f"| A paper (2020) | [Fig. 1a](#a-paper-2020-fig-1a) | Error against m. | {verdict} |" in text
    why = "" if tv else ": And of TV"
    assert f"**Verdict: {verdict}{why}**" in text


def test_the_page_says_what_an_interval_is_of(tmp_path: Path) -> None:
    said = " ".join(page(tmp_path).split())
    assert (
        "The interval after a difference in dB is that of the mean, over n images (a volume is one), of 10 log10"
        in said
    )


def test_what_can_not_be_compared_says_why(tmp_path: Path) -> None:
    one = Reproduction("P", "Table 2", RUN, "Times.", [], beside.errors(), not_comparable="another machine")
    text = page(tmp_path, one)
    assert "| not comparable |" in text
    assert "**Verdict: not comparable: another machine**" in text


def test_a_run_that_was_not_made_is_listed_with_its_commands(tmp_path: Path) -> None:
    text = write_page([ONE], tmp_path).read_text()
    assert "| not run |" in text
    assert "--config configs/evaluate/sweep.yaml --config configs/evaluate/sweep.small.yaml --data.root DIR" in text
    assert "Published" not in text


def test_a_section_has_claims_numbers_data_date_and_time(tmp_path: Path) -> None:
    text = page(tmp_path)
    assert "| Ours is ahead of the Lasso. | yes | ahead at 1 of 1 |" in text
    assert "| And of TV. | yes | ahead \\| beside at 0 of 1 |" in text
    assert "| 10 | 0.1 (0.05 to 0.2) | 0.2 (0.1 to 0.4), 3 of 5 cases diverged |" in text
    assert (
        "Measured on 2026-01-02 at small settings on chest X-rays: 1.5 minutes of computation, cpu, test, "
        "commit 0123456789ab. Theirs.\n" in text
    )
    assert "Departures from the paper: Other images." in text
    assert "Not on the data" not in text


def test_data_that_stood_in_is_told_before_all_else(tmp_path: Path) -> None:
    text = page(tmp_path, real=False, data="drawn ellipses")
    section = text[text.index("## A paper") :].split("\n\n")
    assert section[1] == ("> **Not on the data of the paper** (not found: chest X-rays): measured on drawn ellipses.")
    assert "Theirs." not in text


@pytest.mark.parametrize(("tv", "verdict"), [(True, "reproduced"), (False, "not reproduced")])
def test_a_verdict_on_other_data_says_so_in_the_index(tmp_path: Path, tv: bool, verdict: str) -> None:
    text = page(tmp_path, tv=tv, real=False, data="drawn ellipses")
    assert f"| Error against m. | {verdict} (on drawn ellipses) |" in text
    assert f"**Verdict: {verdict} (on drawn ellipses)" in text


def test_the_index_names_a_paper_once_and_the_time_of_a_run_counts_once(tmp_path: Path) -> None:
    page(tmp_path, seconds=9000.0)
    text = write_page([ONE, replace(ONE, figure="Fig. 1b")], tmp_path).read_text()
    assert "|  | [Fig. 1b](#a-paper-2020-fig-1b) |" in text
    assert "All runs of this page together: 2.5 hours of computation." in text


def test_a_record_that_was_cut_counts_as_none(tmp_path: Path) -> None:
    page(tmp_path)
    (tmp_path / "reproductions" / "sweep" / "run.json").write_text('{"small": tr')
    assert "| not run |" in write_page([ONE], tmp_path).read_text()


def test_a_table_that_was_cut_has_nothing_in_its_last_cells(tmp_path: Path) -> None:
    (tmp_path / "values.csv").write_text("a,b,c\n1,2,\n3")
    assert Tables(tmp_path)["values"] == [{"a": 1, "b": 2, "c": None}, {"a": 3, "b": None, "c": None}]


def test_the_page_is_a_function_of_what_is_kept(tmp_path: Path) -> None:
    assert page(tmp_path) == page(tmp_path) == write_page([ONE], tmp_path).read_text()


def test_links_lead_to_headings(tmp_path: Path) -> None:
    text = page(tmp_path)
    headings = [anchor(line.removeprefix("## ")) for line in text.splitlines() if line.startswith("## ")]
    assert "a-paper-2020-fig-1a" in headings


def test_tables_and_pictures_are_kept_small(tmp_path: Path) -> None:
    source, docs = tmp_path / "run", tmp_path / "docs"
    tables(source, {"tv": True}, comparisons=[comparison("ours", "lasso", 10, -0.3, -0.1)], summary=SUMMARY)
    (source / "run.json").rename(source / "done.json")
    (source / "figures").mkdir()
    noise = np.random.default_rng(0).integers(0, 255, (600, 800, 3), dtype=np.uint8)
    Image.fromarray(noise).save(source / "figures" / "error.png")
    kept = docs / "reproductions" / "sweep"
    kept.mkdir(parents=True)
    (kept / "old.csv").touch()
    collect(RUN, ["figures/nothing.png|figures/err*.png", "figures/absent.png"], source, kept)
    assert {path.name for path in kept.iterdir()} == {"comparisons.csv", "summary.csv", "error.png", "run.json"}
    assert (kept / "error.png").stat().st_size <= 400_000
    assert Tables(kept).record["seconds"] == 90.0
    assert "![A paper (2020), Fig. 1a](reproductions/sweep/error.png)" in write_page([ONE], docs).read_text()


@pytest.mark.parametrize("digest", [lambda _: [], lambda of: [{"mean": 1 / len(of["nothing"])}]], ids=["empty", "bug"])
def test_results_that_are_kept_stay_when_new_ones_can_not_be(
    digest: Callable[[Tables], list[Row]], tmp_path: Path
) -> None:
    kept, source = tmp_path / "kept" / "sweep", tmp_path / "run"
    tables(kept, values=[{"old": 1}])
    source.mkdir()
    with pytest.raises((FileNotFoundError, ZeroDivisionError)):  # without done.json
        collect(Run("sweep", tables=(), digests={"values": digest}), [], source, kept)
    assert Tables(kept)["values"] == [{"old": 1}]
    assert [path.name for path in kept.parent.iterdir()] == ["sweep"]


def test_digests_are_kept_in_place_of_large_tables(tmp_path: Path) -> None:
    tables(tmp_path / "run", trials=[{"k": 1}, {"k": 2}])
    (tmp_path / "run" / "run.json").rename(tmp_path / "run" / "done.json")
    run = Run("theory", tables=(), digests={"settings": lambda of: [{"n": len(of["trials"])}]})
    collect(run, [], tmp_path / "run", tmp_path / "kept")
    assert Tables(tmp_path / "kept")["settings"] == [{"n": 2}]
    assert not (tmp_path / "kept" / "trials.csv").exists()
