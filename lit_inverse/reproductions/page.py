"""docs/reproductions.md, from the catalogue and the committed tables alone."""

from collections.abc import Sequence
from pathlib import Path

from lit_inverse.reproductions.collect import pictures
from lit_inverse.reproductions.experiment import Experiment, Table, Verdict
from lit_inverse.reproductions.tables import Tables

_HEAD = """# The literature, figure by figure

Every figure and table that this project has measured again. `make reproductions` makes all runs of this page and writes
it; `python -m lit_inverse.reproductions page` writes it from the tables in `docs/reproductions` alone. Verdicts are
derived from these tables: reproduced when all claims hold, not reproduced when one does not, undecided when the
measurements leave one open, such as when the 95 % interval of a paired difference holds 0.
"""
_HOLDS = {True: "yes", False: "**no**", None: "undecided"}


def write_page(experiments: Sequence[Experiment], docs: Path) -> Path:
    """Writes the page; returns its path."""
    sections = [(one, Tables(docs / "reproductions" / one.run.name)) for one in experiments]
    lines = ["| paper | figure | what it shows | verdict |", "|---|---|---|---|"]
    for one, tables in sections:
        link = f"[{one.figure}](#{anchor(one.title)})"
        lines.append(f"| {one.paper} | {link} | {_cell(one.shows)} | {one.outcome(tables)} |")
    path = docs / "reproductions.md"
    parts = [_HEAD, "\n".join(lines) + "\n", *(section(one, tables) for one, tables in sections)]
    docs.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(parts), encoding="utf-8")
    return path


def anchor(title: str) -> str:
    """The anchor that a heading gets: small letters, digits and dashes."""
    return "".join("-" if c == " " else c for c in title.lower() if c.isalnum() or c in " -_")


def section(experiment: Experiment, tables: Tables) -> str:
    """All that is said of one experiment."""
    record, parts = tables.record, [f"## {experiment.title}"]
    if record and not record["real"]:
        parts.append(
            f"> **Not on the data of the paper** (not found: {_data(experiment)}): measured on {record['data']}."
        )
    parts.append(experiment.shows)
    parts.append(f"**Verdict: {_verdict(experiment, tables)}**")
    if record:
        claims = [
            [claim.words, _HOLDS[verdict.holds], verdict.evidence] for claim, verdict in experiment.verdicts(tables)
        ]
        parts += [_table(Table(["the paper says", "holds", "measured"], claims))]
        parts += [f"Published: {experiment.published}. Ours:", _table(experiment.beside(tables))]
        names = [path.name for path in pictures([_names(one) for one in experiment.pictures], tables.folder)]
        parts += [f"![{experiment.title}](reproductions/{experiment.run.name}/{name})" for name in names]
    parts.append(_commands(experiment))
    if experiment.notes:
        parts.append("Departures from the paper: " + " ".join(experiment.notes))
    if record:
        size = "small" if record["small"] else "published"
        parts.append(
            f"{size.capitalize()} settings, data: {record['data']}; {record['date']}, {record['device']}, "
            f"{record['seconds'] / 60:.1f} minutes of computation, commit {_short(record['commit'])}."
        )
    return "\n\n".join(parts) + "\n"


def _short(commit: str) -> str:
    digits, *changes = commit.split(maxsplit=1)
    return " ".join([digits[:12], *changes])


def _names(pattern: str) -> str:
    """Pictures lie in the folder itself once they are kept."""
    return "|".join(one.rpartition("/")[2] for one in pattern.split("|"))


def _data(experiment: Experiment) -> str:
    return experiment.run.data.words if experiment.run.data else "its data"


def _verdict(experiment: Experiment, tables: Tables) -> str:
    outcome = experiment.outcome(tables)
    if outcome == "not comparable":
        return f"{outcome}: {experiment.not_comparable}"
    said: list[tuple[str, Verdict]] = [(claim.words, verdict) for claim, verdict in experiment.verdicts(tables)]
    wanted = {"not reproduced": False, "undecided": None}
    if outcome not in wanted:
        return outcome
    failing = [
        f"{words.rstrip('.')} ({verdict.evidence})" for words, verdict in said if verdict.holds is wanted[outcome]
    ]
    return f"{outcome}: " + "; ".join(failing)


def _commands(experiment: Experiment) -> str:
    name = experiment.run.name
    base = f"python evaluate.py --config configs/evaluate/{name}.yaml"
    root = " --data.root DIR" if experiment.run.data else ""
    small = f"{base} --config configs/evaluate/{name}.small.yaml{root}"
    return f"```\n{base}{root}   # published settings\n{small}   # small\n```"


def _table(table: Table) -> str:
    lines = [table.columns, ["---"] * len(table.columns), *table.rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
