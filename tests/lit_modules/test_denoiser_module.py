import functools
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
from lit_inverse.lit_modules import DenoiserModule
from lit_inverse.metrics import psnr
from lit_inverse.networks import DnCNN, DRUNet
from lit_inverse.seeding import derive_seed, generator

SMALL = functools.partial(DRUNet, channels=(4, 8), n_blocks=1)

pytestmark = pytest.mark.filterwarnings("ignore:You defined a .validation_step. but have no")


def module(**settings: Any) -> DenoiserModule:
    return DenoiserModule(**{"network": SMALL, "patch": 12, "lr": 1e-2, **settings})


def squares(n: int) -> Tensor:
    """Black images 16 x 16, each with a grey square."""
    x = torch.zeros(n, 1, 16, 16)
    for i, image in enumerate(x):
        image[0, i % 7 : i % 7 + 8, i % 5 : i % 5 + 8] = 0.3 + 0.7 * i / n
    return x


def loader(x: Tensor, batch_size: int) -> DataLoader[Any]:
    items: Any = [{"x": image, "id": f"{i}"} for i, image in enumerate(x)]
    return DataLoader(items, batch_size)


def trainer(**settings: Any) -> Trainer:
    quiet: dict[str, Any] = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    return Trainer(accelerator="cpu", enable_model_summary=False, **{**quiet, **settings})


@pytest.mark.parametrize(
    "settings",
    [{}, {"loss": "mse", "patch": None}, {"network": functools.partial(DnCNN, depth=3, width=8), "lr": 3e-2}],
    ids=["drunet", "mse", "dncnn"],
)
def test_learns_to_remove_noise_of_any_level(settings: dict[str, Any]) -> None:
    x = squares(32)
    denoiser = module(**{"sigma_range": (0.0, 0.5), **settings})
    trainer(max_epochs=60).fit(denoiser, loader(x, 4))
    denoiser.eval()
    for sigma in (0.1, 0.4):
        y = x + sigma * torch.randn(x.shape, generator=generator(5), dtype=torch.float32)
        with torch.no_grad():
            gain = psnr(denoiser(y, torch.full((32,), sigma)), x, 1.0) - psnr(y, x, 1.0)
        assert float(gain.mean()) > 3, sigma


def weights_after(batch_size: int, order: list[int], **settings: Any) -> Tensor:
    """Of one step on all images at once."""
    x, steps = squares(4), 4 // batch_size
    items: Any = [{"x": x[i], "id": f"{i}"} for i in order]
    denoiser = module(**settings)
    batches = DataLoader(items, batch_size, generator=generator(0))  # without one it reads the global generator
    trainer(max_epochs=1, accumulate_grad_batches=steps).fit(denoiser, batches)
    return torch.cat([weight.detach().flatten() for weight in denoiser.parameters()])


def test_what_is_drawn_for_an_image_depends_on_no_other(untouched_rng: object) -> None:
    together = weights_after(4, [0, 1, 2, 3])
    torch.testing.assert_close(weights_after(2, [3, 1, 0, 2]), together)
    assert not torch.allclose(weights_after(4, [0, 1, 2, 3], seed=1), together)


def test_levels_and_noise_follow_their_laws() -> None:
    denoiser = module(sigma_range=(0.1, 0.5), sigma_power=2.0, patch=40)
    drawn = [denoiser._draw(torch.zeros(1, 50, 60), f"{i}") for i in range(400)]
    sigma, eta = (torch.stack(part) for part in list(zip(*drawn, strict=True))[1:])
    assert 0.1 <= float(sigma.min()) < 0.102
    assert 0.47 < float(sigma.max()) <= 0.5
    assert float(sigma.median()) == pytest.approx(0.2, abs=0.02)  # 0.1 + 0.4 (1/2)^2
    assert float(eta.mean()) == pytest.approx(0, abs=4 / 800)
    assert float(eta.std()) == pytest.approx(1, abs=4 / 800)


def test_squares_are_parts_of_the_image_in_each_of_8_positions() -> None:
    denoiser, places, positions = module(patch=3), set(), set()
    image = 100.0 * torch.arange(5)[:, None] + torch.arange(7)
    for i in range(400):
        x, *_ = denoiser._draw(image[None], f"{i}")
        corner = image.flatten()[(image == x.min()).flatten().nonzero()]
        places.add(int(corner))
        positions.add((float(x[0, 0, 1] - x[0, 0, 0]), float(x[0, 1, 0] - x[0, 0, 0])))
        top, left = divmod(int(corner), 100)
        expected = image[top : top + 3, left : left + 3].flatten()
        assert torch.equal(x.flatten().sort().values, expected.sort().values)
    assert len(places) == 3 * 5
    assert positions == {(a * s, b * t) for a, b in ((1, 100), (100, 1)) for s in (1, -1) for t in (1, -1)}


def test_whole_images_are_not_laid_on_their_side() -> None:
    x, _, eta = zip(*(module(patch=None)._draw(torch.rand(2, 5, 7), f"{i}") for i in range(20)), strict=True)
    assert {part.shape for part in (*x, *eta)} == {(2, 5, 7)}


def test_noise_is_new_in_each_epoch_and_the_same_in_each_validation() -> None:
    denoiser, x = module(), squares(3)
    runs = [trainer().validate(denoiser, loader(x, size), verbose=False)[0] for size in (3, 2)]
    assert runs[0] == pytest.approx(runs[1], rel=1e-5)
    seen: list[Tensor] = []
    denoiser.network.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].detach().clone()))
    trainer(max_epochs=2).fit(denoiser, loader(x, 3))
    assert not torch.equal(seen[0], seen[1])


def test_logged_values_are_means_over_images() -> None:
    denoiser, x = module(), squares(3)
    (logged,) = trainer().validate(denoiser, loader(x, 2), verbose=False)
    losses = []
    for level in (15, 25, 50):
        noise = []
        for name in ("0", "1", "2"):
            source = generator(derive_seed(0, "noise", f"val/{name}", 0))
            noise.append(torch.randn(1, 16, 16, generator=source, dtype=torch.float32))
        with torch.no_grad():
            x_hat = denoiser(x + level / 255 * torch.stack(noise), torch.full((3,), level / 255))
        losses.append((x_hat - x).abs().mean())
        assert logged[f"val/psnr_{level}"] == pytest.approx(float(psnr(x_hat, x, 1.0).mean()), rel=1e-5)
    assert logged["val/loss"] == pytest.approx(float(torch.stack(losses).mean()), rel=1e-5)


def test_checkpoint_is_the_network(tmp_path: Path) -> None:
    denoiser, x = module(in_channels=2), torch.cat([squares(2)] * 2, 1)
    fit = trainer(max_epochs=1)
    fit.fit(denoiser, loader(x, 2))
    fit.save_checkpoint(tmp_path / "run.ckpt")
    network, sigma = load_network(tmp_path / "run.ckpt"), torch.full((2,), 0.1)
    assert isinstance(network, DRUNet)
    with torch.no_grad():
        assert torch.equal(network(x, sigma), denoiser(x, sigma))


def test_step_size_rises_and_falls_to_nothing() -> None:
    denoiser = module(lr=0.5)
    rates: list[float] = []

    class Rates(Callback):
        def on_train_batch_start(self, trainer: Trainer, *_: Any) -> None:
            rates.append(trainer.optimizers[0].param_groups[0]["lr"])

    trainer(max_epochs=50, callbacks=[Rates()]).fit(denoiser, loader(squares(4), 2))
    assert rates[0] == pytest.approx(0.5 / 3)  # of 100 steps
    assert max(rates) == pytest.approx(0.5, rel=0.01)
    assert rates[50] == pytest.approx(0.25)
    assert rates[99] < 1e-3


def test_a_training_without_end_is_refused() -> None:
    with pytest.raises(ValueError, match="max_epochs is -1, expected a number"):
        trainer(max_epochs=-1).fit(module(), loader(squares(2), 2))


def test_noisy_denoised_and_clean_images_are_logged() -> None:
    logger, x = Recorder(), squares(3)
    trainer(logger=logger, max_epochs=2, log_every_n_steps=1).fit(module(images_every=2), loader(x, 3), loader(x, 2))
    (shown,) = logger.images["val/noisy_denoised_clean"]
    assert shown.shape == (3, 3 * 18 + 2, 2 * 18 + 2)
    clean = (255 * x[1, 0]).round().to(torch.uint8)
    assert torch.equal(shown[0, 2 * 18 + 2 : 3 * 18, 18 + 2 : 2 * 18], clean)  # inside a border of 2 pixels


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lr": 0.0}, "lr is 0.0, expected a finite number > 0"),
        ({"patch": 0}, "patch is 0, expected a finite number > 0"),
        ({"sigma_power": -1.0}, "sigma_power is -1.0, expected a finite number > 0"),
        ({"images_every": 0}, "images_every is 0, expected a finite number > 0"),
        ({"loss": "l3"}, "loss is 'l3', expected one of l1, mse"),
        ({"sigma_range": (0.2, 0.1)}, r"sigma_range is \(0.2, 0.1\), expected"),
    ],
)
def test_impossible_settings_are_refused_by_name(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        module(**settings)


@pytest.mark.parametrize(
    ("settings", "data", "message"),
    [
        ({}, {"value_range": (-1.0, 1.0)}, r"value_range of the data is \(-1.0, 1.0\)"),
        ({"in_channels": 3}, {}, r"item_shape of the data is \(1, 28, 28\), expected 3 channels"),
        ({"patch": 64}, {}, r"item_shape of the data is \(1, 28, 28\), smaller than a patch of 64"),
    ],
)
def test_data_that_does_not_fit_is_refused(settings: dict[str, Any], data: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        trainer(max_epochs=1).fit(module(**settings), datamodule=DigitsDataModule(**data))
