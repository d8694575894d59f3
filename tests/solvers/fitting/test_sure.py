"""Stein's estimate against exact derivatives and against the true error."""

import pytest
import torch
from fits import SHAPE, data, descent
from torch import Tensor

from lit_inverse.operators import Identity, LinearOperator, Operator
from lit_inverse.seeding import generator
from lit_inverse.solvers.fitting import Descent, Known
from lit_inverse.solvers.fitting.stopping import SURE
from lit_inverse.solvers.fitting.stopping.sure import _Estimate

N_ITER = 12


class _Complex(LinearOperator):
    """The 16 Fourier coefficients."""

    def __init__(self) -> None:
        super().__init__()
        self.in_shape, self.out_shape = SHAPE, SHAPE

    def forward(self, x: Tensor) -> Tensor:
        return torch.fft.fft2(x, norm="ortho")

    def adjoint(self, y: Tensor) -> Tensor:
        return torch.fft.ifft2(y, norm="ortho")


def _same_fits(y: Tensor, operator: Operator, n_fits: int, sigma: float) -> Known:
    return Known(y.expand(n_fits, *SHAPE), operator, torch.full((n_fits,), sigma, dtype=torch.float64), range(n_fits))


def _jacobian(y: Tensor, operator: Operator) -> Tensor:
    """d (A x_k) / d y (16, 16), by central differences over all entries of y at once."""
    h = 1e-5
    steps = h * torch.eye(16, dtype=torch.float64).view(16, *SHAPE)
    fits = _same_network(_same_fits(y, operator, 16, 1.0))
    above, below = fits.fork(y + steps), fits.fork(y - steps)
    for _ in range(N_ITER):
        a, b = above.step(), below.step()
    return ((a.prediction - b.prediction) / (2 * h)).flatten(1).T


def _same_network(known: Known) -> Descent:
    """Fits of equal weights and z."""
    fits = descent(known)
    for parameter in fits.networks.parameters:
        parameter.data.copy_(parameter.data[:1].expand_as(parameter))
    fits.z.copy_(fits.z[:1].expand_as(fits.z))
    return fits


def test_the_divergence_is_that_of_the_whole_fit() -> None:
    y, n_probes = data(1).y, 400
    jacobian = _jacobian(y, Identity(SHAPE))
    fits = _same_network(_same_fits(y, Identity(SHAPE), n_probes, 1.0))
    watch = SURE(h=1e-5).start(fits, N_ITER)
    assert isinstance(watch, _Estimate)
    for _ in range(N_ITER):
        iterate = fits.step()
        watch.see(iterate)
    b = watch.b.flatten(1)
    torch.testing.assert_close(watch.div, ((b @ jacobian.T) * b).sum(1), rtol=1e-4, atol=1e-6)
    error = watch.div.std() / n_probes**0.5
    assert abs(watch.div.mean() - jacobian.trace()) < 4 * error
    assert jacobian.trace() > 0.1
    squares = (iterate.x - y).square().flatten(1).sum(1)
    torch.testing.assert_close(watch.score, squares - 16 + 2 * watch.div)


@pytest.mark.parametrize("operator", [Identity(SHAPE), _Complex()])
def test_is_unbiased(operator: LinearOperator) -> None:
    """Over 4000 draws of the noise, the mean of SURE is that of ||A x_k - A x||^2."""
    n_fits, sigma = 4000, 0.5
    clean = operator(torch.randn(1, *SHAPE, generator=generator(5), dtype=torch.float64))
    eta = torch.randn(n_fits, *SHAPE, 2, generator=generator(6), dtype=torch.float64)
    noise = torch.view_as_complex(eta) / 2**0.5 if clean.is_complex() else eta[..., 0]
    known = _same_fits(clean, operator, n_fits, sigma)
    fits = _same_network(Known(clean + sigma * noise, operator, known.sigma, range(n_fits)))
    watch = SURE(h=0.01).start(fits, N_ITER)
    assert isinstance(watch, _Estimate)
    for _ in range(N_ITER):
        iterate = fits.step()
        watch.see(iterate)
    difference = watch.score - (iterate.prediction - clean).abs().square().flatten(1).sum(1)
    assert abs(difference.mean()) < 4 * difference.std() / n_fits**0.5
    # with a divergence that is not to be neglected: without it the estimate would be off
    share = (1 if clean.is_complex() else 2) * sigma**2 * watch.div
    assert share.mean() > 8 * difference.std() / n_fits**0.5


def test_needs_sigma() -> None:
    with pytest.raises(ValueError, match="SURE needs the noise's sigma > 0"):
        SURE().start(descent(data(2, sigma=0.0)), 10)


def test_impossible_values_are_refused() -> None:
    with pytest.raises(ValueError, match="h is 0"):
        SURE(h=0.0)
    with pytest.raises(ValueError, match="patience is 0"):
        SURE(patience=0)
