"""Each network's layers against a few lines of NumPy written from its equation, with weights drawn at random."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from lit_inverse import networks
from lit_inverse.networks import UnfoldedNetwork
from lit_inverse.networks.unfolding.shrinkage import select_support, select_supports
from lit_inverse.networks.unfolding.shrinkage import soft as soft_threshold
from lit_inverse.operators import Gaussian
from lit_inverse.solvers import Unfolded

M, N, T, B = 12, 20, 4, 5


def soft(z: np.ndarray, theta: Any) -> np.ndarray:
    return np.sign(z) * np.maximum(np.abs(z) - theta, 0)


def selecting(z: np.ndarray, theta: Any, k: Any) -> np.ndarray:
    """Soft thresholding but for the k largest entries of each row above theta."""
    out = soft(z, theta)
    for row, (zi, ki) in enumerate(zip(z, np.broadcast_to(k, len(z)), strict=True)):
        for i in np.argsort(-np.abs(zi))[: int(ki)]:
            if np.abs(zi[i]) > np.broadcast_to(theta, z.shape)[row, i]:
                out[row, i] = zi[i]
    return out


def numbers(parameters: Any) -> list[np.ndarray]:
    return [p.detach().numpy() for p in parameters]


def support(p: float, p_max: float) -> list[int]:
    return [round(N * min(p * (t + 1), p_max) / 100) for t in range(T)]


def lista(net: Any, a: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
    w1, w2, th = numbers(net.w1), numbers(net.w2), np.exp(numbers(net.shrink.log_theta))
    ks = support(net.settings["p"], net.settings["p_max"])
    x, out = np.zeros((B, N)), []
    for t in range(T):
        x = selecting(y @ w1[t % len(w1)].T + x @ w2[t % len(w2)].T, th[t % len(th)], ks[t])
        out.append(x)
    return out


def cp(net: Any, a: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
    w, th = numbers(net.w), np.exp(numbers(net.shrink.log_theta))
    ks = support(net.settings["p"], net.settings["p_max"])
    x, out = np.zeros((B, N)), []
    for t in range(T):
        x = selecting(x + (y - x @ a.T) @ w[t % len(w)], th[t], ks[t])
        out.append(x)
    return out


def alista(net: Any, a: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
    w, th, gamma = net.w.detach().numpy(), np.exp(numbers(net.shrink.log_theta)), np.exp(numbers(net.log_gamma))
    ks = support(net.settings["p"], net.settings["p_max"])
    x, out = np.zeros((B, N)), []
    for t in range(T):
        x = selecting(x + gamma[t] * (y - x @ a.T) @ w, th[t], ks[t])
        out.append(x)
    return out


def step_lista(net: Any, a: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
    step, x, out = np.exp(numbers(net.log_gamma)) / np.linalg.norm(a, 2) ** 2, np.zeros((B, N)), []
    for t in range(T):
        x = soft(x + step[t] * (y - x @ a.T) @ a, step[t] * net.lam)
        out.append(x)
    return out


def hyper_lista(net: Any, a: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
    c1, c2, c3 = (float(np.exp(numbers(log_c)[0])) for log_c in (net.log_c1, net.log_c2, net.log_c3))
    w, pinv = net.w.numpy(), np.linalg.pinv(a)
    gram = np.abs(w.T @ a)
    mu = (gram - np.diag(np.diag(gram))).max()
    x = before = np.zeros((B, N))
    out = []
    for _ in range(T):
        e = np.abs((x @ a.T - y) @ pinv.T).sum(1, keepdims=True)
        k = np.clip(c3 * np.log(np.abs(y @ pinv.T).sum(1, keepdims=True) / e), 0, N).round()[:, 0]
        beta = np.minimum(c2 * mu * (x != 0).sum(1, keepdims=True), 0.95)
        x, before = selecting(x + (y - x @ a.T) @ w + beta * (x - before), c1 * mu * e, k), x
        out.append(x)
    return out


def liht(net: Any, a: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
    b, w, th = net.b.detach().numpy(), numbers(net.w), np.exp(numbers(net.shrink.log_theta))
    x, out = np.zeros((B, N)), []
    for t in range(T):
        z = y @ b.T + x @ w[t].T
        x = z * (np.abs(z) > th[t])
        out.append(x)
    return out


def ada_lista(net: Any, a: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
    w1, w2 = net.w1.detach().numpy(), net.w2.detach().numpy()
    th, gamma = np.exp(numbers(net.shrink.log_theta)), np.exp(numbers(net.log_gamma))
    x, out = np.zeros((B, N)), []
    for t in range(T):
        x = soft(x - gamma[t] * x @ (a.T @ w1.T @ w1 @ a).T + gamma[t] * y @ (a.T @ w2.T).T, th[t])
        out.append(x)
    return out


def posterior_mean(eta: Any, t: int, r: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """By Bayes' rule with both densities written out, and its mean derivative."""
    power, odds, scale = (np.exp(numbers(p)[t]) for p in (eta.log_power, eta.log_odds, eta.log_scale))
    s = scale * variance

    def mean(r: np.ndarray) -> np.ndarray:
        present = odds * np.exp(-(r**2) / (2 * (power + s))) / np.sqrt(power + s)
        absent = np.exp(-(r**2) / (2 * s)) / np.sqrt(s)
        return present / (present + absent) * power / (power + s) * r

    return mean(r), (mean(r + 1e-30j).imag / 1e-30).mean(1, keepdims=True)


def lamp(net: Any, a: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
    w = numbers(net.w) or [a]
    x, v, b, out = np.zeros((B, N)), np.zeros((B, M)), 0.0, []
    for t in range(T):
        v = y - x @ a.T + b * v
        x, slope = posterior_mean(net.eta, t, x + v @ w[t % len(w)], (v**2).mean(1, keepdims=True))
        b = N / M * slope
        out.append(x)
    return out


def lvamp(net: Any, a: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
    factor, out = np.exp(numbers(net.log_noise)), []
    r2, v2 = np.zeros((B, N)), (y**2).sum(1) / (a**2).sum()
    for t in range(T):
        noise = factor[t] * 10 ** (-net.snr / 10) * (y**2).mean(1)
        v2 = np.maximum(v2, (((y - r2 @ a.T) ** 2).sum(1) - M * noise) / (a**2).sum())
        jacobians = [np.linalg.inv(a.T @ a / s + np.eye(N) / v) / v for s, v in zip(noise, v2, strict=True)]
        x2 = np.stack([j @ (v / s * a.T @ yi + r) for j, s, v, yi, r in zip(jacobians, noise, v2, y, r2, strict=True)])
        a2 = np.array([np.trace(j) / N for j in jacobians])
        r1, v1 = (x2 - a2[:, None] * r2) / (1 - a2[:, None]), v2 * a2 / (1 - a2)
        x, a1 = posterior_mean(net.eta, t, r1, v1[:, None])
        r2, v2 = (x - a1 * r1) / (1 - a1), v1 * a1[:, 0] / (1 - a1[:, 0])
        out.append(x)
    return out


RULES: list[tuple[str, dict[str, Any], Callable[..., list[np.ndarray]]]] = [
    ("LISTA", {}, lista),
    ("LISTA", {"sharing": "tied"}, lista),
    ("LISTA", {"p": 10.0, "p_max": 25.0}, lista),  # LISTA-SS
    ("LISTA", {"sharing": "shared_input"}, lista),
    ("LISTACP", {}, cp),
    ("LISTACP", {"tied": True}, cp),
    ("LISTACP", {"vector": True}, cp),
    ("LISTACPSS", {"p": 10.0, "p_max": 25.0}, cp),
    ("ALISTA", {"p": 10.0, "p_max": 25.0}, alista),
    ("TiLISTA", {"p": 10.0, "p_max": 25.0}, alista),
    ("StepLISTA", {"lam": 0.2}, step_lista),
    ("HyperLISTA", {}, hyper_lista),
    ("HyperLISTA", {"symmetric": False}, hyper_lista),
    ("LAMP", {}, lamp),
    ("LAMP", {"weight": "tied"}, lamp),
    ("LAMP", {"weight": "untied"}, lamp),
    ("LVAMP", {"snr": 15.0}, lvamp),
    ("LIHT", {}, liht),
    ("AdaLISTA", {}, ada_lista),
]


# W2_0 multiplies x_0 = 0; the number of entries left unshrunk is no smooth function of c3
IDLE = {"HyperLISTA": ["log_c3.0"], "LIHT": ["w.0"], "LISTA": ["w2.0"]}


def problem() -> tuple[Gaussian, Tensor]:
    operator = Gaussian((N,), M, 3, columns="unit").double()
    return operator, torch.randn(B, M, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def drawn(name: str, settings: dict[str, Any], operator: Gaussian) -> UnfoldedNetwork:
    """The network in float64, with weights some way from where they begin."""
    network: UnfoldedNetwork = getattr(networks, name)(M, N, T, **settings).double()
    network.initialize(operator)
    source = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for parameter in network.parameters():
            noise = torch.randn(parameter.shape, generator=source, dtype=torch.float32).to(parameter)
            parameter.add_(0.05 * noise)
    return network


@pytest.mark.parametrize(("name", "settings", "rule"), RULES, ids=lambda v: v if isinstance(v, str) else None)
def test_layers_are_those_of_the_equation(name: str, settings: dict[str, Any], rule: Callable[..., Any]) -> None:
    operator, y = problem()
    network = drawn(name, settings, operator)
    iterates = network.iterates(y, operator)
    expected = rule(network, operator.matrix.numpy(), y.numpy())
    assert len(iterates) == T
    for x, x_expected in zip(iterates, expected, strict=True):
        assert 0 < (np.abs(x_expected) > 0.02).mean() < 1
        np.testing.assert_allclose(x.detach().numpy(), x_expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("name", "settings", "rule"), RULES, ids=lambda v: v if isinstance(v, str) else None)
def test_an_item_alone_has_the_answer_it_has_in_a_batch(name: str, settings: dict[str, Any], rule: Any) -> None:
    operator, y = problem()
    network = drawn(name, settings, operator)
    together = network(y, operator)
    for i in range(B):
        torch.testing.assert_close(network(y[i : i + 1], operator), together[i : i + 1], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("name", "settings", "rule"), RULES, ids=lambda v: v if isinstance(v, str) else None)
def test_thresholds_and_weights_get_gradients(name: str, settings: dict[str, Any], rule: Any) -> None:
    operator, y = problem()
    network = drawn(name, settings, operator)
    network(y, operator).square().sum().backward()
    idle = [key for key, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert idle == ([] if settings.get("sharing") == "tied" else IDLE.get(name, []))


def na_alista(net: Any, a: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
    """With torch's LSTM cell, whose equations are its own."""
    w, ks = net.w.numpy(), support(net.settings["p"], net.settings["p_max"])
    x, out, memory, first = np.zeros((B, N)), [], None, None
    for k in ks:
        r = y - x @ a.T
        sizes = np.stack([np.abs(r).mean(1), np.abs(r @ w).mean(1)], 1)
        first = sizes if first is None else first
        memory = net.lstm(torch.from_numpy(np.log(sizes / first)), memory)
        gamma, ratio = np.log1p(np.exp(net.out(net.between(memory[1]).relu()).detach().numpy())).T
        x = selecting(x + gamma[:, None] * (r @ w), (ratio * sizes[:, 1])[:, None], k)
        out.append(x)
    return out


def test_na_alista_has_the_layers_of_its_equation_and_trains() -> None:
    operator, y = problem()
    network = drawn("NAALISTA", {"hidden": 8, "p": 10.0, "p_max": 25.0}, operator)
    with torch.no_grad():
        network.out.bias.fill_(0.0)  # type: ignore[union-attr, operator]  # thresholds that leave some entries
    expected = na_alista(network, operator.matrix.numpy(), y.numpy())
    for x, x_expected in zip(network.iterates(y, operator), expected, strict=True):
        assert 0 < (x_expected != 0).mean() < 1
        np.testing.assert_allclose(x.detach().numpy(), x_expected, rtol=1e-8, atol=1e-10)
    network(y, operator).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())


@pytest.mark.parametrize("shape", [(), (N,), (B, 1)])
def test_thresholding_has_the_gradient_of_finite_differences(shape: tuple[int, ...]) -> None:
    source = torch.Generator().manual_seed(5)
    z = torch.randn(B, N, generator=source, dtype=torch.float64).requires_grad_()
    theta = (0.5 + 0.1 * torch.rand(shape, generator=source, dtype=torch.float64)).requires_grad_()
    k = torch.arange(B)[:, None]
    for function in (soft_threshold, lambda z, t: select_support(z, t, 3), lambda z, t: select_supports(z, t, k)):
        assert torch.autograd.gradcheck(function, (z, theta))


def test_a_hyper_lista_of_one_layer_has_no_support_to_be_exact_on() -> None:
    with pytest.raises(ValueError, match="n_layers is 1, expected at least 2"):
        networks.HyperLISTA(M, N, 1, exact=True)


def test_a_hyper_lista_that_blows_up_raises_no_error() -> None:
    operator, y = problem()
    y = 3e37 * y / y.abs().amax()
    solution = Unfolded(drawn("HyperLISTA", {}, operator).float()).solve(y.float(), operator.float())
    assert torch.isfinite(solution.x).all()


def test_na_alista_is_homogeneous_and_sees_each_item_alone() -> None:
    operator, y = problem()
    network = drawn("NAALISTA", {"hidden": 8, "p": 10.0, "p_max": 25.0}, operator)
    with torch.no_grad():
        network.out.bias.fill_(0.0)  # type: ignore[union-attr, operator]
    assert network(y, operator).abs().sum() > 0
    torch.testing.assert_close(network(7 * y, operator), 7 * network(y, operator), rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(network(y[2:3], operator), network(y, operator)[2:3], rtol=1e-10, atol=1e-12)


def test_the_exact_last_layer_solves_least_squares_on_the_support() -> None:
    operator, _ = problem()
    x = torch.zeros(B, N, dtype=torch.float64)
    x[:, [3, 11]] = torch.tensor([1.0, -2.0], dtype=torch.float64)
    y = operator(x) + 0.01 * torch.randn(B, M, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    network = networks.HyperLISTA(M, N, 8, exact=True).double()
    network.initialize(operator)
    with torch.no_grad():
        network.log_c1[0].fill_(-1.0)  # high thresholds
    *_, before, found = network.iterates(y, operator)
    for row in range(B):
        columns = (before[row] != 0).nonzero().squeeze(1)
        assert 0 < len(columns) <= M
        solved = np.linalg.lstsq(operator.matrix[:, columns].numpy(), y[row].numpy(), rcond=None)[0]
        np.testing.assert_allclose(found[row, columns].detach().numpy(), solved, rtol=1e-8)
        assert int((found[row] != 0).sum()) <= len(columns)
