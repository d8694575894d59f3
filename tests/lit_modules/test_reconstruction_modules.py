import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from fit_runs import Recorder
from kspace_slices import SmallSlices, item, small_unet, small_varnet
from pytorch_lightning import Trainer
from pytorch_lightning.callbacks import ModelCheckpoint
from torch import Tensor

from datamodules import DigitsDataModule, FastMRIDataModule
from datamodules.fastmri import SyntheticVolumes, volume_seed, write_synthetic
from lit_inverse.challenge_metrics import ssim, volume_errors
from lit_inverse.checkpoints import export, load_network
from lit_inverse.lit_modules import SelfSupervision, Undersampling, UNetModule, VarNetModule
from lit_inverse.lit_modules.reconstruction import ReconstructionModule
from lit_inverse.lit_modules.undersampled_slices import UndersampledSlices
from lit_inverse.magnitudes import center_crop, root_sum_of_squares
from lit_inverse.operators import CartesianFourier, Fourier
from lit_inverse.seeding import derive_seed

MODULES: dict[str, Callable[..., ReconstructionModule]] = {
    "unet": lambda **settings: UNetModule(small_unet(), **settings),
    "varnet": lambda **settings: VarNetModule(small_varnet(gentle=True), **settings),
    "self_supervised": lambda **settings: MODULES["varnet"](self_supervision=SelfSupervision(), **settings),
}


def trainer(folder: Path, epochs: int, **settings: Any) -> Trainer:
    """As train.py has it: one checkpoint after each epoch."""
    callbacks = [ModelCheckpoint(folder, "last", enable_version_counter=False)]
    quiet: dict[str, Any] = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    quiet |= {"accelerator": "cpu", "num_sanity_val_steps": 0, "callbacks": callbacks}
    return Trainer(max_epochs=epochs, **{**quiet, **settings})


def logged(module: ReconstructionModule, folder: Path, **settings: Any) -> dict[str, float]:
    validation = trainer(folder, 1, **settings)
    (values,) = validation.validate(module, datamodule=SmallSlices(), verbose=False)
    return dict(values)


@pytest.mark.parametrize("name", ["unet", "varnet", "self_supervised"])
def test_training_beats_the_zero_filled_image(name: str, tmp_path: Path, untouched_rng: object) -> None:
    module = MODULES[name](lr=1e-2)
    fit = trainer(tmp_path, 6)
    before = logged(module, tmp_path)
    fit.fit(module, datamodule=SmallSlices())
    after = {key: float(value) for key, value in fit.callback_metrics.items()}
    slices = [
        UndersampledSlices.draw(batch, module.undersampling, [volume_seed(batch["volume"][0])], torch.float32)
        for batch in SmallSlices().val_dataloader()
    ]
    zero_filled = sum(float((s.zero_filled - s.x).square().sum() / s.x.square().sum()) for s in slices) / 3
    assert after["val/loss"] < before["val/loss"]
    assert after["val/slice_nmse"] < 0.8 * zero_filled


def test_logged_errors_are_those_of_the_volumes(tmp_path: Path) -> None:
    module = VarNetModule(small_varnet(), undersampling=Undersampling((4.0, 3.0)))
    found = logged(module, tmp_path)
    by_volume: dict[str, list[tuple[Tensor, Tensor]]] = {}
    for one in SmallSlices().dataset("val"):
        seed = volume_seed(one["volume"])
        acceleration = (4.0, 3.0)[seed % 2]
        operator = CartesianFourier((2, 32, 32), acceleration, seed=seed)
        with torch.no_grad():
            images = module.network(operator.sample(one["kspace"][None]), operator)
        by_volume.setdefault(one["volume"], []).append(
            (center_crop(root_sum_of_squares(images), (28, 32))[0, 0], one["x"][0])
        )
    values, losses = [], []
    for slices in by_volume.values():
        x_hat, x = (torch.stack(part) for part in zip(*slices, strict=True))
        values.append(volume_errors(x_hat, x, 1.3e-5))
        losses += (1 - ssim(x_hat[:, None], x[:, None], torch.full((len(x),), 1.3e-5))).tolist()
    for name in ("nmse", "psnr", "ssim"):
        expected = torch.stack([one[name] for one in values]).mean()
        assert found[f"val/{name}"] == pytest.approx(float(expected), rel=1e-4)
    assert found["val/loss"] == pytest.approx(sum(losses) / 3, rel=1e-4)
    assert found["val/slice_ssim"] == pytest.approx(1 - found["val/loss"], rel=1e-3)


def test_losses_are_those_of_the_papers() -> None:
    batch = next(iter(SmallSlices(batch_size=2).train_dataloader()))
    slices = UndersampledSlices.draw(batch, Undersampling(), [1, 2], torch.float32)
    magnitude = 1.1 * slices.x + 1e-6
    std = slices.zero_filled.flatten(1).std(1)
    l1 = torch.stack([((magnitude - slices.x)[i] / std[i]).abs().mean() for i in range(2)]).mean()
    torch.testing.assert_close(UNetModule(small_unet()).error(magnitude, slices), l1)
    one_minus = 1 - ssim(magnitude, slices.x, batch["maximum"].float()).mean()
    torch.testing.assert_close(VarNetModule(small_varnet()).error(magnitude, slices), one_minus)


def test_masks_are_new_in_each_epoch_and_the_same_for_a_volume_in_each_validation(tmp_path: Path) -> None:
    module = VarNetModule(small_varnet(), lr=1e-6)
    seen: dict[bool, list[Tensor]] = {True: [], False: []}
    module.network.register_forward_pre_hook(lambda network, inputs: seen[network.training].append(inputs[1].mask[0]))
    trainer(tmp_path, 2).fit(module, datamodule=SmallSlices())
    assert len({tuple(mask[0].tolist()) for mask in seen[True]}) > 8  # of 12
    names = [one["id"] for one in SmallSlices().dataset("train")]
    expected = [
        CartesianFourier((2, 32, 32), 4, seed=derive_seed(0, "operator", f"train/{name}", 1)).mask for name in names
    ]
    for mask in seen[True][6:]:
        assert any(torch.equal(mask, one) for one in expected)
    b_0, bb_1, b_2, *again = seen[False]
    assert torch.equal(b_0, b_2)
    assert not torch.equal(b_0, bb_1)
    assert all(torch.equal(mask, one) for mask, one in zip(again, (b_0, bb_1, b_2), strict=True))


def test_the_law_of_a_slice_depends_on_no_other(tmp_path: Path) -> None:
    losses = []
    for size in (1, 3):
        module = VarNetModule(small_varnet(), lr=1e-12)
        fit = trainer(tmp_path / str(size), 1)
        fit.fit(module, datamodule=SmallSlices(size))
        losses.append([float(fit.callback_metrics[name]) for name in ("train/loss", "val/loss", "val/psnr")])
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def test_self_supervised_training_reads_no_reference(tmp_path: Path) -> None:
    module = MODULES["self_supervised"]()
    fit = trainer(tmp_path, 1)
    fit.fit(module, datamodule=SmallSlices(without=("x", "maximum")))
    assert {"train/loss", "val/loss", "val/ssim"} <= fit.callback_metrics.keys()


def test_self_supervised_validation_needs_no_reference(tmp_path: Path) -> None:
    fit, data = trainer(tmp_path, 1), SmallSlices(without=("x", "maximum"), without_validation=True)
    fit.fit(MODULES["self_supervised"](), datamodule=data)
    assert "val/loss" in fit.callback_metrics
    assert "val/ssim" not in fit.callback_metrics


def test_items_are_measured_by_their_own_mask() -> None:
    mask = torch.zeros(1, 32, 32, dtype=torch.bool)
    mask[..., ::2] = True
    batch = {**next(iter(SmallSlices().train_dataloader())), "mask": mask}
    slices = UndersampledSlices.draw(batch, Undersampling(), [1], torch.float32)
    assert torch.equal(slices.operator.mask, mask)


@pytest.mark.parametrize("columns", [None, [1, 4, 7, 8, 9, 12]], ids=["fully sampled", "test files"])
def test_predictions_are_what_the_network_makes_of_volumes(columns: list[int] | None, tmp_path: Path) -> None:
    write_synthetic(tmp_path / "set", 2, SyntheticVolumes(2, 2, (20, 16), (12, 10)), columns=columns)
    data = FastMRIDataModule(tmp_path / "set", require_targets=False, cache=tmp_path / "cache", batch_size=2)
    module = VarNetModule(small_varnet(), undersampling=Undersampling((2.0,)))
    batches = trainer(tmp_path, 1).predict(module, datamodule=data)
    found = {name: x_hat for batch in batches or () for name, x_hat in zip(batch["id"], batch["x_hat"], strict=True)}
    assert list(found) == [f"volume_00{volume}.h5:{number}" for volume in range(2) for number in range(2)]
    for one in data.dataset("test"):
        operator = CartesianFourier((2, 20, 16), 2.0, seed=volume_seed(one["volume"]))
        if columns:
            operator = Fourier((2, 20, 16), one["mask"])
        with torch.no_grad():
            expected = root_sum_of_squares(module.network(operator.sample(one["kspace"][None]), operator))
        torch.testing.assert_close(found[one["id"]], center_crop(expected, (12, 10))[0], rtol=1e-5, atol=1e-7)


def test_a_batch_is_predicted_in_one_size() -> None:
    one = {"kspace": torch.ones(2, 2, 16, 16, dtype=torch.complex64), "id": ["a", "b"], "volume": ["a", "b"]}
    with pytest.raises(ValueError, match=r"sizes \[\(8, 8\), \(10, 8\)\], expected one: set batch_size to 1"):
        VarNetModule(small_varnet()).predict_step({**one, "size": torch.tensor([[8, 8], [10, 8]])}, 0)


@pytest.mark.parametrize("name", ["unet", "varnet", "self_supervised"])
def test_training_goes_on_as_it_would_have_gone(name: str, tmp_path: Path) -> None:
    module = MODULES[name](lr_step=1, lr_gamma=0.5)
    trainer(tmp_path / "whole", 3).fit(module, datamodule=SmallSlices(2))
    trainer(tmp_path / "half", 1).fit(MODULES[name](lr_step=1, lr_gamma=0.5), datamodule=SmallSlices(2))
    resumed = MODULES[name](lr_step=1, lr_gamma=0.5)
    fit = trainer(tmp_path / "half", 3)
    fit.fit(resumed, datamodule=SmallSlices(2), ckpt_path=tmp_path / "half" / "last.ckpt", weights_only=True)
    for a, b in zip(module.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(a, b)
    assert fit.optimizers[0].param_groups[0]["lr"] == pytest.approx(module.lr / 8)


@pytest.mark.parametrize("name", ["unet", "varnet"])
def test_checkpoint_is_the_network(name: str, tmp_path: Path) -> None:
    module = MODULES[name]()
    trainer(tmp_path, 1).fit(module, datamodule=SmallSlices())
    export(str(tmp_path / "last.ckpt"), str(tmp_path / "light.pt"))
    operator = CartesianFourier((2, 32, 32), 4)
    y = operator.sample(item("a", 0)["kspace"][None])
    with torch.no_grad():
        expected = module.network(y, operator)
        assert torch.equal(load_network(tmp_path / "last.ckpt")(y, operator), expected)
        light = load_network(tmp_path / "light.pt")(y, operator)
    torch.testing.assert_close(light, expected, rtol=0, atol=0.02 * float(expected.abs().max()))


def test_double_precision_is_double_throughout(tmp_path: Path) -> None:
    module = VarNetModule(small_varnet())
    seen: list[torch.dtype] = []
    module.network.register_forward_hook(lambda network, inputs, output: seen.append(output.dtype))
    trainer(tmp_path, 1, precision="64-true", limit_train_batches=1).fit(module, datamodule=SmallSlices())
    assert set(seen) == {torch.complex128}


def test_images_are_zero_filled_reconstructed_and_reference(tmp_path: Path) -> None:
    logger = Recorder()
    module = VarNetModule(small_varnet(), images_every=2)
    trainer(tmp_path, 2, logger=logger, log_every_n_steps=1).fit(module, datamodule=SmallSlices())
    (shown,) = logger.images["val/zero_filled_reconstructed_reference"]
    assert shown.shape == (3, 28 + 4, 3 * 34 + 2)
    x = item("b.h5", 0)["x"] / 1.3e-5
    assert torch.equal(shown[0, 2:30, 2 * 34 + 2 : 3 * 34], (255 * x[0]).clamp(0, 255).round().to(torch.uint8))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lr": 0.0}, "lr is 0.0, expected a finite number > 0"),
        ({"lr_gamma": -1.0}, "lr_gamma is -1.0"),
        ({"lr_step": 0}, "lr_step is 0, expected at least 1"),
        ({"images_every": 0}, "images_every is 0"),
    ],
)
@pytest.mark.parametrize("name", ["unet", "varnet"])
def test_impossible_settings_are_refused(name: str, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MODULES[name](**settings)


@pytest.mark.parametrize(
    ("settings", "data", "message"),
    [
        ({}, DigitsDataModule(), "items of DigitsDataModule have no kspace and no volume and no maximum, expected"),
        ({}, SmallSlices(without=("x",)), "have no x, expected those of FastMRIDataModule"),
        ({}, SmallSlices(size=(8, 8)), "images are 8 x 8, expected at least 8 x 16"),
        ({"undersampling": Undersampling((8.0,), (0.5,))}, SmallSlices(), "center_fraction 0.5 keeps 16 of 32 columns"),
        ({"undersampling": Undersampling((2.0, 4.0))}, SmallSlices(2), "batch_size of the data is 2 and accelerations"),
        ({}, SmallSlices(), "trainer.precision is bf16-true, expected one of 32-true"),
    ],
)
def test_data_that_do_not_fit_are_refused(settings: dict[str, Any], data: Any, message: str, tmp_path: Path) -> None:
    module = VarNetModule(small_varnet(depth=3), **settings)
    precision: Any = "bf16-true" if "precision" in message else "32-true"
    fit = trainer(tmp_path, 1, precision=precision)
    with pytest.raises(ValueError, match=message):
        module.check(copy.deepcopy(data), fit)
