"""Learning (mu, Sigma): against fits by hand, its resumption, and what is refused."""

import functools
from pathlib import Path
from typing import Any

import pytest
import torch
from fit_runs import NETWORK, SETTINGS, data, prior, trainer

from lit_inverse.checkpoints import export, read
from lit_inverse.lit_modules import LearnedRegularizationModule
from lit_inverse.networks import SIREN
from lit_inverse.operators import Gaussian
from lit_inverse.problem import Problem
from lit_inverse.seeding import derive_seed
from lit_inverse.solvers import DeepPrior
from lit_inverse.solvers.fitting import LearnedRegularization
from lit_inverse.solvers.fitting.weight_statistics import limit

Q = 3


def run(folder: Path, epochs: int = Q, resume: Path | None = None, **settings: Any) -> dict[str, Any]:
    """The checkpoint of a training."""
    module = LearnedRegularizationModule(prior=prior(), **{**SETTINGS, **settings})
    trainer(folder, epochs).fit(module, datamodule=data(), ckpt_path=resume, weights_only=True)
    return read(folder / "last.ckpt")


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    run(folder)
    return folder / "last.ckpt"


def test_statistics_are_those_of_fits_to_the_measurements_of_a_sweep(learned: Path) -> None:
    checkpoint = read(learned)
    items = [data().dataset("train")[number] for number in range(Q)]
    assert checkpoint["learned_from"]["images"] == [item["id"] for item in items]
    fits = []
    for item in items:
        x, image = item["x"][None], item["id"]
        operator = Gaussian((1, 28, 28), 30, derive_seed(3, "operator", image, 0))
        y, sigma = Problem(operator, SETTINGS["noise"]).simulate(x, [derive_seed(3, "noise", image, 0)])
        seed = derive_seed(3, "solver", image, 0)
        descent = prior().begin(y, operator, sigma=sigma.float(), seed=seed)
        found = prior().finish(descent)
        solution = prior().solve(y, operator, sigma=sigma.float(), seeds=[seed])
        assert torch.equal(found.x, solution.x)
        assert torch.equal(found.loss, solution.history["loss"])
        fits.append([weights[0] for weights in descent.networks.weights])
    mu, covariance = limit(fits)
    state = checkpoint["state_dict"]
    torch.testing.assert_close(state["mu"], mu)
    torch.testing.assert_close(state["covariance"], covariance)
    assert state["n_fits"] == Q
    means = torch.stack([torch.stack([layer.double().mean() for layer in weights]) for weights in fits])
    torch.testing.assert_close(state["between"], means.T.cov(correction=0))
    assert torch.linalg.matrix_rank(state["between"]) < Q


def test_killed_run_goes_on_with_the_next_image(learned: Path, tmp_path: Path) -> None:
    first = run(tmp_path / "first", epochs=1)
    assert len(first["learned_from"]["images"]) == 1
    second, whole = run(tmp_path / "second", resume=tmp_path / "first" / "last.ckpt"), read(learned)
    assert second["learned_from"] == whole["learned_from"]
    for name, values in whole["state_dict"].items():
        assert torch.equal(second["state_dict"][name], values), name


@pytest.mark.parametrize("form", ["per_weight", "layer_mean"])
def test_checkpoint_regularizes_another_fit(learned: Path, form: Any) -> None:
    y, operator = torch.ones(1, 30), Gaussian((1, 28, 28), 30, 0)
    term = LearnedRegularization(learned, form=form)
    plain = prior(max_iter=3, regularizer=None).solve(y, operator).history["loss"]
    regularized = prior(max_iter=3, regularizer=term).solve(y, operator).history["loss"]
    networks = prior(max_iter=3).begin(y, operator).networks  # the weights that fits begin with
    torch.testing.assert_close(regularized[0], plain[0] + term(torch.zeros(1), networks))
    assert (regularized[1:] != plain[1:]).all()


def test_exported_statistics_are_those_of_the_run_without_its_state(learned: Path, tmp_path: Path) -> None:
    export(str(learned), str(tmp_path / "exported.pt"))
    exported, run_ = read(tmp_path / "exported.pt"), read(learned)
    assert exported.keys() == {"state_dict", "learned_from"}
    assert exported["learned_from"] == run_["learned_from"]
    assert all(torch.equal(exported["state_dict"][name], values) for name, values in run_["state_dict"].items())
    LearnedRegularization(tmp_path / "exported.pt")


def test_total_variance_has_the_spread_of_the_means_besides(learned: Path, tmp_path: Path) -> None:
    total, within = run(tmp_path, variance="total")["state_dict"], read(learned)["state_dict"]
    expected = within["covariance"] + within["between"].diagonal().diag()
    torch.testing.assert_close(total["covariance"], expected)


def test_layers_of_a_single_weight_are_refused_before_any_fit() -> None:
    network = DeepPrior(functools.partial(SIREN, width=4, depth=2))
    with pytest.raises(ValueError, match=r"the weights of .*bias are all equal in each fit, .* expected"):
        LearnedRegularizationModule(prior=network)
    LearnedRegularizationModule(prior=network, variance="total")


@pytest.mark.parametrize(
    ("epochs", "settings", "message"),
    [
        (1398, {}, "max_epochs is 1398, expected from 1 to the number of train images, 1397"),
        (Q, {"value_range": (0.0, 1.0)}, r"value_range of the data is \(0.0, 1.0\), expected \(-1.0, 1.0\)"),
    ],
)
def test_data_that_does_not_fit_is_refused(epochs: int, settings: Any, message: str, tmp_path: Path) -> None:
    module = LearnedRegularizationModule(prior=prior(), **SETTINGS)
    with pytest.raises(ValueError, match=message):
        trainer(tmp_path, epochs).fit(module, datamodule=data(**settings))
    assert not list(tmp_path.iterdir())


def test_restarts_are_refused() -> None:
    with pytest.raises(ValueError, match="n_restarts of the prior is 2, expected 1"):
        LearnedRegularizationModule(prior=DeepPrior(NETWORK, n_restarts=2))
