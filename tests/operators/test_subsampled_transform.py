"""Fast transforms against scipy's."""

import math

import numpy as np
import pytest
import scipy.fft
import scipy.linalg
import torch

from lit_inverse.operators import LinearOperator, SubsampledDCT, SubsampledHadamard
from lit_inverse.operators.subsampled_transform import hadamard_transform


@pytest.mark.parametrize("n", [1, 2, 8, 16, 32, 256, 1024])
def test_hadamard_transform_is_sylvesters(n: int) -> None:
    x = torch.randn(3, n, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    expected = x.numpy() @ scipy.linalg.hadamard(n) / math.sqrt(n)
    np.testing.assert_allclose(hadamard_transform(x), expected, atol=1e-12)


def test_dct_takes_random_rows_of_scipys() -> None:
    operator = SubsampledDCT((1, 5, 7), 12, 3)
    x = torch.randn(2, 1, 5, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    z = scipy.fft.dct((x.flatten(1) * operator.signs).numpy(), norm="ortho")
    np.testing.assert_allclose(operator(x), z[:, operator.rows] * math.sqrt(35 / 12), atol=1e-12)


@pytest.mark.parametrize("cls", [SubsampledDCT, SubsampledHadamard])
def test_lengths_are_kept_in_the_mean_and_rows_orthogonal(cls: type[SubsampledDCT]) -> None:
    operator: LinearOperator = cls((64,), 40, list(range(400)))
    x = torch.randn(1, 64, generator=torch.Generator().manual_seed(0)).expand(400, 64)
    ratio = operator(x).square().sum(1) / x.square().sum(1)
    assert abs(float(ratio.mean()) - 1) < 4 * float(ratio.std()) / 20
    y = torch.randn(400, 40, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(operator(operator.adjoint(y)), 64 / 40 * y)


def test_one_seed_per_item_gives_the_operator_of_that_seed() -> None:
    per_item, shared = SubsampledHadamard((30,), 20, [4, 9]), SubsampledHadamard((30,), 20, 9)
    x = torch.randn(2, 30, generator=torch.Generator().manual_seed(0))
    assert torch.equal(per_item(x)[1], shared(x)[1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((30,), 31), "m is 31, expected at most n = 30"),
        (((30,), 0), "m is 0, expected at least 1"),
        (((30,), 5, []), "seed is an empty list"),
    ],
)
@pytest.mark.parametrize("cls", [SubsampledDCT, SubsampledHadamard])
def test_impossible_settings_are_refused(cls: type[SubsampledDCT], arguments: tuple[object, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        cls(*arguments)  # type: ignore[arg-type]
