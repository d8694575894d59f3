"""Trained reconstruction networks as solvers."""

import copy

import torch
from torch import nn

from lit_inverse.checkpoints import NetworkOrPath, load_network
from lit_inverse.networks import ReconstructionNetwork
from lit_inverse.operators import Fourier, Operator
from lit_inverse.operators.items import column
from lit_inverse.solvers.base import Given, Solver, ValueRange
from lit_inverse.solvers.solution import Solution, Status


class Trained(Solver):
    """x = network(y, A): coil images by a `VarNet` or a `UNetReconstruction`, of one pass.

    They go with any mask, size and number of coils, though they are best on what they were trained on. Iterate 0 is the
    zero-filled image, 1 that of the network. The status is MAX_ITER, a network does not look whether it has converged;
    or DIVERGED with the zero-filled image, where the network's is not finite.

    Args:
        checkpoint: of a run of train.py, or an exported one, or the network.

    Raises:
        FileNotFoundError: when there is no such checkpoint.
        ValueError: when it is damaged or holds no such network; when solving, if A is no `Fourier`, or its images are
            too small for the network.
    """

    stable = True

    def __init__(self, checkpoint: NetworkOrPath) -> None:
        network = checkpoint if isinstance(checkpoint, nn.Module) else load_network(checkpoint)
        if not isinstance(network, ReconstructionNetwork):
            raise ValueError(f"checkpoint holds a {type(network).__name__}, expected a VarNet or UNetReconstruction")
        self.network = network

    def check(self, operator: Operator, value_range: ValueRange | None) -> None:
        _fourier(operator)
        self.network.check(*operator.in_shape[1:])

    def preferred_batch(self, device: torch.device) -> int:
        return 1 if device.type == "cpu" else 4

    def _solve(self, given: Given) -> Solution:
        operator = _fourier(given.operator)
        zero_filled = operator.pinv(given.y)
        network = copy.deepcopy(self.network).to(given.y.device, given.y.real.dtype).eval()
        x = network(given.y, operator)
        finite = torch.isfinite(torch.view_as_real(x)).flatten(1).all(1)
        x = torch.where(column(finite, x), x, zero_filled)
        given.trace.record(0, zero_filled)
        return Solution(
            x=x,
            status=[Status.MAX_ITER if done else Status.DIVERGED for done in finite.tolist()],
            n_iter=torch.ones(len(x), dtype=torch.int64, device=x.device),
            iterates=given.trace.stack(x),
        )


def _fourier(operator: Operator) -> Fourier:
    if not isinstance(operator, Fourier):
        raise ValueError(f"A is {type(operator).__name__}, expected Fourier or CartesianFourier, of the coils' images")
    return operator
