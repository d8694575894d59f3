"""Training of generative adversarial networks."""

import copy
from collections.abc import Callable
from typing import Any

import torch
from pytorch_lightning import Trainer
from torch import Tensor, nn
from torchvision.utils import make_grid

from datamodules.base import DataModule
from lit_inverse.checkpoints import describe
from lit_inverse.lit_modules.base import CheckedModule, expect, log_image, with_all
from lit_inverse.lit_modules.gan_losses import LossName, discriminator_loss, generator_loss, gradient_penalty
from lit_inverse.lit_modules.quality import SampleQuality
from lit_inverse.networks import Discriminator, GANGenerator, ImageGenerator
from lit_inverse.sample_quality import FeatureName
from lit_inverse.seeding import derive_seed, generator
from lit_inverse.settings import at_least_1, below_1, not_negative, one_of, positive

_N_SHOWN = 64  # images in a logged grid


class GANModule(CheckedModule):
    """Trains G and D against each other: per batch a step of D, and with each n_critic-th one of G, both by Adam.

    The defaults: DCGAN (Radford et al. 2015, Sec. 4, for lr and betas). WGAN-GP (Gulrajani et al. 2017, Algorithm 1) is
    loss "wgan_gp" with a discriminator of norm "none", n_critic 5, lr 1e-4 and betas [0, 0.9]; SNGAN (Miyato et al.
    2018) is "hinge" with norm "spectral".

    What samples come from, and what `lit_inverse.checkpoints` exports, has the exponential moving average of G's
    weights, theta_ema <- e theta_ema + (1 - e) theta after step t = 0, 1, ... of G; e = min(ema, (1 + t) / (10 + t))
    forgets the first weights soon. Its batch norm has the statistics of its own images, of the same z: those of G do
    not fit it, and make them dim.

    z and the penalty's places depend on seed, number of the batch and process alone, so that a run goes on as if it had
    not been interrupted; global generators are not used. Lightning counts the steps of both networks in
    trainer.max_steps; trainer.max_epochs says what one means.

    Logged: train/loss_discriminator, train/loss_generator, and D(x) and D(G(z)) as train/real and train/fake, in the
    mean over an epoch; every few epochs samples; and where images are held out, how near samples are to them, such as
    val/kernel_distance (see `SampleQuality`).

    Args:
        out_shape: (C, H, W) of the images, which lie in G's range, [-1, 1].
        generator: G, called with out_shape.
        discriminator: D, called with out_shape.
        loss: see `gan_losses`.
        lr: learning rate of Adam, for both networks.
        betas: of Adam, for both.
        n_critic: steps of D for each of G.
        gradient_penalty: its weight, in the loss "wgan_gp".
        ema: weight of the past in the average, 0 for none.
        images_every: number of epochs between logged images.
        quality: features by which samples are compared with validation images, "random" or "inception"; null for none.
        seed: of z.

    Raises:
        ValueError: when a number is out of its range, or the penalty meets batch norm in D; before training, when the
            data does not fit.
    """

    def __init__(
        self,
        out_shape: tuple[int, ...] = (1, 28, 28),
        generator: Callable[[tuple[int, ...]], ImageGenerator] = GANGenerator,
        discriminator: Callable[[tuple[int, ...]], Discriminator] = Discriminator,
        loss: LossName = "non_saturating",
        lr: float = 2e-4,
        betas: tuple[float, float] = (0.5, 0.999),
        n_critic: int = 1,
        gradient_penalty: float = 10.0,
        ema: float = 0.999,
        images_every: int = 1,
        quality: FeatureName | None = "random",
        seed: int = 0,
    ) -> None:
        super().__init__()
        one_of(LossName, loss=loss)
        positive(lr=lr)
        at_least_1(n_critic=n_critic, images_every=images_every)
        not_negative(gradient_penalty=gradient_penalty)
        below_1(ema=ema, **{"betas[0]": betas[0], "betas[1]": betas[1]})
        self.automatic_optimization = False
        self.generator, self.discriminator = generator(out_shape), discriminator(out_shape)
        if loss == "wgan_gp" and self.discriminator.norm == "batch":
            raise ValueError("norm of the discriminator is 'batch', expected another one for a gradient penalty")
        # what jsonargparse gives for a class and its settings is a partial
        self.init_args = {"out_shape": tuple(out_shape), **getattr(generator, "keywords", {})}
        self.average = copy.deepcopy(self.generator).requires_grad_(False)
        self.ema = ema
        self.loss, self.lr, self.betas, self.n_critic, self.penalty = loss, lr, betas, n_critic, gradient_penalty
        self.images_every, self.seed = images_every, seed
        self.value_range = self.generator.value_range or (-1.0, 1.0)
        self.quality = SampleQuality(quality) if quality else None

    def check(self, data: DataModule, trainer: Trainer) -> None:
        expect(data, value_range=self.value_range, item_shape=self.generator.out_shape)

    def forward(self, z: Tensor) -> Tensor:
        """The averaged generator G(z); (B, k) to (B, *out_shape)."""
        x: Tensor = self.average.eval()(z)
        return x

    def training_step(self, batch: dict[str, Any], batch_idx: int) -> None:
        x = batch["x"]
        number = self.trainer.fit_loop.total_batch_idx  # of the batch, over all epochs
        source = generator(derive_seed(self.seed, "noise", f"train/{number}", self.global_rank))
        z = torch.randn(len(x), *self.generator.latent_shape, generator=source, dtype=torch.float32).to(x)
        moves = (number + 1) % self.n_critic == 0  # G, with this batch
        with torch.set_grad_enabled(moves):
            fake = self.generator(z)
        optimizer_g, optimizer_d = self.optimizers()  # type: ignore[attr-defined]
        self._step(optimizer_d, lambda: self._discriminator_loss(x, fake.detach(), source))
        if moves:
            self._step(optimizer_g, lambda: self._generator_loss(x, fake))
            self._average(number // self.n_critic)
            self.average.train()(z)

    def _step(self, optimizer: Any, loss: Callable[[], Tensor]) -> None:
        if self.trainer.world_size > 1:
            value = with_all(loss(), [*self.generator.parameters(), *self.discriminator.parameters()])
            optimizer.zero_grad()
            self.manual_backward(value)
            optimizer.step()
        else:
            with self.toggled_optimizer(optimizer):  # the other network's weights need no gradients
                value = loss()
                optimizer.zero_grad()
                self.manual_backward(value)
                optimizer.step()

    @torch.no_grad()
    def _average(self, step: int) -> None:
        ema = min(self.ema, (1 + step) / (10 + step))
        for average, weight in zip(self.average.parameters(), self.generator.parameters(), strict=True):
            average.lerp_(weight, 1 - ema)

    def _discriminator_loss(self, x: Tensor, fake: Tensor, source: torch.Generator) -> Tensor:
        real_value, fake_value = (self.discriminator(images).to(x) for images in (x, fake))  # not in half precision
        loss = discriminator_loss(self.loss, real_value, fake_value)
        if self.loss == "wgan_gp":
            epsilon = torch.rand(len(x), generator=source, dtype=torch.float32).to(x)
            with torch.autocast(x.device.type, enabled=False):  # squares of small gradients
                loss = loss + self.penalty * gradient_penalty(self.discriminator, x, fake.to(x), epsilon)
        values = {"train/real": real_value.mean(), "train/fake": fake_value.mean(), "train/loss_discriminator": loss}
        self.log_dict(values, on_step=False, on_epoch=True, batch_size=len(x))
        return loss

    def _generator_loss(self, x: Tensor, fake: Tensor) -> Tensor:
        loss = generator_loss(self.loss, self.discriminator(fake).to(x))
        self.log("train/loss_generator", loss, on_step=False, on_epoch=True, batch_size=len(fake))
        return loss

    def validation_step(self, batch: dict[str, Any], batch_idx: int) -> None:
        if self.quality:
            self.quality.note(batch["x"], self.value_range)

    def on_validation_epoch_end(self) -> None:
        if self.quality:
            self.quality.log(self, self.average, self.value_range)

    def on_train_epoch_end(self) -> None:
        if (self.current_epoch + 1) % self.images_every:
            return
        z = torch.randn(_N_SHOWN, *self.generator.latent_shape, generator=generator(0), dtype=torch.float32)
        like = next(self.generator.parameters())
        with torch.no_grad():
            x = self(z.to(like))
        low, high = self.value_range
        log_image(self, "samples", make_grid((x - low) / (high - low), nrow=8))

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds what `checkpoints.load_network` needs: the averaged generator."""
        checkpoint["network"] = describe(self.average, self.init_args, prefix="average.")

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        """Of G and of D."""
        networks: tuple[nn.Module, ...] = (self.generator, self.discriminator)
        return [torch.optim.Adam(network.parameters(), self.lr, self.betas, fused=True) for network in networks]
