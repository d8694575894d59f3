"""Operators as matrices."""

import pytest
import torch

from lit_inverse.operators import CartesianFourier, LinearOperator, Matrix, SubsampledDCT
from lit_inverse.solvers.spectral import flattened
from lit_inverse.solvers.spectral.flattened import Flattened

DOUBLE = torch.float64


def draw(*shape: int, dtype: torch.dtype = DOUBLE, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


OPERATORS = {
    "wide": SubsampledDCT((1, 6, 6), 14, 0).double(),
    "tall": SubsampledDCT((1, 6, 6), 14, 0).double().H,
    "complex": CartesianFourier((1, 6, 6), 2.0, 0.3, seed=1).double(),
    "as pairs": CartesianFourier((1, 6, 6), 2.0, 0.3, seed=1).double().on_reals(),
    "complex products": Matrix(draw(5, 4, dtype=torch.complex128)) @ Matrix(draw(4, 7, dtype=torch.complex128, seed=1)),
    "one per item": Matrix(draw(3, 5, 8)) @ Matrix(draw(8, 9, seed=1)),
}


@pytest.mark.parametrize("block", [1, 100, 1 << 22])
@pytest.mark.parametrize("name", OPERATORS)
def test_the_matrix_is_that_of_the_operator(name: str, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flattened, "_BLOCK", block)
    operator = OPERATORS[name]
    kind = torch.complex128 if name in ("complex", "as pairs", "complex products") else DOUBLE
    y = draw(3, *operator.out_shape, dtype=kind)
    space = Flattened(operator, y)
    matrix = space.matrix()
    assert matrix.shape == ((3,) if operator.n_items else ()) + (space.rows, space.n)
    x = draw(3, space.n, dtype=space.dtype)
    torch.testing.assert_close((matrix @ x[..., None])[..., 0], space(x))


def test_few_measurements_of_many_unknowns_take_no_square_matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    batches: list[int] = []

    class Watched(LinearOperator):
        def __init__(self) -> None:
            super().__init__()
            self.in_shape, self.out_shape = (3000,), (4,)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            batches.append(len(x))
            return x[:, :4]

        def adjoint(self, y: torch.Tensor) -> torch.Tensor:
            batches.append(len(y))
            return torch.nn.functional.pad(y, (0, 2996))

    matrix = Flattened(Watched(), draw(1, 4)).matrix()
    assert torch.equal(matrix, torch.eye(4, 3000, dtype=DOUBLE))
    assert max(batches) <= 4
