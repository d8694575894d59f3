"""x(B) by a network of proximal gradient layers."""

from collections.abc import Callable

import torch
from torch import Tensor

from lit_inverse.operators.items import column
from lit_inverse.settings import at_least_1
from lit_inverse.solvers.analytic.form import Datum, Evaluation, Form
from lit_inverse.solvers.analytic.penalties import L2, Penalty


class Unrolled(Form):
    """L layers x <- prox_{lam alpha R}(x - lam B^H (B x - y)) that share B, from what they gave for the last B.

    Dittmer et al. 2020, eq. 4.3 and Appendix III: LISTA trained on a single datum. In k steps it is a network of k L
    layers, through the last L of which gradients go. lam = 1 / ||A||^2 as there. Deviation: the first layer is given 0,
    not small random numbers (what it is given is of no importance, Remark 4.5).

    Args:
        n_layers: L.
        penalty: R.

    Raises:
        ValueError: when there is no layer.
    """

    # settings, which nothing changes: the default may be shared
    def __init__(self, n_layers: int = 10, penalty: Penalty = L2()) -> None:  # noqa: B008
        at_least_1(n_layers=n_layers)
        self.n_layers, self.penalty = n_layers, penalty

    def start(self, datum: Datum) -> Callable[[Tensor], Evaluation]:
        y = datum.y[..., None]
        size = torch.linalg.matrix_norm(datum.a, ord=2)
        lam = torch.where(size > 0, 1 / size.square(), 1)  # where A is 0, any leads to the x of least R
        carried = torch.zeros_like(datum.a.mH @ y)

        def evaluate(b: Tensor) -> Evaluation:
            nonlocal carried
            with torch.enable_grad():
                b = b.detach().requires_grad_()
                x = carried
                for _ in range(self.n_layers):
                    x = x - column(lam, x) * (b.mH @ (b @ x - y))
                    x = self.penalty.prox(x.view(len(x), *datum.shape), lam * datum.alpha).view_as(x)
                loss = (datum.a @ x - y).abs().square().sum((1, 2)) / 2
                (gradient,) = torch.autograd.grad(loss.sum(), b)
            carried = x.detach()
            return Evaluation(carried[..., 0], loss.detach(), gradient)

        return evaluate
