"""What the catalogue is made of: runs, the figures of papers they reproduce, claims, and verdicts derived from them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lit_inverse.reproductions.tables import Row, Tables


@dataclass(frozen=True)
class Verdict:
    """Whether a claim holds; None when the measurements do not decide it. The evidence is told in numbers."""

    holds: bool | None
    evidence: str


Check = Callable[[Tables], Verdict]


@dataclass(frozen=True)
class Claim:
    """What a paper says, in our words, and how it is checked."""

    words: str
    check: Check


Verdicts = Sequence[tuple[Claim, Verdict]]


@dataclass(frozen=True)
class Table:
    """Published values beside ours; those of a figure are not published as numbers."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Data:
    """What a run needs, and what takes its place where that is not there.

    Attributes:
        folder: below the root of all data.
        words: name of it for people.
        instead: changes of the configuration; None for drawn images in a folder of the same kind.
        instead_words: name of those for people.
        colour: of the drawn images.
        root: the argument of evaluate.py that names the folder.
        terms: whose it is, and under which terms pictures made from it stand.
    """

    folder: str
    words: str
    instead: Mapping[str, Any] | None = None
    instead_words: str = "drawn ellipses"
    colour: bool = False
    root: str = "data.root"
    terms: str = ""


@dataclass(frozen=True)
class Run:
    """One configuration, configs/evaluate/NAME.yaml, which NAME.small.yaml makes small.

    Attributes:
        tables: names of the CSV files that are kept.
        digests: tables that are made of larger ones, by name.
    """

    name: str
    data: Data | None = None
    tables: tuple[str, ...] = ("summary", "comparisons")
    digests: Mapping[str, Callable[[Tables], list[Row]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Reproduction:
    """A figure or table of a paper.

    Attributes:
        shows: what it shows, in a line.
        beside: published values beside ours.
        published: what the paper has: numbers, or the figure only.
        pictures: patterns of paths in the folder of the run; of each the first that is there.
        notes: departures from the paper.
        not_comparable: why its numbers can not be compared, if so.
    """

    paper: str
    figure: str
    run: Run
    shows: str
    claims: Sequence[Claim]
    beside: Callable[[Tables], Table]
    published: str = "figure only"
    pictures: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    not_comparable: str | None = None

    @property
    def title(self) -> str:
        """Paper and figure."""
        return f"{self.paper}, {self.figure}"

    def verdicts(self, tables: Tables) -> Verdicts:
        """Of all claims."""
        return [(claim, claim.check(tables)) for claim in self.claims]

    def outcome(self, tables: Tables, verdicts: Verdicts) -> str:
        """Reproduced, not reproduced, undecided, no claim, not comparable or not run: never typed in."""
        if not tables.record:
            return "not run"
        if self.not_comparable:
            return "not comparable"
        found = [verdict.holds for _, verdict in verdicts]
        if not found:
            return "no claim"
        if False in found:
            return "not reproduced"
        return "undecided" if None in found else "reproduced"
