import torch
from torch import Tensor

from lit_inverse.solvers.latent.metropolis import Draws, Metropolis


def test_samples_have_the_mean_and_covariance_of_a_normal_law() -> None:
    precision = torch.tensor([[2.0, 0.8], [0.8, 1.0]]).double()
    centre = torch.tensor([1.0, -2.0]).double()

    def potential(w: Tensor) -> Tensor:
        return ((w - centre) @ precision * (w - centre)).sum(1) / 2

    chains = Metropolis(potential, Draws([0, 1], 300, 100, torch.empty(200, 2, 2).double()))
    samples = []
    for number in range(1, 301):
        chains.step(number, adapts=number <= 100)
        samples.append(chains.w)
    drawn = torch.cat(samples[100:])
    torch.testing.assert_close(drawn.mean(0), centre, rtol=0, atol=0.05)
    torch.testing.assert_close(drawn.T.cov(), precision.inverse(), rtol=0, atol=0.08)
    assert 0.5 < torch.stack(chains.history["acceptance"][100:]).mean() < 0.65


def test_the_law_is_kept_at_a_step_too_long_for_plain_langevin_dynamics() -> None:
    """On U = w^4 / 4 steps of tau = 1 without refusal run away."""

    def potential(w: Tensor) -> Tensor:
        return w.square().square().sum(1) / 4

    chains = Metropolis(potential, Draws([0], 400, 300, torch.empty(300, 1, 1).double()))
    chains.tau.fill_(1.0)
    second = []
    for number in range(1, 401):
        chains.step(number, adapts=False)
        second.append(chains.w.square().mean())
    # E w^2 = 2 Gamma(3/4) / Gamma(1/4) for the density exp(-w^4 / 4)
    assert abs(torch.stack(second[100:]).mean().item() - 0.6760) < 0.03
