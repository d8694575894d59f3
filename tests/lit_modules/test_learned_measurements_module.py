from pathlib import Path
from typing import Any

import pytest
import torch
from fit_runs import Recorder
from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.callbacks import LambdaCallback, ModelCheckpoint
from torch import Tensor
from torchvision.utils import make_grid

from datamodules import DigitsDataModule
from lit_inverse.lit_modules import LearnedMeasurementsModule
from lit_inverse.lit_modules.learned_measurements import scaled
from lit_inverse.lit_modules.measurements import draw_shared
from lit_inverse.networks import MLPDecoder
from lit_inverse.noise import Gaussian as GaussianNoise
from lit_inverse.operators import Gaussian, Learned, Matrix
from lit_inverse.seeding import generator
from lit_inverse.solvers import Unfolded

M = 4


def module(**settings: Any) -> LearnedMeasurementsModule:
    return LearnedMeasurementsModule(MLPDecoder(M, hidden=(24,)), **{"lr": 1e-2, **settings})


def trainer(**settings: Any) -> Trainer:
    quiet: dict[str, Any] = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    return Trainer(accelerator="cpu", enable_model_summary=False, **{**quiet, "max_epochs": 1, **settings})


def small_fit(
    learned: LearnedMeasurementsModule, ckpt_path: Path | None = None, **settings: Any
) -> LearnedMeasurementsModule:
    """Two epochs of four steps."""
    run = trainer(**{"max_epochs": 2, "limit_train_batches": 4, "limit_val_batches": 1, **settings})
    run.fit(learned, datamodule=DigitsDataModule(batch_size=16), ckpt_path=ckpt_path, weights_only=True)
    return learned


def assert_same(one: LearnedMeasurementsModule, other: LearnedMeasurementsModule) -> None:
    for (name, a), b in zip(one.network.state_dict().items(), other.network.state_dict().values(), strict=True):
        assert torch.equal(a, b), name


def checkpoints(folder: Path, every: int) -> dict[str, Any]:
    """Settings of a trainer that keeps 3.ckpt or so after each so many steps."""
    kept = ModelCheckpoint(folder, "{step}", every_n_train_steps=every, save_top_k=-1, auto_insert_metric_name=False)
    return {"callbacks": [kept], "enable_checkpointing": True}


class Energies(Callback):
    """E ||A x||^2 / E ||x||^2 with the A that each validation sees."""

    def __init__(self) -> None:
        self.ratios: list[float] = []

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        assert isinstance(pl_module, LearnedMeasurementsModule)
        of_y, of_x = energies(pl_module, DigitsDataModule())
        self.ratios.append(of_y / of_x)


def energies(learned: LearnedMeasurementsModule, data: DigitsDataModule) -> tuple[float, float]:
    """Means of ||A x||^2 and ||x||^2 over training images."""
    items = data.dataset("train")
    x = torch.stack([items[i]["x"].flatten() for i in range(len(items))])
    y = x @ learned.network.matrix.detach().T
    return float(y.square().sum(1).mean()), float(x.square().sum(1).mean())


@pytest.fixture(scope="module")
def trained() -> dict[bool, LearnedMeasurementsModule]:
    """A learned and a Gaussian one, after the same 120 steps."""
    found = {}
    for learned in (True, False):
        found[learned] = module(learned=learned)
        trainer(max_epochs=10, limit_train_batches=12, limit_val_batches=0).fit(
            found[learned], datamodule=DigitsDataModule(batch_size=64)
        )
    return found


@pytest.mark.parametrize("learned", [True, False])
def test_measurements_have_the_energy_of_the_images(
    learned: bool, trained: dict[bool, LearnedMeasurementsModule]
) -> None:
    of_y, of_x = energies(trained[learned], DigitsDataModule())
    assert of_y == pytest.approx(of_x, rel=1e-4)


def test_a_gaussian_matrix_stays_that_of_a_sweep_but_for_its_scale(
    trained: dict[bool, LearnedMeasurementsModule],
) -> None:
    drawn = draw_shared((1, 28, 28), lambda in_shape, seed: Gaussian(in_shape, M, seed), 0)
    a, gaussian = (one.network.matrix.detach() for one in trained.values())
    ratio = gaussian / drawn.matrix  # type: ignore[operator]
    assert float(ratio.std() / ratio.mean()) < 1e-4
    assert float((a - gaussian).norm()) > 0.1 * float(gaussian.norm())


def test_learned_rows_are_dark_where_images_are_all_the_same(trained: dict[bool, LearnedMeasurementsModule]) -> None:
    items = DigitsDataModule().dataset("train")
    spread = torch.stack([items[i]["x"].flatten() for i in range(len(items))]).std(0)
    rows = {learned: one.network.matrix.detach().abs().mean(0) for learned, one in trained.items()}
    same = spread == 0
    assert same.any()
    assert float(rows[True][same].max()) < 1e-3 * float(rows[True].max())
    assert float(rows[False][same].min()) > 1e-3 * float(rows[False].max())


def test_learned_measurements_are_decoded_better(trained: dict[bool, LearnedMeasurementsModule]) -> None:
    errors = {
        learned: trainer().validate(one, datamodule=DigitsDataModule(), verbose=False)[0]["val/loss"]
        for learned, one in trained.items()
    }
    assert errors[True] < 0.85 * errors[False]


def test_a_checkpoint_is_an_operator_and_its_solver(
    trained: dict[bool, LearnedMeasurementsModule], tmp_path: Path
) -> None:
    learned = module()
    run = trainer(limit_train_batches=2, limit_val_batches=1, max_epochs=1)
    run.fit(learned, datamodule=DigitsDataModule(batch_size=8))
    run.save_checkpoint(tmp_path / "run.ckpt")
    operator = Learned((1, 28, 28), tmp_path / "run.ckpt")
    assert torch.equal(operator.matrix, learned.network.matrix)
    x = torch.rand(2, 1, 28, 28, generator=generator(0))
    found = Unfolded(tmp_path / "run.ckpt").solve(operator(x), operator, value_range=(0.0, 1.0)).x
    torch.testing.assert_close(found, learned.network.decode(operator(x)))


@pytest.mark.parametrize("precision", ["32-true", "64-true"])
@pytest.mark.parametrize("learned", [True, False])
@pytest.mark.parametrize("step", [3, 4, 6])
def test_a_resumed_run_is_the_run_that_was_never_ended(
    step: int, learned: bool, precision: Any, tmp_path: Path
) -> None:
    whole = small_fit(module(learned=learned), precision=precision, **checkpoints(tmp_path, step))
    again = {"precision": precision, **checkpoints(tmp_path, step)}
    resumed = small_fit(module(learned=learned), tmp_path / f"{step}.ckpt", **again)
    assert_same(resumed, whole)
    assert whole.network.matrix.dtype == (torch.float32 if precision == "32-true" else torch.float64)


@pytest.mark.parametrize("learned", [True, False])
def test_a_checkpoint_of_any_step_is_an_operator_of_full_scale_and_its_solver(learned: bool, tmp_path: Path) -> None:
    small_fit(module(learned=learned), **checkpoints(tmp_path, 3))
    operator = Learned((1, 28, 28), tmp_path / "3.ckpt")
    items = DigitsDataModule().dataset("train")
    x = torch.stack([items[i]["x"] for i in range(len(items))])
    y = operator(x)
    assert float(y.square().sum()) == pytest.approx(float(x.square().sum()), rel=1e-4)
    Unfolded(tmp_path / "3.ckpt").solve(y[:2], operator, value_range=(0.0, 1.0))


@pytest.mark.parametrize("learned", [True, False])
def test_validation_sees_a_matrix_of_full_scale_and_changes_nothing(learned: bool) -> None:
    seen = Energies()
    often = small_fit(module(learned=learned), val_check_interval=1, callbacks=[seen])
    assert len(seen.ratios) == 1 + 8
    assert seen.ratios == pytest.approx([1.0] * len(seen.ratios), rel=1e-4)
    assert_same(often, small_fit(module(learned=learned), limit_val_batches=0))


def test_a_trained_network_goes_on_from_its_own_matrix() -> None:
    first = small_fit(module())
    before = first.network.matrix.detach().clone()
    loaded = module()
    loaded.load_state_dict(first.state_dict())
    for again in (LearnedMeasurementsModule(first.network, lr=1e-9), loaded):
        again.lr = 1e-9
        small_fit(again)
        torch.testing.assert_close(again.network.matrix.detach(), before)


def test_a_network_knows_its_matrix_after_training() -> None:
    network = small_fit(module()).network
    operator = Matrix(network.matrix.detach(), (1, 28, 28))
    network.check(operator)


def test_the_scale_of_the_weights_says_nothing_and_has_no_gradient() -> None:
    learned = module()
    x = torch.rand(50, 784, generator=generator(0))
    learned.moment = x.T @ x / 50
    before = scaled(learned.network.matrix, learned.moment).detach()
    torch.autograd.backward(_loss(learned, x))
    w = learned.network.matrix
    assert w.grad is not None
    assert abs(float((w.grad * w.detach()).sum())) < 1e-4 * float(w.grad.norm() * w.detach().norm())
    with torch.no_grad():
        w.mul_(3)
    torch.testing.assert_close(scaled(w, learned.moment).detach(), before)


def _loss(learned: LearnedMeasurementsModule, x: Tensor) -> Tensor:
    return (
        (learned.network.decode(x @ scaled(learned.network.matrix, learned.moment).T) - x.view(-1, 1, 28, 28))
        .square()
        .mean()
    )


def test_training_loss_is_the_mean_squared_error_of_a_pixel() -> None:
    learned = module(noise=GaussianNoise(0.0))
    x = torch.rand(5, 784, generator=generator(0))
    learned.moment = x.T @ x / 5
    learned.log = lambda *_, **__: None  # type: ignore[method-assign, assignment]
    learned.trainer = trainer()
    torch.testing.assert_close(learned.training_step({"x": x.view(5, 1, 28, 28)}, 0), _loss(learned, x))


def test_noise_is_the_same_in_each_validation_whatever_the_batches() -> None:
    learned = module()
    (first,), (second,) = (
        trainer(limit_val_batches=n).validate(learned, datamodule=DigitsDataModule(batch_size=size), verbose=False)
        for n, size in ((1, 40), (4, 10))
    )
    assert first == pytest.approx(second, rel=1e-5)


def measured(
    learned: LearnedMeasurementsModule,
    monkeypatch: pytest.MonkeyPatch,
    x: Tensor,
    *,
    epoch: int = 0,
    batch_idx: int = 0,
) -> tuple[Tensor, Tensor]:
    """The noise of a training step, and of a validation step, (B, M) each."""
    seen: list[Tensor] = []
    decode = learned.network.decode
    monkeypatch.setattr(learned.network, "decode", lambda y: (seen.append(y.detach()), decode(y))[1])
    learned.log = lambda *_, **__: None  # type: ignore[method-assign, assignment]
    learned.trainer = trainer()
    learned.trainer.fit_loop.epoch_progress.current.completed = epoch
    learned.moment = x.T @ x / len(x)
    batch = {"x": x.view(-1, 1, 28, 28), "id": [f"val/{i}" for i in range(len(x))]}
    with torch.no_grad():
        w = learned.network.matrix
        w.copy_(scaled(w, learned.moment))
        learned.training_step(batch, batch_idx)
        learned.validation_step(batch, batch_idx)
        clean = x @ w.T
    return seen[0] - clean, seen[1] - clean


@pytest.mark.parametrize("learned", [True, False])
def test_noise_has_its_size_and_is_another_in_each_step_and_for_each_seed(
    learned: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = torch.rand(200, 784, generator=generator(0))
    places = [(1, 0, 0), (2, 0, 0), (1, 1, 0), (1, 0, 1), (1, 0, 0)]
    found = [
        measured(module(seed=seed, learned=learned), monkeypatch, x, epoch=epoch, batch_idx=batch_idx)
        for seed, epoch, batch_idx in places
    ]
    for training, validation in found:
        assert float(training.std()) == pytest.approx(0.1, rel=0.1)
        assert float(validation.std()) == pytest.approx(0.1, rel=0.1)
    first, *others, again = (training for training, _ in found)
    torch.testing.assert_close(again, first)
    for other in others:
        assert abs(float(torch.corrcoef(torch.stack([first.flatten(), other.flatten()]))[0, 1])) < 0.2
    validations = [validation for _, validation in found]
    assert not torch.allclose(validations[0], validations[1], atol=1e-3)
    for same in validations[2:]:  # whatever the epoch and the batch
        torch.testing.assert_close(same, validations[0], rtol=0, atol=1e-4)
    silent = measured(module(learned=learned, noise=GaussianNoise(0.0)), monkeypatch, x)
    assert max(float(one.abs().max()) for one in silent) < 1e-3


def test_first_rows_are_drawn_from_the_covariance_by_the_seed() -> None:
    items = DigitsDataModule().dataset("train")
    x = torch.stack([items[i]["x"].flatten() for i in range(len(items))])
    covariance = torch.cov(x.T.double(), correction=0)
    rows = {}
    for seed in (1, 2):
        network = MLPDecoder(200, hidden=(8,))
        learned = LearnedMeasurementsModule(network, lr=1e-9, seed=seed)
        trainer(limit_train_batches=1, limit_val_batches=0).fit(learned, datamodule=DigitsDataModule(batch_size=8))
        rows[seed] = network.matrix.detach().double()
    a = rows[1] * (covariance.trace() / rows[1].square().sum(1).mean()).sqrt()  # whatever their scale
    along = x.double().mean(0)
    assert float((a @ along).square().mean()) == pytest.approx(float(along @ covariance @ along), rel=0.3)
    values, vectors = torch.linalg.eigh(covariance)
    found = (a @ vectors[:, -3:]).square().mean(0)
    torch.testing.assert_close(found, values[-3:], rtol=0.3, atol=0)
    assert abs(float(torch.corrcoef(torch.stack([one.flatten() for one in rows.values()]))[0, 1])) < 0.1


def test_a_gaussian_matrix_is_drawn_by_the_seed() -> None:
    drawn = draw_shared((1, 28, 28), lambda in_shape, seed: Gaussian(in_shape, M, seed), 1)
    assert torch.equal(module(seed=1, learned=False).network.matrix, drawn.matrix)  # type: ignore[arg-type]


def test_weights_that_are_not_finite_are_told_with_the_learning_rate(tmp_path: Path) -> None:
    learned = module(lr=0.5)
    with torch.no_grad():
        next(learned.network.decoder.parameters())[0] = torch.nan
    run = trainer(limit_train_batches=1, limit_val_batches=0, **checkpoints(tmp_path, 1))
    with pytest.raises(ValueError, match=r"diverged after 1 steps: lower lr, which is 0\.5"):
        run.fit(learned, datamodule=DigitsDataModule(batch_size=8))


def test_rows_and_reconstructions_are_logged() -> None:
    logger = Recorder()
    run = trainer(logger=logger, limit_train_batches=1, limit_val_batches=1, log_every_n_steps=1)
    run.fit(module(images_every=1), datamodule=DigitsDataModule(batch_size=20))
    assert logger.images["rows"][0].shape == (3, 30 + 2, M * 30 + 2)
    assert logger.images["reconstructions"][0].shape == (3, 2 * 30 + 2, 16 * 30 + 2)


def test_first_rows_and_first_images_are_logged_every_so_many_epochs() -> None:
    logger, data = Recorder(), DigitsDataModule(batch_size=20)
    learned = LearnedMeasurementsModule(MLPDecoder(17, hidden=(24,)), images_every=3)
    run = trainer(logger=logger, limit_train_batches=1, limit_val_batches=2, log_every_n_steps=1, max_epochs=4)
    rows: list[Tensor] = []
    run.callbacks.append(
        LambdaCallback(on_train_epoch_end=lambda *_: rows.append(learned.network.matrix.detach().clone()))
    )
    run.fit(learned, datamodule=data)
    (shown,), (images,) = logger.images["rows"], logger.images["reconstructions"]
    grid = make_grid(rows[2][:16].view(-1, 1, 28, 28), nrow=8, normalize=True)
    assert int((shown.int() - (255 * grid).round().int()).abs().max()) <= 1
    items = data.dataset("val")
    first = make_grid(torch.stack([items[i]["x"] for i in range(16)]), nrow=16)
    assert int((images[:, :32].int() - (255 * first[:, :32]).round().int()).abs().max()) <= 1


def test_reconstructions_are_logged_from_black_to_white() -> None:
    shown = {}
    for value_range in ((0.0, 1.0), (-1.0, 3.0)):
        logger = Recorder()
        learned = LearnedMeasurementsModule(MLPDecoder(M, hidden=(24,), value_range=value_range), images_every=1)
        data = DigitsDataModule(batch_size=20, value_range=value_range)
        trainer(logger=logger, limit_train_batches=1, limit_val_batches=1, log_every_n_steps=1).fit(learned, data)
        shown[value_range] = logger.images["reconstructions"][0][:, :32].float()
    first, second = shown.values()
    assert float((first - second).abs().max()) <= 1


def test_data_and_settings_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match=r"value_range of the data is \(-1.0, 1.0\)"):
        trainer().fit(module(), datamodule=DigitsDataModule(value_range=(-1.0, 1.0)))
    with pytest.raises(ValueError, match=r"item_shape of the data is \(1, 28, 28\), expected \(1, 14, 56\)"):
        trainer().fit(LearnedMeasurementsModule(MLPDecoder(M, (1, 14, 56))), datamodule=DigitsDataModule())
    with pytest.raises(ValueError, match="lr is 0"):
        module(lr=0.0)
    with pytest.raises(ValueError, match="images_every is 0"):
        module(images_every=0)
    with pytest.raises(ValueError, match="m = 785 measurements of n = 784 unknowns, expected at most 784"):
        LearnedMeasurementsModule(MLPDecoder(785))
