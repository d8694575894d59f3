"""Cases: one solver, one image, one operator setting, one noise level, one repeat, under a key."""

import hashlib
import json
import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from datamodules.base import OutlinedItems
from datamodules.fingerprint import Fingerprint
from lit_inverse.errors import UsageError, as_usage_errors
from lit_inverse.evaluation.laws import versions_within
from lit_inverse.evaluation.sweep import Sweep
from lit_inverse.operators import LinearOperator, Operator
from lit_inverse.problem import Problem, as_told, unknown
from lit_inverse.seeding import noise_seed, solver_seed

_OPERATOR_BYTES = 1 << 30  # memory for the operators of one batch, one per image
_ITEM_BYTES = 1 << 27  # of x in one batch, of which solvers hold some ten copies
_BATCHES_PER_PROCESS = 4  # of each group, so that all processes finish at about the same time


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
    def group(self) -> Group:
        """The cases it can be solved with in one batch."""
        return Group(self.solver, str(self.measurement), self.noise_level, self.shape, self.reference_shape)


class Memory(NamedTuple):
    """Bytes of one x, or k-space, and of one A, in the precision of the sweep."""

    item: int
    operator: int


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
        images = [_Image.of(index, outline(index), sweep) for index in range(n_images)]
    first = {image.shape: image.index for image in reversed(images)}
    settings = _check_settings(sweep, _read(dataset, first.values()))
    cases = [
        Case(
            _key(sweep, solver, settings[image.shape, str(measurement)], image, level, repeat),
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


def batches(
    sweep: Sweep, plan: Plan, done: Collection[str], device: torch.device, n_processes: int = 1
) -> list[list[Case]]:
    """The missing cases in batches of one solver and one setting, small enough to keep all processes busy."""
    missing: dict[str, Case] = {}
    for case in plan.cases:
        if case.key not in done:
            missing.setdefault(case.key, case)
    groups: dict[Group, list[Case]] = defaultdict(list)
    for case in missing.values():
        groups[case.group].append(case)
    split = []
    for group in groups.values():
        size = _batch_size(sweep, plan, group[0], device)
        if sweep.batch_size == "auto":
            size = min(size, fair_size(len(group), n_processes))
        split += [group[first : first + size] for first in range(0, len(group), size)]
    return split


def fair_size(n_cases: int, n_processes: int) -> int:
    """Largest batches of a group that leave something to deal to all processes."""
    return n_cases if n_processes == 1 else math.ceil(n_cases / (_BATCHES_PER_PROCESS * n_processes))


def _batch_size(sweep: Sweep, plan: Plan, case: Case, device: torch.device) -> int:
    if sweep.batch_size != "auto":
        return sweep.batch_size
    memory = plan.memory[case.shape, str(case.measurement)]
    size = min(sweep.solvers[case.solver].preferred_batch(device), _ITEM_BYTES // max(1, memory.item))
    if sweep.operator_per != "sweep":
        size = min(size, _OPERATOR_BYTES // max(1, memory.operator))
    return max(1, size)


@dataclass(frozen=True)
class _Image:
    index: int
    id: str
    shape: tuple[int, ...]
    content: str
    drawn_for: str
    reference_shape: tuple[int, ...]
    volume: str | None

    @classmethod
    def of(cls, index: int, item: Mapping[str, Any], sweep: Sweep) -> "_Image":
        _check_item(item)
        parts = [_content(item[name], item["id"]) for name in ("x", "kspace") if name in item]
        parts += [f"maximum {float(item['maximum'])!r}"] if "maximum" in item else []
        shapes = tuple(unknown(item).shape), tuple(item["x"].shape)
        drawn_for, volume = sweep.drawn_for(item), item.get("volume")
        return cls(index, item["id"], shapes[0], " and ".join(parts), drawn_for, shapes[1], volume)


def _check_item(item: Mapping[str, Any]) -> None:
    """Refuses items that there is nothing to compare with, or too little to sample from."""
    name, expected = item["id"], "expected all of k-space with a reference: take another split"
    if "x" not in item:
        raise ValueError(f"{name} has no reference x to compare with, {expected}")
    if "mask" in item:
        raise ValueError(f"{name} is undersampled already (it has a mask), {expected}")
    if not 0 < (maximum := float(item.get("maximum", 1))) < math.inf:
        raise ValueError(f"{name} has the maximum {maximum:g}, expected a finite number > 0")


def _content(x: Tensor | Fingerprint, name: str) -> str:
    if isinstance(x, Fingerprint):
        return str(x)
    if not torch.isfinite(x).all():
        raise ValueError(f"{name} has entries that are not finite (NaN or infinity)")
    return str(Fingerprint.of(x))


class _Setting(NamedTuple):
    """One shape of x and one value of `measurements`.

    Attributes:
        memory: of one item and its A.
        operator: what A depends on besides its seed, as plain data.
        identities: of each solver what its results depend on there.
    """

    memory: Memory
    operator: dict[str, Any]
    identities: dict[str, Any]


def _read(dataset: Any, indices: Iterable[int]) -> Iterator[dict[str, Any]]:
    """Items one after the other: one of each shape may be too much for memory."""
    for index in indices:
        with as_usage_errors("data"):
            item = dataset[index]
        yield item


def _check_settings(sweep: Sweep, items: Iterable[dict[str, Any]]) -> dict[tuple[tuple[int, ...], str], _Setting]:
    """Measures an image of each shape once, so that what is impossible ends the sweep before it starts.

    Returns what is found for each shape of x and value of `measurements`.
    """
    found = {}
    for item in items:
        x = unknown(item)
        shape = tuple(x.shape)
        for measurement in sweep.measurements:
            with as_usage_errors("measurements" if sweep.vary else "operator"):
                # the very A where there is one for all: trained networks know theirs, and refuse one A per image
                seed = sweep.operator_seed("", 0)
                operator = sweep.draw_operator(shape, measurement, seed if sweep.operator_per == "sweep" else [seed])
            _check_oracle(sweep, x, operator)
            for level in sweep.noise_levels:
                with as_usage_errors("noise_levels"):
                    y = Problem(operator, sweep.noise(level)).measure([item], [0])
            told = as_told(operator, x, y)
            for name, solver in sweep.solvers.items():
                with as_usage_errors(f"solvers.{name}"):
                    solver.check_all(told, sweep.value_range)
            found[shape, str(measurement)] = _Setting(
                _memory(sweep, x, operator),
                sweep.operator_identity(measurement),
                {name: _identity(sweep, name, told) for name in sweep.solvers},
            )
    return found


def _memory(sweep: Sweep, x: Tensor, operator: Operator) -> Memory:
    dtype = sweep.dtype.to_complex() if x.is_complex() else sweep.dtype
    drawn = sum(buffer.nbytes for buffer in operator.buffers())
    return Memory(x.numel() * dtype.itemsize, drawn * sweep.dtype.itemsize // 4)  # drawn in float32


def _identity(sweep: Sweep, solver: str, operator: Operator) -> dict[str, Any]:
    """Class and settings of a solver that its results with this A depend on."""
    identity: dict[str, Any] = dict(sweep.identities[solver])
    if "init_args" in identity:
        identity["init_args"] = sweep.solvers[solver].determining(identity["init_args"], operator)
    return identity


def _check_oracle(sweep: Sweep, x: Tensor, operator: Operator) -> None:
    if sweep.oracle and (x.ndim != 1 or x.is_complex() or not isinstance(operator, LinearOperator)):
        raise UsageError(
            f"oracle: got x of shape {tuple(x.shape)} ({x.dtype}) and {type(operator).__name__}, "
            "expected real vectors and a linear operator"
        )


def _key(sweep: Sweep, solver: str, setting: _Setting, image: _Image, level: float, repeat: int) -> str:
    """Of all that determines the result and nothing else."""
    ingredients = {
        "x": image.content,
        "value_range": sweep.value_range,
        "operator": setting.operator,
        "operator_seed": sweep.operator_seed(image.drawn_for, repeat),
        "noise": [sweep.noise.identity(), level],
        "noise_seed": noise_seed(sweep.seed, image.id, repeat),
        "solver": setting.identities[solver],
        "version": sweep.solvers[solver].version,
        **versions_within(setting.identities[solver]),
        "solver_seed": solver_seed(sweep.seed, image.id, repeat),
        "dtype": str(sweep.dtype),
        "repeat": repeat,
    }
    return digest(ingredients)


def digest(ingredients: Any) -> str:
    """blake2b of canonical JSON, which results and diagnostics are stored under."""
    canonical = json.dumps(ingredients, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(canonical.encode(), digest_size=16).hexdigest()
