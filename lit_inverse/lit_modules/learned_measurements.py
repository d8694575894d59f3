"""Training of a decoder together with the measurements that it decodes."""

import functools
from typing import Any

import torch
from pytorch_lightning import Trainer
from torch import Tensor
from torchvision.utils import make_grid

from datamodules.base import DataModule
from lit_inverse.checkpoints import describe
from lit_inverse.lit_modules.base import CheckedModule, expect, log_image
from lit_inverse.lit_modules.measurements import draw_shared
from lit_inverse.networks import MLPDecoder
from lit_inverse.noise import Gaussian as GaussianNoise
from lit_inverse.noise import Noise
from lit_inverse.operators import Gaussian, Matrix
from lit_inverse.seeding import derive_seed, generator, noise_seed, source_of
from lit_inverse.settings import at_least_1, positive

_N_MEASURED = 10_000  # first training images, whose energy A is scaled by
_N_SHOWN = 16  # rows and images in a logged grid


class LearnedMeasurementsModule(CheckedModule):
    """Minimises E ||G(A x + eta) - x||^2 / n over the decoder G and, where it is learned, the matrix A.

    As in uncertainty autoencoders (Grover and Ermon 2019), with a decoder of fixed variance. Without a bound on A noise
    would mean nothing. Here A = s W with the s > 0 of

        E ||A x||^2 = E ||x||^2,

    means over the first 10,000 training images, of a learned A as of a Gaussian one: at one noise level all have the
    same ratio E ||A x||^2 / E ||eta||^2. (The paper keeps W small by a penalty on its weights.) Gradients go through s,
    and after each step A takes the place of W: the network's matrix is A throughout. Rows may have different lengths,
    the energy is shared out among them as is best. This takes E x x^T, (n, n), in memory, and m n^2 products a step.
    The Gaussian A is that which a sweep of the same seed with `operator_per: sweep` draws, but for s. A learned one
    begins with rows ~ N(0, C), C the covariance of those images: what a Gaussian one has where all images are 0 nothing
    would ever move.

    Logged: train/loss and val/loss, mean squared errors per pixel; every few epochs rows of A, from black for the least
    entry to white, and images above their reconstructions. Noise of an image is the same in each validation.

    Args:
        network: to be trained; an MLP with hidden layers of 500 and 500 and m = 50 by default. One that was trained
            goes on from its own A.
        learned: whether A is trained too.
        noise: law of eta; sigma = 0.1 by default.
        lr: learning rate of Adam.
        images_every: number of epochs between logged images.
        seed: of the first A and of the noise.

    Raises:
        ValueError: when a number is out of its range; before training, when the data does not fit; in training, when
            weights are not finite any more.
    """

    moment: Tensor

    def __init__(
        self,
        network: MLPDecoder | None = None,
        learned: bool = True,
        noise: Noise | None = None,
        lr: float = 1e-3,
        images_every: int = 10,
        seed: int = 0,
    ) -> None:
        super().__init__()
        positive(lr=lr)
        at_least_1(images_every=images_every)
        self.network, self.learned, self.noise = network or MLPDecoder(), learned, noise or GaussianNoise(0.1)
        self.lr, self.images_every, self.seed = lr, images_every, seed
        m, n = self.network.matrix.shape
        if m > n:
            raise ValueError(f"the network has m = {m} measurements of n = {n} unknowns, expected at most {n}")
        if not self.network.matrix.any():
            self.network.initialize(self._gaussian())
        self.network.matrix.requires_grad_(learned)
        self.register_buffer("moment", torch.zeros(0), persistent=False)
        self._shown: Tensor | None = None

    def check(self, data: DataModule, trainer: Trainer) -> None:
        expect(data, value_range=self.network.value_range, item_shape=self.network.in_shape)

    def _gaussian(self) -> Matrix:
        law = functools.partial(Gaussian, m=len(self.network.matrix))
        drawn = draw_shared(self.network.in_shape, law, self.seed)
        assert isinstance(drawn, Matrix)
        return drawn

    def on_fit_start(self) -> None:
        items, w = self.data.dataset("train"), self.network.matrix
        x = torch.stack([items[i]["x"].flatten() for i in range(min(_N_MEASURED, len(items)))])
        broadcast = self.trainer.strategy.broadcast  # another last bit elsewhere would be another A
        self.moment = broadcast(x.T @ x / len(x)).to(w)
        if self.trainer.ckpt_path is not None:  # a resumed run has its A
            return
        with torch.no_grad():
            if self.learned and torch.equal(w, self._gaussian().matrix.to(w)):  # neither trained nor loaded
                source = source_of(self.seed, "rows")
                mixtures = torch.randn(len(w), len(x), generator=source, dtype=torch.float32)
                w.copy_(mixtures @ (x - x.mean(0)).float())
            w.copy_(broadcast(scaled(w, self.moment)))

    def optimizer_step(self, *args: Any, **kwargs: Any) -> None:
        """Puts A in the place of W before anyone, a checkpoint or a validation, looks at it."""
        super().optimizer_step(*args, **kwargs)
        if self.learned:
            with torch.no_grad():
                self.network.matrix.copy_(scaled(self.network.matrix, self.moment))

    def on_train_end(self) -> None:
        self._note_fingerprint()

    def _note_fingerprint(self) -> None:
        """Lets the network know its A; the weights stay.

        Raises:
            ValueError: when they are not finite any more.
        """
        if not all(torch.isfinite(weights).all() for weights in self.network.parameters()):
            raise ValueError(f"the training diverged after {self.global_step} steps: lower lr, which is {self.lr:g}")
        self.network.initialize(Matrix(self.network.matrix.detach(), self.network.in_shape))

    def on_train_epoch_end(self) -> None:
        if self._shown is not None and (self.current_epoch + 1) % self.images_every == 0:
            low, high = self.network.value_range
            rows = self.network.matrix.detach()[:_N_SHOWN].view(-1, *self.network.in_shape)
            log_image(self, "rows", make_grid(rows, nrow=8, normalize=True))
            shown = (self._shown - low) / (high - low)
            log_image(self, "reconstructions", make_grid(shown, nrow=len(shown) // 2))

    def training_step(self, batch: dict[str, Any], batch_idx: int) -> Tensor:
        x = batch["x"]
        seed = derive_seed(self.seed, "noise", f"train/{self.current_epoch}/{batch_idx}", self.global_rank)
        a = scaled(self.network.matrix, self.moment) if self.learned else self.network.matrix
        clean = x.flatten(1) @ a.T
        x_hat = self.network.decode(self.noise.apply_to_batch(clean, torch.Generator(x.device).manual_seed(seed)))
        loss: Tensor = (x_hat - x).square().mean()
        self.log("train/loss", loss, on_step=False, on_epoch=True, batch_size=len(x), prog_bar=True)
        return loss

    def validation_step(self, batch: dict[str, Any], batch_idx: int) -> None:
        x = batch["x"]
        clean = x.flatten(1) @ self.network.matrix.T
        sources = [generator(noise_seed(self.seed, name)) for name in batch["id"]]
        y = torch.stack([self.noise.apply(one, source) for one, source in zip(clean, sources, strict=True)])
        x_hat = self.network.decode(y)
        self.log("val/loss", (x_hat - x).square().mean(), batch_size=len(x), prog_bar=True, sync_dist=True)
        if batch_idx == 0:
            self._shown = torch.cat([part[:_N_SHOWN] for part in (x, x_hat)])

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds what `checkpoints.load_network` needs, and the fingerprint of the A of this step."""
        self._note_fingerprint()
        checkpoint["state_dict"]["network.fingerprint"] = self.network.fingerprint
        checkpoint["network"] = describe(self.network, self.network.settings, prefix="network.")

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam([weight for weight in self.parameters() if weight.requires_grad], self.lr, fused=True)


def scaled(w: Tensor, moment: Tensor) -> Tensor:
    """A = s W, (m, n), with E ||A x||^2 = E ||x||^2, from W and E x x^T, (n, n)."""
    return w * (moment.trace() / ((w @ moment) * w).sum()).sqrt()
