"""Diagnostics of a sweep: constants of theory of its operators and solvers, under keys like its results."""

import math
import time
import traceback
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from lit_inverse.errors import as_usage_errors, one_line
from lit_inverse.evaluation.cases import Case
from lit_inverse.evaluation.grouping import setting_of
from lit_inverse.evaluation.keys import digest
from lit_inverse.evaluation.memory import Portions
from lit_inverse.evaluation.results import Results, Row, read_diagnostics
from lit_inverse.evaluation.solving import simulate
from lit_inverse.evaluation.sweep import Sweep
from lit_inverse.operators import Operator
from lit_inverse.problem import as_told, is_random
from lit_inverse.seeding import solver_seed
from lit_inverse.theory.diagnostics import OperatorDiagnostic, SolverDiagnostic
from lit_inverse.theory.estimate import Estimate
from lit_inverse.theory.instability import Reconstruct


@dataclass(frozen=True)
class Planned:
    """What is to be measured once: a diagnostic, of the solver and image of a case, or of its A alone."""

    key: str
    name: str
    case: Case
    of_solver: bool


def plan_diagnostics(sweep: Sweep, cases: Sequence[Case]) -> list[Planned]:
    """All of a sweep, in the order of its cases; an A that several cases share is measured once.

    Raises:
        UsageError: when an operator has no such numbers.
    """
    planned: dict[tuple[str, ...], Planned] = {}
    operators = {str(measurement): sweep.operator_identity(measurement) for measurement in sweep.measurements}
    for name, diagnostic in sweep.diagnostics.items():
        checked = set()
        for case in cases:
            if diagnostic.limit is not None and case.index >= diagnostic.limit:
                continue
            if (setting := (case.shape, str(case.measurement))) not in checked:
                with as_usage_errors(f"diagnostics.{name}"):
                    diagnostic.check(_operator_of(sweep, case).to(sweep.dtype))
                checked.add(setting)
            of_solver = isinstance(diagnostic, SolverDiagnostic)
            law = {
                "operator": operators[str(case.measurement)],
                "operator_seed": _seed_of_draws(sweep, case),
                "shape": case.shape,
                "dtype": str(sweep.dtype),
            }
            key = _key(sweep, name, {"case": case.key} if of_solver else law)
            place = (name, key, case.solver) if of_solver else (name, key)
            planned.setdefault(place, Planned(key, name, case, of_solver))
    return list(planned.values())


def missing(planned: Iterable[Planned], done: Collection[str]) -> list[Planned]:
    """Those not done, each key once."""
    return [*{one.key: one for one in planned if one.key not in done}.values()]


def diagnose(sweep: Sweep, planned: Sequence[Planned], results: Results, device: torch.device) -> None:
    """Measures what is missing; what fails is noted, and the next start tries it again."""
    for folder in sweep.reuse:
        there, here = read_diagnostics(folder), read_diagnostics(results.out)
        for key in {one.key: None for one in planned if one.key in there and one.key not in here}:
            results.append_diagnostic(there[key])
    dataset = sweep.dataset()
    for one in tqdm(missing(planned, read_diagnostics(results.out)), desc="diagnostics", mininterval=1):
        start = time.perf_counter()
        try:
            row, found = _measure(sweep, dataset[one.case.index], one, device)
        except Exception as error:
            reason = f"{one.name}: {type(error).__name__}: {one_line(error)}"
            results.note_failure(one.key, reason, traceback.format_exc())
            continue
        row |= {"seconds": time.perf_counter() - start, "device": str(device)}
        results.append_diagnostic(row | {"estimates": {kind: _plain(estimate) for kind, estimate in found.items()}})


def estimates(sweep: Sweep, planned: Iterable[Planned], rows: Mapping[str, Row]) -> Iterator[Row]:
    """All estimates that are there, under the names of this sweep: a line may have been written under others."""
    for one in planned:
        row, case = rows.get(one.key, {"estimates": {}}), one.case
        for kind, found in row["estimates"].items():
            yield {
                "name": one.name,
                "solver": case.solver if one.of_solver else "",
                "label": sweep.label(case.solver) if one.of_solver else "",
                "noise_level": case.noise_level if one.of_solver else None,
                "image": case.image,
                # an A that is drawn for a slice knows nothing of its volume
                **({"volume": case.volume} if one.of_solver and case.volume is not None else {}),
                "m": row["m"],
                "setting": setting_of({"m": row["m"], **({} if sweep.vary is None else {"setting": case.measurement})}),
                "kind": kind,
                **found,
            }


def _measure(
    sweep: Sweep, item: Mapping[str, Any], one: Planned, device: torch.device
) -> tuple[Row, dict[str, Estimate]]:
    case, diagnostic = one.case, sweep.diagnostics[one.name]
    operator = _operator_of(sweep, case).to(device, sweep.dtype)
    if isinstance(diagnostic, SolverDiagnostic):
        x, _, y, sigma = simulate(sweep, [item], [case], device)
        operator = as_told(operator, x, y)
        seed = solver_seed(sweep.seed, case.image, case.repeat)
        reconstruct = _reconstruction(sweep, case, operator, float(sigma), seed)
        found = diagnostic.measure(reconstruct, x[0], y[0], operator, seed)
    else:
        assert isinstance(diagnostic, OperatorDiagnostic)
        found = diagnostic.measure(operator, _seed_of_draws(sweep, case))
    row = {
        "key": one.key,
        "name": one.name,
        "diagnostic": type(diagnostic).__name__,
        **({"solver": case.solver, "noise_level": case.noise_level} if one.of_solver else {}),
        "image": case.image,
        "operator": sweep.operator.name,
        "m": operator.m,
        "n": operator.n,
        "repeat": case.repeat,
        "seed": sweep.seed,
        **({} if sweep.vary in (None, "m") else {"setting": case.measurement}),
    }
    return row, found


def _reconstruction(sweep: Sweep, case: Case, operator: Operator, sigma: float, seed: int) -> Reconstruct:
    """y (K, *out_shape) -> x_hat (K, ...): every item as the sweep solves its case, with the same seed."""
    solver = sweep.solvers[case.solver]

    def each(y: Tensor) -> Tensor:
        seeds = [seed] * len(y)
        return solver.solve(y, operator, sigma=sigma, value_range=sweep.value_range, seeds=seeds).x

    size = solver.preferred_batch(operator.like.device) if sweep.batch_size == "auto" else sweep.batch_size
    portions = Portions(size)
    return lambda y: torch.cat([*portions.of(y, each)])


def _operator_of(sweep: Sweep, case: Case) -> Operator:
    """A of a case, as one that all perturbations of its y share."""
    return sweep.draw_operator(case.shape, case.measurement, sweep.operator_seed(case.drawn_for, case.repeat))


def _seed_of_draws(sweep: Sweep, case: Case) -> int:
    """Of A, and of what its diagnostics draw; without a seed of its own A is the same for all."""
    return sweep.operator_seed(case.drawn_for, case.repeat) if is_random(sweep.operator) else 0


def _key(sweep: Sweep, name: str, measured: Row) -> str:
    """Of what is measured and the diagnostic's settings, but for how many are."""
    identity = sweep.diagnostic_identities[name]
    init_args = {key: value for key, value in identity.get("init_args", {}).items() if key != "limit"}
    settings = {**identity, "init_args": init_args, "version": sweep.diagnostics[name].version}
    return digest([settings, measured])


def _plain(found: Estimate) -> Row:
    """For JSON, which has no number for infinity."""
    return {name: None if v in (math.inf, -math.inf) or v != v else v for name, v in asdict(found).items()}
