"""Laws of noise: moments and distributions against theory."""

import inspect
import math
from collections.abc import Callable

import pytest
import scipy.stats
import torch
from torch import Tensor

from lit_inverse.noise import SNR, Gaussian, GrossErrors, Noise, Poisson, StudentT, TotalGaussian, Wigner, Wishart
from lit_inverse.operators import Identity, Spiked
from lit_inverse.problem import Problem
from lit_inverse.seeding import generator


def normal(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(*shape, generator=generator(seed), dtype=dtype)


CLEAN = 2 + normal(30, 40).abs()
SPIKE = normal(30)
OUTER = torch.outer(SPIKE, SPIKE)
# a law at a level, the measurements it is for, and whether it takes complex ones
LAWS: dict[str, tuple[Callable[[], Noise], Tensor, bool]] = {
    "Gaussian": (lambda: Gaussian(0.3), CLEAN, True),
    "TotalGaussian": (lambda: TotalGaussian(2.0), CLEAN, True),
    "SNR": (lambda: SNR(10.0), CLEAN, True),
    "Poisson": (lambda: Poisson(0.2), CLEAN, False),
    "StudentT": (lambda: StudentT(0.3, dof=6.0), CLEAN, True),
    "GrossErrors": (lambda: GrossErrors(0.1, amplitude=3.0, background=0.2), CLEAN, True),
    "Wigner": (lambda: Wigner(0.5), OUTER, False),
    "Wishart": (lambda: Wishart(0.5, n_samples=200), OUTER, False),
}
every = pytest.mark.parametrize("name", LAWS)


def draws(noise: Noise, clean: Tensor, n: int) -> Tensor:
    return torch.stack([noise.apply(clean, generator(seed)) for seed in range(n)])


def test_every_law_is_tested() -> None:
    assert {law.__name__ for law in Noise.__subclasses__()} == set(LAWS)


def test_no_setting_of_a_law_has_the_name_of_a_level() -> None:
    """The configuration takes the levels' names out of the settings of all laws."""
    arguments = [list(inspect.signature(law).parameters) for law in Noise.__subclasses__()]
    levels = {names[0] for names in arguments}
    assert not any(set(names[1:]) & levels for names in arguments)


@every
def test_sigma_is_the_root_mean_square_of_what_is_added(name: str) -> None:
    make, clean, takes_complex = LAWS[name]
    for measured in [clean, *([clean * (0.6 + 0.8j)] if takes_complex else [])]:
        eta = draws(make(), measured, 200) - measured
        assert make().sigma(measured) == pytest.approx(float(eta.abs().square().mean().sqrt()), rel=0.02)


@pytest.mark.parametrize("name", [name for name in LAWS if name != "GrossErrors"])
def test_the_mean_is_the_clean_measurement(name: str) -> None:
    make, clean, _ = LAWS[name]
    y = draws(make(), clean, 400)
    deviation = (y.mean(0) - clean) / (y.std(0) / 20)
    assert float(deviation.abs().max()) < 5
    assert abs(float(deviation.mean())) < 0.5


@pytest.mark.parametrize("name", [name for name in LAWS if LAWS[name][2]])
def test_complex_noise_is_circular(name: str) -> None:
    make, clean, _ = LAWS[name]
    constant = torch.full_like(clean, 0 if name == "GrossErrors" else 1, dtype=torch.complex128)
    eta = draws(make(), constant, 50) - constant
    power = eta.abs().square().mean()
    assert float(eta.square().mean().abs() / power) < 0.03
    torch.testing.assert_close(eta.real.square().mean(), power / 2, rtol=0.03, atol=0)


@pytest.mark.parametrize("name", [name for name in LAWS if not LAWS[name][2]])
def test_complex_measurements_are_refused_where_they_mean_nothing(name: str) -> None:
    make, clean, _ = LAWS[name]
    for use in (make().sigma, lambda clean: make().apply(clean, generator(0))):
        with pytest.raises(ValueError, match="for real measurements"):
            use(clean + 0j)


@every
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_noisy_measurements_keep_precision_and_depend_on_the_seed_alone(
    name: str, dtype: torch.dtype, untouched_rng: None
) -> None:
    make, clean, _ = LAWS[name]
    before = clean.clone()
    y = make().apply(clean.to(dtype), generator(1))
    assert (y.dtype, y.shape) == (dtype, clean.shape)
    assert torch.equal(y, make().apply(clean.to(dtype), generator(1)))
    assert not torch.equal(y, make().apply(clean.to(dtype), generator(2)))
    assert torch.equal(clean, before)


@every
def test_draws_do_not_depend_on_the_default_precision(name: str) -> None:
    make, clean, _ = LAWS[name]
    y = make().apply(clean, generator(1))
    torch.set_default_dtype(torch.float64)
    try:
        assert torch.equal(make().apply(clean, generator(1)), y)
    finally:
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("law", [law for law in Noise.__subclasses__() if law is not Wishart])
def test_by_default_there_is_no_noise(law: type[Noise]) -> None:
    assert torch.equal(law().apply(OUTER.abs(), generator(0)), OUTER.abs())
    assert law().sigma(OUTER.abs()) == 0


@pytest.mark.parametrize("law", [Gaussian, TotalGaussian, Poisson, StudentT, GrossErrors, Wigner, Wishart])
@pytest.mark.parametrize("level", [-0.1, math.nan, math.inf])
def test_impossible_levels_are_refused(law: Callable[[float], Noise], level: float) -> None:
    with pytest.raises(ValueError, match="expected a"):
        law(level)


@pytest.mark.parametrize("snr", [math.nan, -math.inf])
def test_an_impossible_snr_is_refused(snr: float) -> None:
    with pytest.raises(ValueError, match="expected a number of dB"):
        SNR(snr)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: StudentT(0.1, dof=2.0), "dof is 2.0"),
        (lambda: GrossErrors(1.1), "fraction is 1.1"),
        (lambda: GrossErrors(0.1, amplitude=-1.0), "amplitude is -1.0"),
        (lambda: GrossErrors(0.1, background=math.nan), "background is nan"),
        (lambda: Wishart(0.1, n_samples=0), "n_samples is 0"),
    ],
)
def test_impossible_settings_are_refused(make: Callable[[], Noise], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("snr", [-5.0, 0.0, 20.0])
@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
def test_snr_is_that_of_each_item(snr: float, dtype: torch.dtype) -> None:
    x = torch.stack([CLEAN, 100 * CLEAN]).to(dtype)
    y, sigma = Problem(Identity((30, 40)), SNR(snr)).simulate(x, [1, 2])
    for item in range(2):
        found = 20 * math.log10(float(x[item].abs().square().sum().sqrt() / (y - x)[item].abs().square().sum().sqrt()))
        assert found == pytest.approx(snr, abs=0.5)
        assert float(sigma[item]) == pytest.approx(float(x[item].abs().square().mean().sqrt()) / 10 ** (snr / 20))


def test_poisson_counts_have_their_distribution() -> None:
    gain, mean = 0.25, 1.75
    y = Poisson(gain).apply(torch.full((40000,), mean), generator(0))
    counts = y / gain
    assert torch.equal(counts, counts.round())
    expected = scipy.stats.poisson(mean / gain).pmf(range(20)) * len(y)
    found = [int((counts == k).sum()) for k in range(20)]
    chi_square = sum((f - e) ** 2 / e for f, e in zip(found, expected, strict=True))
    assert chi_square < scipy.stats.chi2(19).ppf(0.999)


def test_poisson_refuses_negative_measurements_but_not_rounding() -> None:
    with pytest.raises(ValueError, match="Poisson noise needs measurements A x >= 0, got -1"):
        Poisson(0.1).apply(CLEAN - CLEAN.min() - 1, generator(0))
    assert torch.isfinite(Poisson(0.1).apply(torch.tensor([1.0, -1e-7]), generator(0))).all()


@pytest.mark.parametrize("dof", [2.5, 3.0, 7.3])
def test_student_t_has_its_distribution(dof: float) -> None:
    eta = StudentT(0.5, dof).apply(torch.zeros(20000), generator(0))
    scale = 0.5 * math.sqrt((dof - 2) / dof)
    assert scipy.stats.kstest(eta / scale, scipy.stats.t(dof).cdf).pvalue > 0.01
    of_complex = StudentT(0.5, dof).apply(torch.zeros(20000, dtype=torch.complex64), generator(1))
    for part in (of_complex.real, of_complex.imag):
        assert scipy.stats.kstest(part / scale * math.sqrt(2), scipy.stats.t(dof).cdf).pvalue > 0.01
    assert torch.isfinite(of_complex).all()


def test_gross_errors_replace_their_fraction_and_larger_ones_include_smaller() -> None:
    spoilt = [GrossErrors(f, amplitude=9.0).apply(CLEAN, generator(0)) != CLEAN for f in (0.1, 0.25, 1.0)]
    assert [int(places.sum()) for places in spoilt] == [120, 300, 1200]
    assert (spoilt[0] <= spoilt[1]).all()
    y = GrossErrors(1.0, amplitude=9.0).apply(CLEAN, generator(0))
    assert torch.equal(y.abs(), torch.full_like(CLEAN, 9.0))
    assert 500 < int((y > 0).sum()) < 700


def test_gross_errors_of_complex_measurements_have_their_amplitude() -> None:
    y = GrossErrors(1.0, amplitude=9.0).apply(CLEAN + 0j, generator(0))
    torch.testing.assert_close(y.abs(), torch.full_like(CLEAN, 9.0), rtol=1e-6, atol=0)


def test_wigner_noise_is_from_the_orthogonal_ensemble() -> None:
    h = draws(Wigner(1.0), torch.zeros(300, 300, dtype=torch.float64), 4)
    assert torch.equal(h, h.mT)
    diagonal, off = h.diagonal(dim1=1, dim2=2), h[:, *torch.triu_indices(300, 300, 1)]
    assert float(diagonal.square().mean()) == pytest.approx(2 / 300, rel=0.15)
    assert float(off.square().mean()) == pytest.approx(1 / 300, rel=0.02)
    assert float(torch.linalg.matrix_norm(h[0], 2)) == pytest.approx(2.0, rel=0.03)


def test_wishart_entries_have_their_variance() -> None:
    eta = draws(Wishart(0.5, n_samples=50), OUTER, 3000) - OUTER
    covariance = OUTER + 0.25 * torch.eye(30, dtype=torch.float64)
    diagonal = covariance.diagonal()
    expected = (torch.outer(diagonal, diagonal) + covariance.square()) / 50
    torch.testing.assert_close(eta.square().mean(0), expected, rtol=0.25, atol=0)


@pytest.mark.parametrize("noise", [Wigner(0.1), Wishart(0.1)])
def test_spiked_noise_is_for_square_matrices(noise: Noise) -> None:
    with pytest.raises(ValueError, match=r"for \(n, n\) matrices, got \(30, 40\): take the operator Spiked"):
        noise.apply(CLEAN, generator(0))


def test_wishart_noise_is_for_rank_one() -> None:
    with pytest.raises(ValueError, match="needs measurements x x.T"):
        Wishart(0.1).apply(torch.eye(5), generator(0))
    zero = torch.zeros(5, 5)
    assert torch.isfinite(Wishart(0.1).apply(zero, generator(0))).all()


def test_a_spike_of_an_image_is_measured() -> None:
    x = torch.rand(2, 1, 5, 6, generator=generator(0))
    for noise in (Wigner(0.1), Wishart(0.1, 50)):
        y, sigma = Problem(Spiked((1, 5, 6)), noise).simulate(x, [1, 2])
        assert y.shape == (2, 30, 30)
        assert sigma.shape == (2,)
        torch.testing.assert_close(y, y.mT)
