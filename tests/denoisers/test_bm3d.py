import math
from pathlib import Path

import numpy as np
import pytest
import pywt
import torch
from torch import Tensor

from lit_inverse.denoisers import BM3D
from lit_inverse.denoisers.bm3d.matching import match
from lit_inverse.denoisers.bm3d.profiles import PROFILES, Stage
from lit_inverse.denoisers.bm3d.transforms import haar_matrix, patch_transform, patch_window

NATURAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "natural" / "dev"


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float32)


def camera(side: int = 256) -> Tensor:
    """The camera man of scikit-image, means of 2 x 2 pixels."""
    data = pytest.importorskip("skimage.data")
    x = torch.from_numpy(data.camera()).float().view(256, 2, 256, 2).mean((1, 3))
    return x[96 : 96 + side, 64 : 64 + side] if side < 256 else x


def psnr_of(x: Tensor, sigma: float, profile: str) -> float:
    noise = torch.from_numpy(np.random.RandomState(0).standard_normal(tuple(x.shape))).float()
    x_hat = BM3D(profile, (0, 255))((x + sigma * noise)[None, None], sigma)[0, 0]  # type: ignore[arg-type]
    return float(10 * torch.log10(255**2 / (x_hat - x).square().mean()))


def by_loops(x: Tensor, sigma: float) -> Tensor:
    """The first stage of profile np (eqs. 4 to 6 and 10 to 12), patch by patch."""
    stage, lam = PROFILES["np"][0].hard, PROFILES["np"][0].threshold
    side, mean = stage.patch, x.mean()
    x = x - mean
    last_row, last_column = (length - side for length in x.shape)
    transform = patch_transform(stage.transform, side)
    window = torch.outer(patch_window(side), patch_window(side))
    numerator, denominator = torch.zeros_like(x), torch.zeros_like(x)

    def patch(i: int, j: int) -> Tensor:
        return x[i : i + side, j : j + side]

    every = [(i, j) for i in range(last_row + 1) for j in range(last_column + 1)]
    grids = [[*range(0, last, stage.step), last] for last in (last_row, last_column)]
    for own in [(i, j) for i in grids[0] for j in grids[1]]:
        near = [q for q in every if max(abs(q[0] - own[0]), abs(q[1] - own[1])) <= stage.window // 2]
        distances = {q: float((patch(*q) - patch(*own)).square().mean()) for q in near}
        group = sorted((q for q in near if distances[q] < stage.tau / 255**2), key=distances.__getitem__)[: stage.group]
        group = group[: 2 ** int(math.log2(len(group)))]
        haar = haar_matrix(len(group))
        z = haar @ torch.stack([transform @ patch(*q).flatten() for q in group])
        z = torch.where(z.abs() > lam * sigma, z, 0)
        weight = 1 / max(int((z != 0).sum()), 1)
        for (i, j), estimate in zip(group, torch.linalg.solve(transform, (haar.T @ z).T).T, strict=True):
            numerator[i : i + side, j : j + side] += weight * window * estimate.view(side, side)
            denominator[i : i + side, j : j + side] += weight * window
    return numerator / denominator + mean


def test_first_stage_equals_its_definition() -> None:
    from lit_inverse.denoisers.bm3d.denoiser import _filtered
    from lit_inverse.denoisers.bm3d.shrinkage import hard_threshold

    x = (0.5 + 0.3 * torch.linspace(-1, 1, 17)[:, None] + 0.1 * normal(17, 19)).double()
    stage, tau = PROFILES["np"][0].hard, torch.tensor([3000 / 25.5**2], dtype=torch.float64)
    centred = (x - x.mean())[None, None]
    estimate = 0.1 * _filtered(centred / 0.1, None, stage, tau, hard_threshold(2.7))[0, 0] + x.mean()
    torch.testing.assert_close(estimate, by_loops(x, 0.1), rtol=0, atol=1e-10)


@pytest.mark.parametrize("window", [5, 39])
def test_matches_are_the_nearest_patches(window: int) -> None:
    x, stage = normal(2, 15, 21).double(), Stage(4, 3, window, 8, math.inf, "dct")
    (found,) = match(x, stage, torch.full((2,), math.inf))
    patches = x.unfold(1, 4, 1).unfold(2, 4, 1).flatten(3)
    rows, columns = [*range(0, 10, 3), 11], [*range(0, 16, 3), 17]
    assert sorted(found.positions[0, 0].tolist()) == sorted(18 * i + j for i in rows for j in columns)
    for item in range(2):
        for group, size in zip(found.positions[:, item].T.tolist(), found.sizes[item].tolist(), strict=True):
            i, j = divmod(group[0], 18)
            d = (patches[item] - patches[item, i, j]).square().sum(2)
            far_rows = (torch.arange(12) - i).abs() > window // 2
            far_columns = (torch.arange(18) - j).abs() > window // 2
            d[far_rows] = math.inf
            d[:, far_columns] = math.inf
            assert group[:size] == d.flatten().topk(8, largest=False).indices[:size].tolist()


def test_strips_of_rows_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    y = normal(1, 1, 20, 16).double()
    whole = BM3D("lc")(y, 0.5)
    monkeypatch.setattr("lit_inverse.denoisers.bm3d.matching._REFERENCES", {"cpu": 1})
    torch.testing.assert_close(BM3D("lc")(y, 0.5), whole, rtol=0, atol=1e-12)


def test_wavelets_are_those_of_pywavelets() -> None:
    def analysis(unit: Tensor) -> Tensor:
        low, bands = unit.numpy(), []
        for _ in range(3):
            low, high = pywt.dwt(low, "bior1.5", mode="periodization")
            bands.insert(0, high)
        return torch.from_numpy(np.concatenate([low, *bands]))

    rows = torch.stack([analysis(unit) for unit in torch.eye(8, dtype=torch.float64)], 1)
    rows /= rows.norm(dim=1, keepdim=True)
    torch.testing.assert_close(patch_transform("bior1.5", 8), torch.kron(rows, rows))


@pytest.mark.parametrize("length", [1, 2, 8, 32])
def test_haar_matrix_is_orthonormal(length: int) -> None:
    haar = haar_matrix(length)
    torch.testing.assert_close(haar @ haar.T, torch.eye(length, dtype=torch.float64))
    torch.testing.assert_close(haar[0], torch.full_like(haar[0], length**-0.5))


def test_noise_far_above_the_range_leaves_the_mean() -> None:
    y = 0.5 + 10 * normal(1, 1, 40, 40)
    x_hat = BM3D("lc")(y, 10.0)
    assert float((x_hat - y.mean()).square().mean().sqrt()) < 1.0


def test_not_a_number_stays_in_its_item() -> None:
    y = normal(2, 1, 12, 12)
    y[0, 0, 3, 3] = math.nan
    x_hat = BM3D("lc")(y, 0.5)
    assert bool(x_hat[0].isnan().any())
    torch.testing.assert_close(x_hat[1:], BM3D("lc")(y[1:], 0.5))


def test_unknown_profile_is_refused() -> None:
    with pytest.raises(ValueError, match="np, lc, high"):
        BM3D("fast")  # type: ignore[arg-type]


def test_gains_on_a_crop() -> None:
    assert psnr_of(camera(64), 25, "lc") > 20.2 + 5  # the noisy crop has 20.2 dB


@pytest.mark.slow
@pytest.mark.parametrize(("profile", "figures"), [("np", (32.17, 30.24, 27.61)), ("lc", (32.03, 30.07, 27.40))])
def test_camera_as_the_reference_implementation(profile: str, figures: tuple[float, ...]) -> None:
    for sigma, figure in zip((15, 25, 50), figures, strict=True):
        assert psnr_of(camera(), sigma, profile) > figure


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "figures"), [("house", (34.93, 32.85)), ("peppers", (32.69, 30.16)), ("cameraman", (31.91, 29.45))]
)
def test_published_figures(name: str, figures: tuple[float, float]) -> None:
    """Set12 in Zhang et al. 2017 (DnCNN), Table II, one draw of the noise."""
    path = NATURAL / f"{name}.png"
    if not path.is_file():
        pytest.skip("classic images are not there: ../shared/data/natural/dev")
    image = pytest.importorskip("PIL.Image").open(path)
    for sigma, figure in zip((15, 25), figures, strict=True):
        assert psnr_of(torch.from_numpy(np.array(image)).float(), sigma, "np") > figure - 0.15


@pytest.mark.slow
def test_colours_are_filtered_better_together_than_apart() -> None:
    data = pytest.importorskip("skimage.data")
    x = torch.from_numpy(data.astronaut()[:128, 160:288]).permute(2, 0, 1)[None].float() / 255
    y = x + 0.1 * normal(*x.shape)
    together, apart = BM3D("lc")(y, 0.1), BM3D("lc")(y.transpose(0, 1), 0.1).transpose(0, 1)
    assert float((together - x).square().mean()) < 0.9 * float((apart - x).square().mean())


@pytest.mark.slow
def test_agrees_with_the_authors_program() -> None:
    theirs = pytest.importorskip("bm3d", reason="the non-commercial package bm3d is not installed")
    x, sigma = camera(128) / 255, 25 / 255
    y = x + sigma * normal(128, 128)
    reference = torch.from_numpy(theirs.bm3d(y.double().numpy(), sigma)).float()
    ours = BM3D("np")(y[None, None], sigma)[0, 0]
    error, error_of_theirs = ((x_hat - x).square().mean() for x_hat in (ours, reference))
    assert float(10 * torch.log10(error / error_of_theirs)) < 0.1
