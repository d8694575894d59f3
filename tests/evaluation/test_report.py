"""The page of a sweep of 2000 results, which never ran, in a real browser."""

import json
import math
import re
import shutil
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from evaluation.vectors import run
from matplotlib.figure import Figure

from lit_inverse import drawing
from lit_inverse.evaluation import report
from lit_inverse.evaluation.cases import Case, plan
from lit_inverse.evaluation.config_files import Request
from lit_inverse.evaluation.configuration import read_sweep
from lit_inverse.evaluation.outcome import Outcome
from lit_inverse.evaluation.report import Report, write_report
from lit_inverse.evaluation.results import Results
from lit_inverse.evaluation.sweep import Sweep
from lit_inverse.evaluation.trajectories import Trajectory

SOLVERS = ["lasso", "csdip", "a_solver_of_a_rather_long_name", "broken"]
VERSIONS = {"python": "3", "commit": "0123"}


def sweep_at(out: Path, **others: Any) -> tuple[Sweep, list[Case], Results]:
    config = {
        "name": "synthetic",
        "data": {"class_path": "datamodules.DigitsDataModule", "init_args": {"value_range": [-1, 1]}},
        "operator": {"class_path": "lit_inverse.operators.Gaussian"},
        "vary": "m",
        "measurements": [25, 50, 100, 150, 200],
        "limit": 100,
        "solvers": {name: {"class_path": "least_norm.LeastNorm"} for name in SOLVERS},
        "labels": {"csdip": "CS-DIP <img src=x onerror=alert(1)>, 300 iterations"},
        **others,
    }
    path = out / "given.yaml"
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    sweep = read_sweep(Request.read(["--config", str(path), "--out", str(out / "run")], path))
    sweep.data.setup("predict")
    return sweep, plan(sweep).cases, Results(sweep.out)


def finish(sweep: Sweep, cases: list[Case], results: Results) -> None:
    """Writes a result for each case, but the first one of the last solver, which failed."""
    source = np.random.default_rng(0)
    rows = []
    failed = next(case for case in cases if case.solver == SOLVERS[-1])
    results.note_failure(failed.key, "RuntimeError: <b>no & memory</b>", "trace")
    for case in cases:
        if case.key == failed.key:
            continue
        m = case.measurement if isinstance(case.measurement, int) else 30
        error = float(source.lognormal(-m / 50 * (1 + SOLVERS.index(case.solver) / 3), 0.5))
        rows.append(
            {
                "key": case.key, "solver": case.solver, "label": "?", "data": "DigitsDataModule", "image": case.image,
                "operator": "Gaussian", "m": m, "n": 784, "noise_level": case.noise_level, "sigma": 0.0,
                "repeat": case.repeat, "seed": 0, "value_range": [-1, 1], "mse": error, "psnr": -10 * math.log10(error),
                "ssim": None, "nmse": error, "residual": 0.01, "seconds": 0.5, "n_iter": 10, "device": "cpu",
                "status": "diverged" if case.index == 5 else "max_iter",
            }
        )  # fmt: skip
        if case.index < 8 and m < 50:
            noise = torch.as_tensor(source.normal(size=(1, 28, 28)))
            results.keep_reconstruction(case.key, noise)
        if case.index == 0:
            one = Trajectory([0, 1, 10], [1.0, 0.5, error], "loss", [1, 10], [3.0, 1.0])
            results.keep_trajectory(case.key, asdict(one))
    results.append(rows)


Written = tuple[Path, Report]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """The page of 4 solvers, 5 m and 100 images, keys made different by settings of the solvers."""
    solvers = {
        name: {"class_path": "least_norm.LeastNorm", "init_args": {"scale": 1.0 + place}}
        for place, name in enumerate(SOLVERS)
    }
    sweep, cases, results = sweep_at(tmp_path_factory.mktemp("report"), solvers=solvers)
    assert len(cases) == 2000
    finish(sweep, cases, results)
    found = write_report(sweep, cases, results, VERSIONS)
    return results.out / "report.html", found


def test_a_page_of_2000_results_is_below_5_megabytes(written: Written) -> None:
    page, found = written
    assert len(found.outcome.finished) == 1999
    assert page.stat().st_size < 5e6


def test_the_page_needs_nothing_from_elsewhere(written: Written) -> None:
    text = written[0].read_text()
    assert not re.search(r"(src|href)=\"(?!data:|#)", text)
    assert "<img src=x" not in text
    assert "no &amp; memory" in text


def test_all_tables_are_written(written: Written) -> None:
    out = written[0].parent
    for name, n_rows in (("summary", 20), ("comparisons", 30), ("winners", 5), ("success", 20), ("timings", 4)):
        assert len((out / f"{name}.csv").read_text().splitlines()) == n_rows + 1
    names = {path.stem for path in (out / "figures").glob("*.png")}
    assert names >= {
        "error_against_m", "error_against_m_linear", "error_against_time", "success", "paired_differences",
        "along_iterations", "reconstructions_m25",
    }  # fmt: skip
    assert names == {path.stem for path in (out / "figures").glob("*.pdf")}


def test_the_page_has_differences_in_decibels(written: Written) -> None:
    page, found = written
    table = page.read_text().split('id="pairs-table"')[1].split("</table>")[0]
    heads = re.findall(r"<th [^>]*>([^<]*)</th>", table)
    rows = [re.findall(r"<td[^>]*>([^<]*)</td>", row) for row in table.split("<tbody>")[1].split("</tr>")]
    at = heads.index("in dB")
    assert heads[at : at + 3] == ["in dB", "dB from", "dB to"]
    assert [row[at : at + 3] for row in rows if row] == [
        [f"{value:.3g}" for value in (c.difference_db, c.db_low, c.db_high)] for c in found.findings.comparisons
    ]


def test_what_the_page_has_no_room_for_is_named(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "_FIGURE_CHARACTERS", 300_000)
    embedded, named = report._embedded(written[1].figures)
    assert 0 < len(embedded) < len(written[1].figures)
    assert len(embedded) + len(named) == len(written[1].figures)
    assert all((written[0].parent / file).exists() for _, file in named)


def test_a_sweep_over_another_argument_is_reported_by_its_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def only_name(figure: Figure, folder: Path, name: str) -> Path:
        (tmp_path / name).write_bytes(bytes(24))
        return tmp_path / name

    monkeypatch.setattr(drawing, "save", only_name)
    sweep, cases, results = sweep_at(
        tmp_path, vary="kappa", measurements=[1.0, 100.0], limit=3, noise_levels=[0.0, 0.1],
        operator={"class_path": "lit_inverse.operators.Gaussian", "init_args": {"m": 30}},
        solvers={name: {"class_path": "least_norm.LeastNorm"} for name in ("lasso", SOLVERS[-1])}, labels={},
    )  # fmt: skip
    finish(sweep, cases, results)
    found = write_report(sweep, cases, results, VERSIONS)
    settings = {(summary.setting, summary.m, summary.noise_level) for summary in found.findings.summaries}
    assert settings == {(kappa, 30, level) for kappa in (1.0, 100.0) for level in (0.0, 0.1)}
    names = {path.name for path in found.figures.values()}
    assert names >= {"error_against_kappa_noise0.1", "error_against_noise_kappa1", "reconstructions_kappa100_noise0"}


def test_results_of_a_sweep_over_an_argument_serve_one_where_it_is_fixed(tmp_path: Path) -> None:
    operator = {"class_path": "lit_inverse.operators.Gaussian", "init_args": {"m": 30, "kappa": 5.0}}
    solvers = {name: {"class_path": "least_norm.LeastNorm"} for name in SOLVERS}
    sweep, cases, results = sweep_at(
        tmp_path, vary=None, measurements=[None], operator=operator, limit=2, solvers=solvers
    )
    finish(sweep, cases, results)
    path = results.path
    path.write_text("".join(json.dumps({**json.loads(line), "setting": 5.0}) + "\n" for line in path.open()))
    assert {row["setting"] for _, row in Outcome.of(sweep, cases, results).finished} == {30}


def test_a_sweep_of_vectors_is_reported_in_db(tmp_path: Path) -> None:
    run(tmp_path, oracle=True)
    page = (tmp_path / "out" / "report.html").read_text()
    assert [text for text in ("NMSE (dB)", "mean of dB", "worst", "5 signals", ">∞<") if text not in page] == []
    assert "10 log<sub>10</sub>(sum ||x_hat - x||<sup>2</sup> / sum ||x||<sup>2</sup>)" in page  # what the columns are
    assert "images" not in page.split('id="settings"')[0]
    assert page.count('<tr class="reference">') == 2


def test_a_report_leaves_no_figures_and_tables_of_earlier_settings(tmp_path: Path) -> None:
    def written(folder: Path) -> set[str]:
        paths = [*(folder / "out").glob("*.csv"), *(folder / "out" / "figures").iterdir()]
        return {str(path.relative_to(folder)) for path in paths}

    settings: dict[str, Any] = {
        "solvers": {"least_norm": {"class_path": "least_norm.LeastNorm"}},
        "noise_levels": [10.0],
    }
    run(tmp_path / "new", **settings)
    earlier = tmp_path / "earlier"
    rows = run(earlier, oracle=True)
    (earlier / "out" / "volumes.csv").touch()
    kept = {"out/mine.csv": "1", "out/figures/mine.png": "2", "out/figures/of_mine/one.png": "3"}
    (earlier / "out" / "figures" / "of_mine").mkdir()
    for name, text in kept.items():
        (earlier / name).write_text(text)
    assert run(earlier, **settings)[: len(rows)] == rows
    assert written(earlier) == written(tmp_path / "new") | {
        "out/mine.csv",
        "out/figures/mine.png",
        "out/figures/of_mine",
    }
    assert {name: (earlier / name).read_text() for name in kept} == kept


def test_a_sweep_without_results_has_a_page(tmp_path: Path) -> None:
    sweep, cases, results = sweep_at(tmp_path, limit=1)
    found = write_report(sweep, cases, results, VERSIONS)
    assert found.figures == {}
    assert "0 of 20 cases" in (results.out / "report.html").read_text()


PROBE = """
<script>
const texts = (table, column) => [...table.tBodies[0].rows].map(row => row.cells[column].textContent.trim());
const isWide = element => element.getBoundingClientRect().right > innerWidth + 1;
addEventListener("load", () => {
  const tables = document.querySelectorAll("table"), sorted = {};
  for (const table of tables) {
    if (table.id === "cases-table") table.closest("details").open = true;
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      if (table.id === "cases-table" && head.textContent !== "MSE") return;
      head.click();
      const up = texts(table, column);
      head.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }));
      sorted[table.id + "/" + head.textContent] = [up, texts(table, column), head.getAttribute("aria-sort")];
    });
  }
  parent.postMessage(JSON.stringify({
    sorted, tables: tables.length, width: innerWidth, content: document.documentElement.scrollWidth,
    images: [...document.images].map(image => image.complete ? image.naturalWidth : 0),
    wide: [...document.querySelectorAll("body > *, figure, img")].filter(isWide).map(e => e.tagName + e.id),
  }), "*");
});
</script></body>"""
WINDOW = """<!doctype html><title>a window of any width, which that of the browser has not</title><pre id="probe"></pre>
<script>addEventListener("message", event => { document.getElementById("probe").textContent = event.data; });</script>
<iframe src="probed.html" style="border: 0; height: 900px; width: WIDTHpx"></iframe>"""


def browse(page: Path, folder: Path, width: int) -> tuple[dict[str, Any], str]:
    """What the probe found in the page at a window's width, and what the browser wrote to its console."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no chromium is installed")
    (folder / "probed.html").write_text(page.read_text().replace("</body>", PROBE))
    window = folder / "window.html"
    window.write_text(WINDOW.replace("WIDTH", str(width)))
    command = [
        chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--enable-logging=stderr",
        f"--user-data-dir={folder / 'profile'}", "--window-size=1500,1000", "--virtual-time-budget=10000",
        "--dump-dom", window.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    match = re.search(r'<pre id="probe">(.+?)</pre>', done.stdout, re.DOTALL)
    assert match, done.stderr[-2000:]
    unescaped = match[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return json.loads(unescaped), "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)


@pytest.mark.parametrize("width", [1400, 400])
def test_a_browser_shows_the_page(written: Written, tmp_path: Path, width: int) -> None:
    page, found_report = written
    found, console = browse(page, tmp_path, width)
    assert console == ""
    assert len(found["images"]) == len(found_report.figures)
    assert min(found["images"]) > 300
    assert found["tables"] == 7
    assert found["wide"] == []
    assert found["content"] <= found["width"] == width
    for name, (up, down, state) in found["sorted"].items():
        assert state == "descending"
        assert sorted(up) == sorted(down), name
        numbers = [_number(text) for text in up if text not in ("", "-")]
        if None not in numbers:
            assert numbers == sorted(numbers), name
            assert [_number(t) for t in down if t not in ("", "-")] == numbers[::-1], name
    assert len(found["sorted"]["results-table/mean MSE"][0]) == 20
    assert len(found["sorted"]["cases-table/MSE"][0]) == 1999


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
