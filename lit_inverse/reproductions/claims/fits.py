"""Claims about fits of an image and of noise, from fits.csv of image_and_noise."""

from lit_inverse.reproductions.claims.missing import missing
from lit_inverse.reproductions.reproduction import Check, Verdict
from lit_inverse.reproductions.tables import Tables


def curve(tables: Tables, target: str, column: str = "loss") -> dict[int, float]:
    """Losses, or errors, of a fit by iteration; none where it was not made."""
    rows = tables.where("fits", target=target)
    return dict(sorted((row["iteration"], row[column]) for row in rows if row[column] is not None))


def reached(losses: dict[int, float], share: float) -> int | None:
    """The first iteration whose loss is below this share of the first one; None where there is none."""
    start = next(iter(losses.values()), 0.0)
    return next((iteration for iteration, loss in losses.items() if loss < share * start), None)


def fitted_sooner(first: str, second: str, share: float, factor: float) -> Check:
    """The loss of the first target falls below this share of its start in `factor` times fewer iterations.

    Undecided where the fits ended too soon to tell.
    """

    def check(tables: Tables) -> Verdict:
        for target in (first, second):
            if undecided := missing(target, tables.where("fits", target=target), "iteration", "loss"):
                return undecided
        soon, late = (reached(curve(tables, target), share) for target in (first, second))
        if soon is None:
            return Verdict(None if late is None else False, f"{first} not below {share:.0%} of its start")
        last = max(curve(tables, second))
        times = (late or last) / soon
        evidence = f"{first} below {share:.0%} of its start after {soon} iterations, {second} after "
        evidence += f"{late} ({times:.3g} times)" if late else f"more than {last} (over {times:.3g} times)"
        return Verdict(True if times >= factor else False if late else None, evidence)

    return check


def has_a_minimum(target: str, share: float) -> Check:
    """The least error along the fit is at least this share below both the first and the last."""

    def check(tables: Tables) -> Verdict:
        if undecided := missing(target, tables.where("fits", target=target), "iteration", "error"):
            return undecided
        errors = curve(tables, target, "error")
        first, *_, last = errors.values()
        at = min(errors, key=lambda iteration: errors[iteration])
        evidence = f"{first:.3g} at first, {errors[at]:.3g} after {at} iterations, {last:.3g} after {max(errors)}"
        return Verdict(errors[at] <= (1 - share) * min(first, last), evidence)

    return check
