"""What the training of all networks that reconstruct from k-space has in common."""

from abc import abstractmethod
from typing import Any

import torch
from pytorch_lightning import Trainer
from pytorch_lightning.utilities.types import OptimizerLRSchedulerConfig
from torch import Tensor
from torch.optim.lr_scheduler import StepLR
from torchvision.utils import make_grid

from datamodules.base import DataModule
from datamodules.fastmri import volume_seed
from lit_inverse.checkpoints import describe
from lit_inverse.lit_modules.base import CheckedModule, log_image, with_all
from lit_inverse.lit_modules.self_supervision import SelfSupervision
from lit_inverse.lit_modules.undersampled_slices import UndersampledSlices
from lit_inverse.lit_modules.undersampling import FOURFOLD, Undersampling
from lit_inverse.lit_modules.volume_errors import VolumeErrors
from lit_inverse.networks import ReconstructionNetwork
from lit_inverse.seeding import derive_seed
from lit_inverse.settings import at_least_1, positive

_PRECISIONS = ("32-true", "64-true", "16-mixed", "bf16-mixed")


class ReconstructionModule(CheckedModule):
    """Trains a network on slices of k-space that it is given a part of; y is never simulated.

    In training each slice has another mask in each epoch, which depends on seed, epoch and the slice's id alone, so
    that a run goes on as it would have gone. In validation all slices of a volume have one mask, which depends on the
    name of its file alone, as in fastMRI. Items that bring a mask of their own are measured by that. The rate of the
    optimiser is multiplied by lr_gamma every lr_step epochs.

    Logged: train/loss and val/loss; val/nmse, val/psnr and val/ssim, means over volumes in the convention of
    `challenge_metrics`; val/slice_nmse, ..., means over slices with the maximum of their volume; every few epochs the
    zero-filled, reconstructed and reference image of the first slice. With self-supervision val/loss is its loss too:
    references, where there are any, are then used for val/nmse, ... alone.

    Args:
        network: to be trained.
        undersampling: the law of the masks.
        self_supervision: trains without references, see there; None to train on them.
        lr: learning rate of the first epochs.
        lr_step: number of epochs between falls of the learning rate.
        lr_gamma: what it is multiplied by.
        images_every: number of epochs between logged images.
        seed: of masks and splits.

    Raises:
        ValueError: when a number is out of its range; before training, when the data does not fit.
    """

    network: ReconstructionNetwork

    def __init__(
        self,
        network: ReconstructionNetwork,
        lr: float,
        undersampling: Undersampling = FOURFOLD,
        self_supervision: SelfSupervision | None = None,
        lr_step: int = 40,
        lr_gamma: float = 0.1,
        images_every: int = 10,
        seed: int = 0,
    ) -> None:
        super().__init__()
        positive(lr=lr, lr_gamma=lr_gamma)
        at_least_1(lr_step=lr_step, images_every=images_every)
        self.network, self.undersampling, self.self_supervision = network, undersampling, self_supervision
        self.lr, self.lr_step, self.lr_gamma = lr, lr_step, lr_gamma
        self.images_every, self.seed = images_every, seed
        self.errors = VolumeErrors()
        self._shown: Tensor | None = None

    @abstractmethod
    def error(self, magnitude: Tensor, slices: UndersampledSlices) -> Tensor:
        """The loss of supervised training, (), of magnitudes (B, 1, h, w) of the network."""

    @abstractmethod
    def optimizer(self) -> torch.optim.Optimizer:
        """Of all weights, at the rate lr."""

    def check(self, data: DataModule, trainer: Trainer) -> None:
        item: Any = data.dataset("train")[0]
        needed = ("kspace", "volume") if self.self_supervision else ("kspace", "volume", "x", "maximum")
        missing = " and no ".join(name for name in needed if name not in item)
        if missing:
            raise ValueError(f"items of {type(data).__name__} have no {missing}, expected those of FastMRIDataModule")
        _, height, width = item["kspace"].shape
        self.network.check(height, width)
        self.undersampling.check((height, width))
        batch_size, accelerations = getattr(data, "batch_size", 1), self.undersampling.accelerations
        if batch_size > 1 and len(accelerations) > 1:
            raise ValueError(
                f"batch_size of the data is {batch_size} and accelerations are {accelerations}, expected batch_size 1 "
                "or one acceleration: the masks of a batch keep equally many columns"
            )
        if trainer.precision not in _PRECISIONS:
            raise ValueError(f"trainer.precision is {trainer.precision}, expected one of {', '.join(_PRECISIONS)}")

    def training_step(self, batch: dict[str, Any], batch_idx: int) -> Tensor:
        seeds = [derive_seed(self.seed, "operator", f"train/{name}", self.current_epoch) for name in batch["id"]]
        slices = UndersampledSlices.draw(batch, self.undersampling, seeds, next(self.parameters()).dtype)
        if self.self_supervision:
            loss = slices.self_supervised_loss(self.network, self.self_supervision)
        else:
            loss = self.error(slices.reconstruct(self.network), slices)
        if self.trainer.world_size > 1:
            loss = with_all(loss, self.parameters())  # for one coil some have no gradient
        self.log("train/loss", loss, on_step=False, on_epoch=True, batch_size=len(seeds), prog_bar=True)
        return loss

    def on_validation_epoch_start(self) -> None:
        self.errors.reset()

    def validation_step(self, batch: dict[str, Any], batch_idx: int) -> None:
        seeds = [volume_seed(name) for name in batch["volume"]]
        slices = UndersampledSlices.draw(batch, self.undersampling, seeds, next(self.parameters()).dtype)
        magnitude = slices.reconstruct(self.network) if "x" in batch else None
        if self.self_supervision:
            loss = slices.self_supervised_loss(self.network, self.self_supervision)
        elif magnitude is None:
            raise ValueError(f"{batch['id'][0]} has no reference x, expected one: leave such files out")
        else:
            loss = self.error(magnitude, slices)
        self.log("val/loss", loss, batch_size=len(seeds), prog_bar=True, sync_dist=True)
        if magnitude is None:
            return
        self.errors.update(batch["id"], batch["volume"], slices.sums(magnitude))
        if batch_idx == 0:
            shown = [part[0] / slices.maximum[0] for part in (slices.zero_filled, magnitude, slices.x)]
            self._shown = torch.stack(shown).float()

    def on_validation_epoch_end(self) -> None:
        self.log_dict({f"val/{name}": value for name, value in self.errors.compute().items()})
        due = not self.trainer.sanity_checking and (self.current_epoch + 1) % self.images_every == 0
        if due and self._shown is not None:
            log_image(self, "val/zero_filled_reconstructed_reference", make_grid(self._shown, nrow=3))

    def predict_step(self, batch: dict[str, Any], batch_idx: int) -> dict[str, Any]:
        """Magnitudes "x_hat" (B, 1, h, w) of slices with or without references, in the units of their file.

        Returned with "id" and "volume" of the slices. What counts as measured is as in validation.
        """
        seeds = [volume_seed(name) for name in batch["volume"]]
        slices = UndersampledSlices.draw(batch, self.undersampling, seeds, next(self.parameters()).dtype)
        return {"x_hat": slices.reconstruct(self.network), "id": batch["id"], "volume": batch["volume"]}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds what `checkpoints.load_network` needs."""
        checkpoint["network"] = describe(self.network, self.network.settings, prefix="network.")

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        optimizer = self.optimizer()
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": StepLR(optimizer, self.lr_step, self.lr_gamma)}}
