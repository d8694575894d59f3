"""Untrained networks as priors: the deep image prior for linear and other measurements, with CS-DIP's settings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.func import functional_call, replace_all_batch_norm_modules_, vmap

from lit_inverse.networks.dcgan import DCGANGenerator
from lit_inverse.networks.generator import ImageGenerator
from lit_inverse.networks.initialization import Law, initialize
from lit_inverse.operators import Operator
from lit_inverse.seeding import generator
from lit_inverse.solvers.base import Solver, ValueRange, without_inference_tensors
from lit_inverse.solvers.exit_window import ExitWindow
from lit_inverse.solvers.rmsprop import RMSprop
from lit_inverse.solvers.solution import Solution, Status, Trace
from lit_inverse.solvers.total_variation import anisotropic_tv


@dataclass(frozen=True)
class _Fits:
    """F fits: x (F, *in_shape), objective (F,), loss (iterations, F), iterates (len(trace), F, *in_shape)."""

    x: Tensor
    objective: Tensor
    loss: Tensor
    iterates: Tensor | None


class DeepPrior(Solver):
    """Fits the weights of an untrained network to the measurements: x_hat = G(z; theta), z ~ N(0, I) fixed,

        theta = argmin ||y - A G(z; theta)||^2 + tv ||grad G(z; theta)||_1,

    by RMSprop from random weights (Van Veen et al. 2018, CS-DIP, Eq. 3 without learned regularisation; the sums are
    over measurements and neighbouring pixels, not means). Of the last `exit_window` iterates the one of smallest
    objective is taken, and of `n_restarts` fits (new z and weights) the one whose taken iterate has the smallest.

    Works with any operator autograd can pass through. sigma is not used. Iterate k is the image after k updates; the
    last one that is looked at is max_iter - 1. The defaults are those of the paper's Appendix A, and of the authors'
    code the exit window of 51 (paper: 20) and the law of the weights. Deviation: restarts are compared by the
    objective, in their code by ||y - A x||^2 of the last iterate.

    Args:
        network: makes the network of a given (C, H, W), with images in (-1, 1).
        init: law of the initial weights (`initialize`). Under today's "torch" the CS-DIP fits often die: in the
            first steps, tanh saturates at the constant image.
        lr: step size of RMSprop.
        momentum: of RMSprop.
        tv: weight of the total variation.
        max_iter: number of updates; all are done.
        exit_window: number of last iterates among which the answer is chosen.
        n_restarts: number of fits per item.
        max_parallel: number of fits (items x restarts) advanced at once. None: one by one on the CPU, where fitting
            several at once is no faster, which makes an item's answer independent of its batch to the last bit; all
            at once on other devices.

    Raises:
        ValueError: when a number is out of its range.
    """

    version: ClassVar[int] = 1
    native_range = (-1.0, 1.0)

    def __init__(
        self,
        network: Callable[[tuple[int, ...]], ImageGenerator] = DCGANGenerator,
        init: Law = "paper",
        lr: float = 1e-3,
        momentum: float = 0.9,
        tv: float = 0.01,
        max_iter: int = 1000,
        exit_window: int = 51,
        n_restarts: int = 1,
        max_parallel: int | None = None,
    ) -> None:
        for name, value in [("max_iter", max_iter), ("exit_window", exit_window), ("n_restarts", n_restarts)]:
            if value < 1:
                raise ValueError(f"{name} is {value}, expected at least 1")
        if max_parallel is not None and max_parallel < 1:
            raise ValueError(f"max_parallel is {max_parallel}, expected at least 1 or null")
        if not (lr > 0 and 0 <= momentum < 1 and tv >= 0):
            raise ValueError(f"lr is {lr}, momentum {momentum}, tv {tv}; expected lr > 0, 0 <= momentum < 1, tv >= 0")
        self.network, self.init = network, init
        self.lr, self.momentum, self.tv = lr, momentum, tv
        self.max_iter, self.exit_window = max_iter, exit_window
        self.n_restarts, self.max_parallel = n_restarts, max_parallel

    def preferred_batch(self, device: torch.device) -> int:
        """One item on the CPU: fits are not faster together there, and a finished one is then kept at once."""
        return 1 if device.type == "cpu" else super().preferred_batch(device)

    def _solve(
        self,
        y: Tensor,
        operator: Operator,
        sigma: Tensor,
        value_range: ValueRange | None,
        seeds: list[int],
        trace: Trace,
    ) -> Solution:
        # autograd also for callers in inference mode, whose tensors can not be saved for the backward pass
        with torch.inference_mode(False), torch.enable_grad():
            y, operator = y.detach().clone(), without_inference_tensors(operator)
            network = self.network(operator.in_shape).to(y.device, y.real.dtype)
            replace_all_batch_norm_modules_(network)  # without running means: each fit has its own statistics
            sources = [generator(seed) for seed in seeds]
            items = [item for item in range(len(y)) for _ in range(self.n_restarts)]
            parallel = self.max_parallel or (1 if y.device.type == "cpu" else len(items))
            fits = []
            for first in range(0, len(items), parallel):
                members = items[first : first + parallel]
                generate, parameters = self._start(network, [sources[item] for item in members], y)
                fits.append(self._fit(generate, parameters, y[members], operator.take(members), Trace(trace.numbers)))
            return self._choose(fits)

    def _start(
        self, network: ImageGenerator, sources: Sequence[torch.Generator], y: Tensor
    ) -> tuple[Callable[[], Tensor], list[Tensor]]:
        """Draws weights and z of one fit per source: the function theta -> x (F, *in_shape), and theta."""
        weights, z = [], []
        for source in sources:
            initialize(network, self.init, source)
            weights.append([weight.detach().clone() for weight in network.parameters()])
            z.append(torch.randn(network.latent_shape, generator=source, dtype=torch.float32))
        latent = torch.stack(z).to(y.device, y.real.dtype)
        if len(sources) == 1:
            return lambda: network(latent), list(network.parameters())
        names = [name for name, _ in network.named_parameters()]
        stacked = [torch.stack(copies).requires_grad_() for copies in zip(*weights, strict=True)]

        def image(weights: list[Tensor], z: Tensor) -> Tensor:
            images: Tensor = functional_call(network, dict(zip(names, weights, strict=True)), (z[None],))
            return images[0]

        images = vmap(image)
        return lambda: images(stacked, latent), stacked

    def _fit(
        self, generate: Callable[[], Tensor], parameters: list[Tensor], y: Tensor, operator: Operator, trace: Trace
    ) -> _Fits:
        """Advances F fits together; nothing couples them, for the gradient of a sum is each summand's own."""
        optimizer = RMSprop(parameters, self.lr, self.momentum)
        window = ExitWindow(start=max(0, self.max_iter - self.exit_window))
        losses = []
        for i in range(self.max_iter):
            x = generate()
            loss = self._objective(x, y, operator)
            # bound to a name that keeps the last gradients until the next exist: their memory is then used in turns
            gradients = torch.autograd.grad(loss.sum(), parameters)
            window.record(i, x.detach(), loss.detach())
            trace.record(i, x)
            losses.append(loss.detach())
            optimizer.step(gradients)
        return _Fits(window.x, window.objective, torch.stack(losses), trace.stack(window.x))

    def _objective(self, x: Tensor, y: Tensor, operator: Operator) -> Tensor:
        """||y - A x||^2 + tv ||grad x||_1, (F,)."""
        residual: Tensor = (operator(x) - y).flatten(1)
        if residual.is_complex():
            residual = torch.view_as_real(residual).flatten(1)
        return residual.square().sum(1) + self.tv * anisotropic_tv(x)

    def _choose(self, fits: list[_Fits]) -> Solution:
        """Per item, the restart of smallest objective; one that diverged only where all did."""
        objective = torch.cat([fit.objective for fit in fits]).view(-1, self.n_restarts)
        loss = torch.cat([fit.loss for fit in fits], 1)
        finite = torch.isfinite(loss).all(0).view_as(objective)
        candidate = finite | ~finite.any(1, keepdim=True)
        best = torch.where(candidate, objective, torch.inf).argmin(1)
        index = best + self.n_restarts * torch.arange(len(best), device=best.device)
        intact = finite.flatten()[index].tolist()
        return Solution(
            x=torch.cat([fit.x for fit in fits])[index],
            status=[Status.MAX_ITER if ok else Status.DIVERGED for ok in intact],
            n_iter=torch.full_like(index, self.max_iter),
            history={"loss": loss[:, index]},
            iterates=_cat_iterates(fits, index),
        )


def _cat_iterates(fits: list[_Fits], index: Tensor) -> Tensor | None:
    iterates = [fit.iterates for fit in fits if fit.iterates is not None]
    return torch.cat(iterates, 1)[:, index] if iterates else None
