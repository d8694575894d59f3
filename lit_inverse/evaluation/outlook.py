"""What a sweep would do: its cases, what is there already, and how long the rest will take."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from tqdm import tqdm

from lit_inverse.evaluation.cases import Case
from lit_inverse.evaluation.results import Row


def outlook(cases: Sequence[Case], rows: Mapping[str, Row]) -> str:
    """A table with a line per solver and setting; times are estimated from the finished cases of the same solver."""
    groups: dict[tuple[str, str, float], list[Case]] = defaultdict(list)
    for case in cases:
        groups[case.group].append(case)
    lines, total, known = (
        [f"{'solver':<20}{'setting':>10}{'noise':>10}{'cases':>8}{'there':>8}{'time left':>12}"],
        0.0,
        True,
    )
    for group, members in groups.items():
        solver, setting, noise = group
        there = [case for case in members if case.key in rows]
        each = _seconds(there, rows) or _seconds([c for c in cases if c.solver == solver and c.key in rows], rows)
        left = len(members) - len(there)
        known &= each is not None or not left
        total += left * (each or 0.0)
        time_left = "?" if each is None and left else tqdm.format_interval(left * (each or 0.0))
        lines.append(f"{solver:<20}{setting:>10}{noise:>10g}{len(members):>8}{len(there):>8}{time_left:>12}")
    in_all = tqdm.format_interval(total) + ("" if known else " and what is not known yet")
    there_in_all = sum(case.key in rows for case in cases)
    return "\n".join([*lines, f"{len(cases)} cases, {there_in_all} there; one process would need {in_all}"])


def _seconds(cases: Sequence[Case], rows: Mapping[str, Row]) -> float | None:
    """Mean seconds of finished cases."""
    return sum(rows[case.key]["seconds"] for case in cases) / len(cases) if cases else None
