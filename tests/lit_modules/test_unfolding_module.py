"""Training of unfolded networks, on a problem of 10 x 20."""

import functools
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from pytorch_lightning import Trainer
from pytorch_lightning.callbacks import ModelCheckpoint

from datamodules import DigitsDataModule, SparseSignalsDataModule
from lit_inverse.bases import DCT
from lit_inverse.checkpoints import load_network
from lit_inverse.lit_modules import UnfoldingModule
from lit_inverse.lit_modules.layerwise import Layerwise
from lit_inverse.lit_modules.unfolding_losses import lasso, nmse_db, squared_error
from lit_inverse.networks import ALISTA, LISTA, LISTACP, LVAMP, NAALISTA, AdaLISTA, HyperLISTA, StepLISTA
from lit_inverse.networks.unfolding.base import System
from lit_inverse.noise import SNR, Noise, StudentT, TotalGaussian
from lit_inverse.noise import Gaussian as GaussianNoise
from lit_inverse.operators import Gaussian, Magnitude, RadialFourier
from lit_inverse.solvers import Unfolded

LAW = functools.partial(Gaussian, m=10, columns="unit")


def data(**settings: Any) -> SparseSignalsDataModule:
    return SparseSignalsDataModule(
        **{"n": 20, "n_nonzero": 2, "batch_size": 64, "n_batches": 10, "n_val": 128} | settings
    )


def trainer(folder: Path, **settings: Any) -> Trainer:
    defaults = {"max_epochs": 2, "logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    return Trainer(default_root_dir=folder, accelerator="cpu", **defaults | settings)


def error(module: UnfoldingModule) -> float:
    x = data().dataset("test").x
    y = module.operator(x)
    with torch.no_grad():
        return float(nmse_db(module.network(y, module.operator), x))


def test_training_lowers_the_error_on_other_signals(tmp_path: Path) -> None:
    module = UnfoldingModule(ALISTA(10, 20, 6, p=4.0, p_max=15.0))
    before = error(module)
    trainer(tmp_path, max_epochs=6).fit(module, data())
    assert error(module) < before - 1.5


def test_search_lowers_the_error_and_is_all_for_hyper_lista(tmp_path: Path) -> None:
    module = UnfoldingModule(HyperLISTA(10, 20, 6), search=80, lr=0.0)
    before = error(module)
    trainer(tmp_path, max_epochs=1).fit(module, data())
    assert error(module) < before - 1.5


def test_the_lasso_loss_needs_no_x_and_nears_the_minimum(tmp_path: Path) -> None:
    module = UnfoldingModule(StepLISTA(10, 20, 10, lam=0.1), loss="lasso", lr=0.05)
    x = data().dataset("test").x
    y = module.operator(x)

    def objective(network: StepLISTA) -> float:
        with torch.no_grad():
            return float(lasso(network(y, module.operator), y, module.operator, 0.1))

    before = objective(module.network)  # type: ignore[arg-type]
    long = StepLISTA(10, 20, 3000, lam=0.1)
    long.initialize(module.operator)
    trainer(tmp_path, max_epochs=8).fit(module, data())
    gap_before, gap = before - objective(long), objective(module.network) - objective(long)  # type: ignore[arg-type]
    assert 0 < gap < 0.8 * gap_before


def test_losses_are_what_they_say() -> None:
    x, x_hat = torch.tensor([[3.0, 0.0], [0.0, 1.0]]), torch.tensor([[3.0, 1.0], [0.0, 1.0]])
    assert float(nmse_db(x_hat, x)) == pytest.approx(-10.0)
    assert float(squared_error(x_hat, x)) == pytest.approx(0.25)
    operator = Gaussian((2,), 1, 0)
    y = torch.tensor([[1.0], [2.0]])
    expected = (0.5 * (operator(x_hat) - y).square().sum() + 0.3 * 5) / 2
    assert float(lasso(x_hat, y, operator, 0.3)) == pytest.approx(float(expected))


def test_deep_supervision_reaches_every_layer() -> None:
    module = UnfoldingModule(LISTACP(10, 20, 3), supervision="deep")
    x = data().dataset("val").x[:8]
    y = module.operator(x)
    with torch.no_grad():
        errors = [float(nmse_db(x_t, x)) for x_t in module.network.iterates(y, module.operator)]
    weights = [math.log(2), math.log(3), math.log(4)]
    expected = sum(w * e for w, e in zip(weights, errors, strict=True)) / sum(weights)
    loss = module._loss(module.network.iterates(y, module.operator), x, y, module.system)
    assert float(loss) == pytest.approx(expected, rel=1e-5)


def test_layer_by_layer_training_goes_through_its_stages(tmp_path: Path) -> None:
    module = UnfoldingModule(LISTACP(10, 20, 2), layerwise=Layerwise(patience=1, max_epochs=2), lr_weights=1e-3)
    first = module.network.w[1].detach().clone()
    fit = trainer(tmp_path, max_epochs=30)
    fit.fit(module, data())
    assert fit.should_stop
    assert module.progress.stage == 5
    assert not torch.equal(module.network.w[1], first)


def test_a_stage_trains_its_layers_alone(tmp_path: Path) -> None:
    module = UnfoldingModule(LISTACP(10, 20, 3), layerwise=Layerwise(patience=9, max_epochs=9), lr_weights=1e-3)
    module.progress.stage = 3  # depth 2, the new layer alone
    before = [w.detach().clone() for w in module.network.w]
    trainer(tmp_path, max_epochs=1).fit(module, data())
    assert [torch.equal(w, old) for w, old in zip(module.network.w, before, strict=True)] == [True, False, True]


def test_stages_are_three_per_layer_with_falling_rates() -> None:
    stages = Layerwise(decay=0.3).stages(3)
    assert [(s.depth, s.factor, s.only_last) for s in stages[3:6]] == [
        (2, 1.0, True),
        (2, 0.2, False),
        (2, 0.02, False),
    ]
    assert [stages[7].rate(layer, 0.3) for layer in (0, 1, 2, None)] == pytest.approx([0.018, 0.06, 0.2, 0.2])
    assert [stages[6].rate(layer, 0.3) for layer in (0, 1, 2)] == [0.0, 0.0, 1.0]


def test_noise_of_validation_is_fixed_and_of_the_strength_asked_for() -> None:
    module = UnfoldingModule(ALISTA(10, 20, 2), noise=SNR(20.0))
    x = data().dataset("val").x[:4]
    ids = [f"val/{i}" for i in range(4)]
    y, z, _sigma = module._measure(x, ids)
    assert torch.equal(y, module._measure(x, ids)[0])
    assert torch.equal(z, x)
    eta = y - module.operator(x)
    snr = 20 * (module.operator(x).norm() / eta.norm()).log10()
    assert float(snr) == pytest.approx(20, abs=2)


@pytest.mark.parametrize("noise", [SNR(20.0), GaussianNoise(0.1), StudentT(0.1), TotalGaussian(1.0)])
def test_noise_of_training_is_drawn_for_each_item(noise: Noise) -> None:
    clean = torch.ones(300, 40)
    noisy, again, other = (noise.apply_to_batch(clean, torch.Generator().manual_seed(seed)) for seed in (0, 0, 1))
    assert torch.equal(noisy, again)
    assert not torch.equal(noisy, other)
    eta = noisy - clean
    assert not torch.equal(eta[0], eta[1])
    assert float(eta.square().mean().sqrt()) == pytest.approx(noise.sigma(clean[0]), rel=0.3)


def test_a_network_that_is_not_finite_is_no_best_one(tmp_path: Path) -> None:
    class Overflowing(ALISTA):
        """Whose third validation, and no other, is not finite."""

        def steps(self, system: System) -> Iterator[torch.Tensor]:
            for x in super().steps(system):
                yield x if self.training or fit.current_epoch < 2 else x * torch.nan

    best = ModelCheckpoint(tmp_path, "{epoch}", monitor="val/loss")
    fit = trainer(tmp_path, max_epochs=3, callbacks=[best])
    fit.fit(UnfoldingModule(Overflowing(10, 20, 3)), data())
    assert math.isnan(float(fit.callback_metrics["val/loss"]))
    assert best.best_model_path.endswith(("epoch=0.ckpt", "epoch=1.ckpt"))


def test_a_network_told_the_noise_in_training_is_told_it_as_a_solver(tmp_path: Path) -> None:
    module = UnfoldingModule(LVAMP(None, 20, 6), LAW, noise=SNR(15.0), lr=0.1)
    before = error_of_solver(module)
    trainer(tmp_path, max_epochs=6).fit(module, data())
    after = error_of_solver(module)
    assert after < before + 0.1
    fit = trainer(tmp_path)
    (metrics,) = fit.validate(module, data(), verbose=False)
    x = data().dataset("val").x
    y, _z, sigma = module._measure(x, [f"val/{i}" for i in range(len(x))])
    x_hat = Unfolded(network=module.network).solve(y, module.operator, sigma=sigma).x
    assert float(nmse_db(x_hat, x)) == pytest.approx(metrics["val/loss"], abs=1e-3)


def error_of_solver(module: UnfoldingModule) -> float:
    x = data().dataset("test").x
    y, _z, sigma = module._measure(x, [f"test/{i}" for i in range(len(x))])
    return float(nmse_db(Unfolded(network=module.network).solve(y, module.operator, sigma=sigma).x, x))


def test_one_network_is_trained_for_several_numbers_of_measurements(tmp_path: Path) -> None:
    network = StepLISTA(None, 20, 8, lam=0.05)
    module = UnfoldingModule(network, LAW, redraw=True, measurements=(8, 15), lr=0.1)
    drawn = {module._draw(seed, module.measurements)[1].m for seed in range(20)}
    assert drawn == {8, 15}
    trainer(tmp_path, max_epochs=2).fit(module, data())
    with pytest.raises(ValueError, match="measurements are .5, 10., expected null"):
        UnfoldingModule(StepLISTA(10, 20, 3), redraw=True, measurements=(5, 10))
    with pytest.raises(ValueError, match="m of the network is null"):
        UnfoldingModule(StepLISTA(None, 20, 3))


def test_a_search_for_the_lasso_needs_no_x(tmp_path: Path) -> None:
    module = UnfoldingModule(StepLISTA(10, 20, 10, lam=0.1), loss="lasso", search=40, lr=0.0)
    x = data().dataset("val").x

    def objective() -> float:
        with torch.no_grad():
            y, z, _sigma = module._measure(x, [f"val/{i}" for i in range(len(x))])
            return float(module._loss([module.network(y, module.system)], z, y, module.system))

    before = objective()
    trainer(tmp_path, max_epochs=1).fit(module, data())
    assert objective() < before
    with pytest.raises(ValueError, match="loss is 'lasso' with layerwise"):
        UnfoldingModule(StepLISTA(10, 20, 3), loss="lasso", layerwise=Layerwise())


def test_a_search_never_makes_a_trained_network_worse(tmp_path: Path) -> None:
    trained = UnfoldingModule(ALISTA(10, 20, 6))
    fit = trainer(tmp_path, max_epochs=6)
    fit.fit(trained, data())
    fit.save_checkpoint(tmp_path / "trained.ckpt")
    module = UnfoldingModule(ALISTA(10, 20, 6), warm_start=tmp_path / "trained.ckpt", search=5, lr=0.0)
    trainer(tmp_path, max_epochs=1).fit(module, data())
    assert error(module) < error(trained) + 0.3


def test_a_checkpoint_gives_the_network_back_and_resumes(tmp_path: Path) -> None:
    whole, half, rest = (UnfoldingModule(LISTACP(10, 20, 3), layerwise=Layerwise(2, 3)) for _ in range(3))
    trainer(tmp_path / "whole", max_epochs=4).fit(whole, data())
    fit = trainer(tmp_path / "half", max_epochs=2)
    fit.fit(half, data())
    fit.save_checkpoint(tmp_path / "half.ckpt")
    trainer(tmp_path / "rest", max_epochs=4).fit(rest, data(), ckpt_path=tmp_path / "half.ckpt", weights_only=True)
    network = load_network(tmp_path / "half.ckpt")
    for a, b in zip(network.parameters(), half.network.parameters(), strict=True):
        assert torch.equal(a, b)
    for a, b in zip(rest.network.parameters(), whole.network.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0)


def test_a_warm_start_begins_at_the_error_of_the_other(tmp_path: Path) -> None:
    alista = UnfoldingModule(ALISTA(10, 20, 3))
    fit = trainer(tmp_path, max_epochs=1)
    fit.fit(alista, data())
    fit.save_checkpoint(tmp_path / "alista.ckpt")
    lista = UnfoldingModule(LISTA(10, 20, 3, p=1.2, p_max=13.0), warm_start=tmp_path / "alista.ckpt")
    assert error(lista) == pytest.approx(error(alista), abs=1e-3)


def test_a_network_for_any_a_learns_from_many(tmp_path: Path) -> None:
    module = UnfoldingModule(AdaLISTA(10, 20, 5), redraw=True, lr_weights=3e-3)
    others = [Gaussian((20,), 10, seed, columns="unit") for seed in range(50, 70)]
    x = data().dataset("test").x

    def mean_error() -> float:
        with torch.no_grad():
            return sum(float(nmse_db(module.network(a(x), a), x)) for a in others) / len(others)

    before = mean_error()
    trainer(tmp_path, max_epochs=6).fit(module, data())
    assert mean_error() < before - 3


def test_images_are_sparse_in_a_basis_and_the_solver_finds_them(tmp_path: Path) -> None:
    def fourier(in_shape: tuple[int, ...]) -> RadialFourier:
        return RadialFourier(in_shape, lines=9)

    images = DigitsDataModule(batch_size=100)
    m = 2 * fourier((1, 28, 28)).m  # complex measurements count twice
    network = StepLISTA(m, 784, 4, lam=0.01)
    module = UnfoldingModule(network, fourier, in_shape=(1, 28, 28), basis="dct", lr=0.1)
    trainer(tmp_path, max_epochs=1, limit_train_batches=8, limit_val_batches=1).fit(module, images)
    x = torch.stack([images.dataset("test")[i]["x"] for i in range(5)])
    operator = fourier((1, 28, 28))
    solution = Unfolded(network, basis="dct").solve(operator(x), operator.on_reals())
    y, _z, _sigma = module._real(operator(x), x, torch.zeros(5))
    with torch.no_grad():
        expected = module.network(y, module.system)
    assert solution.x.shape == x.shape
    assert solution.x.dtype == x.dtype
    torch.testing.assert_close(DCT((1, 28, 28), x).analysis(solution.x).flatten(1), expected, atol=1e-4, rtol=1e-4)
    assert nmse_db(solution.x, x) < -2


def nonlinear(in_shape: tuple[int, ...]) -> Any:
    return Magnitude(Gaussian(in_shape, 10, 0))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"operator": nonlinear}, "not linear"),
        ({"loss": "l1"}, "loss is 'l1'"),
        ({"loss": "lasso"}, "ALISTA has no lam"),
        ({"network": NAALISTA(10, 20, 2), "search": 5}, "expected search: 0"),
        ({"redraw": True}, "ALISTA belongs to one A"),
        ({"lr": -1.0}, "lr is -1.0"),
    ],
)
def test_impossible_settings_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        UnfoldingModule(**{"network": ALISTA(10, 20, 2)} | settings)


def test_data_of_another_size_and_low_precision_are_refused(tmp_path: Path) -> None:
    module = UnfoldingModule(ALISTA(10, 20, 2))
    with pytest.raises(ValueError, match=r"item_shape of the data is \(21,\)"):
        trainer(tmp_path).fit(module, data(n=21))
    with pytest.raises(ValueError, match="bf16-mixed, expected 32-true"):
        trainer(tmp_path, precision="bf16-mixed").fit(module, data())
