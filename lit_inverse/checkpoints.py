"""Weights on disk: read safely, rebuilt into networks, exported light.

    python -m lit_inverse.checkpoints RUN.ckpt checkpoints/NAME.pt

A checkpoint says under "network" how to build the network anew: its class in lit_inverse.networks, the arguments, and
the prefix of its weights in "state_dict". Training runs and exported files do so alike, and both load with
``weights_only``.
"""

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import torch
from torch import Tensor, nn

from lit_inverse import networks
from lit_inverse.errors import one_line
from lit_inverse.paths import ConfigPath as CheckpointPath

__all__ = ["SHIPPED", "CheckpointPath", "NetworkOrPath", "describe", "export", "load_network", "read"]

if TYPE_CHECKING:
    NetworkOrPath: TypeAlias = CheckpointPath | nn.Module
else:
    # What a configuration may hold. In a union with a class, jsonargparse would take the weights for a configuration.
    NetworkOrPath = CheckpointPath

SHIPPED = Path(__file__).resolve().parent.parent / "checkpoints"


def read(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The content of a checkpoint, on the CPU.

    Raises:
        FileNotFoundError: when there is no such file.
        ValueError: when it is damaged, or holds more than weights and plain values.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"there is no checkpoint {path}, expected a file that train.py or an export wrote")
    try:
        with zipfile.ZipFile(path) as archive:  # torch.load does not notice changed bytes
            if archive.testzip():
                raise zipfile.BadZipFile("a check sum is wrong")
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged archive raises almost anything
        reason = f"{type(error).__name__}: {one_line(error).partition('. ')[0]}"
        raise ValueError(f"checkpoint {path} can not be read: it is damaged, or no checkpoint ({reason})") from error
    if not isinstance(content, dict) or not isinstance(content.get("state_dict"), dict):
        raise ValueError(f"checkpoint {path} has no state_dict, expected a file that train.py or an export wrote")
    return content


def describe(network: nn.Module, init_args: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """What a LightningModule puts under "network" in `on_save_checkpoint`; plain values only."""
    return {"class": type(network).__name__, "init_args": dict(init_args), "prefix": prefix}


def load_network(path: str | os.PathLike[str]) -> nn.Module:
    """The network of a checkpoint in float32 on the CPU, in evaluation mode.

    Raises:
        FileNotFoundError: when there is no such file.
        ValueError: when it is damaged or was not written by this package.
    """
    checkpoint = read(path)
    try:
        description = checkpoint["network"]
        with torch.device("meta"):  # no weights are drawn, so torch's global generator stays untouched
            network: nn.Module = getattr(networks, description["class"])(**description["init_args"])
        weights = {key: _float32(weight) for key, weight in _own(checkpoint).items()}
        network.load_state_dict(weights, assign=True)
    except (KeyError, TypeError, AttributeError, ValueError, RuntimeError) as error:
        raise ValueError(
            f"checkpoint {path} holds no network of lit_inverse.networks ({type(error).__name__}: {one_line(error)})"
        ) from error
    return network.eval()


def export(source: str, target: str) -> None:
    """Writes the network of a training run alone, its weights in float16: half the size, and below its own noise.

    A network that needs more precision says so by its attribute `exported`. Statistics of networks, of which a run
    says what it "learned_from", are written as they are.

    Args:
        source: checkpoint of a run.
        target: file to write.
    """
    checkpoint = read(source)
    if "learned_from" in checkpoint:
        torch.save({name: checkpoint[name] for name in ("state_dict", "learned_from")}, target)
        return
    dtype = getattr(load_network(source), "exported", torch.float16)  # refuses what could not be read back
    weights = {
        key: weight.to(dtype) if weight.is_floating_point() else weight for key, weight in _own(checkpoint).items()
    }
    torch.save({"network": {**checkpoint["network"], "prefix": ""}, "state_dict": weights}, target)


def _own(checkpoint: dict[str, Any]) -> dict[str, Tensor]:
    prefix = checkpoint["network"]["prefix"]
    weights = checkpoint["state_dict"].items()
    return {key.removeprefix(prefix): weight for key, weight in weights if key.startswith(prefix)}


def _float32(weight: Tensor) -> Tensor:
    return weight.float() if weight.is_floating_point() else weight


if __name__ == "__main__":
    from jsonargparse import auto_cli

    auto_cli(export, as_positional=True)
