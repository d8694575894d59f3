"""All that is measured, and its files."""

from pathlib import Path

import torch

from lit_inverse.settings import some_of
from lit_inverse.theory.analytic_deep_prior.figure import draw
from lit_inverse.theory.analytic_deep_prior.predictions import Limit, Order, Response, limits, orders, responses
from lit_inverse.theory.analytic_deep_prior.reconstructions import (
    SNR,
    A,
    Along,
    Coefficient,
    Errors,
    coefficients,
    errors,
)
from lit_inverse.theory.records import write_records

_LIMITS_OF = (0, 3, 6, 12)  # singular values .637, .0909, .0489, .0254


def run(
    out: Path = Path("runs/analytic_deep_prior"),
    alphas: tuple[float, ...] = (0.1, 0.03, 0.01, 0.003, 0.001, 0.0003),
    signals: tuple[str, ...] = tuple(SNR),
    seeds: int = 3,
    lr: float = 0.05,
    max_iter: int = 1500,
    threads: int = 1,
) -> None:
    """Measures and writes CSV files and analytic_deep_prior.png. In about 3 minutes.

    Args:
        out: folder.
        alphas: of Fig. 4.6.
        signals: of Fig. 4.6, some of u_7, u_3, smooth.
        seeds: number of draws of the noise.
        lr: step size; 0.05 in the paper.
        max_iter: number of steps.
        threads: of the processor.
    """
    some_of(SNR, signals=signals)
    torch.set_num_threads(threads)
    out.mkdir(parents=True, exist_ok=True)
    sigmas = A.singular_system(torch.zeros(0, dtype=torch.float64))[1]
    found, filters, exponents = coefficients(), responses(), orders()
    write_records(Coefficient, found, out / "coefficients.csv")
    write_records(Response, filters, out / "responses.csv")
    write_records(Order, exponents, out / "orders.csv")
    write_records(Limit, limits(sigmas[list(_LIMITS_OF)].tolist()), out / "limits.csv")
    rows: list[Errors] = []
    curves: list[Along] = []
    for name in signals:
        for alpha in alphas:
            more, along = errors(name, alpha, range(seeds), lr, max_iter)
            rows, curves = rows + more, curves + along
            print(name, alpha, flush=True)
    write_records(Errors, rows, out / "errors.csv")
    write_records(Along, curves, out / "along.csv")
    draw(filters, exponents, found, rows, curves, out / "analytic_deep_prior.png")
    print(f"{out / 'errors.csv'}\n{out / 'analytic_deep_prior.png'}")
