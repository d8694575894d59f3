"""Tables of published values beside ours."""

from collections.abc import Callable, Sequence

from lit_inverse.reproductions.claims.spectra import spectrum
from lit_inverse.reproductions.claims.sweeps import gain
from lit_inverse.reproductions.claims.values import Points, power_law
from lit_inverse.reproductions.experiment import Table
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
    if row.get("nmse_db") is not None:
        return f"{row['nmse_db']:.1f} ({row['nmse_db_low']:.1f} to {row['nmse_db_high']:.1f}) dB"
    diverged = f", {row['diverged']} of {row['n']} diverged" if row["diverged"] else ""
    return f"{row['mse_mean']:.3g} ({row['mse_low']:.3g} to {row['mse_high']:.3g}){diverged}"


def gains(solver: str, of: str, published: dict[tuple[int, float], float]) -> Beside:
    """By how many per cent the error falls, by m and noise level."""

    def table(tables: Tables) -> Table:
        lines = []
        for (m, level), value in published.items():
            near = [row["noise_level"] for row in tables["summary"] if abs(row["noise_level"] - level) < 1e-6]
            found = gain(tables, solver, of, m, near[0]) if near else None
            ours = "not measured" if found is None else "{:.1f} % ({:.1f} to {:.1f})".format(*found)
            lines.append([str(m), f"{level**2:.0f}", f"{value:g} %", ours])
        return Table(["m", "noise power", "published", "ours (95 % interval)"], lines)

    return table


def seconds(published: dict[str, Sequence[float]], settings: Sequence[int]) -> Beside:
    """Seconds per image, by solver."""

    def table(tables: Tables) -> Table:
        lines = []
        for solver, values in published.items():
            ours = {row["setting"]: row["seconds_mean"] for row in tables.where("summary", solver=solver)}
            found = ", ".join(f"{value:.3g} at {setting}" for setting, value in ours.items())
            known = ", ".join(f"{value:g} at {setting}" for setting, value in zip(settings, values, strict=True))
            lines.append([solver, known, found or "not measured"])
        return Table(["solver", "published, at m", "ours, at m"], lines)

    return table


def means(table: str, by: Sequence[str], columns: Sequence[str], published: Sequence[str] | None = None) -> Beside:
    """Means of some columns over the rows that agree in others; `published` has one entry for each line."""

    def made(tables: Tables) -> Table:
        groups: dict[tuple[object, ...], list[Row]] = {}
        for row in tables[table]:
            groups.setdefault(tuple(row[name] for name in by), []).append(row)
        lines = []
        for place, (key, rows) in enumerate(groups.items()):
            found = [_mean([row[name] for row in rows if row[name] is not None]) for name in columns]
            known = [published[place] if place < len(published) else ""] if published else []
            lines.append([*map(str, key), *known, *found])
        return Table([*by, *(["published"] if published else []), *columns], lines)

    return made


def pivot(table: str, name: str, column: str, value: str, at: Sequence[float]) -> Beside:
    """A row for each name, with its values where another column is one of these numbers."""

    def made(tables: Tables) -> Table:
        found = {(row[name], round(row[column], 9)): f"{row[value]:.4g}" for row in tables[table]}
        names = dict.fromkeys(key for key, _ in found)
        return Table(
            [name, *(f"{column} = {x:g}" for x in at)], [[key, *(found.get((key, x), "") for x in at)] for key in names]
        )

    return made


def _mean(values: Sequence[float]) -> str:
    return f"{sum(values) / len(values):.4g}" if values else ""


def exponents(published: Sequence[tuple[str, str, Points]]) -> Beside:
    """Exponents of power laws, each with its name and the published one."""

    def table(tables: Tables) -> Table:
        lines = []
        for words, known, points in published:
            x, y = points(tables)
            ours = "{:.2f} +- {:.2f}".format(*power_law(x, y)) if len(x) > 1 else "not measured"
            lines.append([words, known, ours])
        return Table(["exponent of", "published", "ours (95 % interval)"], lines)

    return table


def spectra(of: Sequence[tuple[str, int]], places: Sequence[int], predicted: bool = False) -> Beside:
    """Singular values of networks at iterations, and what theory predicts of them."""

    def table(tables: Tables) -> Table:
        lines = []
        for name, iteration in of:
            for column in ("value", "predicted") if predicted else ("value",):
                values = spectrum(tables, name, iteration, column)
                found = [f"{values[place - 1]:.4g}" if place <= len(values) else "" for place in places]
                lines.append([f"{name}, iteration {iteration}", "eq. 11" if column == "predicted" else "ours", *found])
        return Table(["network", "", *(f"sigma_{place}" for place in places)], lines)

    return table
