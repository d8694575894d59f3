"""One network trained on N signals, and its errors on them and on new ones."""

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from datamodules import SparseSignalsDataModule
from lit_inverse.networks import ALISTA, LISTA, LISTACP, PhiNet, StepLISTA, UnfoldedNetwork
from lit_inverse.operators import Gaussian, LinearOperator
from lit_inverse.seeding import derive_seed, generator

_BATCH = 256
_RADIUS = 2.0  # of the ball that estimates are brought to, in units of the mean length of x


@dataclass(frozen=True)
class Gap:
    """One trained network.

    Attributes:
        network: its class.
        n_weights: trained numbers.
        n_layers: T.
        n_train: N.
        seed: of the training signals and of the first weights.
        train_loss: mean of ||h(y) - x|| over the training signals.
        loss: over new signals.
        loss_error: standard error of the latter.
        worst_gap: largest |loss - train_loss| along the training, looked at ten times.
        m, n, sparsity, n_steps, n_new: of the experiment, see `run`.
    """

    network: str
    n_weights: int
    n_layers: int
    n_train: int
    seed: int
    train_loss: float
    loss: float
    loss_error: float
    worst_gap: float
    m: int
    n: int
    sparsity: int
    n_steps: int
    n_new: int

    @property
    def gap(self) -> float:
        """|L_P - L_E|."""
        return abs(self.loss - self.train_loss)


class ReLUNetwork(nn.Module):
    """y to x through T layers of n ReLUs and a linear one."""

    def __init__(self, m: int, n: int, n_layers: int) -> None:
        super().__init__()
        widths = [m, *[n] * n_layers]
        layers = [part for a, b in itertools.pairwise(widths) for part in (nn.Linear(a, b), nn.ReLU())]
        self.layers = nn.Sequential(*layers, nn.Linear(n, n))

    def forward(self, y: Tensor, operator: LinearOperator) -> Tensor:
        x: Tensor = self.layers(y)
        return x


def _with_unknown_basis(network: PhiNet) -> PhiNet:
    """Phi drawn: at the identity, where it begins otherwise, it would know the basis of these signals."""
    nn.init.normal_(network.skew)
    return network


Maker = Callable[[int, int, int], nn.Module]  # of m, n, T
NETWORKS: dict[str, Maker] = {
    "Step-LISTA": lambda m, n, t: StepLISTA(m, n, t, lam=0.05),
    "ALISTA": lambda m, n, t: ALISTA(m, n, t, p=0.0, p_max=0.0),
    "Phi-net": lambda m, n, t: _with_unknown_basis(PhiNet(m, n, t, lam=0.05)),
    "LISTA-CP tied": lambda m, n, t: LISTACP(m, n, t, tied=True),
    "LISTA-CP": lambda m, n, t: LISTACP(m, n, t),
    "LISTA": lambda m, n, t: LISTA(m, n, t),
    "ReLU": ReLUNetwork,
}


def measure(
    name: str, n_layers: int, n_train: int, seed: int, *, m: int, n: int, sparsity: int, n_steps: int, n_new: int
) -> Gap:
    """Trains one network on N signals and compares its errors."""
    data = SparseSignalsDataModule(n=n, n_nonzero=sparsity, n_train=n_train, n_test=n_new, seed=seed)
    operator = Gaussian((n,), m, 0, columns="unit")
    with torch.random.fork_rng(devices=[]):  # torch draws the first weights of linear layers from there
        torch.default_generator.manual_seed(seed)
        network = NETWORKS[name](m, n, n_layers)
    if isinstance(network, UnfoldedNetwork):
        network.initialize(operator)
    x, new = data.dataset("train").x, data.dataset("test").x
    loss, gaps = _Loss(network, operator, _RADIUS * math.sqrt(sparsity)), []
    for steps in _train(network, loss, x, n_steps, seed):
        if steps % max(1, n_steps // 10) == 0 and steps < n_steps:
            gaps.append(abs(float(loss.each(new[:4096]).mean() - loss.each(x).mean())))
    each = loss.each(new)
    population, empirical = float(each.mean()), float(loss.each(x).mean())
    return Gap(
        network=name,
        n_weights=sum(parameter.numel() for parameter in network.parameters()),
        n_layers=n_layers,
        n_train=n_train,
        seed=seed,
        train_loss=empirical,
        loss=population,
        loss_error=float(each.std() / math.sqrt(len(each))),
        worst_gap=max([*gaps, abs(population - empirical)]),
        m=m,
        n=n,
        sparsity=sparsity,
        n_steps=n_steps,
        n_new=n_new,
    )


@dataclass(frozen=True)
class _Loss:
    """||h(y) - x|| of signals, h(y) brought to the ball."""

    network: nn.Module
    operator: LinearOperator
    radius: float

    def __call__(self, x: Tensor) -> Tensor:
        x_hat = self.network(self.operator(x), self.operator)
        length = torch.linalg.vector_norm(x_hat, dim=1, keepdim=True)
        x_hat = x_hat * (self.radius / length.clamp_min(self.radius))
        # the root has no derivative at 0
        distances: Tensor = ((x_hat - x).square().sum(1) + 1e-12).sqrt()
        return distances

    @torch.no_grad()
    def each(self, x: Tensor) -> Tensor:
        return torch.cat([self(part) for part in torch.split(x, 4096)])


def _train(network: nn.Module, loss: _Loss, x: Tensor, n_steps: int, seed: int) -> Iterator[int]:
    """Adam on batches of the signals, at a rate that falls to 0; yields the number of steps made after each."""
    logarithms = {id(p) for s in network.schedules() for p in s} if isinstance(network, UnfoldedNetwork) else set()
    groups = [{"params": [p], "lr": 0.02 if id(p) in logarithms else 1e-3} for p in network.parameters()]
    optimizer = torch.optim.Adam(groups, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_steps)
    source, order = generator(derive_seed(seed, "solver", "order", 0)), torch.empty(0, dtype=torch.long)
    for step in range(1, n_steps + 1):
        if len(order) < min(_BATCH, len(x)):
            order = torch.cat([order, torch.randperm(len(x), generator=source)])
        chosen, order = order[:_BATCH], order[_BATCH:]
        optimizer.zero_grad()
        torch.autograd.backward(loss(x[chosen]).mean())
        nn.utils.clip_grad_norm_(network.parameters(), 10.0)
        optimizer.step()
        schedule.step()
        yield step
