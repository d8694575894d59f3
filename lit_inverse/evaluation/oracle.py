"""The oracle: what least squares reaches that is told the support of x. A line to compare with, not a solver.

For s entries that are not 0 and a Gaussian A its NMSE is about -SNR + 10 log10((s / m) / (1 - s / m)) dB.
"""

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor

from lit_inverse import metrics
from lit_inverse.evaluation.cases import Case
from lit_inverse.evaluation.results import Row
from lit_inverse.evaluation.solving import by_item, simulate
from lit_inverse.evaluation.sweep import Sweep
from lit_inverse.operators import Operator

_BATCH = 32  # operators at once, where there is one per signal


def oracle_rows(sweep: Sweep, cases: Sequence[Case]) -> list[Row]:
    """Errors of the oracle on the signals, operators and noise of some cases, each once, whatever their solver."""
    dataset, device = sweep.dataset(), torch.device("cpu")
    each = {(str(case.measurement), case.noise_level, case.image, case.repeat): case for case in cases}
    rows = []
    for _, group in itertools.groupby(each.values(), lambda case: case.group[1:]):
        of_setting = list(group)
        for first in range(0, len(of_setting), _BATCH):
            batch = of_setting[first : first + _BATCH]
            items = [dataset[case.index] for case in batch]
            x, operator, y, _ = simulate(sweep, items, batch, device)
            x_hat = torch.stack([_on_support(x[i], y[i], operator.take([i])) for i in range(len(batch))])
            errors = by_item(metrics.errors(x_hat, x, None))
            rows += [_row(case, operator) | of_item for case, of_item in zip(batch, errors, strict=True)]
    return rows


def _on_support(x: Tensor, y: Tensor, operator: Operator) -> Tensor:
    """argmin ||A x' - y|| among x' (n,) that are 0 where x is, of least norm, in float64."""
    support = x.nonzero().squeeze(1)
    x_hat = torch.zeros_like(x, dtype=torch.float64)
    if len(support):
        units = torch.eye(len(x), dtype=x.dtype)[support]
        several = units[None] if operator.n_items is None else units[:, None]  # A of its own takes one at a time
        columns = _reals(torch.cat([operator(some).flatten(1) for some in several])).mT
        x_hat[support] = torch.linalg.lstsq(columns, _reals(y.view(1, -1)).mT).solution.squeeze(1)
    return x_hat


def _reals(rows: Tensor) -> Tensor:
    """Real and imaginary parts, as equations each, in float64."""
    parts = torch.cat([rows.real, rows.imag], 1) if rows.is_complex() else rows
    return parts.double()


def _row(case: Case, operator: Operator) -> Row:
    """What summaries need of a result line, besides its errors."""
    return {
        "solver": "oracle",
        "label": "oracle least squares",
        "image": case.image,
        "m": operator.m,
        "setting": operator.m if case.measurement is None else case.measurement,
        "noise_level": case.noise_level,
        "repeat": case.repeat,
        "value_range": None,
        "status": "converged",
        "seconds": 0.0,
    }
