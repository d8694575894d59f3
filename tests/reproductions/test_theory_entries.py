"""Entries of the catalogue on theory: they find tables, columns and pictures as the experiments write them."""

import ast
import importlib
import inspect
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from hand_made import RECORD

from lit_inverse.reproductions.catalogue import REPRODUCTIONS
from lit_inverse.reproductions.collect import collect
from lit_inverse.reproductions.reproduction import Reproduction
from lit_inverse.reproductions.runs import CONFIGS
from lit_inverse.reproductions.tables import Tables
from lit_inverse.theory.analytic_deep_prior.predictions import limits, orders, responses
from lit_inverse.theory.analytic_deep_prior.reconstructions import Coefficient, Errors
from lit_inverse.theory.generalization_gap.measurement import Gap
from lit_inverse.theory.image_and_noise.fits import IMAGE, TARGETS, Point
from lit_inverse.theory.jacobian_spectra.measurement import DEEP_DECODER, Value, two_layer_name
from lit_inverse.theory.random_networks.trials import Trial
from lit_inverse.theory.records import write_records
from lit_inverse.theory.recovery_conditions.conditions import FAMILIES, Conditions

Records = dict[str, Sequence[Any]]


def analytic_deep_prior() -> Records:
    methods = {"direct inverse": 1.04, "Tikhonov x(A)": 0.73, "analytic deep prior x(B)": 0.8}
    return {
        "coefficients": [Coefficient(method, value, value) for method, value in methods.items()],
        "responses": responses(),
        "orders": orders(),
        "limits": limits([0.6, 0.05]),
        "errors": [Errors("u_7", 0.01, seed, 0.9, 0.8, 0.7, 100, 0.85, 0.001) for seed in range(2)],
    }


def random_networks() -> Records:
    common = {"n": 200, "network": 0, "signal": 0}
    trials = [
        Trial(experiment=experiment, k=k, m=ratio * k, level=0.0, error=1e-9 if ratio > 2 else 0.5, noise=0.0, **common)
        for experiment in ("compressed sensing", "phase retrieval")
        for k in (2, 5, 10)
        for ratio in (1, 2, 4)
    ]
    errors = {"compressed sensing": 0.1, "denoising": 0.1, "Wigner": float("nan"), "Wishart": float("nan")}
    return {
        "trials": [
            *trials,
            *(
                Trial(experiment=experiment, k=k, m=100, level=0.1, error=0.1 * k**0.5 / 10, noise=noise, **common)
                for experiment, noise in errors.items()
                for k in (2, 5, 10)
            ),
        ]
    }


def recovery_conditions() -> Records:
    shapes = [*((3, width) for width in (6.0, 12.0, 24.0, 48.0)), *((depth, 24.0) for depth in (2, 4, 5, 6))]
    return {
        "conditions": [
            Conditions(family, depth, width, network, wdc=2.0, r2wdc=width**-0.5, rric=1.0, n_recovered=20)
            for family in FAMILIES
            for depth, width in shapes
            for network in range(4)
        ]
    }


def jacobian_spectra() -> Records:
    def values(network: str, n: int, iteration: int, ratio: float, predicted: float) -> list[Value]:
        found = [ratio**place for place in range(n)]
        return [Value(network, n, 64, 0, iteration, i, one, predicted * one) for i, one in enumerate(found, 1)]

    return {
        "values": [
            *values(two_layer_name(10), 51, 0, 0.99, 1.0),
            *values(two_layer_name(30), 51, 0, 0.9, 1.0),
            *(row for iteration in (0, 100, 1000) for row in values(DEEP_DECODER, 400, iteration, 0.97, float("nan"))),
        ]
    }


def generalization_gap() -> Records:
    def networks(name: str, n_layers: int, n_train: int, gap: float) -> list[Gap]:
        losses = [(seed, 0.1 + gap * (1 + 0.01 * seed)) for seed in range(3)]
        return [
            Gap(name, 10, n_layers, n_train, seed, 0.1, loss, 0.01, 1.0, 60, 120, 12, 400, 5000)
            for seed, loss in losses
        ]

    return {
        "gaps": [
            *(
                one
                for name, size in (("Phi-net", 1.0), ("ReLU", 2.0))
                for n_train in (32, 128, 512, 2048)
                for one in networks(name, 10, n_train, size * n_train**-0.5)
            ),
            *networks("Phi-net", 20, 512, 1.1 * 512**-0.5),
        ]
    }


def image_and_noise() -> Records:
    common = ("photograph", "0", "deep_decoder", 64, 64, 0.01, 0.157, 100)
    return {
        "fits": [
            Point(*common, target, iteration, 1.0 / (1 + iteration * (1 if target == IMAGE else 0.2)), error)
            for target in TARGETS
            for iteration, error in ((0, 1.0), (20, 0.5), (100, 0.8))
        ]
    }


MADE: dict[str, Callable[[], Records]] = {
    made.__name__: made
    for made in (
        analytic_deep_prior, random_networks, recovery_conditions, jacobian_spectra, generalization_gap, image_and_noise
    )
}  # fmt: skip
CONTENT = {one.run.name: yaml.safe_load((CONFIGS / f"{one.run.name}.yaml").read_text()) for one in REPRODUCTIONS}
ENTRIES = [one for one in REPRODUCTIONS if "experiment" in CONTENT[one.run.name]]


def test_every_experiment_of_theory_has_records_here() -> None:
    assert {one.run.name for one in ENTRIES} == MADE.keys()


@pytest.fixture
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Tables:
    """What is kept of a run that wrote these records."""
    one: Reproduction = request.getfixturevalue("one")
    source = tmp_path / "run"
    source.mkdir()
    for name, records in MADE[one.run.name]().items():
        write_records(type(records[0]), records, source / f"{name}.csv")
    (source / "done.json").write_text(json.dumps(RECORD))
    collect(one.run, (), source, tmp_path / "kept")
    return Tables(tmp_path / "kept")


@pytest.mark.parametrize("one", ENTRIES, ids=lambda one: one.title)
def test_every_claim_is_decided_by_the_records_that_an_experiment_writes(one: Reproduction, kept: Tables) -> None:
    assert {claim.words: verdict for claim, verdict in one.verdicts(kept) if verdict.holds is None} == {}


@pytest.mark.parametrize("one", ENTRIES, ids=lambda one: one.title)
def test_ours_stands_beside_the_published_values(one: Reproduction, kept: Tables) -> None:
    table = one.beside(kept)
    assert table.rows
    assert not {"", "not measured"} & {cell for row in table.rows for cell in row}


@pytest.mark.parametrize("one", ENTRIES, ids=lambda one: one.title)
def test_tables_and_pictures_bear_the_names_that_an_experiment_gives_them(one: Reproduction) -> None:
    source = inspect.getsource(importlib.import_module(CONTENT[one.run.name]["experiment"] + ".experiment"))
    written = {node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)}
    assert {f"{name}.csv" for name in MADE[one.run.name]()} <= written
    assert [name for name in one.pictures if not {name, name.removesuffix(".png")} & written] == []
