"""DeepPriorModule: the numbers of DeepPrior.solve, its checkpoint, its resumption, and what is refused."""

from pathlib import Path
from typing import Any

import pytest
import torch
from fit_runs import SETTINGS, Recorder, data, prior, trainer

from lit_inverse import metrics
from lit_inverse.checkpoints import load_network, read
from lit_inverse.lit_modules import DeepPriorModule
from lit_inverse.operators import Gaussian
from lit_inverse.problem import Problem
from lit_inverse.seeding import derive_seed
from lit_inverse.solvers.fitting import JitteredInput, LinearDecay
from train import main


def run(
    folder: Path, epochs: int = 2, resume: Path | None = None, precision: str = "32-true", **settings: Any
) -> Recorder:
    recorder = Recorder()
    module = DeepPriorModule(**{"prior": prior(), "image": 2, "n_updates": 5, **SETTINGS, **settings})
    trainer(folder, epochs, logger=recorder, log_every_n_steps=1, precision=precision).fit(
        module, datamodule=data(), ckpt_path=resume, weights_only=True
    )
    return recorder


def test_curves_and_network_are_those_of_the_solver(tmp_path: Path) -> None:
    recorder = run(tmp_path)
    loader = data()
    item = loader.dataset("train")[2]
    x, image = item["x"][None], item["id"]
    operator = Gaussian((1, 28, 28), 30, derive_seed(3, "operator", image, 0))
    y, sigma = Problem(operator, SETTINGS["noise"]).simulate(x, [derive_seed(3, "noise", image, 0)])
    seed = derive_seed(3, "solver", image, 0)
    solution = prior(max_iter=11).solve(y, operator, sigma=sigma.float(), seeds=[seed], trace=range(11))
    assert solution.iterates is not None
    assert sorted(recorder.curves) == list(range(10))
    for number, iterate in enumerate(solution.iterates[:10]):
        values = recorder.curves[number]
        assert values["fit/objective"] == solution.history["loss"][number].item()
        assert values["fit/data_term"] == pytest.approx((operator(iterate) - y).square().sum().item(), rel=1e-5)
        assert values["fit/psnr"] == pytest.approx(metrics.psnr(iterate, x, 2.0).item(), rel=1e-5)
    shown = recorder.images["fit/x_and_x_hat"]
    assert [image.shape for image in shown] == [(1, 28, 56)] * 2
    assert torch.equal(shown[0][..., :28], (255 * (x[0] + 1) / 2).round().to(torch.uint8))
    network, z = load_network(tmp_path / "last.ckpt"), read(tmp_path / "last.ckpt")["state_dict"]["z"]
    torch.testing.assert_close(network(z), solution.iterates[10], rtol=0, atol=1e-5)


@pytest.mark.parametrize("precision", ["32-true", "64-true"])
def test_resumed_fit_is_the_one_that_was_not_stopped(precision: str, tmp_path: Path) -> None:
    slower: dict[str, Any] = {"prior": prior(schedule=LinearDecay(start=0.0), max_iter=20), "precision": precision}
    whole = run(tmp_path / "whole", epochs=3, **slower)
    run(tmp_path / "first", epochs=1, **slower)
    rest = run(tmp_path / "rest", epochs=3, resume=tmp_path / "first" / "last.ckpt", **slower)
    assert rest.curves == {number: values for number, values in whole.curves.items() if number >= 5}
    ends = [read(tmp_path / name / "last.ckpt")["state_dict"] for name in ("whole", "rest")]
    for name, values in ends[0].items():
        assert torch.equal(ends[1][name], values), name


def test_jittered_inputs_do(tmp_path: Path) -> None:
    still = run(tmp_path / "still", epochs=1)
    jittered = run(tmp_path / "jittered", epochs=1, prior=prior(input=JitteredInput(0.1)))
    assert len(jittered.curves) == 5
    assert all(jittered.curves[number] != still.curves[number] for number in range(5))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"image": 10_000}, "image is 10000, expected the number of one of"),
        (
            {"prior": prior(schedule=LinearDecay(), max_iter=9)},
            "n_updates x trainer.max_epochs is 10, expected from 1 to",
        ),
        ({"in_shape": (1, 8, 8), "operator": None}, r"item_shape of the data is \(1, 28, 28\), expected"),
    ],
)
def test_data_that_does_not_fit_is_refused(settings: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        run(tmp_path, **settings)
    assert not list(tmp_path.iterdir())


CONFIG = """
model:
  class_path: lit_inverse.lit_modules.DeepPriorModule
  init_args:
    prior:
      class_path: lit_inverse.solvers.DeepPrior
      init_args: {network: {class_path: lit_inverse.networks.DCGANGenerator, init_args: {width: 2}}}
    operator: {class_path: lit_inverse.operators.SubsampledDCT, init_args: {m: 30}}
    n_updates: 2
data: {class_path: datamodules.DigitsDataModule, init_args: {value_range: [-1, 1]}}
trainer: {max_epochs: 2, limit_train_batches: 1}
monitor: null
"""


def test_train_py_writes_the_fitted_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("fit.yaml").write_text(CONFIG)
    assert main(["--config", "fit.yaml", "--logger", "false", "--out", "run"]) == 0
    network, z = load_network("run/last.ckpt"), read("run/last.ckpt")["state_dict"]["z"]
    assert network(z).shape == (1, 1, 28, 28)
    assert sum(weights.numel() for weights in network.parameters()) < 20_000


@pytest.mark.parametrize("settings", [{"image": -1}, {"n_updates": 0}])
def test_impossible_numbers_are_refused(settings: Any) -> None:
    with pytest.raises(ValueError, match="expected image >= 0 and n_updates >= 1"):
        DeepPriorModule(prior=prior(), **settings)
