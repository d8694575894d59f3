"""Trained unfolded networks as solvers."""

import copy
import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from lit_inverse.bases import BasisName, Level, check_wavelet, make_basis
from lit_inverse.checkpoints import SHIPPED, NetworkOrPath, load_network
from lit_inverse.networks import UnfoldedNetwork
from lit_inverse.operators import LinearOperator, Operator
from lit_inverse.operators.items import column
from lit_inverse.solvers.base import Given, Solver, ValueRange
from lit_inverse.solvers.solution import Solution, Status
from lit_inverse.solvers.sparse.synthesis import Synthesis, is_explicit


class Unfolded(Solver):
    """x = Psi z_T, z_T of an unfolded network (LISTA, ALISTA, HyperLISTA, ...) that `UnfoldingModule` trained.

    The weights of most belong to the A Psi they were trained for; of several checkpoints the one that fits is taken, as
    in a sweep over m or the condition of A. Iterate t is that of layer t.
    Complex measurements count as pairs of real ones. The history's "residual" is ||A x_t - y|| / ||y||, one row per
    layer. The status is MAX_ITER, a network makes its layers and does not look whether it has converged; or DIVERGED,
    with the last finite layer.

    Args:
        checkpoint: of a run of train.py, or an exported one, or the network; or several; null for the shipped ALISTA.
        max_iter: layers to use at most; null for all.
        basis: Psi, "pixel", "dct" or "wavelet", as in training.
        wavelet: an orthogonal wavelet of PyWavelets, for that basis.
        level: its number of levels; see `Lasso`.
        network: one that needs no training (LVAMP, LAMP) and is taken instead of a checkpoint.
        value_range: of the x it was trained on, where the network does not know; null for any.

    Raises:
        FileNotFoundError: when there is no such checkpoint.
        ValueError: when it is damaged or holds no unfolded network; when solving, if A is another one.
    """

    stable = True

    def __init__(
        self,
        checkpoint: NetworkOrPath | list[NetworkOrPath] | None = None,
        max_iter: int | None = None,
        basis: BasisName = "pixel",
        wavelet: str = "db4",
        level: Level = None,
        network: UnfoldedNetwork | None = None,
        value_range: ValueRange | None = None,
    ) -> None:
        if network is not None and checkpoint is not None:
            raise ValueError("there are a network and a checkpoint, expected one of them")
        if network is not None and network.bound:
            raise ValueError(f"network is a {type(network).__name__}, which belongs to one A: give its checkpoint")
        given = network or checkpoint or ([] if isinstance(checkpoint, list) else SHIPPED / "alista.pt")
        self.networks = [_unfolded(one) for one in (given if isinstance(given, list) else [given])]
        if len({one.value_range for one in self.networks}) != 1:
            ranges = ", ".join(str(one.value_range) for one in self.networks)
            raise ValueError(f"checkpoints are for the value ranges {ranges or 'of none'}, expected one or more of one")
        if max_iter is not None and max_iter < 1:
            raise ValueError(f"max_iter is {max_iter}, expected at least 1")
        check_wavelet(wavelet)
        self.native_range = self.networks[0].value_range or value_range
        n_layers = max(network.n_layers for network in self.networks)
        self.max_iter = min(max_iter or n_layers, n_layers)
        self.basis: BasisName = basis
        self.wavelet, self.level = wavelet, level

    def check(self, operator: Operator, value_range: ValueRange | None) -> None:
        self._network_for(operator)

    def determining(self, settings: Mapping[str, Any], operator: Operator) -> dict[str, Any]:
        """One checkpoint, whichever others are there for other A."""
        if not isinstance(settings.get("checkpoint"), list):
            return dict(settings)
        chosen = self.networks.index(self._network_for(operator))
        return {**settings, "checkpoint": settings["checkpoint"][chosen]}

    def _network_for(self, operator: Operator) -> UnfoldedNetwork:
        x = operator.like.new_zeros(operator.n_items or 1, *operator.in_shape)
        return self._network(self._system(operator, operator(x)))

    def _network(self, system: Synthesis) -> UnfoldedNetwork:
        """The first network that belongs to A Psi."""
        refusals = []
        for network in self.networks:
            try:
                network.check(system)
            except ValueError as refusal:
                refusals.append(str(refusal))
            else:
                return network
        none = "" if len(refusals) == 1 else f"of {len(refusals)} checkpoints none is for this A, the first because "
        raise ValueError(none + "".join(refusals[:1]))

    def _system(self, operator: Operator, y: Tensor) -> Synthesis:
        """A Psi for real coefficients."""
        return Synthesis(operator, make_basis(self.basis, operator.in_shape, y.real, self.wavelet, self.level), y.dtype)

    def _solve(self, given: Given) -> Solution:
        y, operator, sigma, trace = given.y, given.operator, given.sigma, given.trace
        system = self._system(operator, y)
        matrix: LinearOperator = system.explicit(y.real) if is_explicit(operator, y) else system
        network = copy.deepcopy(self._network(system)).to(y.device, y.real.dtype)
        each = sigma / math.sqrt(2) if y.is_complex() else sigma  # real number
        layers = network.iterates(system.measurements(y), matrix, self.max_iter, each)
        iterates = [system.signals(z) for z in [torch.zeros_like(layers[0]), *layers]]
        for t, x in enumerate(iterates):
            trace.record(t, x)
        size = torch.linalg.vector_norm(y.flatten(1), dim=1).clamp_min(torch.finfo(y.real.dtype).tiny)
        residuals = [torch.linalg.vector_norm((operator(x) - y).flatten(1), dim=1) / size for x in iterates[1:]]
        x = iterates[0]
        for later in iterates[1:]:
            finite = torch.isfinite(later.flatten(1)).all(1)
            x = torch.where(column(finite, later), later, x)
        return Solution(
            x=x,
            status=[Status.MAX_ITER if done else Status.DIVERGED for done in finite.tolist()],
            n_iter=torch.full((len(y),), len(layers), device=y.device),
            history={"residual": torch.stack(residuals)},
            iterates=trace.stack(x),
        )


def _unfolded(given: NetworkOrPath) -> UnfoldedNetwork:
    network = given if isinstance(given, nn.Module) else load_network(given)
    if not isinstance(network, UnfoldedNetwork):
        named = "checkpoint" if isinstance(given, nn.Module) else f"checkpoint {given}"
        raise ValueError(f"{named} holds a {type(network).__name__}, expected an unfolded network")
    return network
