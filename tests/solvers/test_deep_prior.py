"""DeepPrior against the plain loop of CS-DIP's authors, and what a solver promises."""

import functools
import gzip
import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
import yaml
from jsonargparse import ArgumentError, ArgumentParser
from torch import Tensor

from lit_inverse.metrics import mse
from lit_inverse.networks import DeepDecoder
from lit_inverse.networks.dcgan import DCGANGenerator
from lit_inverse.networks.initialization import initialize
from lit_inverse.operators import Gaussian, Identity, LinearOperator, Operator
from lit_inverse.seeding import generator
from lit_inverse.solvers import DeepPrior, Solution, Solver, Status
from lit_inverse.solvers.fitting import AnisotropicTV, Fits, RollBack, ensemble
from lit_inverse.solvers.fitting.stopping import SURE, ExitWindow
from lit_inverse.solvers.fitting.total_variation import anisotropic_tv

SHAPE = (1, 28, 28)
SMALL = functools.partial(DCGANGenerator, latent_dim=8, width=4)


def _measurements(n_items: int, m: int = 60, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(n_items, m, generator=generator(99), dtype=torch.float32).to(dtype)


def _operator(seeds: int | list[int], m: int = 60) -> Gaussian:
    return Gaussian(SHAPE, m, seeds).double()


@pytest.fixture(scope="module")
def authors() -> ModuleType:
    path = Path(__file__).resolve().parents[2] / "benchmarks" / "deep_prior.py"
    spec = importlib.util.spec_from_file_location("benchmarks_deep_prior", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("shape", "width"), [((1, 28, 28), 64), ((1, 28, 28), 4), ((3, 128, 128), 2), ((1, 256, 256), 2)]
)
def test_is_the_plain_loop_over_30_iterations(authors: ModuleType, shape: tuple[int, ...], width: int) -> None:
    operator = Gaussian(shape, 40, 3).double()
    y = _measurements(1, 40)
    network = functools.partial(DCGANGenerator, width=width)
    solution = DeepPrior(network, regularizer=AnisotropicTV(0.05), max_iter=30).solve(
        y, operator, seeds=[5], trace=[0, 1, 29]
    )

    start, source = network(shape).double(), generator(5)
    initialize(start, "paper", source)
    z = torch.randn(1, start.latent_dim, generator=source, dtype=torch.float32).double()
    losses, images = authors.plain_loop(authors.plain_network(start, width), z, y, operator.matrix, 0.05, 30)
    expected = torch.stack(losses)
    torch.testing.assert_close(solution.history["loss"][:, 0], expected, rtol=1e-8, atol=1e-8)
    assert solution.iterates is not None
    for iterate, number in zip(solution.iterates, [0, 1, 29], strict=True):
        torch.testing.assert_close(iterate, images[number], rtol=0, atol=1e-8)
    torch.testing.assert_close(solution.x, images[int(expected.argmin())], rtol=0, atol=1e-8)


@pytest.mark.parametrize(("shared", "max_parallel"), [(True, 2), (False, 4), (False, 6)])
@pytest.mark.parametrize("one_by_one", [{"cpu"}, set()])  # devices where networks are evaluated one by one, not by vmap
def test_fits_advanced_together_are_those_advanced_one_by_one(
    shared: bool, max_parallel: int, one_by_one: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ensemble, "_ONE_BY_ONE", one_by_one)
    operator, y = _operator(1 if shared else [1, 2, 3]), _measurements(3)
    solve = functools.partial(DeepPrior, SMALL, max_iter=30, n_restarts=2)
    alone = solve().solve(y, operator, seeds=[7, 8, 9], trace=[3])
    together = solve(max_parallel=max_parallel).solve(y, operator, seeds=[7, 8, 9], trace=[3])
    torch.testing.assert_close(together.history["loss"], alone.history["loss"], rtol=1e-8, atol=1e-8)
    torch.testing.assert_close(together.x, alone.x, rtol=0, atol=1e-8)
    torch.testing.assert_close(together.iterates, alone.iterates, rtol=0, atol=1e-8)


def test_an_item_is_bitwise_the_same_in_any_batch() -> None:
    y = _measurements(3)
    batch = DeepPrior(SMALL, max_iter=20, n_restarts=2).solve(y, _operator([1, 2, 3]), seeds=[7, 8, 9])
    for item in range(3):
        alone = DeepPrior(SMALL, max_iter=20, n_restarts=2).solve(
            y[item : item + 1], _operator([item + 1]), seeds=[7 + item]
        )
        assert torch.equal(alone.x[0], batch.x[item])


def _each_restart(y: Tensor, operator: Operator, n_restarts: int, **options: Any) -> list[Solution]:
    """The fits of all restarts, item by item."""
    kept: list[Solution] = []

    class Probe(DeepPrior):
        def _choose(self, fits: list[Fits]) -> Solution:
            kept.extend(fits)
            return super()._choose(fits)

    Probe(SMALL, n_restarts=n_restarts, **options).solve(y, operator, seeds=[4] * len(y))
    return kept


def test_restarts_do_not_depend_on_their_number_and_differ() -> None:
    y, operator = _measurements(1), _operator(1)
    few, many = (_each_restart(y, operator, n, max_iter=5) for n in (2, 4))
    assert all(torch.equal(a.x, b.x) for a, b in zip(few, many[:2], strict=True))
    assert not torch.equal(few[0].x, few[1].x)


def test_the_restart_of_smallest_objective_wins() -> None:
    y, operator = _measurements(2), _operator([1, 2])
    fits = _each_restart(y, operator, 4, max_iter=8, stopping=ExitWindow(3))
    solution = DeepPrior(SMALL, n_restarts=4, max_iter=8, stopping=ExitWindow(3)).solve(
        y, operator, seeds=[4, 4], trace=range(8)
    )
    for item in range(2):
        best = min(fits[4 * item : 4 * item + 4], key=lambda fit: float(fit.objective))
        assert torch.equal(solution.x[item], best.x[0])
        assert torch.equal(solution.history["loss"][:, item], best.loss[:, 0])
    assert solution.iterates is not None
    # the trace is the winner's, and its chosen iterate the best of the last three, by the objective written out again
    x = solution.iterates
    for item in range(2):
        residual = x[:, item].flatten(1) @ operator.matrix[item].T - y[item]
        objective = residual.square().sum(1) + 0.01 * anisotropic_tv(x[:, item])
        torch.testing.assert_close(objective, solution.history["loss"][:, item])
        assert torch.equal(solution.x[item], x[5 + int(objective[5:].argmin()), item])


def test_total_variation_by_hand() -> None:
    image = torch.tensor([[[[0.0, 1.0, 3.0], [2.0, 2.0, -1.0]]]])
    assert anisotropic_tv(image).tolist() == [1 + 2 + 0 + 3 + 2 + 1 + 4]


def test_a_caller_with_pixels_in_0_1_gets_the_same_image_there() -> None:
    operator, y = _operator(1), _measurements(2)
    native = DeepPrior(SMALL, max_iter=10).solve(y, operator, value_range=(-1, 1), seeds=[1, 2])
    # x = (x' + 1) / 2, hence y = (y' + A 1) / 2
    y_01 = (y + operator(torch.ones(2, *SHAPE, dtype=y.dtype))) / 2
    scaled = DeepPrior(SMALL, max_iter=10).solve(y_01, operator, value_range=(0, 1), seeds=[1, 2])
    torch.testing.assert_close(scaled.x, (native.x + 1) / 2, rtol=0, atol=1e-8)
    assert 0 <= scaled.x.min() <= scaled.x.max() <= 1


@pytest.mark.parametrize("max_parallel", [1, 4])
def test_divergence_gives_the_best_finite_iterate(max_parallel: int) -> None:
    y = _measurements(2, dtype=torch.float32)
    operator = Gaussian(SHAPE, 60, 1)
    options: dict[str, Any] = {"lr": 1e38, "max_iter": 20, "n_restarts": 2, "max_parallel": max_parallel}
    solver = DeepPrior(SMALL, stopping=ExitWindow(5), **options)
    solution = solver.solve(y, operator, seeds=[1, 2], trace=range(20))
    assert solution.status == [Status.DIVERGED] * 2
    assert torch.isfinite(solution.x).all()
    assert solution.iterates is not None
    loss = solution.history["loss"]
    for item in range(2):
        best = torch.where(torch.isfinite(loss[:, item]), loss[:, item], torch.inf).argmin()
        assert torch.equal(solution.x[item], solution.iterates[best, item])


@pytest.mark.parametrize("mode", [torch.inference_mode, torch.no_grad])
def test_works_for_callers_without_autograd(mode: type[torch.no_grad]) -> None:
    expected = DeepPrior(SMALL, max_iter=3).solve(_measurements(2), _operator([1, 2]), value_range=(0, 1))
    with mode():
        solution = DeepPrior(SMALL, max_iter=3).solve(_measurements(2), _operator([1, 2]), value_range=(0, 1))
    assert torch.equal(solution.x, expected.x)
    assert not solution.x.requires_grad


class _WeightedSquare(Operator):
    """Nonlinear, with a weight of its own: y = w x^2 of the first 50 pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.in_shape, self.out_shape = SHAPE, (50,)
        self.weight = torch.nn.Parameter(torch.tensor(2.0, dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        return self.weight * x.flatten(1)[:, :50].square()


def test_fits_nonlinear_measurements_and_leaves_no_gradient_on_the_operator() -> None:
    operator = _WeightedSquare()
    y = torch.full((1, 50), 0.5, dtype=torch.float64)
    solution = DeepPrior(SMALL, regularizer=None, max_iter=150).solve(y, operator, seeds=[0])
    assert solution.history["loss"][-1] < 0.05 * solution.history["loss"][0]
    assert operator.weight.grad is None
    assert not solution.x.requires_grad
    assert not solution.history["loss"].requires_grad


class _LowFrequencies(LinearOperator):
    def __init__(self) -> None:
        super().__init__()
        self.in_shape, self.out_shape = SHAPE, (1, 6, 6)

    def forward(self, x: Tensor) -> Tensor:
        return torch.fft.fft2(x, norm="ortho")[..., :6, :6]

    def adjoint(self, y: Tensor) -> Tensor:
        spectrum = y.new_zeros(len(y), *SHAPE)
        spectrum[..., :6, :6] = y
        return torch.fft.ifft2(spectrum, norm="ortho")


def test_complex_measurements_count_their_squared_magnitudes() -> None:
    operator = _LowFrequencies()
    y = operator(torch.rand(2, *SHAPE, generator=generator(3), dtype=torch.float64))
    solution = DeepPrior(SMALL, regularizer=None, max_iter=4).solve(y, operator, trace=[2])
    assert solution.x.dtype == torch.float64
    assert solution.iterates is not None
    expected = (operator(solution.iterates[0]) - y).abs().square().flatten(1).sum(1)
    torch.testing.assert_close(solution.history["loss"][2], expected)


@pytest.mark.usefixtures("untouched_rng")
def test_seeds_decide_and_nothing_else() -> None:
    y, operator = _measurements(1).repeat(3, 1), _operator(1)
    solver = DeepPrior(SMALL, max_iter=4)
    kept = y.clone()
    first, again = solver.solve(y, operator, seeds=[1, 2, 1]), solver.solve(y, operator, seeds=[1, 2, 1])
    assert torch.equal(first.x, again.x)
    assert torch.equal(first.x[0], first.x[2])
    assert not torch.equal(first.x[0], first.x[1])
    assert torch.equal(y, kept)


def test_the_initial_law_is_a_choice() -> None:
    y, operator = _measurements(1), _operator(1)
    paper, today = (DeepPrior(SMALL, init=law, max_iter=1).solve(y, operator) for law in ("paper", "torch"))
    assert today.x.std() > 2 * paper.x.std()


def test_fewer_iterations_than_the_window_are_all_eligible() -> None:
    solution = DeepPrior(SMALL, max_iter=5).solve(_measurements(2), _operator(1))
    assert solution.history["loss"].shape == (5, 2)
    assert solution.n_iter.tolist() == [5, 5]
    assert solution.status == [Status.MAX_ITER] * 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_iter": 0}, "max_iter is 0"),
        ({"n_restarts": 0}, "n_restarts is 0"),
        ({"max_parallel": 0}, "max_parallel is 0"),
        ({"lr": 0.0}, "lr is 0.0"),
        ({"stopping": SURE(), "roll_back": RollBack()}, "SURE does not go with a roll_back"),
    ],
)
def test_impossible_values_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DeepPrior(SMALL, **options)


def test_signals_of_a_shape_without_a_network_are_refused() -> None:
    with pytest.raises(ValueError, match=r"out_shape is \(400,\), expected"):
        DeepPrior().solve(torch.zeros(1, 5), Gaussian((400,), 5, 0))


def _parser() -> ArgumentParser:
    parser = ArgumentParser(exit_on_error=False)
    parser.add_subclass_arguments(Solver, "solver")
    return parser


def test_the_network_is_set_in_yaml_and_dumped_with_its_defaults() -> None:
    parser = _parser()
    config = parser.parse_object(
        {
            "solver": {
                "class_path": "lit_inverse.solvers.DeepPrior",
                "init_args": {
                    "network": {"class_path": "lit_inverse.networks.DCGANGenerator", "init_args": {"width": 4}}
                },
            }
        }
    )
    solver = parser.instantiate(config).solver
    assert sum(weights.numel() for weights in solver.network(SHAPE).parameters()) < 30_000
    default = parser.parse_object({"solver": {"class_path": "lit_inverse.solvers.DeepPrior"}})
    dumped = yaml.safe_load(parser.dump(default))["solver"]["init_args"]
    assert dumped["network"]["class_path"].endswith("DCGANGenerator")
    assert dumped["network"]["init_args"]["width"] == 64
    assert dumped["max_iter"] == 1000


def test_all_parts_are_set_in_yaml(tmp_path: Path) -> None:
    n_layers = len(list(DeepDecoder(SHAPE, width=4, depth=2).parameters()))
    statistics = {"mu": torch.zeros(n_layers), "covariance": torch.eye(n_layers)}
    torch.save({"state_dict": statistics}, tmp_path / "statistics.pt")
    (tmp_path / "parts.yaml").write_text(
        """
class_path: lit_inverse.solvers.DeepPrior
init_args:
  network: {class_path: lit_inverse.networks.DeepDecoder, init_args: {width: 4, depth: 2}}
  optimizer: {class_path: lit_inverse.solvers.fitting.Adam, init_args: {beta1: 0.8}}
  lr: 0.01
  input: {class_path: lit_inverse.solvers.fitting.JitteredInput, init_args: {std: 0.01}}
  data_term: {class_path: lit_inverse.solvers.fitting.PoissonLikelihood, init_args: {reduction: mean}}
  regularizer:
    class_path: lit_inverse.solvers.fitting.Sum
    init_args:
      terms:
      - {class_path: lit_inverse.solvers.fitting.IsotropicTV, init_args: {weight: 0.001}}
      - {class_path: lit_inverse.solvers.fitting.LearnedRegularization, init_args: {statistics: statistics.pt}}
  stopping: {class_path: lit_inverse.solvers.fitting.stopping.HoldOut, init_args: {fraction: 0.2}}
  output: {class_path: lit_inverse.solvers.fitting.ExponentialAverage, init_args: {decay: 0.9}}
  roll_back: {class_path: lit_inverse.solvers.fitting.RollBack, init_args: {every: 10}}
  max_iter: 12
"""
    )
    parser = _parser()
    solver = parser.instantiate(parser.parse_args(["--solver", str(tmp_path / "parts.yaml")])).solver
    y = torch.full((2, *SHAPE), 3.0, dtype=torch.float64)
    solution = solver.solve(y, Identity(SHAPE), value_range=(0, 1))
    assert all(12 <= n_iter <= 23 for n_iter in solution.n_iter.tolist())  # 12 of the first fit, and the second
    assert 0 < solution.x.min() < solution.x.max() < 1
    assert solver.range_for(Identity(SHAPE)) == (0, 1)


@pytest.mark.parametrize("key", ["wdth", "init_args.widht"])
def test_a_misspelt_key_of_the_network_is_refused(key: str) -> None:
    with pytest.raises(ArgumentError, match=key.rpartition(".")[2]):
        _parser().parse_args(["--solver=lit_inverse.solvers.DeepPrior", f"--solver.network.{key}=4"])


@pytest.mark.slow
def test_mnist_is_recovered_from_200_measurements(mnist_root: Path) -> None:
    raw = gzip.decompress((mnist_root / "MNIST" / "raw" / "t10k-images-idx3-ubyte.gz").read_bytes())
    x = torch.frombuffer(bytearray(raw), dtype=torch.uint8, offset=16).view(-1, *SHAPE)[:3] / 127.5 - 1
    operator = Gaussian(SHAPE, 200, [0, 1, 2])
    solution = DeepPrior().solve(operator(x), operator, value_range=(-1, 1), seeds=[0, 1, 2])
    assert mse(solution.x, x).max() < 0.005


@pytest.mark.gpu
def test_all_fits_at_once_on_a_gpu_start_as_on_the_cpu() -> None:
    operator, y = _operator([1, 2]), _measurements(2)
    cpu = DeepPrior(SMALL, max_iter=30, n_restarts=2).solve(y, operator, seeds=[1, 2])
    gpu = DeepPrior(SMALL, max_iter=30, n_restarts=2).solve(y.cuda(), operator.cuda(), seeds=[1, 2])
    torch.testing.assert_close(gpu.history["loss"].cpu(), cpu.history["loss"], rtol=1e-8, atol=1e-8)
