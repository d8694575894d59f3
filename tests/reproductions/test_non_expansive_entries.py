"""Entries on non-expansive networks: what the settings can decide, and what is told of the networks."""

from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml
from hand_made import tables

from lit_inverse.reproductions.catalogue.non_expansive import REPRODUCTIONS
from lit_inverse.reproductions.runs import CONFIGS
from lit_inverse.theory.random_networks.experiment import run, settings
from lit_inverse.theory.recovery_conditions.conditions import FAMILIES

WIDTH, DEPTH = (one for one in REPRODUCTIONS if one.run.name == "recovery_conditions")


def recovered(small: bool, **share: float) -> list[dict[str, Any]]:
    """The rows that the settings make, each family with its share of recovered signals."""
    found = yaml.safe_load((CONFIGS / "recovery_conditions.yaml").read_text())["settings"]
    if small:
        changes = yaml.safe_load((CONFIGS / "recovery_conditions.small.yaml").read_text())
        found |= {name.removeprefix("settings."): value for name, value in changes.items()}
    shapes = dict.fromkeys([*((found["depth"], w) for w in found["widths"]), *((d, 24) for d in found["depths"])])
    return [
        {
            "family": family, "depth": depth, "width": width, "n_signals": found["signals"],
            "n_recovered": round(share[family] * found["signals"]),
        }
        for depth, width in shapes for family in FAMILIES for _ in range(found["networks"])
    ]  # fmt: skip


@pytest.mark.parametrize("small", [True, False], ids=["small", "published"])
@pytest.mark.parametrize("one", [WIDTH, DEPTH], ids=lambda one: one.figure)
def test_the_settings_have_signals_enough_to_decide(one: Any, small: bool, tmp_path: Path) -> None:
    """Even where shares are near one half, whose intervals are the widest, and differ by a little."""
    claim = one.claims[-1]
    for contractive, holds in ((0.5, True), (0.46, True), (0.1, False)):
        rows = recovered(small, expansive=0.5, contractive=contractive)
        assert claim.check(tables(tmp_path / str(contractive), conditions=rows)).holds is holds


def test_networks_whose_last_layer_expands_are_told() -> None:
    default = run.__defaults__ or ()
    last = next(one for one in default if isinstance(one, tuple))[-1]
    expanding = defaultdict(set)
    for one in settings():
        if one.n >= last:
            expanding[one.experiment].add(one.n)
    assert dict(expanding) == {"denoising": {800}}
    denoising = next(one for one in REPRODUCTIONS if one.figure == "denoising")
    assert "At n = 800 the last layer expands." in denoising.notes


@pytest.mark.parametrize("one", REPRODUCTIONS, ids=lambda one: one.figure)
def test_what_is_told_is_understood_with_the_paper_at_hand(one: Any) -> None:
    told = " ".join([one.shows, *one.notes, *(claim.words for claim in one.claims)])
    assert "our text" not in told
    assert ("one half" in told) == ("measurements of the order of k" in told)
    assert ("below .3" in told) == ("error is at most" in told or "In the Wigner" in told)
