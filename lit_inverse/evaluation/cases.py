"""Cases: one solver, one image, one operator setting, one noise level, one repeat, under a key."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from datamodules.base import OutlinedItems
from lit_inverse.errors import as_usage_errors
from lit_inverse.evaluation.checks import Memory, check_settings
from lit_inverse.evaluation.images import Image
from lit_inverse.evaluation.keys import case_key
from lit_inverse.evaluation.sweep import Sweep

SHOWN_IMAGES = 8  # of each setting, whose reconstructions are kept and shown


class Group(NamedTuple):
    """What cases share that can be solved in one batch."""

    solver: str
    measurement: str
    noise_level: float
    shape: tuple[int, ...] = ()
    reference_shape: tuple[int, ...] = ()


@dataclass(frozen=True)
class Case:
    """What is computed once and stored as one line.

    Attributes:
        shape: of what A acts on.
        drawn_for: id of what A is drawn for.
        reference_shape: of x, which differs from `shape` where items bring k-space.
        volume: that the image is a slice of, if any.
    """

    key: str
    solver: str
    index: int
    image: str
    measurement: Any
    noise_level: float
    repeat: int
    shape: tuple[int, ...] = ()
    drawn_for: str = ""
    reference_shape: tuple[int, ...] = ()
    volume: str | None = None

    @property
    def is_followed(self) -> bool:
        """Whether its iterations are kept: of the first image of each setting; they take the memory of some images."""
        return self.index == 0 and self.repeat == 0

    @property
    def is_shown(self) -> bool:
        """Whether its reconstruction is kept."""
        return self.index < SHOWN_IMAGES and self.repeat == 0

    @property
    def group(self) -> Group:
        """The cases it can be solved with in one batch."""
        return Group(self.solver, str(self.measurement), self.noise_level, self.shape, self.reference_shape)


@dataclass(frozen=True)
class Plan:
    """All cases of a sweep, and what one item takes of memory for each shape and value of `measurements`.

    Solvers of equal settings under several names have equal keys: they are computed once and stored under each name.
    """

    cases: list[Case]
    memory: dict[tuple[tuple[int, ...], str], Memory]


def plan(sweep: Sweep) -> Plan:
    """All cases of a sweep, by setting, then solver, then image, then repeat.

    Raises:
        UsageError: when the data, an operator setting or a noise level is impossible.
    """
    with as_usage_errors("data"):
        dataset = sweep.dataset()
        if len(dataset) == 0:
            raise ValueError(f"split {sweep.split!r} has no items")
        n_images = min(len(dataset), sweep.limit or len(dataset))
        outline = dataset.outline if isinstance(dataset, OutlinedItems) else dataset.__getitem__
        images = [Image.of(index, outline(index), sweep) for index in range(n_images)]
    first = {image.shape: image.index for image in reversed(images)}
    settings = check_settings(sweep, _read(dataset, first.values()))
    cases = [
        Case(
            case_key(sweep, solver, settings[image.shape, str(measurement)], image, level, repeat),
            solver,
            image.index,
            image.id,
            measurement,
            level,
            repeat,
            image.shape,
            image.drawn_for,
            image.reference_shape,
            image.volume,
        )
        for measurement in sweep.measurements
        for level in sweep.noise_levels
        for solver in sweep.solvers
        for image in images
        for repeat in range(sweep.repeats)
    ]
    return Plan(cases, {place: setting.memory for place, setting in settings.items()})


def names(sweep: Sweep, cases: Iterable[Case]) -> dict[str, list[dict[str, str]]]:
    """Solver and label of each line to be written for a key: this sweep's, whatever a stored line was called."""
    named: dict[str, list[dict[str, str]]] = defaultdict(list)
    for case in cases:
        named[case.key].append({"solver": case.solver, "label": sweep.label(case.solver)})
    return named


def _read(dataset: Any, indices: Iterable[int]) -> Iterator[dict[str, Any]]:
    """Items one after the other: one of each shape may be too much for memory."""
    for index in indices:
        with as_usage_errors("data"):
            item = dataset[index]
        yield item
