import os
import re
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from PIL import Image

from datamodules.fastmri import SyntheticVolumes, write_synthetic
from lit_inverse.checkpoints import load_network
from lit_inverse.lit_modules import VAEModule
from lit_inverse.training import _new_folder, _parse
from train import DEFAULT_CONFIG, main

CONFIGS = sorted(DEFAULT_CONFIG.parent.glob("*.yaml"))
SHORT = ["--logger", "false", "--trainer.limit_train_batches", "2", "--trainer.limit_val_batches", "1"]
TINY = [*SHORT, "--model.hidden", "[8]", "--trainer.max_epochs"]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Runs go below the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["train.py"])
    return tmp_path


def resolved(capsys: pytest.CaptureFixture[str], *argv: str) -> dict[str, Any]:
    with pytest.raises(SystemExit) as exit_:
        main([*argv, "--print_config"])
    assert exit_.value.code == 0
    content: dict[str, Any] = yaml.safe_load(capsys.readouterr().out)
    return content


def flat(content: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in content.items():
        found |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return found


def class_paths(content: Any) -> Any:
    """The classes that a nested mapping names, without their settings."""
    parts = {key: class_paths(part) for key, part in content.items() if isinstance(part, dict)}
    parts = {key: part for key, part in parts.items() if part}
    return {"class_path": content["class_path"], **parts} if "class_path" in content else parts


def refused(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    """The line on stderr."""
    assert main(argv) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(r"error: [^\n]+\n", err)
    return err


def test_run_keeps_weights_configuration_and_versions(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*TINY, "2"]) == 0
    assert re.findall(r"epoch \d/2", capsys.readouterr().out) == ["epoch 1/2", "epoch 2/2"]
    folder = elsewhere / "checkpoints" / "runs" / "vae_digits" / "0"
    assert {path.name for path in folder.iterdir()} == {"best.ckpt", "last.ckpt", "config.yaml", "versions.yaml"}
    for name in ("best.ckpt", "last.ckpt"):
        x = load_network(folder / name)(torch.zeros(1, 20))
        assert x.shape == (1, 1, 28, 28)
    versions = yaml.safe_load((folder / "versions.yaml").read_text())
    assert versions["torch"] == torch.__version__.partition("+")[0]
    assert {"python", "pytorch-lightning", "commit"} <= versions.keys()
    config = yaml.safe_load((folder / "config.yaml").read_text())
    assert config["trainer"]["max_epochs"] == 2
    assert config["model"]["init_args"]["hidden"] == [8]
    assert config == resolved(capsys, "--config", str(folder / "config.yaml"))


def test_same_command_gives_the_same_weights_in_a_new_folder(elsewhere: Path) -> None:
    for _ in range(2):
        assert main([*TINY, "1"]) == 0
    first, second = (load_network(elsewhere / f"checkpoints/runs/vae_digits/{n}/last.ckpt") for n in range(2))
    for a, b in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(a, b)


def test_training_resumes_where_it_stopped(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*TINY, "2", "--out", "first"]) == 0
    capsys.readouterr()
    assert main([*TINY, "3", "--out", "second", "--ckpt_path", "first/last.ckpt"]) == 0
    assert re.findall(r"epoch (\d)/3", capsys.readouterr().out) == ["3"]
    state = torch.load(elsewhere / "second" / "last.ckpt", weights_only=True)
    assert state["global_step"] == 6
    assert state["optimizer_states"][0]["state"][0]["step"] == 6
    line = refused(capsys, *TINY, "3", "--ckpt_path", "second/last.ckpt")
    assert "has made 3 epochs, expected trainer.max_epochs above, not 3" in line


def test_last_epoch_is_kept_where_nothing_is_held_out(elsewhere: Path, mnist_root: Path) -> None:
    config, root = str(DEFAULT_CONFIG.parent / "vae_mnist.yaml"), str(mnist_root)
    assert main(["--config", config, "--data.root", root, *TINY, "1", "--out", "run"]) == 0
    assert {path.name for path in (elsewhere / "run").iterdir()} == {"last.ckpt", "config.yaml", "versions.yaml"}


def test_fast_dev_run_leaves_nothing_behind(elsewhere: Path) -> None:
    assert main(["--trainer.fast_dev_run", "true", "--model.hidden", "[8]"]) == 0
    assert not list(elsewhere.iterdir())


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_each_config_holds_its_own_values_over_the_defaults(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = _with_settings_files(yaml.safe_load(path.read_text()), path.parent)
    root = content["data"].get("init_args", {}).get("root")
    bare = {key: class_paths(content[key]) for key in ("model", "data")}
    if root:
        content["data"]["init_args"]["root"] = os.path.normpath(path.parent / root)
        bare["data"]["init_args"] = {"root": content["data"]["init_args"]["root"]}
    Path("bare.yaml").write_text(yaml.safe_dump(bare))
    own = {key: _absolute(path, value) for key, value in flat(content).items()}
    expected = flat(resolved(capsys, "--config", "bare.yaml")) | own
    assert flat(resolved(capsys, "--config", str(path))) == expected


def _absolute(file: Path, value: Any) -> Any:
    """A path relative to the file it stands in, from the root; other values as they are."""
    return os.path.normpath(file.parent / value) if isinstance(value, str) and value.startswith("../") else value


def _with_settings_files(content: Any, folder: Path) -> Any:
    """The content with that of the files in it that settings come from."""
    if isinstance(content, dict):
        return {key: _with_settings_files(value, folder) for key, value in content.items()}
    if isinstance(content, str) and content.endswith(".yaml"):
        return yaml.safe_load((folder / content).read_text())
    return content


def stand_in(data: dict[str, Any], folder: Path) -> list[str]:
    """Arguments that put a few black images, or drawn volumes, in the place of those that a configuration asks for."""
    if "root" not in data.get("init_args", {}):
        return []
    if data["class_path"].endswith("FastMRIDataModule"):
        for split in ("train", "val"):
            write_synthetic(folder / f"multicoil_{split}", 1, SyntheticVolumes(n_slices=1))
        return ["--data.root", str(folder), "--data.cache", str(folder)]
    for number in range(60):
        Image.new("L", (512, 512)).save(folder / f"{number}.png")
    return ["--data.root", str(folder)]


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_each_config_makes_a_module_that_its_data_fit(path: Path, elsewhere: Path, mnist_root: Path) -> None:
    content = yaml.safe_load(path.read_text())
    mnist = content["data"]["class_path"].endswith("MNISTDataModule")
    more = ["--data.root", str(mnist_root)] if mnist else stand_in(content["data"], elsewhere)
    cli = _parse(["--config", str(path), "--logger", "false", "--trainer.accelerator", "cpu", *more], DEFAULT_CONFIG)
    cli.datamodule.setup("fit")
    cli.model.check(cli.datamodule, cli.trainer)


def test_the_default_is_digits(capsys: pytest.CaptureFixture[str]) -> None:
    assert resolved(capsys) == resolved(capsys, "--config", str(DEFAULT_CONFIG))


def test_later_settings_win_key_by_key(capsys: pytest.CaptureFixture[str]) -> None:
    Path("later.yaml").write_text("data: {init_args: {batch_size: 7}}\nckpt_path: sub/file.ckpt")
    found = resolved(capsys, "--model.lr", "0.5", "--config", str(DEFAULT_CONFIG), "--name=mine", "--config=later.yaml")
    expected = flat(resolved(capsys)) | {"data.init_args.batch_size": 7, "model.init_args.lr": 0.5, "name": "mine"}
    assert flat(found) == expected | {"ckpt_path": os.path.abspath("sub/file.ckpt")}


def test_paths_are_relative_to_the_file_or_the_working_directory(capsys: pytest.CaptureFixture[str]) -> None:
    Path("sub").mkdir()
    Path("sub/data.yaml").write_text("data: {class_path: datamodules.MNISTDataModule, init_args: {root: ../mnist}}")
    files = ["--config", str(DEFAULT_CONFIG), "--config", "sub/data.yaml"]
    assert resolved(capsys, *files)["data"]["init_args"]["root"] == os.path.abspath("mnist")
    assert resolved(capsys, *files, "--data.root", "here")["data"]["init_args"]["root"] == os.path.abspath("here")


TWO = "--trainer.max_epochs 1 --trainer.accelerator cpu --trainer.devices 2"
FILES = {
    "wrong_key.yaml": "trainer: {max_epoch: 3}",
    "wrong_type.yaml": "trainer: {max_epochs: many}",
    "broken.yaml": "trainer: {max_epochs: 3",
    "list.yaml": "[1, 2]",
    "binary.yaml": "\udcff\udcfe",
    "text.ckpt": "hello",
    "file": "",
}


@pytest.mark.parametrize(
    ("command", "named"),
    [
        ("--config gone.yaml", "gone.yaml"),
        ("--config wrong_key.yaml", "max_epoch"),
        ("--config wrong_type.yaml", "trainer.max_epochs.*int.*many"),
        ("--config broken.yaml", "config"),
        ("--config list.yaml", "config"),
        ("--config binary.yaml", "utf-8"),
        ("--trainer.max_epoch 3", "--trainer.max_epoch"),
        ("--trainer.max_epochs many", "trainer.max_epochs.*int.*many"),
        ("--trainer.max_epochs -5", "max_epochs.*-5"),
        ("--trainer.accelerator abacus", "accelerator.*abacus.*cpu"),
        ("--trainer.devices 0", "devices.*0"),
        ("--model.lrr 1", "lrr"),
        ("--model.lr fast", "model.lr.*float.*fast"),
        ("--model.lr 0", "lr is 0.0, expected"),
        ("--model Nothing", "model.*Nothing"),
        ("--data.batch_size 0", "batch_size is 0, expected"),
        ("--data.value_range [-1,1]", r"value_range of the data is \(-1.0, 1.0\), expected \(0.0, 1.0\)"),
        ("--model.in_shape [1,8,8]", r"item_shape of the data is \(1, 28, 28\), expected \(1, 8, 8\)"),
        ("--data datamodules.MNISTDataModule", "data.*root"),
        ("--data datamodules.MNISTDataModule --data.root nowhere", "data: .*nowhere"),
        ("--data datamodules.SparseSignalsDataModule", "model: value_range of the data is None, expected"),
        ("--model DeepPriorModule --data SparseSignalsDataModule", "model: value_range of the data is None, expected"),
        ("--model DeepPriorModule --data.value_range [-1,1] --model.image 5000", "model: image is 5000"),
        ("--model DenoiserModule --model.patch 64", "model: item_shape of the data is .*, smaller than a patch of 64"),
        ("--model UnfoldingModule --data SparseSignalsDataModule --trainer.precision bf16-mixed", "precision is bf16"),
        ("--model LearnedRegularizationModule --data.value_range [-1,1] --trainer.max_epochs 1398", "epochs is 1398"),
        (f"--model LearnedRegularizationModule --data.value_range [-1,1] {TWO}", "devices gives 2 processes"),
        ("--ckpt_path gone.ckpt", "ckpt_path: .*gone.ckpt"),
        ("--ckpt_path text.ckpt", "ckpt_path: .*text.ckpt.*damaged"),
        ("--ckpt_path weights.pt", "ckpt_path: .*weights.pt.*last.ckpt"),
        ("--out file", "out: .*file"),
        ("--monitor val/psnr", "monitor is val/psnr, expected one of val/cross_entropy, val/.*, val/loss"),
        ("--trainer.limit_val_batches 0", "monitor is val/loss and no data is held out"),
        ("--threads 0", "threads.*0"),
        ("--seed_everything soon", "seed_everything.*int.*soon"),
        ("superfluous", "superfluous"),
    ],
)
def test_wrong_input_is_one_line_and_exit_code_2(
    command: str, named: str, elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, content in FILES.items():
        Path(name).write_text(content, errors="surrogateescape")
    torch.save({"state_dict": {}}, "weights.pt")
    line = refused(capsys, *command.split(), "--logger", "false")
    assert re.search(named, line)
    assert [path.name for path in elsewhere.rglob("*.ckpt")] == ["text.ckpt"]
    assert not list(elsewhere.glob("checkpoints/runs/*/*")), "a refused run uses up no number"


def test_out_that_holds_a_run_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*TINY, "1", "--out", "run"]) == 0
    before = Path("run/last.ckpt").read_bytes()
    capsys.readouterr()
    assert "holds a run already, expected a new folder" in refused(capsys, *TINY, "1", "--out", "run")
    assert Path("run/last.ckpt").read_bytes() == before


def test_runs_started_together_have_folders_of_their_own(elsewhere: Path) -> None:
    """Each looks for a free number before any has made its folder."""
    with ThreadPoolExecutor(8) as pool:
        folders = list(pool.map(lambda _: _new_folder(None, "run"), range(24)))
    assert {folder.name for folder in folders} == {str(number) for number in range(24)}


@pytest.mark.parametrize(
    ("epoch", "more", "hint"),
    [
        (1, ["--out", "run"], "--ckpt_path .*run/last.ckpt goes on from the last epoch"),
        (0, ["--out", "run"], "no epoch was saved"),
        (0, ["--trainer.fast_dev_run", "true"], "no epoch was saved"),
    ],
)
def test_interrupted_training_says_how_to_go_on(
    epoch: int, more: list[str], hint: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(self: VAEModule) -> None:
        if self.current_epoch == epoch:
            raise KeyboardInterrupt

    monkeypatch.setattr(VAEModule, "on_train_epoch_start", interrupt)
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # Lightning ignores further interrupts from then on
    with pytest.raises(SystemExit) as exit_:
        main([*TINY, "3", *more])
    assert exit_.value.code == 130
    assert re.search(f"interrupted: {hint}", capsys.readouterr().err)


@pytest.mark.slow
def test_two_processes_write_one_run_with_offline_tracking(elsewhere: Path) -> None:
    Path("ddp.yaml").write_text("trainer: {accelerator: cpu, devices: 2, strategy: ddp}")
    ddp = ["--config", str(DEFAULT_CONFIG), "--config", "ddp.yaml", *TINY, "1", "--logger", "true", "--name", "two"]
    environment = {**os.environ, "WANDB_MODE": "offline", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(DEFAULT_CONFIG.parents[2] / "train.py"), *ddp]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)
    assert done.returncode == 0, done.stderr
    assert len(re.findall("epoch 1/1", done.stdout)) == 1
    (folder,) = (elsewhere / "checkpoints" / "runs" / "two").iterdir()
    assert {"best.ckpt", "last.ckpt", "config.yaml", "versions.yaml"} <= {path.name for path in folder.iterdir()}
    assert list((folder / "wandb").glob("offline-run-*"))


@pytest.mark.slow
def test_two_processes_train_a_network_some_of_whose_weights_have_no_gradient(elsewhere: Path) -> None:
    train = DEFAULT_CONFIG.parents[2] / "train.py"
    sizes = {"m": "20", "n": "40", "n_layers": "3"}
    network = [part for name, size in sizes.items() for part in (f"--model.network.init_args.{name}", size)]
    more = ["--model.operator.init_args.m", "20", "--data.n", "40", "--data.n_batches", "3", "--model.search", "0"]
    ddp = ["--trainer.accelerator", "cpu", "--trainer.devices", "2", "--trainer.max_epochs", "2", "--logger", "false"]
    config = ["--config", str(DEFAULT_CONFIG.parent / "lista.yaml"), "--out", "run"]
    command = [sys.executable, str(train), *config, *network, *more, *ddp]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)
    assert done.returncode == 0, done.stderr
    assert "epoch 2/2" in done.stdout
    assert type(load_network(Path("run/best.ckpt"))).__name__ == "LISTA"


@pytest.mark.slow
@pytest.mark.parametrize("wgan", [False, True])
def test_two_processes_train_a_gan(wgan: bool, elsewhere: Path, mnist_root: Path) -> None:
    train = DEFAULT_CONFIG.parents[2] / "train.py"
    config = ["--config", str(DEFAULT_CONFIG.parent / "gan_mnist.yaml"), "--data.root", str(mnist_root), "--out", "run"]
    ddp = ["--trainer.accelerator", "cpu", "--trainer.devices", "2", "--trainer.max_epochs", "2", "--logger", "false"]
    short = ["--trainer.limit_train_batches", "3", "--trainer.limit_val_batches", "1", "--data.val_size", "100"]
    small = ["--model.generator.init_args.width", "4", "--model.discriminator.init_args.width", "4"]
    other = ["--model.loss", "wgan_gp", "--model.discriminator.init_args.norm", "none", "--model.n_critic", "2"]
    command = [sys.executable, str(train), *config, *ddp, *short, *small, *other * wgan]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=120, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    assert done.returncode == 0, done.stderr
    assert "epoch 2/2" in done.stdout
    assert "val/kernel_distance" in done.stdout
    assert load_network(Path("run/last.ckpt"))(torch.zeros(2, 100)).shape == (2, 1, 28, 28)
