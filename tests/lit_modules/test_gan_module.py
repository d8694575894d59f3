import copy
import functools
import itertools
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from fit_runs import Recorder
from pytorch_lightning import Callback, Trainer
from pytorch_lightning.callbacks import ModelCheckpoint
from torch import Tensor

from datamodules import DigitsDataModule
from lit_inverse.checkpoints import export, load_network
from lit_inverse.lit_modules import GANModule
from lit_inverse.lit_modules.gan_losses import LossName
from lit_inverse.networks import DCGANGenerator, Discriminator, GANGenerator

SMALL: dict[str, Any] = {"generator": functools.partial(GANGenerator, latent_dim=5, width=4)}
PLAIN = functools.partial(Discriminator, width=4, norm="none")
WGAN: dict[str, Any] = {"loss": "wgan_gp", "discriminator": PLAIN, "n_critic": 3, "betas": (0.0, 0.9)}


def module(**settings: Any) -> GANModule:
    return GANModule(**{**SMALL, "discriminator": functools.partial(Discriminator, width=4), **settings})


def data(**settings: Any) -> DigitsDataModule:
    return DigitsDataModule(**{"batch_size": 8, "value_range": (-1.0, 1.0), **settings})


def trainer(**settings: Any) -> Trainer:
    quiet: dict[str, Any] = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    defaults = {"enable_checkpointing": False, "limit_train_batches": 5, "limit_val_batches": 1, "max_epochs": 1}
    return Trainer(accelerator="cpu", **{**quiet, **defaults, **settings})


class Weights(Callback):
    """The generator's weights after each batch."""

    def __init__(self) -> None:
        self.kept: list[Tensor] = []

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, *_: Any) -> None:
        self.kept.append(weights_of(pl_module.generator))


def weights_of(network: torch.nn.Module) -> Tensor:
    return torch.cat([weight.detach().flatten() for weight in network.parameters()])


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"loss": "hinge", "discriminator": functools.partial(Discriminator, width=4, norm="spectral")},
        WGAN,
        {"generator": functools.partial(DCGANGenerator, latent_dim=5, width=2)},
    ],
    ids=["non_saturating", "hinge", "wgan_gp", "csdip"],
)
def test_a_run_stopped_in_mid_epoch_goes_on_as_if_it_had_not_been(settings: dict[str, Any], tmp_path: Path) -> None:
    whole, half, rest = (module(**settings) for _ in range(3))
    double: dict[str, Any] = {"precision": "64-true", "max_epochs": 2}
    every_batch = ModelCheckpoint(tmp_path, "{step}", every_n_train_steps=1, save_top_k=-1)
    trainer(**double).fit(whole, data())
    trainer(callbacks=[every_batch], enable_checkpointing=True, **double).fit(half, data())
    saved = sorted(tmp_path.glob("*.ckpt"), key=lambda path: path.stat().st_mtime)
    assert len(saved) == 10
    trainer(**double).fit(rest, data(), ckpt_path=saved[6], weights_only=True)  # after 2 of the 5 batches of epoch 2
    for name, value in whole.state_dict().items():
        torch.testing.assert_close(rest.state_dict()[name], value, rtol=0, atol=0)


def test_each_network_learns_from_its_own_loss_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_slope(name: LossName, *values: Tensor) -> Tensor:
        return 0 * torch.stack([value.sum() for value in values]).sum()

    for loss, still in (("generator_loss", "generator"), ("discriminator_loss", "discriminator")):
        fit = module()
        before = copy.deepcopy(fit.state_dict())
        with monkeypatch.context() as patch:
            patch.setattr(f"lit_inverse.lit_modules.gan.{loss}", without_slope)
            trainer(limit_train_batches=1).fit(fit, data())
        for part in ("generator", "discriminator"):
            weights = getattr(fit, part).named_parameters()
            same = {torch.equal(value, before[f"{part}.{name}"]) for name, value in weights}
            assert same == {part == still}
    assert all(weight.requires_grad for weight in [*fit.generator.parameters(), *fit.discriminator.parameters()])


def test_one_step_of_both_is_that_of_a_loop_by_hand() -> None:
    fit, by_hand = module(n_critic=1), module()
    recorder = _Inputs()
    trainer(limit_train_batches=1, callbacks=[recorder], precision="64-true").fit(fit, data())
    g, d = by_hand.generator.double(), by_hand.discriminator.double()
    optimizers = [torch.optim.Adam(network.parameters(), 2e-4, (0.5, 0.999)) for network in (g, d)]
    x, z = recorder.x.double(), recorder.z.double()
    (-(d(x).sigmoid().log().mean() + (1 - d(g(z).detach()).sigmoid()).log().mean())).backward()
    optimizers[1].step()
    g.load_state_dict(module().generator.double().state_dict())  # statistics of batch norm as before
    (-d(g(z)).sigmoid().log().mean()).backward()
    optimizers[0].step()
    for a, b in zip(fit.generator.parameters(), g.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-12)
    for a, b in zip(fit.discriminator.parameters(), d.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-12)


class _Inputs(Callback):
    """The first batch, and the z that goes with it."""

    x: Tensor
    z: Tensor

    def on_train_batch_start(self, trainer: Trainer, pl_module: Any, batch: Any, batch_idx: int) -> None:
        self.x = batch["x"]
        hook = pl_module.generator.register_forward_pre_hook(self._keep)
        self.hook = hook

    def _keep(self, _: Any, inputs: tuple[Tensor]) -> None:
        self.z = inputs[0].detach()

    def on_train_batch_end(self, *_: Any) -> None:
        self.hook.remove()


def test_the_average_is_the_exponential_one_with_statistics_of_its_own() -> None:
    fit, weights = module(ema=0.4), Weights()
    expected = weights_of(fit.generator)
    trainer(callbacks=[weights], limit_train_batches=12).fit(fit, data())
    for step, kept in enumerate(weights.kept):
        e = min(0.4, (1 + step) / (10 + step))
        expected = e * expected + (1 - e) * kept
    torch.testing.assert_close(weights_of(fit.average), expected)
    z = torch.randn(2000, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float32)
    hidden = fit.average.layers[:2](z)
    assert not torch.equal(fit.average.layers[2].running_var, fit.generator.layers[2].running_var)
    expected = 0.9**12 + (1 - 0.9**12) * hidden.var((0, 2, 3))
    torch.testing.assert_close(fit.average.layers[2].running_var, expected, rtol=0.3, atol=0)


def test_the_generator_moves_with_each_n_critic_th_batch_over_the_bounds_of_epochs() -> None:
    fit, weights = module(**WGAN), Weights()
    trainer(callbacks=[weights], max_epochs=2).fit(fit, data())
    moved = [not torch.equal(a, b) for a, b in itertools.pairwise(weights.kept)]
    assert [number + 2 for number, has in enumerate(moved) if has] == [3, 6, 9]


def test_export_is_the_averaged_generator_alone(tmp_path: Path) -> None:
    fit = module(ema=0.5)
    run = trainer()
    run.fit(fit, data())
    run.save_checkpoint(tmp_path / "run.ckpt")
    export(str(tmp_path / "run.ckpt"), str(tmp_path / "g.pt"))
    network = load_network(tmp_path / "g.pt")
    assert isinstance(network, GANGenerator)
    z = torch.ones(2, 5)
    torch.testing.assert_close(network(z), fit.average.eval()(z), rtol=0, atol=2e-3)
    assert not any("discriminator" in name for name in torch.load(tmp_path / "g.pt", weights_only=True)["state_dict"])


def test_losses_and_samples_are_logged() -> None:
    recorder = Recorder()
    trainer(logger=recorder, log_every_n_steps=1).fit(module(), data())
    names = {name for values in recorder.curves.values() for name in values}
    assert {"train/loss_generator", "train/loss_discriminator", "train/real", "train/fake"} <= names
    assert recorder.images["samples"][0].shape == (3, 8 * 30 + 2, 8 * 30 + 2)


@pytest.mark.parametrize("settings", [{}, WGAN])
def test_bfloat16_trains_to_finite_weights(settings: dict[str, Any]) -> None:
    fit = module(**settings)
    trainer(precision="bf16-mixed").fit(fit, data())
    assert all(torch.isfinite(weight).all() for weight in fit.parameters())
    assert all(weight.dtype == torch.float32 for weight in fit.parameters())


@pytest.mark.usefixtures("untouched_rng")
def test_training_leaves_global_generators_alone() -> None:
    trainer().fit(module(**WGAN), data())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lr": 0.0}, "lr is 0"),
        ({"n_critic": 0}, "n_critic is 0"),
        ({"ema": 1.0}, "ema is 1"),
        ({"betas": (0.5, 1.0)}, r"betas\[1\] is 1"),
        ({"gradient_penalty": math.nan}, "gradient_penalty is nan"),
        ({"loss": "least_squares"}, "loss is 'least_squares', expected one of non_saturating"),
        ({"loss": "wgan_gp"}, "norm of the discriminator is 'batch'"),
    ],
)
def test_impossible_settings_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        module(**settings)


def test_data_in_another_range_or_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match=r"value_range of the data is \(0.0, 1.0\)"):
        trainer().fit(module(), data(value_range=(0.0, 1.0)))
    with pytest.raises(ValueError, match=r"item_shape of the data is \(1, 28, 28\)"):
        trainer().fit(module(out_shape=(1, 32, 32)), data())
