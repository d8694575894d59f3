"""Learning the regularization of CS-DIP: which weights fits of similar images have."""

from typing import Any, Literal

import torch
from pytorch_lightning import Trainer
from torch import Tensor, nn

from datamodules.base import DataModule
from lit_inverse.lit_modules.base import CheckedModule, expect
from lit_inverse.lit_modules.measurements import ConfiguredOperator, measure
from lit_inverse.metrics import mse
from lit_inverse.noise import Gaussian as GaussianNoise
from lit_inverse.noise import Noise
from lit_inverse.solvers import DeepPrior
from lit_inverse.solvers.fitting.weight_statistics import layer_moments

Variance = Literal["within", "total"]


class LearnedRegularizationModule(CheckedModule):
    """Fits one image per epoch from its measurements alone, and gathers mu and Sigma of the fitted weights.

    Van Veen et al. 2018 (CS-DIP), Sec. 3.2.1, with Algorithm 1 in its limit (`weight_statistics.limit`). Epoch e fits
    image number e of the train split, so that trainer.max_epochs is Q; a batch only starts an epoch, others pass. The
    weights are those after the last update. x makes y, and no more; its distance from x_hat is logged and used for
    nothing. A and eta are those that a sweep of the same seed draws (`operator_per: image`).

    After each epoch the state is complete for the images so far, and last.ckpt resumes with the next one:
    `mu` (L,) and `covariance` (L, L), which `LearnedRegularization` reads, and what they are made of: `within` (L,),
    the variance of a layer's weights in a fit, mean over fits; `between` (L, L), the covariance over fits of the
    layers' means, of rank below Q and hence no Sigma for Q <= L; `n_fits`. Logged: train/objective and train/mse.

    Args:
        in_shape: (C, H, W) of the images.
        prior: the settings of the fits, without restarts.
        operator: law of A; a seed among its settings is replaced by one per image. None: Gaussian, m = 500.
        noise: law of eta, at its level.
        variance: "within", Sigma_ll of Algorithm 1; "total" adds the variance over fits of the layer's mean, and is
            the variance of all fits' weights together. Layers of a single weight need it.
        seed: of A, eta and the fits.

    Raises:
        ValueError: when the prior has restarts, or Sigma would be zero somewhere; before training, when data, epochs
            or devices do not fit.
    """

    mu: nn.Parameter
    covariance: Tensor
    within: Tensor
    between: Tensor
    n_fits: Tensor

    def __init__(
        self,
        in_shape: tuple[int, ...] = (1, 28, 28),
        prior: DeepPrior = DeepPrior(),  # noqa: B008
        operator: ConfiguredOperator | None = None,
        noise: Noise = GaussianNoise(sigma=0.0),  # noqa: B008
        variance: Variance = "within",
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.automatic_optimization = False
        if prior.n_restarts != 1:
            raise ValueError(f"n_restarts of the prior is {prior.n_restarts}, expected 1: there is one fit per image")
        self.in_shape, self.prior, self.operator, self.noise = tuple(in_shape), prior, operator, noise
        self.variance, self.seed = variance, seed
        self.network = type(prior.network(self.in_shape)).__name__
        self.layers = {name: weights.numel() for name, weights in prior.network(self.in_shape).named_parameters()}
        self._check_variance({name: float(size > 1) for name, size in self.layers.items()}, among="within")
        self.images: list[str] = []
        n = len(self.layers)
        # a parameter that is never moved: Lightning counts steps of optimizers, and keeps no checkpoint without one
        self.mu = nn.Parameter(torch.zeros(n, dtype=torch.float64), requires_grad=False)
        for name, shape in {"covariance": (n, n), "within": (n,), "between": (n, n), "n_fits": ()}.items():
            self.register_buffer(name, torch.zeros(shape, dtype=torch.float64))

    def check(self, data: DataModule, trainer: Trainer) -> None:
        expect(data, value_range=self.prior.network(self.in_shape).value_range, item_shape=self.in_shape)
        n_images, n_fits = len(data.dataset("train")), trainer.max_epochs or -1
        if not 1 <= n_fits <= n_images:
            raise ValueError(
                f"trainer.max_epochs is {n_fits}, expected from 1 to the number of train images, {n_images}: "
                "each epoch fits another one"
            )
        if trainer.world_size > 1:
            raise ValueError(f"trainer.devices gives {trainer.world_size} processes, expected one")

    def training_step(self, batch: dict[str, Any], batch_idx: int) -> None:
        if batch_idx > 0:
            return
        item = self.data.dataset("train")[self.current_epoch]
        x, image = item["x"].to(batch["x"]), item["id"]
        y, operator, sigma, seed = measure(x, image, self.operator, self.noise, self.seed)
        descent = self.prior.begin(y, operator, sigma=sigma, seed=seed)
        fits = self.prior.finish(descent)
        self._add(image, *layer_moments([weights[0] for weights in descent.networks.weights]))
        self.log_dict({"train/objective": fits.objective[0], "train/mse": mse(fits.x, x[None])[0].float()})
        self.optimizers().step()  # type: ignore[union-attr]

    def _add(self, image: str, means: Tensor, variances: Tensor) -> None:
        """Takes the moments (L,) of another fit into the averages."""
        if not (torch.isfinite(means) & torch.isfinite(variances)).all():
            raise ValueError(f"the fit of {image} diverged: expected settings whose weights stay finite")
        self.images.append(image)
        self.n_fits += 1
        deviation = means - self.mu
        self.mu.add_(deviation / self.n_fits)
        self.within += (variances - self.within) / self.n_fits
        self.between += (deviation.outer(means - self.mu) - self.between) / self.n_fits
        diagonal = self.within if self.variance == "within" else self.within + self.between.diagonal()
        self.covariance.copy_(diagonal.diag())
        if self.n_fits == self.trainer.max_epochs:
            self._check_variance(dict(zip(self.layers, diagonal.tolist(), strict=True)), among=self.variance)

    def _check_variance(self, values: dict[str, float], among: Variance) -> None:
        zero = [name for name, value in values.items() if not value > 0]
        if zero and among == self.variance:
            raise ValueError(
                f"the weights of {', '.join(zero)} are all equal{' in each fit' if among == 'within' else ''}, their "
                "variance is 0: expected layers of several weights, or variance: total for fits that differ"
            )

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds what the statistics are of."""
        checkpoint["learned_from"] = {"network": self.network, "layers": list(self.layers), "images": self.images}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_load_checkpoint(checkpoint)
        self.images = list(checkpoint["learned_from"]["images"])

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD([self.mu], lr=0.0)
