"""The updates against those of torch.optim."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from lit_inverse.solvers.fitting import SGD, Adam, Optimizer, RMSprop

LR = 1e-3
PAIRS: dict[str, tuple[Optimizer, Callable[[Any], torch.optim.Optimizer]]] = {
    "rmsprop": (RMSprop(momentum=0.0), lambda p: torch.optim.RMSprop(p, lr=LR)),
    "rmsprop with momentum": (RMSprop(), lambda p: torch.optim.RMSprop(p, lr=LR, momentum=0.9)),
    "adam": (Adam(), lambda p: torch.optim.Adam(p, lr=LR)),
    "adam of other decays": (Adam(0.5, 0.9, 1e-6), lambda p: torch.optim.Adam(p, lr=LR, betas=(0.5, 0.9), eps=1e-6)),
    "sgd": (SGD(momentum=0.0), lambda p: torch.optim.SGD(p, lr=LR)),
    "sgd with momentum": (SGD(0.9), lambda p: torch.optim.SGD(p, lr=LR, momentum=0.9)),
}


@pytest.mark.parametrize("name", PAIRS)
def test_updates_are_those_of_torch(name: str) -> None:
    optimizer, make_reference = PAIRS[name]
    source = torch.Generator().manual_seed(0)
    start = [torch.randn(shape, generator=source, dtype=torch.float64) for shape in [(3, 1), (70, 50), (5,)]]
    ours = [p.clone().requires_grad_() for p in start]
    theirs = [p.clone().requires_grad_() for p in start]
    state, reference = optimizer.start(ours), make_reference(theirs)
    for _ in range(100):
        gradients = [torch.randn(p.shape, generator=source, dtype=torch.float64) for p in start]
        gradients[2].zero_()  # a weight without gradient stays
        gradients[1] = gradients[1].T.contiguous().T
        kept = [g.clone() for g in gradients]
        optimizer.step(ours, gradients, state, LR)
        assert all(torch.equal(g, k) for g, k in zip(gradients, kept, strict=True))
        for parameter, gradient in zip(theirs, gradients, strict=True):
            parameter.grad = gradient
        reference.step()
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a.detach(), b.detach(), rtol=0, atol=1e-13)
    assert torch.equal(ours[2], start[2])


@pytest.mark.parametrize("optimizer", [RMSprop(), Adam(), SGD()])
def test_parameters_that_are_not_contiguous_are_refused(optimizer: Optimizer) -> None:
    with pytest.raises(ValueError, match="not contiguous"):
        optimizer.start([torch.zeros(3, 4).T])


@pytest.mark.parametrize("make", [lambda: RMSprop(momentum=1.0), lambda: Adam(beta2=-0.1), lambda: SGD(1.5)])
def test_impossible_decays_are_refused(make: Callable[[], Optimizer]) -> None:
    with pytest.raises(ValueError, match="is .* expected 0 <= "):
        make()
