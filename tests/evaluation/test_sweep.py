"""What a sweep draws."""

import dataclasses
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from evaluation.test_keys import read
from pytorch_lightning import LightningDataModule

from lit_inverse.evaluation.batches import batches
from lit_inverse.evaluation.cases import plan
from lit_inverse.evaluation.diagnostics import plan_diagnostics
from lit_inverse.evaluation.solving import solve_batch
from lit_inverse.evaluation.sweep import Sweep
from lit_inverse.operators import Downsampling, Gaussian
from lit_inverse.problem import Problem
from lit_inverse.solvers import Solver

CPU = torch.device("cpu")
CONSTANTS = "lit_inverse.theory.diagnostics"


class TwoImages(LightningDataModule):
    """Of numbers that all machines have alike."""

    value_range = (0.0, 1.0)

    def dataset(self, split: str) -> list[dict[str, Any]]:
        return [{"x": torch.full((1, 4, 4), 0.25 + number / 2), "id": f"image {number}"} for number in range(2)]


def small(folder: Path, **changes: Any) -> Sweep:
    """A sweep of two cases of each image."""
    settings = {"measurements": [5], "solvers": {"solver": {"class_path": "least_norm.LeastNorm"}}, "seed": 3}
    return dataclasses.replace(read(folder, **settings | changes), data=TwoImages())


Listen = Callable[[type, str], list[dict[str, Any]]]


@pytest.fixture
def listen(monkeypatch: pytest.MonkeyPatch) -> Listen:
    """The list of what a method is called with by name, from now on; `seeds` may come without a name."""

    def listen_to(listened: type, name: str) -> list[dict[str, Any]]:
        method, calls = getattr(listened, name), []

        @functools.wraps(method)
        def heard(self: Any, *arguments: Any, **named: Any) -> Any:
            calls.append({"seeds": arguments[-1] if arguments else None} | named)
            return method(self, *arguments, **named)

        monkeypatch.setattr(listened, name, heard)
        return calls

    return listen_to


def solve_all(sweep: Sweep) -> list[str]:
    """Keys of all cases and diagnostics."""
    planned = plan(sweep)
    for batch in batches(sweep, planned, set(), CPU):
        solve_batch(sweep, sweep.dataset(), batch, CPU)
    return [one.key for one in (*planned.cases, *plan_diagnostics(sweep, planned.cases))]


KEYS = {
    "image": [
        "c607297ad37cb484b82f446f9d02ed51", "525a70efe3cea473294f6e90d48d90a4", "5cc171b087065fb3981760742f8fdc6c",
        "d763a9a1e205fd012fd659aeada85896", "9ee52460151bd406471e1ac973868218", "a4f2dc047733fbd4facb828a6d5ec482",
        "9c52ac033e93c40e6f5501f7605b6373", "7f4d45c1dad021f225d19d71d2db5fa6", "40b76c142578f229d9b50e7d53b6b8dd",
        "33d5b20420b64dce37885f76dc198ee2", "0f4a04f8c25852c4e75210cb72f9dfaf", "81845da5a49bc7767a0155d21e1e3f8e",
    ],
    "sweep": [
        "9ff42789d8f4243dad74b8a40bc136eb", "2711036b5605d0d97162e51166a2f518", "28d89b9481d2b8311bfe15daab7ec065",
        "91ce1bedf6d02de674962715119bf236", "afd053011f35a25c83bbabc3d57062e6", "035b0422dd5c023353ad78ff2e4e9ebb",
        "9a8e42cde323b23e1991a8a8e3bf30d5", "a3ce21f3c3a9400c5d4222ed4cb3430a", "c4428e1f0d165d4d6262b59ac66e3aa5",
    ],
}  # fmt: skip
OPERATOR_SEEDS = {
    "image": [5805538985020096436, 5940182125578618913, 7163128814501187475, 2859223249223241906],
    "sweep": 3281567445975159719,
}
NOISE_SEEDS = [1377603273692672724, 4423313831537223297, 3954925652072758857, 802125061914818791]
SOLVER_SEEDS = [6858679217550862548, 2624132056510193602, 7389915633878860891, 6778501577211834304]


@pytest.mark.parametrize("operator_per", KEYS)
def test_keys_and_seeds_are_the_same_for_ever(tmp_path: Path, listen: Listen, operator_per: str) -> None:
    drawn, measured, solved = listen(Gaussian, "__init__"), listen(Problem, "simulate"), listen(Solver, "solve")
    diagnostics = {name: {"class_path": f"{CONSTANTS}.{name}"} for name in ("Coherence", "Instability")}
    found = solve_all(small(tmp_path, operator_per=operator_per, diagnostics=diagnostics))
    assert found == KEYS[operator_per]
    assert drawn[1 if operator_per == "image" else 0]["seed"] == OPERATOR_SEEDS[operator_per]
    assert measured[-1]["seeds"] == NOISE_SEEDS
    assert solved[-1]["seeds"] == SOLVER_SEEDS


def test_an_operator_without_a_seed_is_built_once_for_all_batches(tmp_path: Path, listen: Listen) -> None:
    built, solved = listen(Downsampling, "__init__"), listen(Solver, "solve")
    operator = {"class_path": "lit_inverse.operators.Downsampling", "init_args": {"factor": 2}}
    solvers = {"solver": {"class_path": "lit_inverse.solvers.Tikhonov"}}
    solve_all(small(tmp_path, operator=operator, vary=None, measurements=[None], solvers=solvers, batch_size=1))
    assert (len(solved), len(built)) == (4, 1)
