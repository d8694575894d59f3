"""Claims about spectral filters, from responses.csv and orders.csv of the analytic deep prior."""

from lit_inverse.reproductions.experiment import Check, Verdict
from lit_inverse.reproductions.tables import Row, Tables

_ROUNDING = 1e-9
_SLACK = 0.02  # of measured exponents


def _threshold(rows: list[Row]) -> float:
    return float(2 * rows[0]["alpha"] ** 0.5)


def never_damps() -> Check:
    """Soft TSVD and TSVD are 1 above their thresholds 2 sqrt(alpha) and alpha, Tikhonov is below 1 everywhere."""

    def check(tables: Tables) -> Verdict:
        soft, hard, tikhonov = (tables.where("responses", filter=name) for name in ("soft TSVD", "TSVD", "Tikhonov"))
        if not (soft and hard and tikhonov):
            return Verdict(None, "the filters were not measured")
        kept = [row["response"] for row in soft if row["sigma"] >= _threshold(soft) + _ROUNDING]
        kept += [row["response"] for row in hard if row["sigma"] >= hard[0]["alpha"] + _ROUNDING]
        largest = max(row["response"] for row in tikhonov)
        evidence = f"at least {min(kept):.6g} above the thresholds, Tikhonov at most {largest:.4g} anywhere"
        return Verdict(min(kept) >= 1 - _ROUNDING and largest < 1, evidence)

    return check


def between() -> Check:
    """Below its threshold alpha TSVD is 0, and there and up to 2 sqrt(alpha) soft TSVD is in (0, 1)."""

    def check(tables: Tables) -> Verdict:
        soft, hard = (tables.where("responses", filter=name) for name in ("soft TSVD", "TSVD"))
        if not (soft and hard):
            return Verdict(None, "the filters were not measured")
        damped = [row["response"] for row in soft if 0 < row["sigma"] < _threshold(soft) - _ROUNDING]
        gone = [row["response"] for row in hard if row["sigma"] < hard[0]["alpha"] - _ROUNDING]
        evidence = f"soft TSVD {min(damped):.3g} to {max(damped):.3g} below its threshold, TSVD at most {max(gone):.3g}"
        return Verdict(min(damped) > 0 and max(damped) < 1 and max(gone) == 0, evidence)

    return check


def order_optimal(name: str, most: float | None = None) -> Check:
    """rate >= gamma nu for every nu that was measured, or for those below `most` and for none beyond."""

    def check(tables: Tables) -> Verdict:
        rows = tables.where("orders", filter=name)
        if not rows:
            return Verdict(None, f"{name} was not measured")
        is_optimal = {row["nu"]: row["rate"] >= row["gamma"] * row["nu"] - _SLACK for row in rows if row["nu"] != most}
        expected = {nu: most is None or nu < most for nu in is_optimal}
        yes, no = ([f"{nu:g}" for nu, found in is_optimal.items() if found is which] for which in (True, False))
        evidence = f"optimal for nu = {', '.join(yes) or 'none'}" + (f", not for {', '.join(no)}" if no else "")
        return Verdict(is_optimal == expected, evidence)

    return check
