"""How far the error on new signals lies above the error on the training signals, against their number and the depth.

    python -m lit_inverse.theory.generalization_gap [--out runs/generalization_gap] [--sizes '[32, 128]'] [--help]

Scarlett et al. 2022, Sec. IV-C.2: Gen(h) = |L_P(h) - L_E(h)| of ISTA-like networks of T layers that learn an
orthonormal basis from N pairs is at most of the order of sqrt((m n + n^2) log(T) / N) (Theorem 11). Here it is measured
for that class and for others, from T step sizes to a network of ReLU layers, all trained for the same number of steps.
"""

import csv
import itertools
import math
import typing
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
import torch
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor, nn

from datamodules import SparseSignalsDataModule
from lit_inverse.evaluation.figures.style import DPI, ORACLE, WIDTH, legend, style
from lit_inverse.evaluation.statistics import t_interval
from lit_inverse.networks import ALISTA, LISTA, LISTACP, StepLISTA, UnfoldedNetwork
from lit_inverse.networks.unfolding.phi_net import PhiNet
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


def draw(gaps: Sequence[Gap], path: Path) -> None:
    """The gap against N at the most frequent depth, and against the depth at the most frequent N; means over seeds."""
    figure = Figure(figsize=(WIDTH * 1.5, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    n_layers, n_train = (_most_frequent([getattr(gap, of) for gap in gaps]) for of in ("n_layers", "n_train"))
    by_size = [gap for gap in gaps if gap.n_layers == n_layers]
    by_depth = [gap for gap in gaps if gap.n_train == n_train]
    handles = _lines(left, by_size, lambda gap: gap.n_train)
    sizes = np.array(sorted({gap.n_train for gap in by_size}), dtype=float)
    top = max(gap.gap for gap in by_size if gap.n_train == sizes[0])
    (guide,) = left.plot(sizes, 1.5 * top * (sizes / sizes[0]) ** -0.5, **ORACLE)
    left.set_xlabel("training signals N")
    left.set_title(f"{n_layers} layers", fontsize=9)
    _lines(right, by_depth, lambda gap: gap.n_layers)
    right.set_xlabel("layers T")
    right.set_title(f"N = {n_train}", fontsize=9)
    for axes in (left, right):
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
        axes.grid(alpha=0.3)
    left.set_ylabel("|error on new signals - error on training signals|")
    legend(figure, [*handles.values(), guide], [*handles, "slope -1/2"])
    figure.savefig(path, dpi=DPI)


def _lines(axes: Axes, gaps: Sequence[Gap], position: Callable[[Gap], int]) -> dict[str, Artist]:
    """Means with 95 % t-intervals over the seeds, by network."""
    handles: dict[str, Artist] = {}
    for place, name in enumerate(NETWORKS):
        at = sorted({position(gap) for gap in gaps if gap.network == name})
        values = [[gap.gap for gap in gaps if gap.network == name and position(gap) == where] for where in at]
        if not at:
            continue
        mean = np.array([np.mean(of) for of in values])
        low, high = np.array([t_interval(of) if len(of) > 1 else (np.mean(of),) * 2 for of in values]).T
        (handles[name],) = axes.plot(at, mean, **style(place))
        axes.fill_between(at, np.maximum(low, 0.05 * mean), high, color=style(place)["color"], alpha=0.13, linewidth=0)
    return handles


def _most_frequent(values: Sequence[int]) -> int:
    return max(sorted(set(values)), key=values.count)


def run(
    out: Path = Path("runs/generalization_gap"),
    networks: list[str] = list(NETWORKS),  # noqa: B006
    sizes: list[int] = [32, 128, 512, 2048, 8192],  # noqa: B006
    depths: list[int] = [2, 5, 20],  # noqa: B006
    n_layers: int = 10,
    n_train: int = 512,
    seeds: int = 5,
    m: int = 60,
    n: int = 120,
    sparsity: int = 12,
    n_steps: int = 1000,
    n_new: int = 20_000,
    threads: int = 1,
) -> None:
    """Measures the gaps and writes gaps.csv and gaps.png. What gaps.csv holds already is not measured again.

    Args:
        out: folder.
        networks: which.
        sizes: numbers N of training signals, at n_layers.
        depths: numbers of layers besides, at n_train.
        n_layers: T of the sweep over sizes.
        n_train: N of the sweep over depths.
        seeds: trained networks of each kind.
        m: measurements.
        n: unknowns.
        sparsity: entries that are not 0.
        n_steps: of the training, the same for all.
        n_new: new signals.
        threads: of the processor.
    """
    torch.set_num_threads(threads)
    out.mkdir(parents=True, exist_ok=True)
    path, settings = out / "gaps.csv", {"m": m, "n": n, "sparsity": sparsity, "n_steps": n_steps, "n_new": n_new}
    wanted = [(n_layers, size) for size in sizes] + [(depth, n_train) for depth in depths]
    gaps = _read(path)
    unknown = set(networks) - set(NETWORKS)
    if unknown:
        raise ValueError(f"networks are {networks}, expected some of {', '.join(NETWORKS)}")
    foreign = [gap for gap in gaps if any(getattr(gap, name) != value for name, value in settings.items())]
    if foreign:
        raise ValueError(f"{path} was measured with other settings than {settings}: choose another --out")
    done = {(gap.network, gap.n_layers, gap.n_train, gap.seed) for gap in gaps}
    for name in networks:
        for depth, size in dict.fromkeys(wanted):
            for seed in range(seeds):
                if (name, depth, size, seed) in done:
                    continue
                gaps.append(measure(name, depth, size, seed, **settings))
                _write(path, gaps)
                print(f"{name:>14}, T = {depth}, N = {size}, seed {seed}: gap {gaps[-1].gap:.4f}", flush=True)
    draw(gaps, out / "gaps.png")
    print(f"{path}\n{out / 'gaps.png'}")


def _read(path: Path) -> list[Gap]:
    if not path.exists():
        return []
    kinds = typing.get_type_hints(Gap)
    with path.open(newline="") as file:
        return [Gap(**{name: kinds[name](value) for name, value in row.items()}) for row in csv.DictReader(file)]


def _write(path: Path, gaps: Sequence[Gap]) -> None:
    partial = path.with_suffix(".partial")
    with partial.open("w", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Gap)])
        writer.writeheader()
        writer.writerows(asdict(gap) for gap in gaps)
    partial.replace(path)


if __name__ == "__main__":
    from jsonargparse import auto_cli

    auto_cli(run)
