import pytest
import torch
from fits import Small

from lit_inverse.operators import Identity
from lit_inverse.seeding import generator
from lit_inverse.solvers import DeepPrior
from lit_inverse.solvers.fitting import SGD, Constant, LinearDecay, RMSprop, SquaredError


def test_a_linear_decay_is_constant_up_to_its_start_and_goes_to_0() -> None:
    shares = [LinearDecay(start=0.5)(k / 8) for k in range(8)]
    assert shares == [1, 1, 1, 1, 1, 0.75, 0.5, 0.25]
    assert Constant()(0.9) == 1


@pytest.mark.parametrize("start", [-0.1, 1.0])
def test_an_impossible_start_is_refused(start: float) -> None:
    with pytest.raises(ValueError, match="start is"):
        LinearDecay(start)


def test_updates_take_their_share_of_the_step() -> None:
    """SGD without momentum: two updates of half the step, as the schedule has it, are those of half the lr."""

    class Half(LinearDecay):
        def __call__(self, progress: float) -> float:
            return 0.5

    y = torch.randn(1, 1, 4, 4, generator=generator(0), dtype=torch.float64)
    parts = {"network": Small, "regularizer": None, "data_term": SquaredError(), "optimizer": SGD(0.0), "max_iter": 3}

    def fit(lr: float, schedule: LinearDecay | Constant) -> torch.Tensor:
        solver = DeepPrior(lr=lr, schedule=schedule, **parts)  # type: ignore[arg-type]
        return solver.solve(y, Identity((1, 4, 4)), seeds=[1]).history["loss"]

    torch.testing.assert_close(fit(0.02, Half()), fit(0.01, Constant()))


def test_the_momentum_of_rmsprop_keeps_steps_of_their_own_size() -> None:
    """d <- momentum d - lr_k g / sqrt(v): a smaller lr scales the new part, not what was gathered."""
    g = [torch.ones(1, dtype=torch.float64)]
    theta, rule = [torch.zeros(1, dtype=torch.float64)], RMSprop(momentum=0.5, alpha=0.0)
    state = rule.start(theta)
    rule.step(theta, g, state, 1.0)
    rule.step(theta, g, state, 0.1)
    assert theta[0].item() == pytest.approx(-1 - (0.5 + 0.1))
