"""Claims about single images, whose errors at several settings images.csv has."""

import math
from collections.abc import Callable
from typing import Any

from lit_inverse.evaluation.grouping import per_item, setting_of
from lit_inverse.evaluation.results import read_rows
from lit_inverse.intervals import mean_interval
from lit_inverse.reproductions.claims.missing import number
from lit_inverse.reproductions.reproduction import Check, Verdict
from lit_inverse.reproductions.tables import Row, Tables


def errors(*solvers: str) -> Callable[[Tables], list[Row]]:
    """Of a sweep: the mean squared error of each image (volume, where there are such) at each setting, over repeats."""

    def rows(tables: Tables) -> list[Row]:
        groups: dict[tuple[object, ...], list[Row]] = {}
        for row in sorted(read_rows(tables.folder).values(), key=_place):  # processes end in any order
            if row["solver"] in solvers:
                groups.setdefault((row["solver"], setting_of(row), row["noise_level"]), []).append(row)
        return [
            {"solver": solver, "setting": setting, "noise_level": level, "image": image, "error": error}
            for (solver, setting, level), of_setting in groups.items()
            for image, error in per_item(of_setting, lambda row: row["mse"]).items()
        ]

    return rows


def _place(row: Row) -> tuple[Any, ...]:
    return row["solver"], setting_of(row), row["noise_level"], row["image"]


def errors_at(tables: Tables, **values: object) -> dict[str, float]:
    """By image, where images.csv has these values; NaN where there are two, or an error that has no decibels."""
    found: dict[str, float] = {}
    for row in tables["images"]:
        if all(row.get(key) == value for key, value in values.items()):  # a table made before has fewer columns
            error = number(row["error"])
            found[row["image"]] = error if 0 < error < math.inf and row["image"] not in found else math.nan
    return found


def ratios_in_db(errors: dict[str, float], others: dict[str, float]) -> dict[str, float]:
    """10 log10 of the one error over the other, of the images that have both."""
    return {image: 10 * math.log10(errors[image] / others[image]) for image in errors if image in others}


def ends_lower(solver: str, image: str, than: str) -> Check:
    """The error of one image is smaller than that of another; undecided where they were not measured."""

    def check(tables: Tables) -> Verdict:
        found = errors_at(tables, solver=solver)
        a, b = (found.get(name, math.nan) for name in (image, than))
        if math.isnan(a) or math.isnan(b):
            return Verdict(None, f"{image} and {than} were not measured")
        return Verdict(a < b, f"{a:.3g} of {image}, {b:.3g} of {than}")

    return check


def saturates(solver: str, after: float, least: float) -> Check:
    """From the setting `after` to the last one the error keeps at least this share of itself.

    Told by the 95 % interval of the mean over images of 10 log10 of the last error over the first, and by the ratio of
    the mean errors, which hard images rule: undecided unless both are on one side of `least`.
    """

    def check(tables: Tables) -> Verdict:
        settings = {row["setting"] for row in tables["images"] if row.get("solver") == solver}
        if after not in settings or max(settings) <= after:
            return Verdict(None, f"no errors of single images of {solver} were kept at {after:g} and beyond")
        first, last = (errors_at(tables, solver=solver, setting=setting) for setting in (after, max(settings)))
        changes = [*ratios_in_db(last, first).values()]
        if len(changes) < 2 or first.keys() != last.keys() or any(map(math.isnan, changes)):
            return Verdict(None, f"{solver}: an error at {after:g} or {max(settings):g} is missing, or not above 0")
        low, high = mean_interval(changes)
        a, b = (sum(one.values()) / len(one) for one in (first, last))
        evidence = f"{a:.3g} at {after:g}, {b:.3g} at {max(settings):g}: {b / a:.0%} of it; "
        evidence += f"by image {sum(changes) / len(changes):+.3g} dB ({low:+.3g} to {high:+.3g}, n = {len(changes)})"
        kept = 10 * math.log10(least)
        keeps = True if low >= kept and b >= least * a else False if high < kept and b < least * a else None
        return Verdict(keeps, evidence)

    return check
