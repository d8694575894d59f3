"""Claims about the learned operator B of the analytic deep prior, from errors.csv."""

from lit_inverse.intervals import t_interval
from lit_inverse.reproductions.claims.missing import missing
from lit_inverse.reproductions.reproduction import Check, Verdict
from lit_inverse.reproductions.tables import Tables

_STILL = 0.02  # of the way from x(A), made in the last tenth of the steps: a descent that makes more has not ended


def better_once_converged() -> Check:
    """For every signal and alpha the last x(B) is nearer to x than x(A), once B has converged.

    Told by intervals of the difference over the draws of noise: it holds where all 95 % intervals lie below 0, and is
    refuted where one of the converged ones together (Bonferroni) lies above. Undecided otherwise, and where x(B) makes
    2 % or more of its way from x(A) in the last tenth of the steps in some draw.
    """

    def check(tables: Tables) -> Verdict:
        rows = tables["errors"]
        if undecided := missing("errors.csv", rows, "final", "tikhonov", "moved"):
            return undecided
        cases = tables.groups("errors", ("signal", "alpha"))
        ended = {
            f"{signal} at {alpha:g}": [row["final"] - row["tikhonov"] for row in of_case]
            for (signal, alpha), of_case in cases.items()
            if all(row["moved"] < _STILL for row in of_case)
        }
        smaller = [name for name, found in ended.items() if t_interval(found)[1] < 0]
        level = 1 - 0.05 / max(len(ended), 1)
        larger = [name for name, found in ended.items() if t_interval(found, level)[0] > 0]
        evidence = f"converged in {len(ended)} of {len(cases)} cases, with a smaller error in {len(smaller)} of these"
        evidence += f" ({', '.join(smaller)})" if smaller else ""
        evidence += f", with a larger one in {', '.join(larger)}" if larger else ""
        return Verdict(False if larger else True if len(smaller) == len(cases) else None, evidence)

    return check
