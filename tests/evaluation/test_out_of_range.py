"""The floor under methods that stay in a generator's range, as the sweeps out_of_range_* have it."""

from pathlib import Path

import pytest
import torch
import yaml

from datamodules import DigitsDataModule, RotatedDataModule
from lit_inverse.networks import GANGenerator
from lit_inverse.operators import Identity, SubsampledDCT
from lit_inverse.solvers import LatentSearch

CONFIGS = Path(__file__).resolve().parents[2] / "configs" / "evaluate"


def test_as_many_orthonormal_measurements_as_pixels_find_what_the_image_itself_does() -> None:
    images = RotatedDataModule(DigitsDataModule(value_range=(-1.0, 1.0)), 30.0).dataset("test")
    x = torch.stack([images[i]["x"] for i in range(3)]).double()
    network = GANGenerator((1, 28, 28), latent_dim=5, width=2)
    torch.nn.init.normal_(network.layers[0].weight, generator=torch.Generator().manual_seed(0))
    solver = LatentSearch(network, max_iter=5, lr=0.05, n_restarts=3, prior=0.0)
    dct, identity = SubsampledDCT((1, 28, 28), 784, [4, 5, 6]).double(), Identity((1, 28, 28))
    found, expected = (solver.solve(a(x), a, value_range=(-1.0, 1.0), seeds=[1, 2, 3]) for a in (dct, identity))
    torch.testing.assert_close(found.x, expected.x, rtol=0, atol=1e-8)
    errors = (found.x - x).square().flatten(1).sum(1)
    torch.testing.assert_close(found.history["loss"][-1], errors, rtol=1e-6, atol=0)


@pytest.mark.parametrize("name", ["in_range", "out_of_range_digits", "out_of_range_rotated"])
def test_each_sweep_ends_with_the_floor(name: str) -> None:
    content = yaml.safe_load((CONFIGS / f"{name}.yaml").read_text())
    assert content["operator"] == {"class_path": "lit_inverse.operators.SubsampledDCT"}
    assert content["measurements"][-1] == 784
    assert content["solvers"]["floor"]["init_args"]["prior"] == 0
