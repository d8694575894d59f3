"""How the cases of a sweep ended."""

from collections.abc import Sequence
from dataclasses import dataclass

from lit_inverse.evaluation.cases import Case
from lit_inverse.evaluation.results import Results, Row
from lit_inverse.evaluation.sweep import Sweep


@dataclass(frozen=True)
class Outcome:
    """Finished cases with their results, in the order of the sweep; those that failed, with the reason."""

    finished: list[tuple[Case, Row]]
    failed: list[tuple[Case, str]]
    n_cases: int

    @classmethod
    def of(cls, sweep: Sweep, cases: Sequence[Case], results: Results) -> "Outcome":
        """Looks the cases up among the results."""
        rows, failures = results.rows(), results.failures()
        finished = [(case, _named(sweep, case, rows[case.key])) for case in cases if case.key in rows]
        failed = [(case, failures[case.key]) for case in cases if case.key in failures and case.key not in rows]
        return cls(finished, failed, len(cases))


def _named(sweep: Sweep, case: Case, row: Row) -> Row:
    """The row under the names of this sweep: a result may have been computed under others."""
    setting = row["m"] if sweep.vary is None else case.measurement
    return {**row, "solver": case.solver, "label": sweep.label(case.solver), "setting": setting}
