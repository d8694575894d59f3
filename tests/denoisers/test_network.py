from pathlib import Path
from typing import Any

import pytest
import torch
from jsonargparse import ArgumentParser
from torch import Tensor

from datamodules import ImagesDataModule
from lit_inverse.checkpoints import SHIPPED, describe
from lit_inverse.denoisers import Denoiser, Network
from lit_inverse.metrics import psnr
from lit_inverse.networks import VAE, DnCNN, DRUNet
from lit_inverse.seeding import generator

DRUNET: dict[str, Any] = {"channels": (3, 5), "n_blocks": 1}


def images(*shape: int) -> Tensor:
    return torch.rand(shape, generator=generator(1), dtype=torch.float64)


def save(path: Path, network: torch.nn.Module, init_args: dict[str, Any]) -> Path:
    torch.save({"state_dict": network.state_dict(), "network": describe(network, init_args)}, path)
    return path


def test_is_the_network_of_its_checkpoint(tmp_path: Path, untouched_rng: object) -> None:
    network = DRUNet(**DRUNET)
    denoiser = Network(save(tmp_path / "network.pt", network, DRUNET))
    x, sigma = images(2, 1, 9, 10), torch.tensor([0.0, 0.3], dtype=torch.float64)
    x_hat = denoiser(x, sigma)
    assert torch.equal(x_hat[0], x[0])
    with torch.no_grad():
        torch.testing.assert_close(x_hat[1:], network.double()(x[1:], sigma[1:]))
        torch.testing.assert_close(denoiser(x.float(), sigma).double(), x_hat, rtol=0, atol=1e-5)


def test_grey_network_takes_each_channel_by_itself_and_a_colour_network_all() -> None:
    grey = Network(DRUNet(**DRUNET))
    x, sigma = images(2, 3, 8, 8), torch.tensor([0.1, 0.2])
    for channel in range(3):
        one = slice(channel, channel + 1)
        torch.testing.assert_close(grey(x, sigma)[:, one], grey(x[:, one], sigma))
    colour = Network(DRUNet(3, **DRUNET))
    assert colour(x, sigma).shape == x.shape
    with pytest.raises(ValueError, match="x has 1 channels, Network takes 3"):
        colour(x[:, :1], sigma)


def test_levels_above_sigma_max_are_brought_to_it() -> None:
    told: list[Tensor] = []
    network = DnCNN(1, 3, 4, tell_sigma=True)
    denoiser = Network(network, sigma_max=0.2)
    denoiser.network.register_forward_pre_hook(lambda _, inputs: told.append(inputs[1]))
    x, sigma = images(2, 1, 8, 8), torch.tensor([0.1, 4.0])
    x_hat = denoiser(x, sigma)
    torch.testing.assert_close(told[0], torch.tensor([0.1, 0.2], dtype=torch.float64))
    plain = Network(network)
    torch.testing.assert_close(x_hat[0], plain(x, sigma)[0])
    torch.testing.assert_close(x_hat[1], 20 * plain(x / 20, sigma / 20)[1])
    assert not torch.allclose(x_hat[1], plain(x, sigma)[1])


def test_of_a_homogeneous_network_sigma_max_changes_nothing() -> None:
    network, x = DRUNet(**DRUNET), images(1, 1, 8, 8)
    torch.testing.assert_close(Network(network, sigma_max=0.1)(x, 5.0), Network(network)(x, 5.0))


def test_network_is_copied_and_left_as_it_is() -> None:
    network = DnCNN(1, 3, 4)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    denoiser = Network(network)
    x_hat = denoiser(images(1, 1, 8, 8), 0.1)
    assert not x_hat.requires_grad
    assert network.training
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name])
        value.fill_(1)
    assert torch.equal(denoiser(images(1, 1, 8, 8), 0.1), x_hat)


def test_a_configuration_names_the_checkpoint(tmp_path: Path) -> None:
    save(tmp_path / "network.pt", DRUNet(**DRUNET), DRUNET)
    (tmp_path / "denoiser.yaml").write_text(
        "denoiser:\n  class_path: lit_inverse.denoisers.Network\n"
        "  init_args: {network: network.pt, value_range: [-1, 1]}\n"
    )
    parser = ArgumentParser(exit_on_error=False)
    parser.add_argument("--denoiser", type=Denoiser)
    parser.add_argument("--config", action="config")
    denoiser = parser.instantiate(parser.parse_args(["--config", str(tmp_path / "denoiser.yaml")])).denoiser
    assert isinstance(denoiser, Network)
    assert denoiser.value_range == (-1.0, 1.0)


def test_what_is_no_denoising_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no checkpoint .*gone\.pt"):
        Network(tmp_path / "gone.pt")
    with pytest.raises(ValueError, match="network is a VAE, expected one of DenoiserModule"):
        Network(SHIPPED / "vae_digits.pt")
    with pytest.raises(ValueError, match="network is a VAE"):
        Network(VAE((1, 4, 4), 2, (3,)))
    with pytest.raises(ValueError, match="sigma_max is 0.0, expected a finite number > 0"):
        Network(DRUNet(**DRUNET), sigma_max=0.0)


@pytest.mark.parametrize(("level", "published"), [(50, 23.86), (255, 18.82)])
def test_shipped_network_has_the_errors_of_its_readme(level: int, published: float) -> None:
    root = Path(__file__).resolve().parents[3] / "shared" / "data" / "natural" / "dev"
    if not root.is_dir():
        pytest.skip("the photographs are not there: ../shared/data/natural/dev")
    photographs = ImagesDataModule(root).dataset("test")
    x = torch.stack([photographs[i]["x"] for i in range(len(photographs))])
    eta = torch.stack([torch.randn(x.shape[1:], generator=generator(1000 * level + i)) for i in range(len(x))])
    x_hat = Network()(x + level / 255 * eta, level / 255)
    assert float(psnr(x_hat, x, 1.0).mean()) == pytest.approx(published, abs=0.005)
    row = next(
        line for line in (SHIPPED / "README.md").read_text().splitlines() if line.startswith("| 11 photographs, `")
    )
    assert f" {published} " in row
