"""What an offline run of Weights & Biases holds: its file is read back."""

import json
import os
import struct
from dataclasses import fields
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
import yaml
from small_sweep import SWEEP
from wandb.proto import wandb_internal_pb2

from evaluate import main
from lit_inverse.evaluation import tracking
from lit_inverse.evaluation.findings import Findings
from lit_inverse.evaluation.outcome import Outcome
from lit_inverse.evaluation.report import Report
from lit_inverse.reproductions.tables import Tables
from lit_inverse.tracking import wandb_logger

COHERENCE = {"class_path": "lit_inverse.theory.diagnostics.Coherence"}
TRACKED = {key: value for key, value in SWEEP.items() if key != "logger"} | {
    "name": "tracked",
    "limit": 2,
    "diagnostics": {"coherence": COHERENCE},
}


def records(path: Path) -> list[Any]:
    """The records of a .wandb file: LevelDB's log format after a header of 7 bytes, protobuf messages within."""
    content = path.read_bytes()
    assert content[:4] == b":W&B"
    found, record, at, block = [], b"", 7, 32768
    while at + 7 <= len(content):
        if block - at % block < 7:
            at += block - at % block
            continue
        _, length, kind = struct.unpack("<IHB", content[at : at + 7])
        record += content[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):  # whole, or the last part
            found.append(wandb_internal_pb2.Record.FromString(record))
            record = b""
    return found


class OfflineRun:
    """What the newest offline run below a folder holds."""

    def __init__(self, out: Path) -> None:
        self.folder = max((out / "wandb").glob("offline-run-*"))  # named by their time
        self.records = records(next(self.folder.glob("*.wandb")))

    def kind(self, name: str) -> list[Any]:
        return [getattr(record, name) for record in self.records if record.WhichOneof("record_type") == name]

    def items(self, name: str, part: str) -> dict[str, Any]:
        """Keys, nested ones joined by dots, with their values."""
        return {
            ".".join(item.nested_key or [item.key]): json.loads(item.value_json)
            for one in self.kind(name)
            for item in getattr(one, part)
        }

    def table(self, name: str) -> dict[str, Any]:
        path = self.items("history", "item")[f"{name}.path"]
        table: dict[str, Any] = json.loads((self.folder / "files" / path).read_text())
        return table


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a sweep that was started twice: first over a part of its cases."""
    folder = tmp_path_factory.mktemp("tracked")
    config = folder / "tracked.yaml"
    config.write_text(yaml.safe_dump(TRACKED, sort_keys=False))
    for options in (["--measurements", "[20]", "--only", "[plain]"], []):
        assert main(["--config", str(config), "--out", str(folder / "out"), *options]) == 0
    return folder / "out"


def test_a_resumed_sweep_continues_the_run_of_its_folder(out: Path) -> None:
    (run_id,) = (out / "wandb_id").read_text().split()
    files = list((out / "wandb").glob("offline-run-*/*.wandb"))
    ids = [record.run.run_id for path in files for record in records(path) if record.WhichOneof("record_type") == "run"]
    assert len(files) == 2
    assert set(ids) == {run_id}


def test_the_run_holds_the_resolved_configuration(out: Path) -> None:
    resolved = yaml.safe_load((out / "config.yaml").read_text())
    config: dict[str, Any] = {}
    for _ in range(3):  # about once in ten suites on a busy machine, W&B's offline file lacks the configuration
        run = OfflineRun(out)
        at_start = {item.key: json.loads(item.value_json) for one in run.kind("run") for item in one.config.update}
        config = at_start | run.items("config", "update")
        if "name" in config:
            break
        assert main(["--config", str(out.parent / "tracked.yaml"), "--out", str(out)]) == 0
    assert {name: config.get(name) for name in resolved} == resolved


def test_the_run_holds_all_results_as_a_table(out: Path) -> None:
    table = OfflineRun(out).table("results")
    lines = [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]
    column = {name: table["columns"].index(name) for name in ("key", "solver", "mse")}
    found = {(row[column["key"]], row[column["solver"]]): row[column["mse"]] for row in table["data"]}
    assert found == pytest.approx({(line["key"], line["solver"]): line["mse"] for line in lines})
    assert len(found) == 8


@pytest.mark.parametrize("name", ["summary", "comparisons", "winners", "success", "timings", "diagnostics"])
def test_the_run_holds_the_tables_of_the_folder(out: Path, name: str) -> None:
    table, expected = OfflineRun(out).table(name), Tables(out)[name]
    assert table["columns"] == [*expected[0]]
    assert len(table["data"]) == len(expected) > 0


def test_every_table_is_written_and_tracked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = [table.kind for table in Findings.of([], 0.01).tables().values()]
    findings = Findings([], *([kind(*[0.5] * len(fields(kind)))] for kind in kinds))  # all fields of it
    findings.write(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {f"{name}.csv" for name in findings.tables()}
    run = MagicMock()
    monkeypatch.setattr(tracking, "wandb_logger", lambda *_: MagicMock(experiment=run))
    sweep = MagicMock(out=tmp_path, resolved="{}")
    tracking.Tracking(sweep).finish(Report(Outcome([], [], 0), findings, {}), MagicMock())
    assert run.log.call_args.args[0].keys() == findings.tables().keys()


def test_the_run_holds_comparisons_in_decibels(out: Path) -> None:
    table = OfflineRun(out).table("comparisons")
    found = [dict(zip(table["columns"], row, strict=True)) for row in table["data"]]
    expected = Tables(out)["comparisons"]
    for name in ("difference_db", "db_low", "db_high"):
        assert [row[name] for row in found] == pytest.approx([row[name] for row in expected])


def test_the_run_holds_figures_and_reconstructions(out: Path) -> None:
    run = OfflineRun(out)
    history = run.items("history", "item")
    paths = [value for name, value in history.items() if name.endswith(".path") and str(value).endswith(".png")]
    several = [path for name, value in history.items() if name.endswith(".filenames") for path in value]
    assert len(paths) == len(list((out / "figures").glob("*.png")))
    assert len(several) == 2 * 2 * 2
    assert all((run.folder / "files" / path).stat().st_size > 0 for path in [*paths, *several])
    captions = history["reconstructions/plain.captions"]
    assert captions[0].startswith("test/0, m = 20, noise 0, MSE 0.")


def test_the_run_holds_a_summary_and_system_metrics(out: Path) -> None:
    run = OfflineRun(out)
    summary = run.items("summary", "update")
    assert (summary["cases"], summary["finished"], summary["failed"]) == (8, 8, 0)
    assert summary["mse/plain/20"] > 0
    measured = {item.key for stats in run.kind("stats") for item in stats.item}
    assert "proc.memory.rssMB" in measured


def test_an_offline_logger_leaves_the_environment_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WANDB_MODE", "WANDB_API_KEY", "WANDB_SILENT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))  # no stored key
    before = dict(os.environ) | {"WANDB_SERVICE": ""}
    logger = wandb_logger("quiet", tmp_path)
    logger.log_metrics({"loss": 1.0})
    logger.experiment.finish()
    assert dict(os.environ) | {"WANDB_SERVICE": ""} == before  # the address of wandb's own process
    assert next(tmp_path.glob("wandb/offline-run-*"))
