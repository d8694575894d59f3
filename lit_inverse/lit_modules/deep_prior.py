"""Looking at the fit of an untrained network to one image: curves, images, and the network."""

from typing import Any

import torch
from pytorch_lightning import Trainer
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from datamodules.base import DataModule
from lit_inverse.checkpoints import describe
from lit_inverse.lit_modules.base import CheckedModule, expect, log_image
from lit_inverse.lit_modules.measurements import ConfiguredOperator, measure
from lit_inverse.metrics import psnr
from lit_inverse.noise import Gaussian as GaussianNoise
from lit_inverse.noise import Noise
from lit_inverse.solvers import DeepPrior
from lit_inverse.solvers.fitting import Constant, Descent, Iterate


class DeepPriorModule(CheckedModule):
    """Fits an untrained network to the measurements of one image by the very updates of `DeepPrior.solve`.

    An epoch, which is one training step, is `n_updates` updates; Lightning's trainer says how many epochs. Logged of
    every iterate: fit/objective, fit/data_term, and fit/psnr, whose x has no other part in it; after each epoch the
    image beside x. All iterates are shown and none is chosen: stopping, output, roll_back, remainder and restarts of
    the prior do not count, and max_iter only where lr has a schedule. A and eta are those of a sweep with the same seed
    and one A per image.

    A checkpoint has the weights of the next iterate as a network for `checkpoints.load_network`, whose batch norms
    have the statistics of this image, and `z`, which it maps to the iterate. A run resumes from it as if it had not
    stopped, but for the jitter of a `JitteredInput`, which is drawn anew.

    Args:
        in_shape: (C, H, W) of the image.
        prior: the settings of the fit.
        operator: law of A; a seed among its settings is replaced. None: Gaussian, m = 500.
        noise: law of eta, at its level.
        image: number of the image in the train split.
        n_updates: updates in an epoch.
        seed: of A, eta and the fit.

    Raises:
        ValueError: when a number is out of its range; before training, when the data does not fit.
    """

    x: Tensor
    z: Tensor
    descent: Descent

    def __init__(
        self,
        in_shape: tuple[int, ...] = (1, 28, 28),
        prior: DeepPrior = DeepPrior(),  # noqa: B008
        operator: ConfiguredOperator | None = None,
        noise: Noise = GaussianNoise(sigma=0.0),  # noqa: B008
        image: int = 0,
        n_updates: int = 50,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.automatic_optimization = False
        if image < 0 or n_updates < 1:
            raise ValueError(f"image is {image} and n_updates {n_updates}, expected image >= 0 and n_updates >= 1")
        self.prior, self.operator, self.noise = prior, operator, noise
        self.image, self.n_updates, self.seed = image, n_updates, seed
        self.network = prior.network(tuple(in_shape))  # follows the one that is fitted
        self.register_buffer("z", torch.zeros(1, *self.network.latent_shape))
        self._remembered: list[list[Tensor]] = []  # by the optimizer, when a run goes on

    def check(self, data: DataModule, trainer: Trainer) -> None:
        expect(data, value_range=self.network.value_range, item_shape=self.network.out_shape)
        n_updates = self.n_updates * (trainer.max_epochs or -1)
        if not (isinstance(self.prior.schedule, Constant) or 0 < n_updates <= self.prior.max_iter):
            raise ValueError(
                f"n_updates x trainer.max_epochs is {n_updates}, expected from 1 to max_iter of the prior, "
                f"{self.prior.max_iter}, where the schedule of its step size ends"
            )
        n_images = len(data.dataset("train"))
        if self.image >= n_images:
            raise ValueError(f"image is {self.image}, expected the number of one of {n_images} train images, from 0")

    def on_train_start(self) -> None:
        """Begins the fit, or takes it up where the checkpoint left it."""
        item = self.data.dataset("train")[self.image]
        assert self.data.value_range is not None  # x is an image
        self.value_range = self.data.value_range
        self.x = item["x"].to(self.z)
        y, operator, sigma, seed = measure(self.x, item["id"], self.operator, self.noise, self.seed)
        self.descent = self.prior.begin(y, operator, sigma=sigma, seed=seed)
        self.z.copy_(self.descent.z)
        if self._remembered:
            there = [*self.descent.networks.parameters, *(one for many in self.descent.state for one in many)]
            back = [*self.network.parameters(), *(one for many in self._remembered for one in many)]
            with torch.no_grad():
                for tensor, kept in zip(there, back, strict=True):
                    tensor.copy_(kept)
            self.descent.number = self.global_step * self.n_updates

    def training_step(self, batch: dict[str, Any], batch_idx: int) -> None:
        first = self.global_step * self.n_updates
        curves = self._curves([self.descent.step() for _ in range(self.n_updates)])
        for number, values in enumerate(zip(*(curve.tolist() for curve in curves.values()), strict=True), first):
            for logger in self.loggers:
                logger.log_metrics(dict(zip(curves, values, strict=True)), step=number)
        self.log_dict({name: curve[-1] for name, curve in curves.items()}, logger=False, prog_bar=True)
        x_hat = self._follow()
        low, high = self.value_range
        log_image(self, "fit/x_and_x_hat", (torch.cat([self.x, x_hat[0]], 2) - low) / (high - low))
        self.optimizers().step()  # type: ignore[union-attr]

    def _curves(self, iterates: list[Iterate]) -> dict[str, Tensor]:
        """What is logged, (len(iterates),) each."""
        x, predictions = (torch.cat(batches) for batches in zip(*[(i.x, i.prediction) for i in iterates], strict=True))
        low, high = self.value_range
        return {
            "fit/objective": torch.cat([iterate.objective for iterate in iterates]),
            "fit/data_term": self.prior.objective.data_term(predictions, self.descent.data.y.expand_as(predictions)),
            "fit/psnr": psnr(x, self.x.expand_as(x), high - low).float(),
        }

    @torch.no_grad()
    def _follow(self) -> Tensor:
        """Gives the network the weights of the next iterate, and the statistics by which it makes it; returns it."""
        for own, fitted in zip(self.network.parameters(), self.descent.networks.parameters, strict=True):
            own.copy_(fitted)
        norms = [m for m in self.network.modules() if isinstance(m, _BatchNorm) and m.running_mean is not None]
        hooks = [norm.register_forward_hook(_keep_statistics) for norm in norms]
        x_hat: Tensor = self.network.train()(self.z)
        for hook in hooks:
            hook.remove()
        return x_hat

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds what `checkpoints.load_network` needs, and what the optimizer of the fit remembers."""
        settings = getattr(self.prior.network, "keywords", {})  # of the partial that a configuration is made into
        init_args = {"out_shape": tuple(self.network.out_shape), **settings}
        checkpoint["network"] = describe(self.network, init_args, prefix="network.")
        checkpoint["remembered"] = self.descent.state

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_load_checkpoint(checkpoint)
        self._remembered = checkpoint["remembered"]

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """One that moves nothing: Lightning counts steps of optimizers, and keeps no checkpoint without one."""
        return torch.optim.SGD(self.network.parameters(), lr=0.0)


def _keep_statistics(norm: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
    """Makes the statistics of a batch norm's last input those that it has in evaluation mode."""
    assert isinstance(norm, _BatchNorm)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    values = inputs[0].transpose(0, 1).flatten(1)
    norm.running_mean.copy_(values.mean(1))
    norm.running_var.copy_(values.var(1, correction=0))
