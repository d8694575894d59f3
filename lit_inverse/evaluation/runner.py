"""Runs batches of cases inside one trainer.predict."""

import time
from collections.abc import Sequence
from typing import Any

import torch
from pytorch_lightning import LightningModule, Trainer
from torch import Tensor
from torch.utils.data import DataLoader

from lit_inverse import metrics
from lit_inverse.errors import as_usage_errors
from lit_inverse.evaluation.cases import Case, Plan, batches
from lit_inverse.evaluation.progress import Progress
from lit_inverse.evaluation.results import Results, Row
from lit_inverse.evaluation.sweep import Sweep
from lit_inverse.operators import Operator
from lit_inverse.problem import Problem
from lit_inverse.seeding import derive_seed
from lit_inverse.solvers import Solution

GRID_IMAGES = 8  # reconstructions of the first images are kept for the figures


def run(sweep: Sweep, plan: Plan, results: Results, trainer: Trainer) -> None:
    """Computes the missing cases and appends their lines to `results`."""
    missing = batches(sweep, plan, results.rows(), trainer.strategy.root_device)
    if not missing:
        return
    # The loader yields the numbers of batches: the fit loop runs inside the step, where Lightning costs nothing.
    loader: DataLoader[int] = DataLoader(range(len(missing)), batch_size=None, collate_fn=int)  # type: ignore[arg-type]
    trainer.callbacks.append(Progress(missing))  # type: ignore[attr-defined]
    trainer.predict(_Evaluation(sweep, missing, results), loader, return_predictions=False)


def build_trainer(sweep: Sweep) -> Trainer:
    """Lightning's Trainer with the settings of the sweep.

    Raises:
        UsageError: when they are impossible.
    """
    with as_usage_errors("trainer"):
        return Trainer(
            **sweep.trainer,
            logger=False,
            inference_mode=False,
            use_distributed_sampler=False,
            enable_checkpointing=False,
            enable_model_summary=False,
            enable_progress_bar=False,
            default_root_dir=sweep.out,
        )


class _Evaluation(LightningModule):
    def __init__(self, sweep: Sweep, batches: list[list[Case]], results: Results) -> None:
        super().__init__()
        self.sweep, self.batches, self.results = sweep, batches, results
        self.dataset = sweep.dataset()

    def predict_step(self, number: int, batch_idx: int) -> dict[str, int]:
        batch = self.batches[number]
        dtype = torch.float64 if "64" in str(self.trainer.precision) else torch.float32
        x = torch.stack([self.dataset[case.index]["x"] for case in batch])
        x = x.to(self.device, dtype if x.is_floating_point() else None)
        problem, operator = self._problem(batch, x)
        y, sigma = problem.simulate(x, [self._seed("noise", case) for case in batch])
        solution, seconds = self._solve(batch, y, operator, sigma)
        residual = torch.linalg.vector_norm((operator(solution.x) - y).flatten(1), dim=1)
        residual = residual / torch.linalg.vector_norm(y.flatten(1), dim=1).clamp_min(torch.finfo(residual.dtype).tiny)
        columns = {"sigma": sigma, "residual": residual, "n_iter": solution.n_iter, **self._errors(solution.x, x)}
        values = {name: column.tolist() for name, column in columns.items()}
        rows = [
            {**self._description(case, operator), **{name: values[name][i] for name in values}, "seconds": seconds,
             "status": solution.status[i].value}
            for i, case in enumerate(batch)
        ]  # fmt: skip
        for case, x_hat in zip(batch, solution.x, strict=True):
            if case.index < GRID_IMAGES and case.repeat == 0:
                self.results.keep_reconstruction(case.key, x_hat)
        self.results.append(rows)
        return {"cases": len(rows)}  # Lightning warns of a step that returns nothing

    def _seed(self, stream: Any, case: Case) -> int:
        return derive_seed(self.sweep.seed, stream, case.image, case.repeat)

    def _problem(self, batch: Sequence[Case], x: Tensor) -> tuple[Problem, Operator]:
        seeds = [self.sweep.operator_seed(case.image, case.repeat) for case in batch]
        seed = seeds[0] if self.sweep.operator_per == "sweep" else seeds
        operator = self.sweep.draw_operator(tuple(x.shape[1:]), batch[0].measurement, seed)
        operator = operator.to(x.device, x.real.dtype)
        return Problem(operator, self.sweep.noise(batch[0].noise_level)), operator

    def _solve(self, batch: list[Case], y: Tensor, operator: Operator, sigma: Tensor) -> tuple[Solution, float]:
        seeds = [self._seed("solver", case) for case in batch]
        solver = self.sweep.solvers[batch[0].solver]
        self._synchronize()
        start = time.perf_counter()
        solution = solver.solve(y, operator, sigma=sigma, value_range=self.sweep.value_range, seeds=seeds)
        self._synchronize()
        return solution, (time.perf_counter() - start) / len(batch)

    def _synchronize(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def _errors(self, x_hat: Tensor, x: Tensor) -> dict[str, Tensor]:
        errors = {"mse": metrics.mse(x_hat, x), "nmse": metrics.nmse(x_hat, x)}
        value_range = self.sweep.value_range
        if value_range is not None:
            width = value_range[1] - value_range[0]
            errors["psnr"] = metrics.psnr(x_hat, x, width)
            if x.ndim == 4 and min(x.shape[-2:]) >= metrics.SSIM_WINDOW:
                errors["ssim"] = metrics.ssim(x_hat, x, width)
        return errors

    def _description(self, case: Case, operator: Operator) -> Row:
        sweep = self.sweep
        return {
            "key": case.key,
            "solver": case.solver,
            "label": sweep.label(case.solver),
            "data": type(sweep.data).__name__,
            "image": case.image,
            "operator": sweep.operator.name,
            "m": operator.m,
            "n": operator.n,
            "noise_level": case.noise_level,
            "repeat": case.repeat,
            "seed": sweep.seed,
            "value_range": sweep.value_range,
            "psnr": None,
            "ssim": None,
            "device": str(self.device),
        }
