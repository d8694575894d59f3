"""RED against the closed form of a linear denoiser."""

import pytest
import torch
from test_plug_and_play import GREY, Bad, Shrink, images, ridge

from lit_inverse.denoisers import TV, Wavelet
from lit_inverse.operators import Fourier, Gaussian
from lit_inverse.solvers import RED, Status
from lit_inverse.solvers.red import Method

METHODS: tuple[Method, ...] = ("fixed_point", "gradient")
every = pytest.mark.parametrize("method", METHODS)


@every
@pytest.mark.parametrize("n_stages", [1, 2])
def test_with_a_linear_denoiser_it_reaches_the_minimum(method: Method, n_stages: int) -> None:
    operator = Gaussian((1, 8, 8), 40, [0, 1, 2], kappa=1.0).double()
    y = operator(images(8))
    settings = {"first_sigma": 2 * GREY, "last_sigma": GREY, "n_stages": n_stages, "max_iter": 400}
    solver = RED(Shrink(), 1.0, method, box=False, tol=1e-10, **settings)
    solution = solver.solve(y, operator, value_range=(0.0, 1.0))
    size = operator.matrix.square().sum((1, 2)) / 64
    # D(x; 1) = x / 2
    torch.testing.assert_close(solution.x, ridge(operator, y, size / 2), rtol=0, atol=1e-8)
    assert solution.status == [Status.CONVERGED] * 3


@every
def test_complex_images_are_denoised_in_two_parts_and_a_box_keeps_them_real(method: Method) -> None:
    x = images(8) - 0.5j * images(8)
    operator = Fourier((1, 8, 8), torch.ones(8, 8, dtype=torch.bool)).to(torch.float64)
    settings = {"lam": 0.4, "method": method, "first_sigma": GREY, "last_sigma": GREY, "tol": 1e-12, "max_iter": 500}
    found = RED(Shrink(), box=False, **settings).solve(operator(x), operator)
    torch.testing.assert_close(found.x, x / 1.2, rtol=0, atol=1e-9)
    real = RED(Shrink(), box=True, **settings).solve(operator(x), operator)
    torch.testing.assert_close(real.x, images(8) / 1.2, rtol=0, atol=1e-9)


def test_levels_fall_in_stages_of_equal_length() -> None:
    operator = Gaussian((1, 8, 8), 20, 0).double()
    solver = RED(TV(), first_sigma=50.0, last_sigma=12.5, n_stages=3, max_iter=6, tol=0.0)
    history = solver.solve(operator(images(8)), operator, value_range=(0.0, 1.0)).history
    levels = torch.tensor([50.0, 50.0, 25.0, 25.0, 12.5, 12.5], dtype=torch.float64) / GREY
    torch.testing.assert_close(history["sigma"], levels[:, None].expand(6, 3))
    assert history["residual"].shape == (6, 3)


@every
def test_an_item_without_a_finite_answer_is_flagged_and_the_others_go_on(method: Method) -> None:
    operator = Gaussian((1, 8, 8), 60, 0).double()
    x = torch.cat([images(8)[:1], 0.5 + 0.5 * images(8)[1:2], images(8)[2:]])
    solver = RED(Bad(), method=method, max_iter=200, tol=0.0)
    solution = solver.solve(operator(x), operator, value_range=(0.0, 1.0))
    assert [status is Status.DIVERGED for status in solution.status] == [False, True, False]
    assert torch.isfinite(solution.x).all()
    rest = solver.solve(operator(x[[0, 2]]), operator, value_range=(0.0, 1.0))
    torch.testing.assert_close(solution.x[[0, 2]], rest.x, rtol=0, atol=1e-10)


def test_colour_items_that_end_earlier_are_as_alone() -> None:
    x = images(16, 3) * torch.tensor([0.0, 1.0, 0.3], dtype=torch.float64).view(3, 1, 1, 1)
    operator = Gaussian((3, 16, 16), 300, [0, 1, 2]).double()
    y, solver = operator(x), RED(Wavelet(), lam=1.0, n_stages=2, tol=3e-3, max_iter=60)
    together = solver.solve(y, operator, value_range=(0.0, 1.0))
    assert len(set(together.n_iter.tolist())) > 1
    for item in range(3):
        alone = solver.solve(y[[item]], operator.take([item]), value_range=(0.0, 1.0))
        torch.testing.assert_close(alone.x[0], together.x[item], rtol=0, atol=1e-8)
        assert alone.n_iter[0] == together.n_iter[item]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"method": "adam"}, "method is 'adam', expected one of fixed_point, gradient"),
        ({"lam": 0.0}, "lam is 0.0, expected a finite number > 0"),
        ({"n_stages": 0}, "n_stages is 0, expected at least 1"),
    ],
)
def test_impossible_settings_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RED(**settings)
