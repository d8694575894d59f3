"""Trained unfolded networks as solvers."""

import copy

import torch
from torch import Tensor, nn

from lit_inverse.checkpoints import SHIPPED, NetworkOrPath, load_network
from lit_inverse.networks import UnfoldedNetwork
from lit_inverse.operators import LinearOperator, Operator
from lit_inverse.solvers.base import Solver, ValueRange
from lit_inverse.solvers.solution import Solution, Status, Trace


class Unfolded(Solver):
    """x_T of a trained unfolded network (LISTA, ALISTA, HyperLISTA, ...), as `UnfoldingModule` trains them.

    The weights belong to the A they were trained for, but for AdaLISTA and StepLISTA. Iterate t is that of layer t. The
    history's "residual" is ||A x_t - y|| / ||y||, one row per layer. The status is MAX_ITER: a network makes its layers
    and does not look whether it has converged.

    Args:
        checkpoint: of a run of train.py, or an exported one, or the network; the shipped ALISTA by default.
        max_iter: layers to use at most; null for all.

    Raises:
        FileNotFoundError: when there is no such checkpoint.
        ValueError: when it is damaged or holds no unfolded network; when solving, if A is another one.
    """

    stable = True

    def __init__(self, checkpoint: NetworkOrPath = SHIPPED / "alista.pt", max_iter: int | None = None) -> None:
        network = checkpoint if isinstance(checkpoint, nn.Module) else load_network(checkpoint)
        if not isinstance(network, UnfoldedNetwork):
            raise ValueError(f"checkpoint holds a {type(network).__name__}, expected an unfolded network")
        if max_iter is not None and max_iter < 1:
            raise ValueError(f"max_iter is {max_iter}, expected at least 1")
        self.network = network
        self.max_iter = min(max_iter or network.n_layers, network.n_layers)

    def check(self, operator: Operator) -> None:
        if not isinstance(operator, LinearOperator):
            raise ValueError(f"{type(operator).__name__} is not linear, expected a LinearOperator: take another solver")
        self.network.check(operator)

    @torch.no_grad()
    def _solve(
        self,
        y: Tensor,
        operator: Operator,
        sigma: Tensor,
        value_range: ValueRange | None,
        seeds: list[int],
        trace: Trace,
    ) -> Solution:
        assert isinstance(operator, LinearOperator)
        network = copy.deepcopy(self.network).to(y.device, y.dtype)
        iterates = network.iterates(y, operator, self.max_iter)
        for t, x in enumerate([torch.zeros_like(iterates[0]), *iterates]):
            trace.record(t, x)
        sizes = torch.linalg.vector_norm(y.flatten(1), dim=1).clamp_min(torch.finfo(y.dtype).tiny)
        residuals = [torch.linalg.vector_norm((operator(x) - y).flatten(1), dim=1) / sizes for x in iterates]
        x = iterates[-1]
        return Solution(
            x=x,
            status=[Status.MAX_ITER] * len(y),
            n_iter=torch.full((len(y),), len(iterates)),
            history={"residual": torch.stack(residuals)},
            iterates=trace.stack(x),
        )
