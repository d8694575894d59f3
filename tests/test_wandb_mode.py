"""Tracking: where W&B writes to, by its environment variables; an unreachable server is one line."""

from pathlib import Path

import pytest
import wandb
from pytorch_lightning.loggers import WandbLogger

from lit_inverse.tracking import mode
from train import main

VARIABLES = ("WANDB_MODE", "WANDB_API_KEY", "WANDB_BASE_URL")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "offline"),
        ({"WANDB_MODE": "online"}, "offline"),
        ({"WANDB_MODE": "disabled"}, "disabled"),
        ({"WANDB_API_KEY": "k"}, "online"),
        ({"WANDB_API_KEY": "k", "WANDB_MODE": "offline"}, "offline"),
        ({"WANDB_API_KEY": "k", "WANDB_MODE": "disabled"}, "disabled"),
        ({"WANDB_API_KEY": "k", "WANDB_MODE": "shared"}, "shared"),
        ({"WANDB_BASE_URL": "https://own.example:8080"}, "online"),
        ({"WANDB_BASE_URL": "https://other.example"}, "offline"),
    ],
)
def test_mode_is_what_was_asked_for_and_offline_without_a_key(
    environment: dict[str, str], expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine own.example:8080 login user password key\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert mode() == expected


def test_a_server_out_of_reach_ends_training_in_one_line_before_its_first_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def out_of_reach(*_: object) -> None:
        raise wandb.Error("no\nconnection")

    monkeypatch.setattr(WandbLogger, "log_hyperparams", out_of_reach)
    monkeypatch.chdir(tmp_path)
    assert main(["--model.hidden", "[8]", "--trainer.max_epochs", "1"]) == 2
    wandb.finish()  # a run left open would be taken up by the next logger of this process
    assert "error: logger: no connection: choose --logger false" in capsys.readouterr().err
    assert not list(tmp_path.rglob("*.ckpt"))
