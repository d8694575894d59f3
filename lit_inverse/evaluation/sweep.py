"""The resolved configuration of a sweep: which solvers meet which measurements of which images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch
from pytorch_lightning import LightningDataModule

from lit_inverse.evaluation.laws import Law
from lit_inverse.noise import Noise
from lit_inverse.operators import Operator
from lit_inverse.problem import draw, is_random
from lit_inverse.seeding import operator_seed
from lit_inverse.solvers import Solver, ValueRange
from lit_inverse.theory.diagnostics import Diagnostic


@dataclass(frozen=True)
class Sweep:
    """One evaluation. The identity of a solver is all of its settings that can change a result, as plain data."""

    name: str
    out: Path
    data: LightningDataModule
    split: str
    limit: int | None
    operator: Law[Operator]
    operator_per: Literal["image", "volume", "sweep"]
    vary: str | None
    measurements: Sequence[Any]
    noise: Law[Noise]
    noise_levels: Sequence[float]
    repeats: int
    success_nmse: float
    oracle: bool
    seed: int
    batch_size: int | Literal["auto"]
    solvers: Mapping[str, Solver]
    identities: Mapping[str, Any]
    labels: Mapping[str, str]
    diagnostics: Mapping[str, Diagnostic]
    diagnostic_identities: Mapping[str, Any]
    trainer: Mapping[str, Any]
    logger: bool
    threads: int | None
    reuse: Sequence[Path]
    dry_run: bool
    resolved: str
    drawn: dict[str, Operator] = field(
        default_factory=dict, repr=False, compare=False
    )  # the last A that all items share

    @property
    def value_range(self) -> ValueRange | None:
        """Range of x, as the data module states it; None for vectors."""
        value_range: ValueRange | None = getattr(self.data, "value_range", None)
        return value_range

    @property
    def shown_range(self) -> ValueRange | None:
        """Range of what is compared and shown: of x, or of the magnitudes in the unit that a data module states."""
        shown: ValueRange | None = getattr(self.data, "shown_range", self.value_range)
        return shown

    @property
    def dtype(self) -> torch.dtype:
        """Precision of x, A and y."""
        return torch.float64 if "64" in str(self.trainer.get("precision")) else torch.float32

    def label(self, solver: str) -> str:
        """Name of a solver for people."""
        return self.labels.get(solver, solver)

    def dataset(self) -> Any:
        """The map-style dataset of the split."""
        return self.data.dataset(self.split)  # type: ignore[attr-defined]

    def operator_seed(self, drawn_for: str, repeat: int) -> int:
        """Seed of A: one per image, or volume, and repeat, or one for all."""
        return operator_seed(self.seed, *(() if self.operator_per == "sweep" else (drawn_for, repeat)))

    def drawn_for(self, item: Mapping[str, Any]) -> str:
        """Id of what A is drawn for, the image or its volume.

        Raises:
            ValueError: when there are no volumes.
        """
        if self.operator_per != "volume":
            return str(item["id"])
        if "volume" not in item:
            raise ValueError(f"operator_per is 'volume', but {item['id']} belongs to none: say image or sweep")
        return str(item["volume"])

    def varied(self, measurement: Any) -> dict[str, Any]:
        """The operator's argument that one of `measurements` is a value of."""
        return {} if self.vary is None else {self.vary: measurement}

    def operator_identity(self, measurement: Any) -> dict[str, Any]:
        """What A depends on besides its seed, as plain data."""
        law = self.operator
        settings = law.drawn_class.determining({**law.init_args, **self.varied(measurement)})
        return Law(law.class_path, settings).identity()

    def draw_operator(self, in_shape: tuple[int, ...], measurement: Any, seed: int | list[int]) -> Operator:
        """A for items of shape in_shape at one value of the varied argument; the seed is for random operators."""
        varied = self.varied(measurement)
        if not is_random(self.operator):
            seed = 0
        if isinstance(seed, list):
            return draw(self.operator, in_shape, seed, **varied)
        name = f"{in_shape} {measurement} {seed}"
        if name not in self.drawn:
            self.drawn.clear()
            self.drawn[name] = draw(self.operator, in_shape, seed, **varied)
        return self.drawn[name]
