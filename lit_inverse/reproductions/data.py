"""Which data a run meets: the real one where it is there, else what takes its place."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lit_inverse.reproductions.drawn_images import draw_images
from lit_inverse.reproductions.reproduction import Data, Run


@dataclass(frozen=True)
class Chosen:
    """The data of a run.

    Attributes:
        arguments: what evaluate.py is told of it.
        words: what it is, for people.
        place: where it is, or what is missing.
        real: whether it is what was asked for.
    """

    arguments: list[str]
    words: str
    place: str
    real: bool


def choose(run: Run, config: Path, root: Path, out: Path) -> Chosen:
    """Looks for the data below `root`, then where the configuration names it; writes to `out` what stands in for it."""
    if run.data is None:
        return Chosen([], "data drawn from seeds", "no files needed", real=True)
    folder = root / run.data.folder
    if folder.is_dir():
        return Chosen([f"--{run.data.root}", str(folder.resolve())], run.data.words, f"in {folder}", real=True)
    named = yaml.safe_load(config.read_text())
    for part in run.data.root.split("."):
        named = named.get("init_args", named).get(part) or {}
    if named and (config.parent / named).is_dir():
        return Chosen([], run.data.words, f"in {(config.parent / named).resolve()}", real=True)
    changes = out / f"{run.name}.instead.yaml"
    changes.parent.mkdir(parents=True, exist_ok=True)
    changes.write_text(yaml.safe_dump(_instead(run.data, out), sort_keys=False))
    place = f"in place of {run.data.words}, not found in {folder}"
    return Chosen(["--config", str(changes)], run.data.instead_words, place, real=False)


def _instead(data: Data, out: Path) -> dict[str, Any]:
    if data.instead is not None:
        return dict(data.instead)
    drawn = draw_images(out / "drawn" / ("colour" if data.colour else "grey"), data.colour)
    return {"data": {"init_args": {"root": str(drawn.resolve())}}}
