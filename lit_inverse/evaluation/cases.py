"""Cases: one solver, one image, one operator setting, one noise level, one repeat, under a key."""

import hashlib
import json
import math
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from lit_inverse.errors import as_usage_errors
from lit_inverse.evaluation.sweep import Sweep
from lit_inverse.seeding import derive_seed

Group = tuple[str, str, float]  # solver, measurement, noise level

_OPERATOR_BYTES = 1 << 30  # memory for the operators of one batch, one per image
_BATCHES_PER_PROCESS = 4  # of each group, so that all processes finish at about the same time


@dataclass(frozen=True)
class Case:
    """What is computed once and stored as one line."""

    key: str
    solver: str
    index: int
    image: str
    measurement: Any
    noise_level: float
    repeat: int

    @property
    def group(self) -> Group:
        """Cases of a group can be solved in one batch."""
        return self.solver, str(self.measurement), self.noise_level


@dataclass(frozen=True)
class Plan:
    """All cases of a sweep, and the bytes one operator takes at each value of `measurements`."""

    cases: list[Case]
    operator_bytes: dict[str, int]


def plan(sweep: Sweep) -> Plan:
    """All cases of a sweep, by setting, then solver, then image, then repeat.

    Raises:
        UsageError: when the data, an operator setting or a noise level is impossible.
    """
    with as_usage_errors("data"):
        dataset = sweep.dataset()
        if len(dataset) == 0:
            raise ValueError(f"split {sweep.split!r} has no items")
        images = [_Image.of(index, dataset[index]) for index in range(min(len(dataset), sweep.limit or len(dataset)))]
    operator_bytes = _check_settings(sweep, images[0].shape)
    cases = [
        Case(
            _key(sweep, solver, image, measurement, level, repeat),
            solver,
            image.index,
            image.id,
            measurement,
            level,
            repeat,
        )
        for measurement in sweep.measurements
        for level in sweep.noise_levels
        for solver in sweep.solvers
        for image in images
        for repeat in range(sweep.repeats)
    ]
    return Plan(cases, operator_bytes)


def batches(
    sweep: Sweep, plan: Plan, done: Collection[str], device: torch.device, n_processes: int = 1
) -> list[list[Case]]:
    """The missing cases in batches of one solver and one setting, small enough to keep all processes busy."""
    groups: dict[Group, list[Case]] = defaultdict(list)
    for case in plan.cases:
        if case.key not in done:
            groups[case.group].append(case)
    split = []
    for group in groups.values():
        size = _batch_size(sweep, plan, group[0], device)
        if sweep.batch_size == "auto" and n_processes > 1:
            size = min(size, math.ceil(len(group) / (_BATCHES_PER_PROCESS * n_processes)))
        split += [group[first : first + size] for first in range(0, len(group), size)]
    return split


def _batch_size(sweep: Sweep, plan: Plan, case: Case, device: torch.device) -> int:
    if sweep.batch_size != "auto":
        return sweep.batch_size
    size = sweep.solvers[case.solver].preferred_batch(device)
    if sweep.operator_per == "image":
        size = min(size, _OPERATOR_BYTES // max(1, plan.operator_bytes[str(case.measurement)]))
    return max(1, size)


@dataclass(frozen=True)
class _Image:
    index: int
    id: str
    shape: tuple[int, ...]
    content: str

    @classmethod
    def of(cls, index: int, item: dict[str, Any]) -> "_Image":
        x: Tensor = item["x"]
        if not torch.isfinite(x).all():
            raise ValueError(f"{item['id']} has entries that are not finite (NaN or infinity)")
        digest = hashlib.blake2b(x.contiguous().view(torch.uint8).numpy().tobytes(), digest_size=16)
        return cls(index, item["id"], tuple(x.shape), f"{digest.hexdigest()} {x.dtype} {tuple(x.shape)}")


def _check_settings(sweep: Sweep, in_shape: tuple[int, ...]) -> dict[str, int]:
    """Draws each operator and noise law once, so that an impossible value ends the sweep before it starts.

    Returns the bytes of the operator at each value of `measurements`.
    """
    for level in sweep.noise_levels:
        with as_usage_errors("noise_levels"):
            sweep.noise(level)
    sizes = {}
    for measurement in sweep.measurements:
        with as_usage_errors("measurements" if sweep.vary else "operator"):
            operator = sweep.draw_operator(in_shape, measurement, 0)
            sizes[str(measurement)] = sum(buffer.nbytes for buffer in operator.buffers())
    return sizes


def _key(sweep: Sweep, solver: str, image: _Image, measurement: Any, level: float, repeat: int) -> str:
    """blake2b of canonical JSON of all that determines the result and nothing else."""
    ingredients = {
        "x": image.content,
        "value_range": sweep.value_range,
        "operator": [sweep.operator.class_path, dict(sweep.operator.init_args), sweep.vary, measurement],
        "operator_seed": sweep.operator_seed(image.id, repeat),
        "noise": [sweep.noise.class_path, dict(sweep.noise.init_args), level],
        "noise_seed": derive_seed(sweep.seed, "noise", image.id, repeat),
        "solver": sweep.identities[solver],
        "version": sweep.solvers[solver].version,
        "solver_seed": derive_seed(sweep.seed, "solver", image.id, repeat),
        "dtype": "float64" if "64" in str(sweep.trainer.get("precision")) else "float32",
        "repeat": repeat,
    }
    canonical = json.dumps(ingredients, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.blake2b(canonical.encode(), digest_size=16).hexdigest()
