"""Diagnostics of a sweep give what the functions behind them give, of every A that they take."""

import inspect
import math

import pytest
import torch

from lit_inverse.networks import VAE
from lit_inverse.operators import Fourier, Gaussian, Identity, LinearOperator, Magnitude, Matrix, RandomInpainting
from lit_inverse.seeding import generator
from lit_inverse.theory import diagnostics
from lit_inverse.theory.diagnostics import (
    Coherence,
    Diagnostic,
    Instability,
    OperatorDiagnostic,
    RestrictedIsometry,
    SetRestrictedEigenvalue,
    SolverDiagnostic,
)

N = 36


def small(kind: type[Diagnostic]) -> Diagnostic:
    if kind is SetRestrictedEigenvalue:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            vae = VAE((1, 6, 6), latent_dim=2, hidden=(8,))
        return SetRestrictedEigenvalue(vae, n_points=20, n_samples=50, n_starts=2, n_steps=10)
    if kind is RestrictedIsometry:
        return RestrictedIsometry(s=2, n_samples=20)
    return kind()


MEASURED = OperatorDiagnostic, SolverDiagnostic
NAMED = [getattr(diagnostics, name) for name in diagnostics.__all__]
KINDS = [kind for kind in NAMED if issubclass(kind, MEASURED) and not inspect.isabstract(kind)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_on_a_panel_is_measured_and_repeats_with_the_seed(kind: type[Diagnostic]) -> None:
    diagnostic, operator = small(kind), Gaussian((1, 6, 6), 12, seed=0)
    diagnostic.check(operator)

    def measured() -> dict[str, object]:
        if isinstance(diagnostic, OperatorDiagnostic):
            return diagnostic.measure(operator, seed=3)
        x = torch.randn(1, 6, 6, generator=generator(0), dtype=torch.float32)
        return diagnostic.measure(operator.adjoint, x, operator(x[None])[0], operator, 3)  # type: ignore[attr-defined]

    found = measured()
    assert {kind for kinds in diagnostic.panels.values() for kind in kinds} <= set(found)
    assert found == measured()


def test_the_coherence_is_that_of_the_matrix_times_the_basis() -> None:
    operator = Gaussian((N,), 12, seed=1).to(torch.float64)
    a = operator.matrix / operator.matrix.norm(dim=0)
    expected = float((a.mT @ a - torch.eye(N)).abs().max())
    assert Coherence().measure(operator, 0)["coherence"].value == pytest.approx(expected)
    j, k = torch.arange(N, dtype=torch.float64), torch.arange(N, dtype=torch.float64)[:, None]
    a = operator.matrix @ torch.cos(torch.pi * (j + 0.5) * k / N).mT  # columns of any length
    a = a / a.norm(dim=0)
    expected = float((a.mT @ a - torch.eye(N)).abs().max())
    assert Coherence(basis="dct").measure(operator, 0)["coherence"].value == pytest.approx(expected)


def test_complex_measurements_count_as_two_rows() -> None:
    mask = torch.rand(6, 6, generator=generator(0), dtype=torch.float32) < 0.5
    found = Coherence().measure(Fourier((1, 6, 6), mask), 0)["Welch bound"].value
    m = 2 * int(mask.sum())
    assert found == pytest.approx(math.sqrt((N - m) / (m * (N - 1))) if m < N else 0)


def test_the_bounds_of_the_restricted_isometry_constant_enclose_it() -> None:
    operator = Gaussian((14,), 8, seed=0).to(torch.float64)
    supports = torch.combinations(torch.arange(14), 3)
    parts = operator.matrix[:, supports].movedim(1, 0)
    exact = float((torch.linalg.eigvalsh(parts.mT @ parts) - 1).abs().max())
    found = RestrictedIsometry(s=3, n_samples=30).measure(operator, 0)
    assert found["sampled"].value <= found["found"].value <= exact * (1 + 1e-9) <= found["Gershgorin"].value
    assert found["found"].value == pytest.approx(exact)  # 364 supports are few


def test_the_restricted_eigenvalue_of_a_multiple_of_the_identity_is_that_multiple() -> None:
    diagnostic = small(SetRestrictedEigenvalue)
    assert isinstance(diagnostic, SetRestrictedEigenvalue)
    operator = Matrix(0.7 * torch.eye(N), (1, 6, 6))
    for estimate in diagnostic.measure(operator, 0).values():
        assert estimate.value == pytest.approx(0.7, rel=1e-5)
        assert estimate.bound == "upper"


@pytest.mark.parametrize(
    ("kind", "operator", "message"),
    [
        (Coherence, Magnitude(Gaussian((1, 6, 6), 12, seed=0)), "not linear"),
        (RestrictedIsometry, Gaussian((1,), 1, seed=0), "s is 2"),
        (RestrictedIsometry, Identity((1, 100, 100)), "x has 10000 entries, expected at most 8192"),
        (SetRestrictedEigenvalue, Gaussian((1, 5, 5), 12, seed=0), "the generator makes"),
    ],
)
def test_an_operator_without_such_numbers_is_refused(
    kind: type[Diagnostic], operator: LinearOperator, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        small(kind).check(operator)


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        *((Instability, settings) for settings in ({"size": 0.0}, {"directions": 0}, {"n_kernel": 0}, {"limit": 0})),
        *((SetRestrictedEigenvalue, settings) for settings in ({"delta": -1.0}, {"radius": -1.0}, {"n_points": 1})),
    ],
)
def test_impossible_settings_are_refused(kind: type[Diagnostic], settings: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(settings))):
        kind(**settings)  # type: ignore[arg-type]


def test_the_coherence_of_a_column_of_zeros_is_refused_and_in_another_basis_there_is_none() -> None:
    operator = RandomInpainting((1, 6, 6), kept=0.5, seed=0)
    with pytest.raises(ValueError, match="of A is zero in the basis 'pixel'"):
        Coherence().check(operator)
    Coherence(basis="dct").check(operator)
