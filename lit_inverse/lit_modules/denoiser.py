"""Training of denoising networks."""

import functools
import math
from collections.abc import Callable
from typing import Any, Literal

import torch
import torch.nn.functional as F
from pytorch_lightning import Trainer
from pytorch_lightning.utilities.types import OptimizerLRSchedulerConfig
from torch import Tensor
from torchvision.utils import make_grid

from datamodules.base import DataModule
from lit_inverse.checkpoints import describe
from lit_inverse.lit_modules.base import CheckedModule, expect, log_image
from lit_inverse.metrics import psnr
from lit_inverse.networks import DRUNet
from lit_inverse.networks.denoising import DenoisingNetwork
from lit_inverse.seeding import derive_seed, generator
from lit_inverse.settings import one_of, positive

_VAL_LEVELS = (15, 25, 50)  # of 255: those that papers report
_N_SHOWN = 4  # images in a logged grid
_WARM_UP = 0.02  # part of the steps in which lr rises


class DenoiserModule(CheckedModule):
    """Minimises the mean of |D(x + eta; sigma) - x|, or of its square, over images x, noise levels and noise.

    sigma = low + (high - low) u^power with u ~ U(0, 1), one level per image, and eta ~ N(0, sigma^2 I); power 1 is
    usual, larger ones give a wide range more of the small levels. Training sees a random square of each image,
    turned and mirrored at random. Adam; lr rises over the first 2 % of the steps and falls as a cosine to 0 at the end.
    The default: the network, loss, noise levels and squares of Zhang et al. 2021 (DPIR, Sec. 3.2), who halve lr
    every 100,000 steps instead.

    Logged: train/loss, val/loss and val/psnr_{15,25,50}: the mean over images, at sigma of that many 255ths; val/loss
    is the mean of the three losses. Every few epochs noisy, denoised and clean images at 25. The noise in an image is
    the same in each validation; in training it depends on seed, id and epoch alone. Global generators are not used.

    Args:
        in_channels: C of the images, which lie in [0, 1].
        network: D, called with in_channels.
        sigma_range: (low, high), the noise levels of training.
        sigma_power: power of u.
        loss: "l1" or "mse".
        patch: side in pixels of the square; None for whole images.
        lr: the largest learning rate of Adam.
        images_every: number of epochs between logged images.
        seed: of noise levels, noise, squares and turns.

    Raises:
        ValueError: when a number is out of its range; before training, when the data does not fit.
    """

    def __init__(
        self,
        in_channels: int = 1,
        network: Callable[[int], DenoisingNetwork] = DRUNet,
        sigma_range: tuple[float, float] = (0.0, 50 / 255),
        sigma_power: float = 1.0,
        loss: Literal["l1", "mse"] = "l1",
        patch: int | None = 128,
        lr: float = 1e-4,
        images_every: int = 10,
        seed: int = 0,
    ) -> None:
        super().__init__()
        positive(sigma_power=sigma_power, lr=lr, patch=patch, images_every=images_every)
        one_of(Literal["l1", "mse"], loss=loss)
        if not 0 <= sigma_range[0] <= sigma_range[1] < math.inf:
            raise ValueError(f"sigma_range is {tuple(sigma_range)}, expected (low, high) with 0 <= low <= high")
        self.network = network(in_channels)
        # what jsonargparse gives for a class and its settings is a partial
        self.init_args = {"in_channels": in_channels, **getattr(network, "keywords", {})}
        self.sigma_range, self.sigma_power = sigma_range, sigma_power
        self.loss = F.l1_loss if loss == "l1" else F.mse_loss
        self.patch, self.lr, self.images_every, self.seed = patch, lr, images_every, seed
        self._shown: Tensor | None = None

    def check(self, data: DataModule, trainer: Trainer) -> None:
        expect(data, value_range=(0.0, 1.0))
        shape = data.item_shape
        if shape[0] != self.network.in_channels:
            raise ValueError(f"item_shape of the data is {shape}, expected {self.network.in_channels} channels")
        if self.patch is not None and self.patch > min(shape[1:]):
            raise ValueError(f"item_shape of the data is {shape}, smaller than a patch of {self.patch} pixels")

    def forward(self, x: Tensor, sigma: Tensor) -> Tensor:
        """The estimate D(x; sigma); (B, C, H, W) and (B,) to (B, C, H, W)."""
        x_hat: Tensor = self.network(x, sigma)
        return x_hat

    def training_step(self, batch: dict[str, Any], batch_idx: int) -> Tensor:
        items = zip(batch["x"], batch["id"], strict=True)
        x, sigma, eta = (torch.stack(part) for part in zip(*(self._draw(*item) for item in items), strict=True))
        loss: Tensor = self.loss(self.network(x + sigma.view(-1, 1, 1, 1) * eta, sigma), x)
        self.log("train/loss", loss, on_step=False, on_epoch=True, batch_size=len(x), prog_bar=True)
        return loss

    def _draw(self, image: Tensor, name: str) -> tuple[Tensor, Tensor, Tensor]:
        """What an epoch shows of an image: a square of it x, sigma, and noise of standard deviation 1."""
        source = generator(derive_seed(self.seed, "noise", f"train/{name}", self.current_epoch))
        x = image if self.patch is None else _random_square(image, self.patch, source)
        x = _turned(x, int(torch.randint(8, (), generator=source)))
        low, high = self.sigma_range
        sigma = low + (high - low) * torch.rand((), generator=source, dtype=torch.float32) ** self.sigma_power
        eta = torch.randn(x.shape, generator=source, dtype=torch.float32)
        return x, sigma.to(x), eta.to(x)

    def validation_step(self, batch: dict[str, Any], batch_idx: int) -> None:
        x = batch["x"]
        sources = [generator(derive_seed(self.seed, "noise", f"val/{name}", 0)) for name in batch["id"]]
        eta = torch.stack([torch.randn(x.shape[1:], generator=s, dtype=torch.float32) for s in sources]).to(x)
        noisy = {level: x + level / 255 * eta for level in _VAL_LEVELS}
        x_hat = {level: self.network(y, x.new_full((len(x),), level / 255)) for level, y in noisy.items()}
        values = {f"val/psnr_{level}": psnr(x_hat[level], x, 1.0).mean().float() for level in _VAL_LEVELS}
        values["val/loss"] = torch.stack([self.loss(x_hat[level], x) for level in _VAL_LEVELS]).mean()
        self.log_dict(values, batch_size=len(x), prog_bar=True, sync_dist=True)
        if batch_idx == 0:
            self._shown = torch.cat([part[:_N_SHOWN] for part in (noisy[25], x_hat[25], x)])

    def on_train_epoch_end(self) -> None:
        if self._shown is None or (self.current_epoch + 1) % self.images_every:
            return
        log_image(self, "val/noisy_denoised_clean", make_grid(self._shown, nrow=len(self._shown) // 3))

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds what `checkpoints.load_network` needs."""
        checkpoint["network"] = describe(self.network, self.init_args, prefix="network.")

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        optimizer = torch.optim.Adam(self.parameters(), self.lr, fused=True)
        n_steps = self.trainer.estimated_stepping_batches
        if not math.isfinite(n_steps):
            raise ValueError("trainer.max_epochs is -1, expected a number: the learning rate falls to 0 at the end")
        factor = functools.partial(_lr_factor, n_steps=n_steps)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def _random_square(image: Tensor, side: int, source: torch.Generator) -> Tensor:
    top, left = (int(torch.randint(size - side + 1, (), generator=source)) for size in image.shape[1:])
    return image[:, top : top + side, left : left + side]


def _turned(x: Tensor, number: int) -> Tensor:
    """The image (C, H, W) in one of the 8 positions of a square; one that is none is not laid on its side."""
    square = x.shape[1] == x.shape[2]
    x = x.flip(2) if number % 2 else x
    return x.rot90(number // 2 if square else number // 4 * 2, (1, 2))


def _lr_factor(step: int, n_steps: float) -> float:
    rise = min(1.0, (step + 1) / (1 + _WARM_UP * n_steps))
    return rise * (1 + math.cos(math.pi * min(1.0, step / n_steps))) / 2
