"""What the networks are fed with."""

import pytest
import torch

from lit_inverse.solvers.fitting import FixedInput, JitteredInput

Z = torch.zeros(3, 1000, dtype=torch.float64)


def test_a_fixed_input_stays() -> None:
    feed = FixedInput().start(Z, [1, 2, 3])
    assert feed() is feed()


@pytest.mark.usefixtures("untouched_rng")
def test_jitter_is_drawn_anew_with_its_standard_deviation() -> None:
    feed = JitteredInput(0.2).start(Z + 5, [1, 2, 3])
    first, second = feed(), feed()
    assert not torch.equal(first, second)
    assert not torch.equal(first[0], first[1])
    torch.testing.assert_close(first.std(1), torch.full((3,), 0.2, dtype=torch.float64), rtol=0.1, atol=0)
    torch.testing.assert_close(first.mean(1), torch.full((3,), 5.0, dtype=torch.float64), rtol=0, atol=0.03)


def test_the_jitter_of_a_fit_is_its_own_alone_or_among_others() -> None:
    together, alone = JitteredInput().start(Z, [1, 2, 3]), JitteredInput().start(Z[:1], [2])
    assert torch.equal(together()[1], alone()[0])
    together.select(torch.tensor([1, 2]))
    assert torch.equal(together()[0], alone()[0])


def test_a_negative_std_is_refused() -> None:
    with pytest.raises(ValueError, match="std is -1"):
        JitteredInput(-1.0)
