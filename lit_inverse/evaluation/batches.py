"""Batches: cases that one solver can take at once."""

import math
from collections import defaultdict
from collections.abc import Collection

import torch

from lit_inverse.evaluation.cases import Case, Group, Plan
from lit_inverse.evaluation.sweep import Sweep

_OPERATOR_BYTES = 1 << 30  # memory for the operators of one batch, one per image
_ITEM_BYTES = 1 << 27  # of x in one batch, of which solvers hold some ten copies
_BATCHES_PER_PROCESS = 4  # of each group, so that all processes finish at about the same time


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
