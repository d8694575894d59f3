"""Claims about spectral filters, from responses.csv and orders.csv of the analytic deep prior."""

from lit_inverse.reproductions.claims.missing import missing
from lit_inverse.reproductions.reproduction import Check, Verdict
from lit_inverse.reproductions.tables import Row, Tables

_ROUNDING = 1e-9
_SLACK = 0.02  # of measured exponents
_FEWEST = 3  # smoothnesses nu
_TIKHONOV = 2.0  # up to this nu its filter, too, is of optimal order


def _threshold(rows: list[Row]) -> float:
    return float(2 * rows[0]["alpha"] ** 0.5)


def never_damps() -> Check:
    """Soft TSVD and TSVD are 1 above their thresholds 2 sqrt(alpha) and alpha, Tikhonov is below 1 everywhere."""

    def check(tables: Tables) -> Verdict:
        soft, hard, tikhonov = (tables.where("responses", filter=name) for name in ("soft TSVD", "TSVD", "Tikhonov"))
        for rows in (soft, hard, tikhonov):
            if undecided := missing("a filter", rows, "alpha", "sigma", "response"):
                return undecided
        kept = [row["response"] for row in soft if row["sigma"] >= _threshold(soft) + _ROUNDING]
        kept_by_hard = [row["response"] for row in hard if row["sigma"] >= hard[0]["alpha"] + _ROUNDING]
        if not kept or not kept_by_hard:
            return Verdict(None, "no sigma above the thresholds was measured")
        least, largest = min(kept + kept_by_hard), max(row["response"] for row in tikhonov)
        evidence = f"at least {least:.6g} above the thresholds, Tikhonov at most {largest:.4g} anywhere"
        return Verdict(least >= 1 - _ROUNDING and largest < 1, evidence)

    return check


def between() -> Check:
    """Below its threshold alpha TSVD is 0, and there and up to 2 sqrt(alpha) soft TSVD is in (0, 1)."""

    def check(tables: Tables) -> Verdict:
        soft, hard = (tables.where("responses", filter=name) for name in ("soft TSVD", "TSVD"))
        for rows in (soft, hard):
            if undecided := missing("a filter", rows, "alpha", "sigma", "response"):
                return undecided
        damped = [row["response"] for row in soft if 0 < row["sigma"] < _threshold(soft) - _ROUNDING]
        gone = [row["response"] for row in hard if row["sigma"] < hard[0]["alpha"] - _ROUNDING]
        if not damped or not gone:
            return Verdict(None, "no sigma below the thresholds was measured")
        evidence = f"soft TSVD {min(damped):.3g} to {max(damped):.3g} below its threshold, TSVD at most {max(gone):.3g}"
        return Verdict(min(damped) > 0 and max(damped) < 1 and max(gone) == 0, evidence)

    return check


def order_optimal(name: str, most: float | None = None) -> Check:
    """rate >= gamma nu with gamma > 0 for each nu that was measured; with `most` for those below, and none beyond.

    That are two of the three conditions (Dittmer et al. 2020, proof of Theorem 4.2); the third one, bounded filters, is
    not measured. Undecided for fewer than three nu, none above 2, or none below `most`; nu = `most` itself is left out.
    """

    def check(tables: Tables) -> Verdict:
        if undecided := missing(name, tables.where("orders", filter=name), "nu", "gamma", "rate"):
            return undecided
        is_optimal = {
            nu: all(row["gamma"] > 0 and row["rate"] >= row["gamma"] * nu - _SLACK for row in rows)
            for (nu,), rows in tables.groups("orders", ["nu"], filter=name).items()
            if nu != most
        }
        yes, no = ([f"{nu:g}" for nu, found in is_optimal.items() if found is which] for which in (True, False))
        evidence = f"optimal for nu = {', '.join(yes) or 'none'}" + (f", not for {', '.join(no)}" if no else "")
        if any(found != (most is None or nu < most) for nu, found in is_optimal.items()):
            return Verdict(False, evidence)
        enough = len(is_optimal) >= _FEWEST and max(is_optimal) > _TIKHONOV
        return Verdict(True if enough and (most is None or min(is_optimal) < most) else None, evidence)

    return check
