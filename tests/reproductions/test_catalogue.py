"""Each entry of the catalogue has its configurations, and they fit together."""

import contextlib
import fnmatch
import functools
import importlib
import io
import itertools
from pathlib import Path
from typing import Any

import pytest
import yaml
from hand_made import comparison, summary, tables

from evaluate import main
from lit_inverse.errors import UsageError
from lit_inverse.evaluation.names import Names
from lit_inverse.reproductions import command
from lit_inverse.reproductions.catalogue import REPRODUCTIONS
from lit_inverse.reproductions.command import reproductions
from lit_inverse.reproductions.data import choose
from lit_inverse.reproductions.page import anchor, write_page
from lit_inverse.reproductions.reproduction import Run
from lit_inverse.reproductions.runs import CONFIGS
from lit_inverse.reproductions.tables import Tables

RUNS = list({one.run.name: one.run for one in REPRODUCTIONS}.values())


@functools.cache
def resolved(*paths: Path) -> dict[str, Any]:
    """What evaluate.py --print_config says of some files together."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), pytest.raises(SystemExit) as exit_:
        main([*(word for path in paths for word in ("--config", str(path))), "--print_config"])
    assert exit_.value.code == 0
    content: dict[str, Any] = yaml.safe_load(printed.getvalue())
    return content


def files(run: Run, small: bool) -> list[Path]:
    return [CONFIGS / f"{run.name}.yaml", *([CONFIGS / f"{run.name}.small.yaml"] if small else [])]


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.name)
def test_a_run_has_a_published_and_a_small_configuration(run: Run) -> None:
    found, small = resolved(*files(run, small=False)), resolved(*files(run, small=True))
    assert found["name"] == run.name
    assert small.keys() == found.keys()
    assert small != found
    if "solvers" in found:
        assert small["solvers"].keys() == found["solvers"].keys()
        assert set(small["only"] or []) <= found["solvers"].keys()


@pytest.mark.parametrize("run", [run for run in RUNS if run.data and run.data.instead], ids=lambda run: run.name)
def test_what_stands_in_for_data_fits_the_configuration(run: Run, tmp_path: Path) -> None:
    assert run.data is not None
    (tmp_path / "instead.yaml").write_text(yaml.safe_dump(dict(run.data.instead or {})))
    resolved(*files(run, small=True), tmp_path / "instead.yaml")


@pytest.mark.parametrize("run", [run for run in RUNS if run.data], ids=lambda run: run.name)
def test_evaluate_understands_where_the_data_of_a_run_is(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run.data is not None
    folder = tmp_path / run.data.folder
    folder.mkdir(parents=True)
    config = CONFIGS / f"{run.name}.yaml"
    with pytest.raises(SystemExit) as exit_:
        main(["--config", str(config), *choose(run, config, tmp_path, tmp_path).arguments, "--print_config"])
    assert exit_.value.code == 0
    found = yaml.safe_load(capsys.readouterr().out)
    assert found.get("settings", found.get("data", {}).get("init_args"))["root"] == str(folder)


def test_the_terms_of_all_data_are_told() -> None:
    assert [run.name for run in RUNS if run.data and not run.data.terms] == []


def test_every_small_file_belongs_to_a_run() -> None:
    assert {path.name.removesuffix(".small.yaml") for path in CONFIGS.glob("*.small.yaml")} == {r.name for r in RUNS}


def test_runs_of_one_name_are_one_run() -> None:
    assert len({id(one.run) for one in REPRODUCTIONS}) == len(RUNS)


def test_titles_lead_to_headings_of_their_own() -> None:
    assert len({anchor(one.title) for one in REPRODUCTIONS}) == len(REPRODUCTIONS)


@pytest.mark.parametrize("one", REPRODUCTIONS, ids=lambda one: one.title)
def test_nothing_is_claimed_of_what_was_not_measured(one: Any, tmp_path: Path) -> None:
    verdicts = one.verdicts(Tables(tmp_path))
    assert {verdict.holds for _, verdict in verdicts} <= {None}
    assert one.outcome(Tables(tmp_path), verdicts) == "not run"


def unknowns(data: dict[str, Any]) -> int:
    kind, settings = data["class_path"].rpartition(".")[2], data["init_args"]
    if kind == "SparseSignalsDataModule":
        return int(settings["n"])
    return {"MNISTDataModule": 784, "FastMRIDataModule": 96 * 96}.get(kind) or int(
        settings["size"] ** 2 * (3 if "Retina" in kind else 1)
    )


@pytest.mark.parametrize("small", [True, False], ids=["small", "published"])
@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.name)
def test_every_claim_about_solvers_is_decided_by_its_configuration(run: Run, small: bool, tmp_path: Path) -> None:
    """A misspelt solver, or a range of m / n without a setting in it, would leave a claim undecided for ever."""
    found = resolved(*files(run, small))
    if "solvers" not in found:
        return
    solvers = found["only"] or list(found["solvers"])
    places = list(itertools.product([m or 250 for m in found["measurements"]], found["noise_levels"]))
    made = tables(
        tmp_path,
        {"unknowns": unknowns(found["data"])},
        comparisons=[
            comparison(first, second, m, -0.3 - min(level, 9), -0.2 - min(level, 9), level)  # inf: no noise, in dB
            for first, second in itertools.combinations(solvers, 2)
            for m, level in places
        ],
        summary=[summary(solver, m, 1.0, 5, level) for solver in solvers for m, level in places],
        along=[{"iteration": at, "loss": 1.0 if at == 1 else 1e-4, "error": 1.0} for at in range(1, 101)],
        images=[
            {"solver": solver, "setting": m, "noise_level": level, "image": name, "error": error}
            for solver in solvers
            for m, level in places
            for name, error in (("house.png", 1.0), ("fingerprint.png", 2.0))
        ],
    )
    for one in [one for one in REPRODUCTIONS if one.run is run]:
        open_ = [verdict.evidence for _, verdict in one.verdicts(made) if verdict.holds is None]
        assert len(open_) <= (1 if small and len(one.claims) > 1 else 0), open_
        assert one.beside(made).rows


def figure_names(sweep: dict[str, Any]) -> list[str]:
    """Of the figures that the catalogue shows, as `gallery` and `pictures` name them."""
    module, _, name = sweep["noise"]["class_path"].rpartition(".")
    levels, law = sweep["noise_levels"], getattr(importlib.import_module(module), name)
    names = Names({}, sweep["vary"], None, law, levels)
    of_setting = [names.at_setting(setting)[0] for setting in sweep["measurements"]]
    found = [f"error_against_noise{of}" for of in of_setting] if len(levels) > 1 else []
    for suffix in [names.at_level(level)[0] for level in levels]:
        found += [f"error_against_{names.symbol}{suffix}", f"along_iterations{suffix}", "error_along_layers"]
        found += [f"reconstructions{of}{suffix}" for of in of_setting]
    return [f"figures/{one}.png" for one in found]


@pytest.mark.parametrize("small", [True, False], ids=["small", "published"])
@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.name)
def test_every_picture_is_of_a_setting_that_is_run(run: Run, small: bool) -> None:
    sweep = resolved(*files(run, small))
    if "solvers" in sweep:
        patterns = {pattern for one in REPRODUCTIONS if one.run is run for pattern in one.pictures}
        made = figure_names(sweep)
        assert [one for one in patterns if not any(fnmatch.filter(made, name) for name in one.split("|"))] == []


def test_the_page_alone_is_written_without_any_run(tmp_path: Path) -> None:
    reproductions(["page", "--docs", str(tmp_path)])
    assert (tmp_path / "reproductions.md").read_text() == write_page(REPRODUCTIONS, tmp_path).read_text()


@pytest.mark.parametrize(
    ("options", "message"),
    [(["--only", "[nobody]"], "only: unknown 'nobody', expected names from"), (["--ful"], "ful"), (["pages"], "pages")],
)
def test_a_wrong_request_is_refused(
    options: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "run_all", lambda *_: pytest.fail("it has begun to run"))
    with pytest.raises(UsageError, match=message):
        reproductions([*options, "--out", str(tmp_path)])
