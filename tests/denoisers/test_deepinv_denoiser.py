"""Denoisers of deepinv as ours, by themselves and plugged into a reconstruction."""

import sys
from typing import Any

import pytest
import torch
from torch import Tensor

from lit_inverse.denoisers import Denoiser, from_deepinv
from lit_inverse.operators import Gaussian
from lit_inverse.solvers import PlugAndPlay


@pytest.fixture
def models() -> Any:
    return pytest.importorskip("deepinv.models", reason="deepinv is not installed")


def noisy(dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
    grid = torch.linspace(-1, 1, 24)
    clean = ((grid[:, None].square() + grid.square()) < 0.5).to(dtype).expand(3, 1, 24, 24)
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float32)
    return clean, clean + 0.2 * noise.to(dtype)


def test_without_deepinv_its_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "deepinv", None)
    monkeypatch.delitem(sys.modules, "deepinv.models", raising=False)
    with pytest.raises(ImportError, match="needs the package deepinv"):
        from_deepinv(torch.nn.Identity())


def test_what_is_no_denoiser_is_refused(models: Any) -> None:
    with pytest.raises(TypeError, match=r"denoiser is a Identity, expected a deepinv.models.Denoiser"):
        from_deepinv(torch.nn.Identity())


def test_it_is_that_of_deepinv_in_any_range(models: Any) -> None:
    _, x = noisy()
    expected = models.BilateralFilter()(x, torch.tensor([0.1, 0.2, 0.3]))
    for batched in (False, True):
        ours = from_deepinv(models.BilateralFilter(), (0.0, 255.0), batched=batched)
        assert isinstance(ours, Denoiser)
        found = ours(255 * x, 255 * torch.tensor([0.1, 0.2, 0.3]))
        torch.testing.assert_close(found / 255, expected, rtol=0, atol=1e-5)


def test_items_do_not_see_each_other_or_earlier_calls(models: Any) -> None:
    _, x = noisy()
    denoiser = from_deepinv(models.TGVDenoiser(n_it_max=20))
    together = denoiser(x, 0.2)
    assert torch.equal(denoiser(x, 0.2), together)
    assert torch.equal(denoiser(x[1:2], 0.2)[0], together[1])


def test_a_network_works_in_its_own_precision(models: Any) -> None:
    _, x = noisy(torch.float64)
    denoiser = from_deepinv(models.DnCNN(1, 1, depth=3, nf=4, pretrained=None), channels=(1,), batched=True)
    assert denoiser(x, 0.2).dtype == torch.float64
    with pytest.raises(ValueError, match="x has 3 channels"):
        denoiser(x.expand(-1, 3, -1, -1), 0.2)


def test_it_can_be_plugged_in(models: Any) -> None:
    clean, _ = noisy()
    operator = Gaussian((1, 24, 24), 288, 0)
    solver = PlugAndPlay(from_deepinv(models.TVDenoiser(n_it_max=100)), max_iter=10)
    solution = solver.solve(operator(clean), operator, value_range=(0.0, 1.0))
    assert (solution.x - clean).square().mean() < 0.01
