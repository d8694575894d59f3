import copy
import itertools
import math
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from lit_inverse.networks import VAE, ImageGenerator
from lit_inverse.operators import Gaussian, Matrix, Operator
from lit_inverse.operators.base import Index
from lit_inverse.seeding import generator
from lit_inverse.solvers import LatentSearch, Solution, Status

IN_SHAPE, K, M, B = (1, 6, 6), 4, 12, 3
SEEDS = [11, 22, 33]


@pytest.fixture(scope="module")
def network() -> VAE:
    state = torch.random.get_rng_state()
    torch.manual_seed(3)
    vae = VAE(IN_SHAPE, K, hidden=(16,)).double()
    torch.random.set_rng_state(state)
    return vae


@pytest.fixture(scope="module")
def y() -> Tensor:
    x = torch.rand(B, *IN_SHAPE, generator=generator(0), dtype=torch.float64)
    return operator()(x)


def operator(shared: bool = False) -> Operator:
    return Gaussian(IN_SHAPE, M, 7 if shared else [1, 2, 3]).double()


def search(network: nn.Module, y: Tensor, a: Operator, seeds: list[int] = SEEDS, **arguments: float) -> Solution:
    settings = {"max_iter": 30, "n_restarts": 2, **arguments}
    return LatentSearch(network, **settings).solve(y, a, seeds=seeds, trace=[0, 7])  # type: ignore[arg-type]


def plain_search(
    network: VAE, y: Tensor, a: Tensor, z: Tensor, n_steps: int = 30, lr: float = 0.01, prior: float = 0.1
) -> tuple[Tensor, float]:
    """One search, as one would write it down: its z and objective after the last step."""
    z = z.clone().requires_grad_()
    adam = torch.optim.Adam([z], lr)
    for step in range(n_steps + 1):
        loss = (y - a @ network(z[None]).flatten()).square().sum() + prior * z.square().sum()
        if step < n_steps:
            adam.zero_grad()
            loss.backward()
            adam.step()
    return z.detach(), loss.item()


def starts(seed: int, n: int) -> list[Tensor]:
    source = generator(seed)
    return [torch.randn(K, generator=source).double() for _ in range(n)]


@pytest.mark.parametrize("shared", [False, True])
def test_each_item_gets_the_best_of_its_plain_searches(network: VAE, y: Tensor, shared: bool) -> None:
    a = operator(shared)
    assert isinstance(a, Matrix)
    solution = search(network, y, a, n_restarts=3)
    for i, seed in enumerate(SEEDS):
        matrix = a.matrix if shared else a.matrix[i]
        z, loss = min((plain_search(network, y[i], matrix, z) for z in starts(seed, 3)), key=lambda found: found[1])
        torch.testing.assert_close(solution.x[i], network(z[None])[0].detach(), rtol=0, atol=1e-8)
        assert solution.history["loss"][-1, i].item() == pytest.approx(loss, rel=1e-10)


class Turned(Operator):
    """The same measurements times a complex sign, in another shape: an operator of another class."""

    sign = 0.6 + 0.8j

    def __init__(self, matrix: Matrix) -> None:
        super().__init__()
        self.matrix = matrix
        self.in_shape, self.out_shape, self.n_items = matrix.in_shape, (2, M // 2), matrix.n_items

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.matrix(x)
        return self.sign * y.view(-1, *self.out_shape)

    def take(self, index: Index) -> "Turned":
        return Turned(self.matrix.take(index))


@pytest.mark.parametrize("shared", [False, True])
def test_any_operator_and_complex_measurements_work(network: VAE, y: Tensor, shared: bool) -> None:
    a = operator(shared)
    assert isinstance(a, Matrix)
    expected = search(network, y, a).x
    found = search(network, Turned.sign * y.view(B, 2, -1), Turned(a)).x
    assert found.dtype == torch.float64
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-10)


def test_restarts_are_chosen_by_the_objective_after_the_last_step(network: VAE, y: Tensor) -> None:
    a = operator()
    assert isinstance(a, Matrix)
    for n in (1, 2, 4):
        final = search(network, y, a, n_restarts=n).history["loss"][-1]
        expected = [
            min(plain_search(network, y[i], a.matrix[i], z)[1] for z in starts(seed, n)) for i, seed in enumerate(SEEDS)
        ]
        torch.testing.assert_close(final, torch.tensor(expected, dtype=torch.float64))


def test_more_restarts_never_raise_the_objective(network: VAE, y: Tensor) -> None:
    finals = [search(network, y, operator(), n_restarts=n).history["loss"][-1] for n in (1, 2, 3, 5)]
    assert all((later <= earlier + 1e-12).all() for earlier, later in itertools.pairwise(finals))


def test_published_objective_is_the_same(network: VAE, y: Tensor) -> None:
    """mean over m with A_ij ~ N(0, 1), as in the authors' code, is the sum over m with A_ij ~ N(0, 1/m)."""
    a = operator()
    assert isinstance(a, Matrix)
    solution = search(network, y, a, n_restarts=1, max_iter=5)
    unscaled, y_unscaled = math.sqrt(M) * a.matrix, math.sqrt(M) * y
    for i, seed in enumerate(SEEDS):
        z, _ = plain_search(network, y[i], a.matrix[i], starts(seed, 1)[0], n_steps=5)
        mean = (y_unscaled[i] - unscaled[i] @ network(z[None]).flatten()).square().mean()
        torch.testing.assert_close(solution.history["loss"][-1, i], (mean + 0.1 * z.square().sum()).detach())


def test_an_item_alone_is_as_in_the_batch(network: VAE, y: Tensor) -> None:
    a = operator()
    together = search(network, y, a)
    for i in range(B):
        alone = search(network, y[i : i + 1], a.take([i]), seeds=SEEDS[i : i + 1])
        torch.testing.assert_close(alone.x[0], together.x[i], rtol=0, atol=1e-8)


def test_trace_and_history_are_those_of_the_chosen_restart(network: VAE, y: Tensor) -> None:
    solution = search(network, y, operator(), n_restarts=1)
    assert solution.iterates is not None
    first = torch.stack([starts(seed, 1)[0] for seed in SEEDS])
    torch.testing.assert_close(solution.iterates[0], network(first).detach())
    assert solution.history["loss"].shape == (30, B)
    assert solution.n_iter.tolist() == [30] * B
    assert solution.status == [Status.MAX_ITER] * B


def test_caller_in_inference_mode_gets_the_same_answer(network: VAE, y: Tensor) -> None:
    expected = search(network, y, operator()).x
    with torch.inference_mode():
        found = search(network, y.clone(), operator())
    assert torch.equal(found.x, expected)
    assert not found.x.requires_grad


def test_generator_is_left_as_it_was(network: VAE, y: Tensor, untouched_rng: None) -> None:
    trained = copy.deepcopy(network).train()
    search(trained, y, operator())
    assert trained.training
    for after, before in zip(trained.parameters(), network.parameters(), strict=True):
        assert after.requires_grad
        assert after.grad is None
        assert torch.equal(after, before)


class Exploding(ImageGenerator):
    """G(z) = exp(c z): finite at the start, not after a long step."""

    latent_shape, out_shape, value_range = (K,), IN_SHAPE, (0.0, 1.0)

    def forward(self, z: Tensor) -> Tensor:
        return (100 * z).exp().mean(1)[:, None, None, None].expand(-1, *IN_SHAPE)


@pytest.mark.parametrize("lr", [1e3, math.inf])
def test_searches_that_blow_up_return_their_best_iterate(y: Tensor, lr: float) -> None:
    solution = search(Exploding(), y, operator(), lr=lr, n_restarts=2)
    assert Status.DIVERGED in solution.status
    assert solution.x.isfinite().all()


def test_one_failing_item_does_not_harm_the_others(network: VAE, y: Tensor) -> None:
    huge = y.clone()
    huge[1] = 1e200
    expected, found = search(network, y, operator()), search(network, huge, operator())
    torch.testing.assert_close(found.x[[0, 2]], expected.x[[0, 2]], rtol=0, atol=1e-10)
    assert found.x.isfinite().all()
    assert found.status[1] is Status.DIVERGED


@pytest.mark.parametrize(
    ("name", "value"), [("max_iter", 0), ("n_restarts", 0), ("lr", -1.0), ("lr", math.nan), ("prior", -0.1)]
)
def test_impossible_settings_are_refused_by_name(network: VAE, name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{name} is .* expected"):
        LatentSearch(network, **{name: value})  # type: ignore[arg-type]


def test_operators_and_generators_that_do_not_fit_are_refused(network: VAE, y: Tensor, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"A takes x of shape \(36,\), the generator makes \(1, 6, 6\)"):
        search(network, y, Matrix(torch.rand(B, M, 36, dtype=torch.float64)))
    with pytest.raises(ValueError, match="generator is a Linear, expected a network"):
        LatentSearch(nn.Linear(4, 4))
    with pytest.raises(FileNotFoundError, match=r"no checkpoint .*nothing\.pt"):
        LatentSearch(tmp_path / "nothing.pt")
