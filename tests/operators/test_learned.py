"""Matrices that were trained with their decoder, and the decoder as a solver."""

from pathlib import Path

import pytest
import torch

from lit_inverse.checkpoints import describe, load_network
from lit_inverse.networks import VAE, MLPDecoder
from lit_inverse.operators import Gaussian, Learned
from lit_inverse.solvers import Unfolded

SHAPE = (1, 3, 4)


def saved(path: Path, m: int) -> MLPDecoder:
    """A decoder of a Gaussian A."""
    network = MLPDecoder(m, SHAPE, hidden=(5,), value_range=(-1.0, 2.0), seed=m)
    network.initialize(Gaussian(SHAPE, m, seed=7))
    torch.save({"network": describe(network, network.settings), "state_dict": network.state_dict()}, path)
    return network


def test_the_one_of_the_wanted_size_is_taken(tmp_path: Path) -> None:
    paths = [tmp_path / f"{m}.pt" for m in (2, 4)]
    for path, m in zip(paths, (2, 4), strict=True):
        saved(path, m)
    x = torch.rand(3, *SHAPE, generator=torch.Generator().manual_seed(0))
    for m in (2, 4):
        torch.testing.assert_close(Learned(SHAPE, list(paths), m)(x), Gaussian(SHAPE, m, seed=7)(x))
    assert Learned(SHAPE, list(paths)).m == 2
    assert not Learned(SHAPE, paths[1]).matrix.requires_grad
    with pytest.raises(ValueError, match=r"m is 3, expected one of the checkpoints', \[2, 4\]"):
        Learned(SHAPE, list(paths), 3)
    with pytest.raises(ValueError, match=r"checkpoint .*2.pt: matrix has 12 columns"):
        Learned((13,), paths[0])
    with pytest.raises(ValueError, match="checkpoint is an empty list, expected at least one"):
        Learned(SHAPE, [])


def test_every_checkpoint_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [tmp_path / f"{m}.pt" for m in (2, 4)]
    for path, m in zip(paths, (2, 4), strict=True):
        saved(path, m)
    read: list[str] = []

    def noted(path: str) -> torch.nn.Module:
        read.append(path)
        return load_network(path)

    monkeypatch.setattr("lit_inverse.checkpoints.load_network", noted)
    for m in (2, 4):
        assert Learned.determining({"checkpoint": [*paths], "m": m})["checkpoint"] == tmp_path / f"{m}.pt"
        assert Learned(SHAPE, [*paths], m).m == m
    assert read == [str(path) for path in paths]


def test_two_of_the_same_size_are_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        saved(tmp_path / f"{name}.pt", 2)
    with pytest.raises(ValueError, match=r"the checkpoints have m \[2, 2\], expected each once"):
        Learned(SHAPE, [tmp_path / "a.pt", tmp_path / "b.pt"], 2)


def test_a_matrix_that_is_not_finite_is_refused_by_the_name_of_its_file(tmp_path: Path) -> None:
    network = saved(tmp_path / "a.pt", 2)
    saved(tmp_path / "a.pt", 3)
    weights = {**network.state_dict(), "matrix": torch.full((2, 12), torch.nan)}
    torch.save({"network": describe(network, network.settings), "state_dict": weights}, tmp_path / "nan.pt")
    with pytest.raises(ValueError, match=r"nan.pt: matrix has entries that are not finite"):
        Learned(SHAPE, [tmp_path / "nan.pt", tmp_path / "a.pt"])


def test_other_networks_are_refused(tmp_path: Path) -> None:
    vae = VAE((1, 2, 2), 1, (3,))
    init_args = {"in_shape": (1, 2, 2), "latent_dim": 1, "hidden": (3,)}
    torch.save({"network": describe(vae, init_args), "state_dict": vae.state_dict()}, tmp_path / "vae.pt")
    with pytest.raises(ValueError, match=r"vae.pt holds a VAE, expected an MLPDecoder"):
        Learned((1, 2, 2), tmp_path / "vae.pt")
    with pytest.raises(ValueError, match=r"vae.pt holds a VAE, expected an unfolded network"):
        Unfolded(tmp_path / "vae.pt")


def test_the_decoder_is_a_solver_for_its_own_matrix_alone(tmp_path: Path) -> None:
    network = saved(tmp_path / "a.pt", 4)
    operator = Learned(SHAPE, tmp_path / "a.pt")
    y = operator(torch.rand(3, *SHAPE, generator=torch.Generator().manual_seed(0)))
    solver = Unfolded(tmp_path / "a.pt")
    found = solver.solve(y, operator, value_range=(-1.0, 2.0)).x
    assert torch.equal(found, network.decode(y))
    w1, b1, w2, b2 = load_network(tmp_path / "a.pt").decoder.parameters()  # type: ignore[union-attr, operator]
    expected = -1 + 3 * torch.sigmoid((y @ w1.T + b1).relu() @ w2.T + b2)
    torch.testing.assert_close(found, expected.view(3, *SHAPE))
    with pytest.raises(ValueError, match="this MLPDecoder was trained for another A"):
        solver.solve(y, Gaussian(SHAPE, 4, seed=8))


@pytest.mark.usefixtures("untouched_rng")
def test_seeds_decide_on_the_first_weights() -> None:
    first, same, other = (MLPDecoder(2, SHAPE, (3,), seed=seed) for seed in (0, 0, 1))
    for a, b, c in zip(first.decoder.parameters(), same.decoder.parameters(), other.decoder.parameters(), strict=True):
        assert torch.equal(a, b)
        assert not torch.equal(a, c)


@pytest.mark.parametrize("settings", [{"m": 0}, {"in_shape": (0,)}, {"hidden": (3, 0)}])
def test_impossible_sizes_are_refused_by_name(settings: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(settings))} is .*expected at least 1"):
        MLPDecoder(**settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("value_range", [(1.0, 0.0), (0.5, 0.5), (0.0, float("inf")), (float("-inf"), 0.0)])
def test_a_range_that_is_none_is_refused(value_range: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match=r"value_range is .*, expected \(low, high\) with finite low < high"):
        MLPDecoder(2, SHAPE, value_range=value_range)
