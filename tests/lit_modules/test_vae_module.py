import functools
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from fit_runs import Recorder
from pytorch_lightning import Callback, Trainer
from torch import Tensor
from torch.utils.data import DataLoader

from datamodules import DigitsDataModule
from lit_inverse.checkpoints import load_network
from lit_inverse.lit_modules import VAEModule
from lit_inverse.lit_modules.vae_losses import cross_entropy, kl_to_standard_normal, negative_elbo
from lit_inverse.networks import VAE, ConvVAE
from lit_inverse.sample_quality import RandomFeatures, kernel_distance, precision_recall
from lit_inverse.seeding import generator


def small_module(**arguments: Any) -> VAEModule:
    torch.manual_seed(0)
    return VAEModule(in_shape=(1, 4, 4), latent_dim=2, hidden=(8,), **arguments)


def images(n: int) -> Tensor:
    return torch.rand(n, 1, 4, 4, generator=generator(1))


def loader(x: Tensor, batch_size: int) -> DataLoader[Any]:
    return DataLoader([{"x": image, "id": str(i)} for i, image in enumerate(x)], batch_size)  # type: ignore[arg-type]


def quiet_trainer(**arguments: Any) -> Trainer:
    return Trainer(
        accelerator="cpu",
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        **{"logger": False, **arguments},
    )


def test_kl_is_that_of_torch_distributions() -> None:
    mu, log_var = torch.randn(2, 5, 3, generator=generator(0), dtype=torch.float64)
    q = torch.distributions.Normal(mu, (log_var / 2).exp())
    expected = torch.distributions.kl_divergence(q, torch.distributions.Normal(0.0, 1.0)).sum(1)
    torch.testing.assert_close(kl_to_standard_normal(mu, log_var), expected)


def test_cross_entropy_is_its_definition_and_finite_for_extreme_logits() -> None:
    x = images(3).double()
    logits = torch.randn(x.shape, generator=generator(0), dtype=torch.float64)
    p = logits.sigmoid()
    expected = -(x * p.log() + (1 - x) * (1 - p).log()).sum((1, 2, 3))
    torch.testing.assert_close(cross_entropy(logits, x), expected)
    torch.testing.assert_close(cross_entropy(1e4 * torch.ones_like(x), x), 1e4 * (1 - x).sum((1, 2, 3)))


def test_negative_elbo_agrees_with_quadrature() -> None:
    torch.manual_seed(0)
    vae = VAE((1, 4, 4), latent_dim=1, hidden=(8,)).double()
    x = images(1).double()
    ce, kl = negative_elbo(vae, x.expand(20_000, 1, 4, 4), generator(0))
    (mu,), (log_var,) = vae.encode(x)
    q = torch.distributions.Normal(mu, (log_var / 2).exp())
    z = (q.mean + q.stddev * torch.linspace(-8, 8, 2001, dtype=torch.float64)).unsqueeze(1)
    density = q.log_prob(z).exp().squeeze(1)
    expected = torch.trapezoid(density * cross_entropy(vae.logits(z), x.expand(2001, 1, 4, 4)), z.squeeze(1))
    assert abs(ce.mean() - expected) < 4 * ce.std() / math.sqrt(len(ce))
    log_ratio = q.log_prob(z).squeeze(1) - torch.distributions.Normal(0.0, 1.0).log_prob(z).squeeze(1)
    torch.testing.assert_close(kl[0], torch.trapezoid(density * log_ratio, z.squeeze(1)), rtol=1e-6, atol=1e-9)


def test_logged_loss_is_the_mean_over_images_with_a_smaller_last_batch() -> None:
    module, x = small_module(quality=None), images(5)
    (logged,) = quiet_trainer().validate(module, loader(x, 4), verbose=False)
    parts = [negative_elbo(module.vae, batch, generator(i)) for i, batch in enumerate(x.split(4))]
    ce, kl = (torch.cat(part).mean().item() for part in zip(*parts, strict=True))
    assert logged == pytest.approx({"val/loss": ce + kl, "val/cross_entropy": ce, "val/kl": kl}, rel=1e-6)


def test_training_loss_is_the_mean_over_the_batch() -> None:
    module, x = small_module(), images(3)
    module.log_dict = lambda *_, **__: None  # type: ignore[method-assign]
    torch.manual_seed(5)
    loss = module.training_step({"x": x}, 0)
    torch.manual_seed(5)
    ce, kl = negative_elbo(module.vae, x)
    torch.testing.assert_close(loss, (ce + kl).mean())


def test_validation_draws_the_same_z_each_time() -> None:
    module, trainer = small_module(), quiet_trainer()
    runs = [trainer.validate(module, loader(images(4), 2), verbose=False) for _ in range(2)]
    assert runs[0] == runs[1]


@pytest.mark.filterwarnings("ignore:You defined a .validation_step. but have no")
@pytest.mark.parametrize("validate", [True, False])
def test_sample_and_reconstruction_grids_are_logged(validate: bool) -> None:
    recorder = Recorder()
    trainer = quiet_trainer(logger=recorder, max_epochs=2, log_every_n_steps=1)
    trainer.fit(small_module(images_every=2), loader(images(4), 2), loader(images(3), 2) if validate else None)
    assert recorder.images.keys() == {"reconstructions", "samples"}
    (shown,) = recorder.images["reconstructions"]
    expected = (255 * images(3)[0, 0]).round().to(torch.uint8)
    assert torch.equal(shown[0, 2:6, 2:6], expected)  # inside a border of 2 pixels


@pytest.mark.parametrize(("name", "value"), [("lr", 0.0), ("lr", math.nan), ("images_every", 0), ("latent_dim", 0)])
def test_impossible_settings_are_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{name} is .* expected"):
        VAEModule(**{name: value})  # type: ignore[arg-type]


def test_a_convolutional_network_learns_and_is_exported(tmp_path: Path) -> None:
    module = VAEModule((1, 12, 12), network=functools.partial(ConvVAE, latent_dim=3, width=4), lr=1e-2)
    x = (torch.arange(12) < torch.tensor([3, 6, 9]).view(3, 1, 1, 1)).float().expand(3, 1, 12, 12)
    trainer = quiet_trainer(max_epochs=30)
    with torch.no_grad():
        before = sum(part.mean() for part in negative_elbo(module.vae, x, generator(0)))
    trainer.fit(module, loader(x, 3))
    with torch.no_grad():
        after = sum(part.mean() for part in negative_elbo(module.vae, x, generator(0)))
    assert after < 0.5 * before
    trainer.save_checkpoint(tmp_path / "run.ckpt")
    network = load_network(tmp_path / "run.ckpt")
    assert isinstance(network, ConvVAE)
    assert torch.equal(network(torch.ones(1, 3)), module(torch.ones(1, 3)))


def test_quality_of_samples_is_logged_where_images_are_held_out() -> None:
    module = small_module()
    (logged,) = quiet_trainer().validate(module, loader(images(40), 16), verbose=False)
    z = torch.cat(
        [torch.randn(n, 2, generator=source, dtype=torch.float32) for source in [generator(0)] for n in (16, 16, 8)]
    )
    with torch.no_grad():
        real, fake = (RandomFeatures()(x) for x in (images(40), module(z)))
    assert logged["val/kernel_distance"] == pytest.approx(float(kernel_distance(real, fake)), rel=1e-4)
    precision, recall = precision_recall(real, fake)
    assert (logged["val/precision"], logged["val/recall"]) == pytest.approx((float(precision), float(recall)))


def fit(checkpoint: Path | None = None, save_at: int | None = None, folder: Path | None = None) -> VAEModule:
    """Two epochs of four batches, on digits, from a checkpoint on; one is saved after that many steps."""

    class Save(Callback):
        def on_train_batch_end(self, trainer: Trainer, *_: Any) -> None:
            if folder is not None and trainer.global_step == save_at:
                trainer.save_checkpoint(folder / "some.ckpt")

    torch.manual_seed(0)
    module = VAEModule(latent_dim=3, hidden=(8,), quality=None)
    torch.manual_seed(1 if checkpoint is None else 2)  # another process has drawn other numbers
    settings: dict[str, Any] = {"max_epochs": 2, "limit_train_batches": 4, "limit_val_batches": 0}
    trainer = quiet_trainer(callbacks=[Save()], **settings)
    trainer.fit(module, datamodule=DigitsDataModule(batch_size=16), ckpt_path=checkpoint, weights_only=True)
    return module


@pytest.mark.parametrize("step", [2, 4, 6])
def test_a_run_stopped_in_mid_epoch_goes_on_as_if_it_had_not_been(step: int, tmp_path: Path) -> None:
    whole = fit(save_at=step, folder=tmp_path)
    rest = fit(tmp_path / "some.ckpt")
    for name, value in whole.state_dict().items():
        torch.testing.assert_close(rest.state_dict()[name], value, rtol=0, atol=0)


@pytest.mark.usefixtures("untouched_rng")
def test_training_leaves_global_generators_alone() -> None:
    with torch.random.fork_rng(devices=[]):
        module = VAEModule(latent_dim=3, hidden=(8,), quality=None)
    trainer = quiet_trainer(max_epochs=1, limit_train_batches=2, limit_val_batches=1)
    trainer.fit(module, datamodule=DigitsDataModule(batch_size=16))


def test_precision_does_not_choose_z() -> None:
    module, x = small_module(), images(20)
    expected = negative_elbo(module.vae, x, generator(0))
    default = torch.get_default_dtype()
    try:
        torch.set_default_dtype(torch.float64)  # as Lightning does for 64-true
        found = negative_elbo(module.vae, x, generator(0))
    finally:
        torch.set_default_dtype(default)
    assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))
