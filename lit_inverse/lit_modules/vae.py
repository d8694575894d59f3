"""Training of the VAE."""

from collections.abc import Callable
from typing import Any

import torch
from pytorch_lightning import Trainer
from torch import Tensor
from torchvision.utils import make_grid

from datamodules.base import DataModule
from lit_inverse.checkpoints import describe
from lit_inverse.lit_modules.base import CheckedModule, expect, log_image
from lit_inverse.lit_modules.quality import SampleQuality
from lit_inverse.lit_modules.vae_losses import negative_elbo
from lit_inverse.networks import VAE, ConvVAE
from lit_inverse.sample_quality import FeatureName
from lit_inverse.seeding import generator
from lit_inverse.settings import positive

_RANGE = (0.0, 1.0)  # of x
_N_SHOWN = 16  # images in a logged grid


class VAEModule(CheckedModule):
    """Minimises the mean over images of the negative ELBO, E_q(z|x)[-log p(x | z)] + KL(q(z | x) || N(0, I)).

    The expectation is estimated with one reparametrised z per image (Kingma & Welling 2014, Sec. 2.3); the KL term is
    exact. With its defaults the network, loss and optimiser of Bora et al. 2017, Sec. 6.1 (authors' mnist-vae).
    Logged: {train,val}/loss and its two parts in nats per image, val/kernel_distance, val/precision and val/recall of
    samples (see `SampleQuality`), and every few epochs images of reconstructions and of samples. Validation draws the
    same z in every epoch. Training draws z from a copy of torch's global generator, taken when it begins and kept in
    checkpoints, so that a run goes on as if it had not been interrupted.

    Args:
        in_shape: shape of x without the batch.
        latent_dim: k, the dimension of z.
        hidden: widths of the encoder's hidden layers; the decoder has them in reverse.
        network: another network, called with in_shape; latent_dim and hidden are then not looked at.
        lr: learning rate of Adam.
        images_every: number of epochs between logged images.
        quality: features by which samples are compared with validation images, "random" or "inception"; null for none.

    Raises:
        ValueError: when lr or images_every is not positive, or a dimension is less than 1.
    """

    def __init__(
        self,
        in_shape: tuple[int, ...] = (1, 28, 28),
        latent_dim: int = 20,
        hidden: tuple[int, ...] = (500, 500),
        network: Callable[[tuple[int, ...]], ConvVAE] | None = None,
        lr: float = 1e-3,
        images_every: int = 10,
        quality: FeatureName | None = "random",
    ) -> None:
        super().__init__()
        positive(lr=lr, images_every=images_every)
        self.vae = VAE(in_shape, latent_dim, hidden) if network is None else network(in_shape)
        mlp = {"latent_dim": latent_dim, "hidden": tuple(hidden)} if network is None else {}
        # what jsonargparse gives for a class and its settings is a partial
        self.init_args = {"in_shape": tuple(in_shape), **mlp, **getattr(network, "keywords", {})}
        self.quality = SampleQuality(quality) if quality and len(self.vae.in_shape) == 3 else None
        self.lr = lr
        self.images_every = images_every
        self._shown: Tensor | None = None
        self._source: torch.Generator | None = None  # of z in training

    def check(self, data: DataModule, trainer: Trainer) -> None:
        expect(data, value_range=self.vae.value_range, item_shape=self.vae.in_shape)

    def forward(self, z: Tensor) -> Tensor:
        """The generator G(z); (B, k) to (B, *in_shape)."""
        x: Tensor = self.vae(z)
        return x

    def on_fit_start(self) -> None:
        if self._source is None:
            self._continue_from(torch.get_rng_state())

    def _continue_from(self, state: Tensor) -> None:
        self._source = torch.Generator().set_state(state.cpu())

    def training_step(self, batch: dict[str, Any], batch_idx: int) -> Tensor:
        if self._shown is None:
            self._shown = batch["x"][:_N_SHOWN]
        return self._loss(batch["x"], "train", self._source)

    def validation_step(self, batch: dict[str, Any], batch_idx: int) -> None:
        if batch_idx == 0:
            self._shown = batch["x"][:_N_SHOWN]
        self._loss(batch["x"], "val", generator(batch_idx))
        if self.quality:
            self.quality.note(batch["x"], _RANGE)

    def on_validation_epoch_end(self) -> None:
        if self.quality:
            self.quality.log(self, self.vae, _RANGE)

    def _loss(self, x: Tensor, split: str, source: torch.Generator | None = None) -> Tensor:
        ce, kl = (part.mean() for part in negative_elbo(self.vae, x, source))
        values = {f"{split}/loss": ce + kl, f"{split}/cross_entropy": ce, f"{split}/kl": kl}
        # Weighted by len(x), the epoch's value is exactly the mean over images, however small the last batch is.
        self.log_dict(values, on_step=False, on_epoch=True, batch_size=len(x), prog_bar=True, sync_dist=split == "val")
        return ce + kl

    def on_train_epoch_end(self) -> None:
        if self._shown is None or (self.current_epoch + 1) % self.images_every:
            return
        with torch.no_grad():
            z = torch.randn(4 * _N_SHOWN, self.vae.latent_dim, generator=generator(0), dtype=torch.float32)
            reconstructions = self.vae(self.vae.encode(self._shown)[0])
            samples = self.vae(z.to(self._shown))
        shown = torch.cat([self._shown, reconstructions])
        log_image(self, "reconstructions", make_grid(shown, nrow=len(self._shown)))
        log_image(self, "samples", make_grid(samples, nrow=8))

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds what `checkpoints.load_network` needs, and where the random numbers stand."""
        checkpoint["network"] = describe(self.vae, self.init_args, prefix="vae.")
        if self._source is not None:
            checkpoint["source"] = self._source.get_state()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_load_checkpoint(checkpoint)
        if "source" in checkpoint:  # older ones have none
            self._continue_from(checkpoint["source"])

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), self.lr, fused=True)
