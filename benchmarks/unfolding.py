"""Training steps per second of LISTA-CP: ours, and a plain PyTorch LISTA-CP written independently, on the same batches.

python benchmarks/unfolding.py [--batch 64 256] [--layers 16] [--steps 10] [--rounds 3] [--threads 1] [--device cpu]

m = 250, n = 500, untied weights, float32, Adam, loss of the last layer. The ways take turns; the best round counts.
Open-L2O's code needs TensorFlow and is not compared here.
"""

import argparse
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from datamodules import SparseSignalsDataModule
from lit_inverse.lit_modules.unfolding_losses import nmse_db
from lit_inverse.networks import LISTACP, LISTACPSS
from lit_inverse.operators import Gaussian


class Plain(nn.Module):
    """LISTA-CP as one would first write it."""

    def __init__(self, a: Tensor, layers: int) -> None:
        super().__init__()
        step = 1 / torch.linalg.matrix_norm(a, 2) ** 2
        self.register_buffer("a", a)
        self.weights = nn.ParameterList(nn.Parameter(step * a.T) for _ in range(layers))
        self.thresholds = nn.ParameterList(nn.Parameter(torch.tensor(0.1)) for _ in range(layers))

    def forward(self, y: Tensor) -> Tensor:
        x = torch.zeros(len(y), self.a.shape[1], device=y.device)
        for weight, threshold in zip(self.weights, self.thresholds, strict=True):
            z = x + (weight @ (y.T - self.a @ x.T)).T
            x = torch.sign(z) * torch.relu(torch.abs(z) - threshold)
        return x


def ways(layers: int, device: torch.device) -> dict[str, tuple[nn.Module, Callable[[nn.Module, Tensor], Tensor]]]:
    operator = Gaussian((500,), 250, 0, columns="unit").to(device)
    found: dict[str, tuple[nn.Module, Callable[[nn.Module, Tensor], Tensor]]] = {
        "plain LISTA-CP": (Plain(operator.matrix, layers), lambda net, y: net(y))
    }
    for name, network in {
        "our LISTA-CP": LISTACP(n_layers=layers),
        "our LISTA-CPSS": LISTACPSS(n_layers=layers),
    }.items():
        network.initialize(operator)
        found[name] = (network, lambda net, y: net(y, operator))
    return {name: (net.to(device), apply) for name, (net, apply) in found.items()}


def train(net: nn.Module, apply: Callable[[nn.Module, Tensor], Tensor], x: Tensor, y: Tensor, steps: int) -> float:
    """Seconds per step."""
    optimizer = torch.optim.Adam(net.parameters(), 1e-5)
    begin = time.perf_counter()
    for _ in range(steps):
        optimizer.zero_grad()
        nmse_db(apply(net, y), x).backward()
        optimizer.step()
    if x.device.type == "cuda":
        torch.cuda.synchronize()
    return (time.perf_counter() - begin) / steps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, nargs="+", default=[64, 256])
    for name, default in (("layers", 16), ("steps", 10), ("rounds", 3), ("threads", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--device", type=torch.device, default=torch.device("cpu"))
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    a = Gaussian((500,), 250, 0, columns="unit").to(given.device)
    print(f"{given.layers} layers, {given.threads} thread(s), {given.device}")
    print(f"{'batch':>5}  {'way':<16}{'ms/step':>9}{'steps/s':>9}{'ratio':>7}")
    for batch in given.batch:
        x = SparseSignalsDataModule(n_test=batch).dataset("test").x.to(given.device)
        y = a(x)
        compared = ways(given.layers, given.device)
        best = {name: float("inf") for name in compared}
        for _ in range(given.rounds):
            for name, (net, apply) in compared.items():
                best[name] = min(best[name], train(net, apply, x, y, given.steps))
        plain = best["plain LISTA-CP"]
        for name, seconds in best.items():
            print(f"{batch:>5}  {name:<16}{1000 * seconds:>9.1f}{1 / seconds:>9.1f}{plain / seconds:>7.2f}")


if __name__ == "__main__":
    main()
