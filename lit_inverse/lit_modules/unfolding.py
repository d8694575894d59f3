"""Training of unfolded networks."""

import functools
import math
import warnings
from collections.abc import Iterable
from typing import Any, Literal, get_args

import torch
from pytorch_lightning import Trainer
from torch import Tensor, nn
from torchmetrics import SumMetric

from datamodules.base import DataModule
from lit_inverse.bases import BasisName, make_basis
from lit_inverse.checkpoints import CheckpointPath, describe, load_network
from lit_inverse.lit_modules.base import CheckedModule, expect, with_all
from lit_inverse.lit_modules.layerwise import Layerwise, Stage, StageProgress
from lit_inverse.lit_modules.measurements import ConfiguredOperator, draw_shared
from lit_inverse.lit_modules.unfolding_losses import LossName, lasso, nmse_db, squared_error
from lit_inverse.lit_modules.unfolding_search import search
from lit_inverse.lit_modules.unfolding_warm_start import warm_start as begin_as
from lit_inverse.networks.unfolding import ALISTA, UnfoldedNetwork
from lit_inverse.noise import SNR, Noise
from lit_inverse.operators import Gaussian, Matrix, Operator
from lit_inverse.problem import Problem
from lit_inverse.seeding import derive_seed, noise_seed
from lit_inverse.solvers.sparse.synthesis import Synthesis

Supervision = Literal["last", "deep"]
_N_SEARCHED = 1024  # signals the error of a search is of


class UnfoldingModule(CheckedModule):
    """Trains an unfolded network on signals x and their measurements y = A x + eta, all of one A.

    A, and the noise of the validation signals, are those that a sweep of the same seed with `operator_per: sweep`
    draws: there the trained network is a solver (`Unfolded`). Training noise is drawn anew for each batch.

    The order: weights from A alone, or from a trained network; a search over thresholds and steps a r^t by the simplex
    method, which for HyperLISTA is all; then Adam, at one rate for the logarithms of thresholds and steps and at
    another for all other weights, both falling to 0 along a cosine; or layer by layer.

    Logged: train/loss; val/loss, the aggregate NMSE 10 log10(sum ||x_hat - x||^2 / sum ||x||^2) in dB over the
    validation set; val/lasso for that loss; and, layer by layer, val/depth_loss, that of the layers trained so far,
    stage and depth.

    Args:
        network: to be trained; ALISTA by default.
        operator: law of A; Gaussian with columns of unit norm and the network's m by default.
        noise: law of eta, at its level; none by default.
        loss: "log_nmse" (aggregate NMSE in dB, whose gradients have one scale at -10 and -90 dB), "squared_error" (mean
            of ||x_hat - x||^2 / 2), or "lasso", the objective of the network's `lam`, for which x is not used.
        supervision: "last", the loss of the last layer, or "deep", the mean over all layers with weights log(t + 2).
        lr: of the logarithms of thresholds and steps; 0 to leave them to the search.
        lr_weights: of all other weights.
        search: number of trials of the search; 0 for none.
        warm_start: checkpoint of a network to begin as, see `warm_start`.
        layerwise: trains layer by layer, as in the codes of the LISTA papers; null for all layers at once.
        redraw: draws another A for each training batch, for networks that go with any A.
        measurements: numbers m of measurements that A is redrawn with, each batch with one of them; null for that of
            the law alone. The network is one with m: null.
        in_shape: of x; that of the network by default.
        basis: Psi, in which x is sparse: the network then finds z with x = Psi z, from y = A Psi z + eta. Where Psi is
            orthonormal errors of z are errors of x; of wavelets on odd sides, see `Lasso`, they are no less.
        seed: of A and of the noise.

    Raises:
        ValueError: when an argument is impossible, or A is not linear; before training, when the data do not fit or the
            precision is too low for what is to be learned.
    """

    def __init__(
        self,
        network: UnfoldedNetwork | None = None,
        operator: ConfiguredOperator | None = None,
        noise: Noise | None = None,
        loss: LossName = "log_nmse",
        supervision: Supervision = "last",
        lr: float = 0.03,
        lr_weights: float = 1e-4,
        search: int = 0,
        warm_start: CheckpointPath | None = None,
        layerwise: Layerwise | None = None,
        redraw: bool = False,
        measurements: tuple[int, ...] | None = None,
        in_shape: tuple[int, ...] | None = None,
        basis: BasisName = "pixel",
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.network = network or ALISTA()
        _check(self.network, loss, supervision, layerwise, lr, lr_weights, search)
        self.noise, self.seed = noise or SNR(math.inf), seed
        self.loss, self.supervision, self.n_searched = loss, supervision, search
        self.lr, self.lr_weights, self.layerwise = lr, lr_weights, layerwise
        if redraw and self.network.bound:
            raise ValueError(
                f"redraw is true and {type(self.network).__name__} belongs to one A, expected AdaLISTA or so"
            )
        if measurements is not None and (not redraw or self.network.m or min(measurements, default=0) < 1):
            raise ValueError(
                f"measurements are {measurements}, expected null, or numbers >= 1, redraw: true, a network with m: null"
            )
        self.redraw, self.measurements, self.basis = redraw, measurements, basis
        if operator is None and self.network.m is None:
            raise ValueError("m of the network is null, expected the law of an operator")
        self.law = operator or functools.partial(Gaussian, m=self.network.m or 0, columns="unit")
        self.in_shape = tuple(in_shape or self.network.in_shape)
        self._draw(seed, measurements)  # refuses what can not be drawn
        self.operator, self.system = self._draw(seed)
        self.network.initialize(self.system)
        if warm_start is not None:
            trained = load_network(warm_start)
            if not isinstance(trained, UnfoldedNetwork):
                raise ValueError(f"warm_start {warm_start} holds a {type(trained).__name__}, not an unfolded network")
            begin_as(self.network, trained, self.system)
        whole = Stage(self.network.n_layers, 1.0, only_last=False)
        self.stages = layerwise.stages(self.network.n_layers) if layerwise else [whole]
        self.progress = StageProgress()
        sums = [SumMetric(nan_strategy="disable").set_dtype(torch.float64) for _ in range(3)]
        self.error, self.depth_error, self.power = sums

    @property
    def stage(self) -> Stage:
        """That of layer-by-layer training; otherwise the only one."""
        return self.stages[self.progress.stage]

    def check(self, data: DataModule, trainer: Trainer) -> None:
        expect(data, item_shape=self.operator.in_shape, value_range=self.network.value_range)
        if trainer.precision not in ("32-true", "64-true"):
            raise ValueError(
                f"trainer.precision is {trainer.precision}, expected 32-true or 64-true: others end near -45 dB"
            )
        if not self.layerwise and trainer.max_epochs == -1 and trainer.max_steps == -1:
            raise ValueError("trainer.max_epochs is -1, expected a number: the rates fall to 0 over all steps")
        least = self.layerwise.least_epochs(self.network.n_layers) if self.layerwise else 0
        if -1 < (trainer.max_epochs or 0) < least:
            warnings.warn(
                f"trainer.max_epochs is {trainer.max_epochs}, all stages need at least {least}: -1 sets no end",
                stacklevel=2,
            )

    def on_fit_start(self) -> None:
        if torch.get_float32_matmul_precision() != "highest":
            warnings.warn("products are not in full float32: errors will end near -65 dB", stacklevel=2)
        if self.n_searched and self.trainer.ckpt_path is None:
            validation = self.data.dataset("val")
            items = [validation[i] for i in range(min(_N_SEARCHED, len(validation)))]
            x = torch.stack([item["x"] for item in items]).to(self.network.fingerprint)
            y, z, sigma = self._measure(x, [item["id"] for item in items])

            @torch.no_grad()
            def error() -> float:
                z_hat = self.network(y, self.system, sigma)
                return float(self._loss([z_hat], z, y, self.system) if self.loss == "lasso" else nmse_db(z_hat, z))

            search(self.network, error, self.n_searched)
            with torch.no_grad():  # another last bit elsewhere would lead another way
                for parameter in self.network.parameters():
                    parameter.copy_(self.trainer.strategy.broadcast(parameter))

    def training_step(self, batch: dict[str, Any], batch_idx: int) -> Tensor:
        x = batch["x"].to(self.network.fingerprint)
        seed = derive_seed(self.seed, "noise", f"train/{self.current_epoch}/{batch_idx}", self.global_rank)
        with torch.no_grad():
            operator, system = self._draw(seed, self.measurements) if self.redraw else (self.operator, self.system)
            operator, system = operator.to(x.device, x.dtype), system.to(x.device, x.dtype)
            clean = operator(x)
            y = self.noise.apply_to_batch(clean, torch.Generator(x.device).manual_seed(seed))
            y, z, sigma = self._real(y, x, self.noise.sigmas(clean))
        loss = self._loss(self.network.iterates(y, system, self.stage.depth, sigma), z, y, system)
        if self.trainer.world_size > 1:
            loss = with_all(loss, self.network.parameters())
        self.log("train/loss", loss, prog_bar=True, on_step=False, on_epoch=True, batch_size=len(x))
        return loss

    def _loss(self, iterates: list[Tensor], z: Tensor, y: Tensor, system: Matrix) -> Tensor:
        def loss(z_hat: Tensor) -> Tensor:
            if self.loss == "lasso":
                return lasso(z_hat, y, system, self.network.settings["lam"])
            return nmse_db(z_hat, z) if self.loss == "log_nmse" else squared_error(z_hat, z)

        if self.supervision == "last":
            return loss(iterates[-1])
        weights = [math.log(t + 2) for t in range(len(iterates))]
        total: Tensor = sum(
            (weight * loss(z_hat) for weight, z_hat in zip(weights, iterates, strict=True)), start=z.new_zeros(())
        )
        return total / sum(weights)

    def validation_step(self, batch: dict[str, Any], batch_idx: int) -> None:
        y, z, sigma = self._measure(batch["x"].to(self.network.fingerprint), batch["id"])
        iterates = self.network.iterates(y, self.system, sigma=sigma)
        for error, z_hat in ((self.error, iterates[-1]), (self.depth_error, iterates[self.stage.depth - 1])):
            error.update((z_hat - z).double().square().sum())
        self.power.update(z.double().square().sum())
        if self.loss == "lasso":
            objective = lasso(iterates[-1], y, self.system, self.network.settings["lam"])
            self.log("val/lasso", objective, batch_size=len(z), sync_dist=True)

    def on_validation_epoch_end(self) -> None:
        power = self.power.compute()
        whole, depth = (10 * torch.log10(error.compute() / power) for error in (self.error, self.depth_error))
        for metric in (self.error, self.depth_error, self.power):
            metric.reset()
        self.log("val/loss", whole.float(), prog_bar=True)
        if self.layerwise and not self.trainer.sanity_checking:
            self.log("val/depth_loss", depth.float())
            self.log_dict({"stage": float(self.progress.stage), "depth": float(self.stage.depth)})
            self._advance(float(depth), self.layerwise)

    def on_fit_end(self) -> None:
        if self.layerwise and self.progress.stage + 1 < len(self.stages):
            warnings.warn(
                f"training ended in stage {self.progress.stage + 1} of {len(self.stages)}, at depth {self.stage.depth} "
                "of the network: raise trainer.max_epochs",
                stacklevel=2,
            )

    def _advance(self, error: float, layerwise: Layerwise) -> None:
        """Ends a stage that no longer gains, with its best weights."""
        self.progress.note(error, self.network)
        if self.progress.epochs_since < layerwise.patience and self.progress.epochs < layerwise.max_epochs:
            return
        if not self.progress.best_weights:
            raise ValueError(f"the error was never finite at depth {self.stage.depth}: lower lr and lr_weights")
        self.network.load_state_dict(self.progress.best_weights)
        if self.progress.stage + 1 == len(self.stages):
            self.trainer.should_stop = True
            return
        self.progress = StageProgress(self.progress.stage + 1)
        optimizer: Any = self.optimizers()
        optimizer.state.clear()
        for group in optimizer.param_groups:
            group["lr"] = group["initial_lr"] * self.stage.rate(group["layer"], layerwise.decay)

    def configure_optimizers(self) -> Any:
        groups = list(self._groups())
        optimizer = torch.optim.Adam(groups, fused=True)
        for group in optimizer.param_groups:
            group["initial_lr"] = group["lr"]
            group["lr"] = group["lr"] * self.stage.rate(group["layer"], self.layerwise.decay if self.layerwise else 1.0)
        if self.layerwise:
            return optimizer
        n_steps = max(1, int(self.trainer.estimated_stepping_batches))
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: 0.5 * (1 + math.cos(math.pi * min(1, step / n_steps)))
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def _groups(self) -> Iterable[dict[str, Any]]:
        """Parameters by rate and, where each layer has its own, by layer."""
        lists = {id(p): t for part in self.network.modules() for t, p in _layers(part, self.network.n_layers)}
        logarithms = {id(p) for schedule in self.network.schedules() for p in schedule}
        for parameter in self.network.parameters():
            lr = self.lr if id(parameter) in logarithms else self.lr_weights
            yield {"params": [parameter], "lr": lr, "layer": lists.get(id(parameter))}

    def _measure(self, x: Tensor, ids: list[str]) -> tuple[Tensor, Tensor, Tensor]:
        """y as a sweep measures it, z, and sigma."""
        seeds = [noise_seed(self.seed, name) for name in ids]
        y, sigma = Problem(self.operator, self.noise).simulate(x, seeds)
        return self._real(y, x, sigma.to(x))

    def _real(self, y: Tensor, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """y as real vectors, the coefficients z of x, and sigma (B,) of real numbers."""
        synthesis = self._synthesis(self.operator, y)
        each = sigma / math.sqrt(2) if y.is_complex() else sigma
        return synthesis.measurements(y), synthesis.basis.analysis(x).flatten(1), each

    def _draw(self, seed: int, measurements: tuple[int, ...] | None = None) -> tuple[Operator, Matrix]:
        """A, with one of the given numbers of measurements, and A Psi between real vectors."""
        varied = {} if measurements is None else {"m": measurements[seed % len(measurements)]}
        operator = draw_shared(self.in_shape, functools.partial(self.law, **varied), seed)
        y = operator(operator.like.new_zeros(1, *self.in_shape))
        return operator, self._synthesis(operator, y).explicit(y.real)

    def _synthesis(self, operator: Operator, y: Tensor) -> Synthesis:
        return Synthesis(operator, make_basis(self.basis, self.in_shape, y.real), y.dtype)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds what `checkpoints.load_network` needs, and where training layer by layer has come to."""
        checkpoint["network"] = describe(self.network, self.network.settings, prefix="network.")
        checkpoint["progress"] = vars(self.progress)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_load_checkpoint(checkpoint)
        self.progress = StageProgress(**checkpoint["progress"])


def _layers(part: nn.Module, n_layers: int) -> Iterable[tuple[int, nn.Parameter]]:
    """Number and parameter of each layer, if a part of a network has one per layer."""
    return enumerate(part) if isinstance(part, nn.ParameterList) and len(part) == n_layers else ()


def _check(
    network: UnfoldedNetwork,
    loss: LossName,
    supervision: Supervision,
    layerwise: Layerwise | None,
    lr: float,
    lr_weights: float,
    search: int,
) -> None:
    if loss not in get_args(LossName) or supervision not in get_args(Supervision):
        raise ValueError(
            f"loss is {loss!r} and supervision {supervision!r}, expected one of {', '.join(get_args(LossName))} "
            f"and one of {', '.join(get_args(Supervision))}"
        )
    if search and not network.schedules():
        raise ValueError(
            f"{type(network).__name__} has no thresholds or steps of its own to search, expected search: 0"
        )
    if loss == "lasso" and layerwise is not None:
        raise ValueError("loss is 'lasso' with layerwise, expected null: its stages are ended by the error of x")
    if loss == "lasso" and "lam" not in network.settings:
        raise ValueError(f"loss is 'lasso' and {type(network).__name__} has no lam, expected StepLISTA")
    for name, value in (("lr", lr), ("lr_weights", lr_weights), ("search", search)):
        if not value >= 0:
            raise ValueError(f"{name} is {value}, expected a number >= 0")
