import math

import pytest
import torch

from lit_inverse.operators import Fourier, Gaussian, Matrix, SubsampledHadamard, masks
from lit_inverse.theory.constants.coherence import mutual_coherence, welch_bound
from lit_inverse.theory.estimate import Estimate


@pytest.mark.parametrize("block", [1, 3, 7, 100])
def test_coherence_is_that_of_all_pairs_of_columns(block: int) -> None:
    operator = Gaussian((7,), 4, seed=0).double()
    a = operator.matrix
    pairs = [abs(a[:, i] @ a[:, j] / (a[:, i].norm() * a[:, j].norm())).item() for i in range(7) for j in range(i)]
    found = mutual_coherence(operator, block)
    assert found == Estimate(pytest.approx(max(pairs), rel=1e-12), "exact")  # type: ignore[arg-type]


def test_an_equiangular_tight_frame_has_the_coherence_of_the_welch_bound() -> None:
    angles = torch.arange(3, dtype=torch.float64) * 2 * math.pi / 3
    frame = torch.stack((angles.cos(), angles.sin()))
    assert mutual_coherence(Matrix(frame)).value == pytest.approx(welch_bound(2, 3), rel=1e-12)
    assert welch_bound(2, 3) == pytest.approx(0.5)
    assert mutual_coherence(Gaussian((30,), 10)).value > welch_bound(10, 30)
    assert welch_bound(5, 5) == 0


def test_spikes_and_sines_have_the_coherence_of_one_over_root_m() -> None:
    hadamard = SubsampledHadamard((8,), 8).double()
    both = torch.cat((torch.eye(8, dtype=torch.float64), hadamard(torch.eye(8, dtype=torch.float64)).mT), 1)
    assert mutual_coherence(Matrix(both)).value == pytest.approx(8**-0.5)


def test_coherence_of_complex_measurements_is_that_of_their_matrix() -> None:
    operator = Fourier((1, 4, 4), masks.radial((4, 4), 2)).double()
    units = torch.eye(16, dtype=torch.float64).view(16, 1, 4, 4)
    columns = operator(units).flatten(1)
    gram = (columns.conj() @ columns.mT).abs()
    gram /= gram.diagonal().sqrt().outer(gram.diagonal().sqrt())
    assert mutual_coherence(operator, 5).value == pytest.approx((gram - gram.diag().diag()).max().item())


def test_operators_without_a_coherence_are_refused() -> None:
    with pytest.raises(ValueError, match="column 1 of A is zero"):
        mutual_coherence(Matrix(torch.tensor([[1.0, 0.0, 2.0]])))
    with pytest.raises(ValueError, match="holds 2 matrices, one per item, expected a shared one"):
        mutual_coherence(Gaussian((5,), 3, seed=[0, 1]))
    with pytest.raises(ValueError, match="one column"):
        mutual_coherence(Matrix(torch.ones(3, 1)))
