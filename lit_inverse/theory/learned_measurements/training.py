"""One trained pair of A and decoder, and its errors."""

import math
from dataclasses import dataclass
from pathlib import Path

import torch
from pytorch_lightning import Trainer
from torch import Tensor

from datamodules import DigitsDataModule, MNISTDataModule
from datamodules.base import SplitDataModule
from lit_inverse.lit_modules import LearnedMeasurementsModule
from lit_inverse.networks import MLPDecoder
from lit_inverse.noise import Gaussian
from lit_inverse.operators import Learned
from lit_inverse.problem import Problem
from lit_inverse.quiet import quieten_lightning
from lit_inverse.seeding import noise_seed
from lit_inverse.solvers import Unfolded
from lit_inverse.theory.learned_measurements.affine import affine_estimate, moments, principal_estimate

KINDS = ("learned", "Gaussian")
_N_MOMENTS = 10_000  # first training images, whose mean and covariance the affine estimates know


@dataclass(frozen=True)
class Result:
    """One A and its decoder.

    Attributes:
        data: class of the data module.
        kind: of A, one of KINDS.
        m: number of measurements.
        seed: of A, the decoder and the noise.
        n_steps: of the training.
        sigma: of the noise in each measurement.
        n_test: number of test images.
        mse: per pixel, in the mean over test images.
        mse_error: standard error of the mean.
        affine: error over the same images of the affine estimate, best for the mean and covariance of training images,
            from the same measurements.
        principal: error over the same images of their projection onto as many principal components of training images.
    """

    data: str
    kind: str
    m: int
    seed: int
    n_steps: int
    sigma: float
    n_test: int
    mse: float
    mse_error: float
    affine: float
    principal: float


def data_of(root: Path | None) -> SplitDataModule:
    """MNIST from a folder, or else the digits of scikit-learn."""
    return DigitsDataModule(batch_size=100) if root is None else MNISTDataModule(root, batch_size=100)


def images(data: SplitDataModule, split: str, number: int) -> Tensor:
    """The first of a split, (B, *item_shape)."""
    items = data.dataset(split)
    return torch.stack([items[i]["x"] for i in range(min(number, len(items)))])


def train(data: SplitDataModule, kind: str, m: int, seed: int, n_steps: int, sigma: float, path: Path) -> None:
    """Trains and writes a checkpoint."""
    quieten_lightning()
    network = MLPDecoder(m, data.item_shape, seed=seed)
    module = LearnedMeasurementsModule(network, kind == "learned", Gaussian(sigma), seed=seed)
    trainer = Trainer(
        accelerator="cpu",
        max_steps=n_steps,
        max_epochs=-1,
        limit_val_batches=0,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(module, datamodule=data)
    trainer.save_checkpoint(path)


def measure(
    data: SplitDataModule, kind: str, m: int, seed: int, n_steps: int, sigma: float, n_test: int, path: Path
) -> Result:
    """Errors of the pair in a checkpoint, the decoder as the solver that a sweep would have."""
    x = images(data, "test", n_test)
    operator = Learned(data.item_shape, path)
    y = Problem(operator, Gaussian(sigma)).measure(x, [noise_seed(seed, f"test/{i}") for i in range(len(x))])
    errors = (Unfolded(path).solve(y, operator, sigma=sigma).x - x).square().flatten(1).mean(1)
    mean, covariance = moments(images(data, "train", _N_MOMENTS).flatten(1))
    rows = x.flatten(1)
    affine = affine_estimate(y, operator.matrix, mean, covariance, sigma)
    return Result(
        data=type(data).__name__,
        kind=kind,
        m=m,
        seed=seed,
        n_steps=n_steps,
        sigma=sigma,
        n_test=n_test,
        mse=float(errors.mean()),
        mse_error=float(errors.std()) / math.sqrt(len(x)),
        affine=float((affine - rows).square().mean()),
        principal=float((principal_estimate(rows, mean, covariance, m) - rows).square().mean()),
    )
