"""What a sweep would do: its cases, what is there already, and how long the rest will take."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from tqdm import tqdm

from lit_inverse.evaluation.cases import Case
from lit_inverse.evaluation.diagnostics import Planned
from lit_inverse.evaluation.results import Row


def describe(cases: Sequence[Case], rows: Mapping[str, Row]) -> str:
    """A table with a line per solver and setting, one per solver, and one for all.

    Times are estimated from the finished cases of the same solver and setting, or else of the same solver.
    """
    groups: dict[tuple[str, str, float], list[Case]] = defaultdict(list)
    for case in cases:
        groups[case.group[:3]].append(case)
    mean = _mean_seconds((case.solver, rows[case.key]) for case in cases if case.key in rows)
    mean = _mean_seconds((row["solver"], row) for row in rows.values()) | mean
    lines = [_line("solver", "setting", "noise", "cases", "there", "time left")]
    left: dict[str, float | None] = {}
    for (solver, setting, noise), members in groups.items():
        there = [case for case in members if case.key in rows]
        each = _mean_seconds((solver, rows[case.key]) for case in there).get(solver, mean.get(solver))
        n_left = len(members) - len(there)
        seconds = 0.0 if n_left == 0 else None if each is None else n_left * each
        before = left.get(solver, 0.0)
        left[solver] = None if before is None or seconds is None else before + seconds
        lines.append(_line(solver, setting, f"{noise:g}", str(len(members)), str(len(there)), _time(seconds)))
    for solver, seconds in left.items():
        of_solver = [case.key in rows for case in cases if case.solver == solver]
        lines.append(_line(solver, "all", "", str(len(of_solver)), str(sum(of_solver)), _time(seconds)))
    known = tqdm.format_interval(sum(seconds or 0.0 for seconds in left.values()))
    unknown = " and what is not known yet" if None in left.values() else ""
    there_in_all = sum(case.key in rows for case in cases)
    return "\n".join([*lines, f"{len(cases)} cases, {there_in_all} there; one process would need {known}{unknown}"])


def describe_diagnostics(measured: Sequence[Planned], rows: Mapping[str, Row]) -> str:
    """A line per diagnostic, none without any; the time left by the mean of those there."""
    lines = []
    for name in dict.fromkeys(one.name for one in measured):
        keys = {one.key for one in measured if one.name == name}
        there = [rows[key]["seconds"] for key in keys if key in rows]
        left = len(keys) - len(there)
        seconds = 0.0 if left == 0 else left * sum(there) / len(there) if there else None
        lines.append(_line(name, "diagnostic", "", str(len(keys)), str(len(there)), _time(seconds)) + "\n")
    return "".join(lines)


def _line(solver: str, setting: str, noise: str, cases: str, there: str, time: str) -> str:
    return f"{solver:<20}{setting:>10}{noise:>10}{cases:>8}{there:>8}{time:>12}"


def _time(seconds: float | None) -> str:
    return "?" if seconds is None else tqdm.format_interval(seconds)


def _mean_seconds(finished: Iterable[tuple[str, Row]]) -> dict[str, float]:
    """Mean seconds of a case, by solver."""
    seconds: dict[str, list[float]] = defaultdict(list)
    for solver, row in finished:
        seconds[solver].append(row["seconds"])
    return {solver: sum(values) / len(values) for solver, values in seconds.items()}
