"""Untrained networks as priors: the deep image prior for linear and other measurements, with CS-DIP's settings."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ClassVar

import torch
from torch import Tensor
from torch.func import replace_all_batch_norm_modules_

from lit_inverse.networks.dcgan import DCGANGenerator
from lit_inverse.networks.generator import ImageGenerator
from lit_inverse.networks.initialization import Law, initialize
from lit_inverse.operators import Operator
from lit_inverse.operators.items import column
from lit_inverse.seeding import derive_seed, generator
from lit_inverse.settings import at_least_1, positive
from lit_inverse.solvers.base import Given, Solver, ValueRange, without_inference_tensors
from lit_inverse.solvers.fitting.data_terms import DataTerm, SquaredError
from lit_inverse.solvers.fitting.descent import Descent, Known, Objective
from lit_inverse.solvers.fitting.ensemble import Ensemble
from lit_inverse.solvers.fitting.inputs import FixedInput, Input
from lit_inverse.solvers.fitting.optimizers import Optimizer, RMSprop
from lit_inverse.solvers.fitting.outputs import Output, RawOutput
from lit_inverse.solvers.fitting.regularizers import AnisotropicTV, Regularizer
from lit_inverse.solvers.fitting.roll_back import RollBack
from lit_inverse.solvers.fitting.run import Fits, Fitting
from lit_inverse.solvers.fitting.schedules import Constant, Schedule
from lit_inverse.solvers.fitting.stopping.base import StoppingRule, Watch
from lit_inverse.solvers.fitting.stopping.exit_window import ExitWindow
from lit_inverse.solvers.fitting.stopping.hold_out import AtIterate
from lit_inverse.solvers.power_law import PowerLawField
from lit_inverse.solvers.requirements import require_linear
from lit_inverse.solvers.solution import Solution, Status, Trace


class DeepPrior(Solver):
    """Fits the weights of an untrained network to the measurements: x_hat = G(z; theta), z drawn once,

        theta = argmin data_term(A G(z; theta), y) + regularizer(G(z; theta), theta),

    from random weights. Each part is exchangeable (`lit_inverse.solvers.fitting`); by default it is CS-DIP without
    learned regularisation (Van Veen et al. 2018, Eq. 3), ||y - A x||^2 + tv ||grad x||_1 by RMSprop, with the numbers
    of the paper's Appendix A, and from the authors' code the exit window of 51 (paper: 20) and the law of the weights.
    Of `n_restarts` fits (new z and weights) the one whose taken iterate has the smallest objective is the answer.
    Deviation: in the authors' code it is that of smallest ||y - A x||^2 of the last iterate.

    Works with any operator autograd can pass through. Images are brought to the range of the network. Iterate k is the
    image after k updates; the last one that is looked at is max_iter - 1. No part sees x, and sigma is used by those
    stopping rules that say so. DIVERGED is an item whose objective was infinite or NaN in any iterate, or, with a
    roll-back, in the last one.

    The history's "loss" is the objective; where a fit has ended before others of the batch, its last one.

    Args:
        network: makes the network of a given (C, H, W).
        init: law of the initial weights (`initialize`). Under today's "torch" the CS-DIP fits often die: in the
            first steps, tanh saturates at the constant image.
        lr: step size of the optimizer.
        schedule: how it changes along a fit.
        optimizer: law of the updates.
        input: what the network is fed with: z, or z with jitter.
        data_term: distance of A x from y, a sum over the measurements or their mean.
        regularizer: term of the image and the weights, added to it; None for none.
        stopping: when a fit ends, and which iterate is the answer.
        output: the iterate itself, or an average of those up to it.
        roll_back: what is done about divergence; None for nothing.
        remainder: what x - G(z; theta) is like: of y - A G(z; theta) it is estimated, and added, at the end; linear A
            only. None adds nothing. Iterates that are traced are without it.
        max_iter: number of iterates of each fit, unless it is stopped.
        n_restarts: number of fits per item.
        max_parallel: number of fits (items x restarts) advanced at once. None: one by one on the CPU, which makes an
            item's answer independent of its batch to the last bit, and where several at once are faster only if they
            share a matrix larger than its cache; all at once on other devices.

    Raises:
        ValueError: when a number is out of its range, or the stopping rule does not go with a roll-back.
    """

    version: ClassVar[int] = 1

    # the parts are settings, which no fit changes: defaults may be shared
    def __init__(
        self,
        network: Callable[[tuple[int, ...]], ImageGenerator] = DCGANGenerator,
        init: Law = "paper",
        lr: float = 1e-3,
        schedule: Schedule = Constant(),  # noqa: B008
        optimizer: Optimizer = RMSprop(momentum=0.9),  # noqa: B008
        input: Input = FixedInput(),  # noqa: B008
        data_term: DataTerm = SquaredError(reduction="sum"),  # noqa: B008
        regularizer: Regularizer | None = AnisotropicTV(weight=0.01),  # noqa: B008
        stopping: StoppingRule = ExitWindow(length=51),  # noqa: B008
        output: Output = RawOutput(),  # noqa: B008
        roll_back: RollBack | None = None,
        remainder: PowerLawField | None = None,
        max_iter: int = 1000,
        n_restarts: int = 1,
        max_parallel: int | None = None,
    ) -> None:
        at_least_1(max_iter=max_iter, n_restarts=n_restarts, max_parallel=max_parallel)
        positive(lr=lr)
        if roll_back is not None and not stopping.allows_roll_back:
            raise ValueError(f"stopping by {type(stopping).__name__} does not go with a roll_back, expected null")
        self.network, self.init = network, init
        self.lr, self.schedule, self.optimizer, self.input = lr, schedule, optimizer, input
        self.objective = Objective(data_term, regularizer)
        self.stopping, self.output, self.roll_back, self.remainder = stopping, output, roll_back, remainder
        self.max_iter, self.n_restarts, self.max_parallel = max_iter, n_restarts, max_parallel

    def check(self, operator: Operator, value_range: ValueRange | None) -> None:
        if self.remainder is not None:
            require_linear(operator)

    def range_for(self, operator: Operator) -> ValueRange | None:
        return self.network(operator.in_shape).value_range

    def preferred_batch(self, device: torch.device) -> int:
        """One item on the CPU: most fits are no faster together there, and a finished one is then kept at once."""
        return 1 if device.type == "cpu" else super().preferred_batch(device)

    def _solve(self, given: Given) -> Solution:
        self.objective.data_term.check(given.y)
        y, operator, sigma, seeds = given.y, given.operator, given.sigma, given.seeds
        # autograd also for callers in inference mode, whose tensors can not be saved for the backward pass
        with torch.inference_mode(False), torch.enable_grad():
            y, sigma, operator = y.detach().clone(), sigma.detach().clone(), without_inference_tensors(operator)
            network = self._untrained(y, operator)
            sources = [generator(seed) for seed in seeds]
            members = [(item, restart) for item in range(len(y)) for restart in range(self.n_restarts)]
            parallel = self.max_parallel or (1 if y.device.type == "cpu" else len(members))
            fits = []
            for first in range(0, len(members), parallel):
                together = members[first : first + parallel]
                items = [item for item, _ in together]
                streams = [derive_seed(seeds[item], "solver", "fit", restart) for item, restart in together]
                data = Known(y[items], operator.take(items), sigma[items], streams)
                descent = self._start(network, [sources[item] for item in items], data)
                fits.append(self._fit(descent, Trace(given.trace.numbers)))
            solution = self._choose(fits)
        if self.remainder is None:
            return solution
        rest = self.remainder.given(y - operator(solution.x), operator, sigma).mean()
        x = solution.x + rest
        known = torch.isfinite(x).flatten(1).all(1)
        return replace(solution, x=torch.where(column(known, x), x, solution.x))

    def begin(self, y: Tensor, operator: Operator, *, sigma: float | Tensor = 0.0, seed: int = 0) -> Descent:
        """The fit of one item, y (1, *out_shape) of an x in the network's range, as `solve` begins it.

        Of restarts it is the first; `Descent.networks` are its weights at any time.
        """
        self.objective.data_term.check(y)
        sigma = torch.as_tensor(sigma, dtype=y.real.dtype, device=y.device).expand(len(y))
        data = Known(y, operator, sigma, [derive_seed(seed, "solver", "fit", 0)])
        return self._start(self._untrained(y, operator), [generator(seed)], data)

    def finish(self, descent: Descent) -> Fits:
        """Takes a fit that has not begun to its end, as `solve` does, but without a remainder."""
        return self._fit(descent, Trace(()))

    def _untrained(self, y: Tensor, operator: Operator) -> ImageGenerator:
        network = self.network(operator.in_shape).to(y.device, y.real.dtype)
        replace_all_batch_norm_modules_(network)  # without running means: each fit has its own statistics
        return network

    def _start(self, network: ImageGenerator, sources: Sequence[torch.Generator], data: Known) -> Descent:
        """Draws weights and z of one fit per source."""
        weights, z = [], []
        for source in sources:
            initialize(network, self.init, source)
            weights.append([weight.detach().clone() for weight in network.parameters()])
            z.append(network.draw_latent(source))
        latent = torch.stack(z).to(data.y.device, data.y.real.dtype)
        networks = Ensemble(network, weights)
        parts = self.input, data, self.objective, self.optimizer, self.lr
        return Descent(networks, latent, *parts, lambda number: self.schedule(number / self.max_iter))

    def _fit(self, descent: Descent, trace: Trace) -> Fits:
        held_out = self.stopping.held_out(descent)
        if held_out is None:
            return self._run(descent, self.stopping.start(descent, self.max_iter), trace)
        rehearsal = descent.fork(used=~held_out)
        first = self._run(rehearsal, self.stopping.start(rehearsal, self.max_iter), Trace(()))
        again = self._run(descent, AtIterate(first.number), trace)
        return replace(again, n_iter=first.n_iter + again.n_iter, stopped=first.stopped)

    def _run(self, descent: Descent, watch: Watch, trace: Trace) -> Fits:
        return Fitting(descent, watch, self.output, self.roll_back, self.max_iter, trace).finish()

    def _choose(self, fits: list[Fits]) -> Solution:
        """Per item, the restart of smallest objective; one that diverged only where all did."""
        objective = torch.cat([fit.objective for fit in fits]).view(-1, self.n_restarts)
        loss = _cat_losses([fit.loss for fit in fits])
        finite = torch.isfinite(loss if self.roll_back is None else loss[-1:]).all(0).view_as(objective)
        candidate = finite | ~finite.any(1, keepdim=True)
        best = torch.where(candidate, objective, torch.inf).argmin(1)
        index = best + self.n_restarts * torch.arange(len(best), device=best.device)
        stopped = torch.cat([fit.stopped for fit in fits])[index].tolist()
        intact = finite.flatten()[index].tolist()
        early = [self.stopping.status if early else Status.MAX_ITER for early in stopped]
        return Solution(
            x=torch.cat([fit.x for fit in fits])[index],
            status=[end if ok else Status.DIVERGED for end, ok in zip(early, intact, strict=True)],
            n_iter=torch.cat([fit.n_iter for fit in fits])[index],
            history={"loss": loss[:, index]},
            iterates=_cat_iterates(fits, index),
        )


def _cat_losses(losses: list[Tensor]) -> Tensor:
    """(iterations, F), those that ended before others prolonged by their last row."""
    longest = max(len(loss) for loss in losses)
    return torch.cat([torch.cat([loss, loss[-1:].expand(longest - len(loss), -1)]) for loss in losses], 1)


def _cat_iterates(fits: list[Fits], index: Tensor) -> Tensor | None:
    iterates = [fit.iterates for fit in fits if fit.iterates is not None]
    return torch.cat(iterates, 1)[:, index] if iterates else None
