"""docs/reproductions.md, from the catalogue and the committed tables alone."""

from collections.abc import Sequence
from pathlib import Path

from lit_inverse.reproductions.collect import pictures
from lit_inverse.reproductions.reproduction import Reproduction, Table, Verdicts
from lit_inverse.reproductions.tables import Tables

_HEAD = """# The literature, figure by figure

Figures and tables of the founding papers, measured again. A verdict is derived from the numbers that this project got:
reproduced when all claims of the paper hold, not reproduced when one does not, undecided when the measurements leave
one open, such as when the 95 % interval of a paired difference holds 0. The interval after a difference in dB is that
of the mean, over n images (a volume is one), of 10 log10 of the solver's squared error over the other one's on the same
measurements: it tells of images like these at these settings, and lies below 0 where the solver is better. A solver
counts as ahead only where its mean squared error, which hard images rule, is the smaller one too; where one of many
comparisons may decide a verdict, intervals are widened for their number. A figure's link leads to its picture, the
published values beside ours, the command, and when and on what it was measured; [the end](#how-to-measure-again) tells
how to measure again.
"""
_TAIL = """## How to measure again

`make reproductions` makes all runs at small settings and writes this page; `make reproductions ARGS="--help"` lists
what else can be asked, such as one run (`--only '[NAME]'`) or the published settings (`--full`). The same command goes
on where it was interrupted. Sweeps compute results that are not there for the same data, settings and versions of
solvers; experiments of theory run again when their configuration has changed. What an earlier configuration made is
moved aside, and sweeps take over from there what both share. Other changes of the code are not noticed: remove the
folder of the run below `runs/reproductions` to measure anew. Data is looked for in `../shared/data` (`--data DIR`),
then where the configuration names it; where other data stood in for it, the verdict says so. `python -m
lit_inverse.reproductions page` writes this page from the tables in `docs/reproductions` alone.
"""
_HOLDS = {True: "yes", False: "**no**", None: "undecided"}


def write_page(reproductions: Sequence[Reproduction], docs: Path) -> Path:
    """Writes the page; returns its path."""
    runs = {one.run.name: Tables(docs / "reproductions" / one.run.name) for one in reproductions}
    lines, paper = ["| paper | figure | what it shows | verdict |", "|---|---|---|---|"], ""
    found = [(one, runs[one.run.name]) for one in reproductions]
    judged = [(one, tables, one.verdicts(tables) if tables.record else []) for one, tables in found]
    for one, tables, verdicts in judged:
        link = f"[{one.figure}](#{anchor(one.title)})"
        name = "" if one.paper == paper else one.paper
        lines.append(f"| {name} | {link} | {_cell(one.shows)} | {_outcome(one, tables, verdicts)} |")
        paper = one.paper
    sections = [section(*one) for one in judged]
    seconds = sum(tables.record["seconds"] for tables in runs.values() if tables.record)
    total = f"All runs of this page together: {duration(seconds)} of computation.\n"
    path = docs / "reproductions.md"
    docs.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([_HEAD, "\n".join(lines) + "\n", total, *sections, _TAIL]), encoding="utf-8")
    return path


def duration(seconds: float) -> str:
    """In minutes, of long ones in hours."""
    return f"{seconds / 60:.1f} minutes" if seconds < 7200 else f"{seconds / 3600:.1f} hours"


def anchor(title: str) -> str:
    """The anchor that a heading gets: small letters, digits and dashes."""
    return "".join("-" if c == " " else c for c in title.lower() if c.isalnum() or c in " -_")


def section(reproduction: Reproduction, tables: Tables, verdicts: Verdicts) -> str:
    """All that is said of one figure or table."""
    record, parts = tables.record, [f"## {reproduction.title}"]
    if record and not record["real"]:
        parts.append(
            f"> **Not on the data of the paper** (not found: {_data(reproduction)}): measured on {record['data']}."
        )
    parts += [reproduction.shows, f"**Verdict: {_verdict(reproduction, tables, verdicts)}**"]
    if record:
        names = [path.name for path in pictures([_names(one) for one in reproduction.pictures], tables.folder)]
        parts += [f"![{reproduction.title}](reproductions/{reproduction.run.name}/{name})" for name in names]
        claims = [[claim.words, _HOLDS[verdict.holds], verdict.evidence] for claim, verdict in verdicts]
        parts += [_table(Table(["the paper says", "holds", "measured"], claims))] if claims else []
        parts += [f"Published: {reproduction.published}. Ours:", _table(reproduction.beside(tables))]
        size = "small" if record["small"] else "published"
        measured = (
            f"Measured on {record['date']} at {size} settings on {record['data']}: {duration(record['seconds'])} of "
            f"computation, {record['device']}, commit {_short(record['commit'])}."
        )
        data = reproduction.run.data
        parts.append(f"{measured} {data.terms}" if data and record["real"] else measured)
    if reproduction.notes:
        parts.append("Departures from the paper: " + " ".join(reproduction.notes))
    parts.append(_commands(reproduction))
    return "\n\n".join(parts) + "\n"


def _outcome(reproduction: Reproduction, tables: Tables, verdicts: Verdicts) -> str:
    """With the data if it is not that of the paper."""
    record, outcome = tables.record, reproduction.outcome(tables, verdicts)
    return f"{outcome} (on {record['data']})" if record and not record["real"] else outcome


def _short(commit: str) -> str:
    digits, *changes = commit.split(maxsplit=1)
    return " ".join([digits[:12], *changes])


def _names(pattern: str) -> str:
    """Pictures lie in the folder itself once they are kept."""
    return "|".join(one.rpartition("/")[2] for one in pattern.split("|"))


def _data(reproduction: Reproduction) -> str:
    return reproduction.run.data.words if reproduction.run.data else "its data"


def _verdict(reproduction: Reproduction, tables: Tables, verdicts: Verdicts) -> str:
    outcome, told = reproduction.outcome(tables, verdicts), _outcome(reproduction, tables, verdicts)
    if outcome == "not comparable":
        return f"{told}: {reproduction.not_comparable}"
    if outcome not in ("not reproduced", "undecided"):
        return told
    failing, open_ = (
        "; ".join(claim.words.rstrip(".") for claim, verdict in verdicts if verdict.holds is holds)
        for holds in (False, None)
    )
    if not failing:
        return f"{told}: {open_}"
    return f"{told}: {failing}" + (f"; undecided: {open_}" if open_ else "")


def _commands(reproduction: Reproduction) -> str:
    """The run with its results on this page, and by itself."""
    name = reproduction.run.name
    base = f"python evaluate.py --config configs/evaluate/{name}.yaml"
    root = f" --{reproduction.run.data.root} DIR" if reproduction.run.data else ""
    lines = [
        f"make reproductions ARGS=\"--only '[{name}]'\"   # small settings, and this section anew",
        f"{base} --config configs/evaluate/{name}.small.yaml{root}   # the same run by itself",
        f"{base}{root}   # published settings",
    ]
    return "\n".join(["```", *lines, "```"])


def _table(table: Table) -> str:
    lines = [table.columns, ["---"] * len(table.columns), *table.rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
