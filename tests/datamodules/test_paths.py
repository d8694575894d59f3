"""Paths in configuration files."""

import os
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
from jsonargparse import ArgumentParser
from pytorch_lightning.cli import LightningCLI
from pytorch_lightning.demos.boring_classes import BoringModel

import datamodules
from datamodules import ChestXrayDataModule, ImagesDataModule
from datamodules.base import SplitDataModule

WITHOUT_ROOT = {"DigitsDataModule", "RotatedDataModule", "SmoothSignalsDataModule", "SparseSignalsDataModule"}
WITH_ROOT = [name for name in datamodules.__all__ if name not in WITHOUT_ROOT]


@pytest.fixture
def parser() -> ArgumentParser:
    parser = ArgumentParser(exit_on_error=False)
    parser.add_argument("--config", action="config")
    parser.add_subclass_arguments(pl.LightningDataModule, "data")
    return parser


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration in another folder than the working directory."""
    (tmp_path / "configs" / "evaluate").mkdir(parents=True)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "configs" / "evaluate" / "x.yaml"


def write(config: Path, name: str = "ImagesDataModule", root: str = "../../data/set", more: str = "") -> None:
    config.write_text(f"data: {{class_path: datamodules.{name}, init_args: {{root: {root}{more}}}}}\n")


@pytest.mark.parametrize("name", WITH_ROOT)
def test_a_path_in_a_file_is_relative_to_the_file(parser: ArgumentParser, config: Path, name: str) -> None:
    write(config, name)
    data = parser.instantiate(parser.parse_args(["--config", "../configs/evaluate/x.yaml"])).data
    assert data.root == config.parents[2] / "data" / "set"


def test_a_path_on_the_command_line_is_relative_to_the_working_directory(parser: ArgumentParser, config: Path) -> None:
    write(config)
    args = ["--config", str(config), "--data.root", "set", "--data.batch_size", "3"]
    data = parser.instantiate(parser.parse_args(args)).data
    assert data.root == config.parents[2] / "work" / "set"
    assert data.batch_size == 3


def test_lightning_cli_resolves_paths_in_the_same_way(config: Path) -> None:
    write(config, "ChestXrayDataModule", more=", metadata: patients.csv, value_range: [-1, 1]")
    cli = LightningCLI(
        BoringModel,
        subclass_mode_data=True,
        run=False,
        save_config_callback=None,
        seed_everything_default=False,
        trainer_defaults={"logger": False, "enable_checkpointing": False, "accelerator": "cpu"},
        args=["--config", "../configs/evaluate/x.yaml"],
    )
    assert cli.datamodule.root == config.parents[2] / "data" / "set"
    assert cli.datamodule.metadata == config.parent / "patients.csv"
    assert cli.datamodule.value_range == (-1.0, 1.0)


def test_a_saved_configuration_means_the_same_path_from_anywhere(
    parser: ArgumentParser, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(config)
    first = parser.parse_args(["--config", str(config)])
    (tmp_path / "run").mkdir()
    parser.save(first, tmp_path / "run" / "config.yaml")
    monkeypatch.chdir("/")
    again = parser.parse_args(["--config", str(tmp_path / "run" / "config.yaml")])
    assert again.data.init_args.root == first.data.init_args.root == tmp_path / "data" / "set"


def test_a_home_directory_is_expanded(parser: ArgumentParser, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", os.fspath(config.parent))
    write(config, root="~/set")
    assert parser.parse_args(["--config", str(config)]).data.init_args.root == config.parent / "set"


def test_a_missing_root_gets_past_the_parser_to_the_message_of_setup(parser: ArgumentParser, config: Path) -> None:
    write(config)
    data = parser.instantiate(parser.parse_args(["--config", str(config)])).data
    with pytest.raises(FileNotFoundError, match=f"the folder {config.parents[2]}/data/set does not exist"):
        data.setup()


@pytest.mark.parametrize("root", ["a/b", Path("a/b")])
def test_python_may_pass_a_string_or_a_path(root: str | Path) -> None:
    data = ChestXrayDataModule(root, metadata=root)
    assert data.root == data.metadata == Path("a/b")


def test_a_path_can_not_be_a_list(parser: ArgumentParser, config: Path) -> None:
    write(config, root="[1, 2]")
    with pytest.raises(Exception, match="Not of type ConfigPath"):
        parser.parse_args(["--config", str(config)])


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (", batchsize: 3", "batchsize"),
        (", batch_size: many", "batch_size"),
        (", value_range: [0]", "value_range"),
        (", mode: CMYK", "mode"),
        (", fractions: [1, 0]", "fractions"),
        (", crop: 1.5", "crop"),
    ],
)
def test_a_wrong_key_or_type_is_refused_by_the_parser(
    parser: ArgumentParser, config: Path, more: str, message: str
) -> None:
    write(config, more=more)
    with pytest.raises(Exception, match=message):
        parser.parse_args(["--config", str(config)])


@pytest.mark.parametrize("name", datamodules.__all__)
def test_the_parser_sees_every_argument_of_every_module(parser: ArgumentParser, config: Path, name: str) -> None:
    cls: Any = getattr(datamodules, name)
    root = [] if name in WITHOUT_ROOT else ["--data.root", "set"]
    root = ["--data.data", "datamodules.DigitsDataModule"] if name == "RotatedDataModule" else root
    init_args = parser.parse_args(["--data", f"datamodules.{name}", *root]).data.init_args
    own = set(cls.__init__.__annotations__) - {"return", "shared"}
    own |= {"extensions", "first"} if name == "RetinaDataModule" else set()  # which it hands on
    hands_on = issubclass(cls, SplitDataModule) and "shared" in cls.__init__.__annotations__
    shared = {"batch_size", "num_workers", "value_range", "seed"} if hands_on else set()
    assert set(vars(init_args)) == own | shared


def test_defaults_agree_between_python_and_the_parser(parser: ArgumentParser, config: Path) -> None:
    write(config)
    parsed = parser.instantiate(parser.parse_args(["--config", str(config)])).data
    plain = ImagesDataModule(config.parents[2] / "data" / "set")
    assert parsed.folder == plain.folder
    assert (parsed.batch_size, parsed.value_range) == (plain.batch_size, plain.value_range)
