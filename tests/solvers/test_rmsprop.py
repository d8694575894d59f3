"""The fused update against torch.optim.RMSprop."""

import pytest
import torch

from lit_inverse.solvers.rmsprop import RMSprop


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_follows_torch_rmsprop(momentum: float) -> None:
    source = torch.Generator().manual_seed(0)
    start = [torch.randn(shape, generator=source, dtype=torch.float64) for shape in [(3, 1), (70, 50), (5,)]]
    ours = [p.clone() for p in start]
    theirs = [p.clone().requires_grad_() for p in start]
    optimizer = RMSprop(ours, 1e-3, momentum)
    reference = torch.optim.RMSprop(theirs, lr=1e-3, momentum=momentum)
    for _ in range(100):
        gradients = [torch.randn(p.shape, generator=source, dtype=torch.float64) for p in start]
        gradients[2].zero_()  # a weight without gradient stays
        gradients[1] = gradients[1].T.contiguous().T
        kept = [g.clone() for g in gradients]
        optimizer.step(gradients)
        assert all(torch.equal(g, k) for g, k in zip(gradients, kept, strict=True))
        for parameter, gradient in zip(theirs, gradients, strict=True):
            parameter.grad = gradient
        reference.step()
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b.detach(), rtol=0, atol=1e-13)
    assert torch.equal(ours[2], start[2])


def test_parameters_that_are_not_contiguous_are_refused() -> None:
    with pytest.raises(ValueError, match="not contiguous"):
        RMSprop([torch.zeros(3, 4).T], 1e-3, 0.9)
