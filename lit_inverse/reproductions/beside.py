"""Tables of published values beside ours; a cell is empty where nothing was measured."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from lit_inverse.reproductions.claims.fits import curve, reached
from lit_inverse.reproductions.claims.gains import Published, gain
from lit_inverse.reproductions.claims.missing import number
from lit_inverse.reproductions.claims.spectra import spectrum
from lit_inverse.reproductions.claims.values import Points, power_law
from lit_inverse.reproductions.reproduction import Table
from lit_inverse.reproductions.tables import Row, Tables

Beside = Callable[[Tables], Table]


def errors(*solvers: str) -> Beside:
    """Mean squared errors with 95 % intervals: a row for each setting, a column for each solver."""

    def table(tables: Tables) -> Table:
        rows = [row for row in tables["summary"] if not solvers or row["solver"] in solvers]
        names = {row["solver"]: row["label"] for row in rows}
        cells = {(row["solver"], row["setting"], row["noise_level"]): row for row in rows}
        levels = {row["noise_level"] for row in rows}
        lines = []
        for setting, level in dict.fromkeys((row["setting"], row["noise_level"]) for row in rows):
            place = "all" if setting is None else f"{setting}{f', noise {level:.3g}' if len(levels) > 1 else ''}"
            lines.append([place, *(_error(cells.get((name, setting, level))) for name in names)])
        return Table(["setting", *names.values()], lines)

    return table


def _error(row: Row | None) -> str:
    if row is None:
        return ""
    if found := _with_interval(row, "nmse_db", "nmse_db", ".1f"):
        return f"{found} dB"
    diverged = f", {row['diverged']} of {row.get('cases') or '?'} cases diverged" if row["diverged"] else ""
    return _with_interval(row, "mse_mean", "mse", ".3g") + diverged


def _with_interval(row: Row, name: str, ends: str, form: str) -> str:
    """Empty where there is no number; without an interval where there is none, as of one image."""
    value, *interval = (number(row.get(column)) for column in (name, f"{ends}_low", f"{ends}_high"))
    if math.isnan(value) or not all(map(math.isfinite, interval)):
        return _cell(value, form)
    return f"{_cell(value, form)} ({' to '.join(format(end, form) for end in interval)})"


def _cell(value: Any, form: str = ".4g") -> str:
    return "" if math.isnan(number(value)) else format(number(value), form)


def gains(solver: str, of: str, published: Published) -> Beside:
    """By how many per cent the error falls, by m and noise level."""

    def table(tables: Tables) -> Table:
        lines = []
        for (m, level), value in published.items():
            found = gain(tables, solver, of, m, level)
            lines.append([str(m), f"{level**2:.0f}", f"{value:g} %", "not measured" if found is None else str(found)])
        return Table(["m", "noise power", "published", "ours (95 % interval)"], lines)

    return table


def seconds(published: dict[str, Sequence[float]], settings: Sequence[int]) -> Beside:
    """Seconds per image, by solver."""

    def table(tables: Tables) -> Table:
        lines = []
        for solver, values in published.items():
            ours = {row["setting"]: _cell(row["seconds_mean"], ".3g") for row in tables.where("summary", solver=solver)}
            found = ", ".join(f"{value} at {setting}" for setting, value in ours.items() if value)
            known = ", ".join(f"{value:g} at {setting}" for setting, value in zip(settings, values, strict=True))
            lines.append([solver, known, found or "not measured"])
        return Table(["solver", "published, at m", "ours, at m"], lines)

    return table


def means(table: str, by: Sequence[str], columns: Sequence[str]) -> Beside:
    """Means of some columns over the rows that agree in others."""

    def made(tables: Tables) -> Table:
        groups = tables.groups(table, by).items()
        lines = [
            [*map(str, key), *(_mean([number(row[name]) for row in rows]) for name in columns)] for key, rows in groups
        ]
        return Table([*by, *columns], lines)

    return made


def _mean(values: Sequence[float]) -> str:
    known = [value for value in values if not math.isnan(value)]
    return f"{sum(known) / len(known):.4g}" if known else ""


def pivot(table: str, name: str, column: str, value: str, at: Sequence[float]) -> Beside:
    """A row for each name, with its values where another column is one of these numbers."""

    def made(tables: Tables) -> Table:
        found = {(row[name], round(number(row[column]), 9)): _cell(row[value]) for row in tables[table]}
        names = dict.fromkeys(key for key, _ in found)
        return Table(
            [name, *(f"{column} = {x:g}" for x in at)], [[key, *(found.get((key, x), "") for x in at)] for key in names]
        )

    return made


def exponents(published: Sequence[tuple[str, str, Points]]) -> Beside:
    """Exponents of power laws, each with its name and the published one."""

    def table(tables: Tables) -> Table:
        lines = []
        for words, known, points in published:
            found = power_law(*points(tables))
            lines.append([words, known, "not measured" if found is None else "{:.2f} +- {:.2f}".format(*found)])
        return Table(["exponent of", "published", "ours (95 % interval)"], lines)

    return table


def spectra(of: Sequence[tuple[str, int]], places: Sequence[int], predicted: bool = False) -> Beside:
    """Singular values of networks at iterations, and what theory predicts of them."""

    def table(tables: Tables) -> Table:
        lines = []
        for name, iteration in of:
            rows = {row["place"]: row for row in spectrum(tables, name, iteration)}
            for column in ("value", "predicted") if predicted else ("value",):
                found = [_cell(rows[place][column]) if place in rows else "" for place in places]
                lines.append([f"{name}, iteration {iteration}", "eq. 11" if column == "predicted" else "ours", *found])
        return Table(["network", "", *(f"sigma_{place}" for place in places)], lines)

    return table


def fits(published: dict[str, str], share: float, minimum: tuple[str, str]) -> Beside:
    """Iterations after which targets are fitted to this share of their first loss, and where one's error is least."""

    def table(tables: Tables) -> Table:
        lines = []
        for target, known in published.items():
            losses = curve(tables, target)
            ours = reached(losses, share)
            found = str(ours) if ours is not None else f"more than {max(losses)}" if losses else "not measured"
            lines.append([f"{target}: loss below {share:.0%} of the first", known, found])
        target, known = minimum
        errors = curve(tables, target, "error")
        found = str(min(errors, key=lambda iteration: errors[iteration])) if errors else "not measured"
        return Table(["iterations", "published", "ours"], [*lines, [f"{target}: least error", known, found]])

    return table
