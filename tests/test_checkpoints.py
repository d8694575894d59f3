import functools
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch

from datamodules import DigitsDataModule, MNISTDataModule, SparseSignalsDataModule
from datamodules.base import SplitDataModule
from lit_inverse.bases import BasisName
from lit_inverse.checkpoints import SHIPPED, describe, export, load_network, read
from lit_inverse.lit_modules.measurements import draw_shared
from lit_inverse.lit_modules.vae_losses import negative_elbo
from lit_inverse.networks import VAE, GANGenerator, UnfoldedNetwork
from lit_inverse.operators import Gaussian, LinearOperator
from lit_inverse.provenance import sha256
from lit_inverse.sample_quality import RandomFeatures, kernel_distance, precision_recall
from lit_inverse.seeding import derive_seed, generator
from lit_inverse.solvers import Unfolded

INIT_ARGS: dict[str, Any] = {"in_shape": (1, 4, 4), "latent_dim": 2, "hidden": (8,)}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A checkpoint as a training run writes it, as far as it matters here."""
    torch.manual_seed(0)
    vae = VAE(**INIT_ARGS)
    state = {f"vae.{key}": weight for key, weight in vae.state_dict().items()}
    content = {"state_dict": {**state, "other.weight": torch.zeros(3)}, "network": describe(vae, INIT_ARGS, "vae.")}
    path = tmp_path / "run.ckpt"
    torch.save(content, path)
    return path


def test_network_of_a_run_is_rebuilt(run: Path, untouched_rng: None) -> None:
    network = load_network(run)
    assert isinstance(network, VAE)
    assert not network.training
    for key, weight in network.state_dict().items():
        assert torch.equal(weight, read(run)["state_dict"][f"vae.{key}"])


def test_export_is_half_as_precise_and_without_the_rest(run: Path, tmp_path: Path) -> None:
    target = tmp_path / "exported.pt"
    export(str(run), str(target))
    exported, original = load_network(target), load_network(run)
    assert exported.state_dict().keys() == original.state_dict().keys()
    for after, before in zip(exported.parameters(), original.parameters(), strict=True):
        assert after.dtype == torch.float32
        torch.testing.assert_close(after, before, rtol=2**-11, atol=2**-25)
    assert {weight.dtype for weight in read(target)["state_dict"].values()} == {torch.float16}


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no checkpoint .*gone\.pt, expected a file that"):
        load_network(tmp_path / "gone.pt")
    with pytest.raises(FileNotFoundError, match="no checkpoint"):
        load_network(tmp_path)


@pytest.mark.parametrize("kept", [0, 1, 100, 0.5, 0.99])
def test_cut_off_file_is_one_clear_line(run: Path, kept: float) -> None:
    content = run.read_bytes()
    run.write_bytes(content[: int(kept * len(content)) if isinstance(kept, float) else kept])
    with pytest.raises(ValueError, match=r"run\.ckpt can not be read: it is damaged") as refused:
        load_network(run)
    assert "\n" not in str(refused.value)


def test_changed_byte_is_noticed(run: Path) -> None:
    weight = next(load_network(run).parameters()).detach().numpy().tobytes()
    content = bytearray(run.read_bytes())
    content[content.index(weight) + 5] ^= 1
    run.write_bytes(content)
    with pytest.raises(ValueError, match="is damaged.*a check sum is wrong"):
        load_network(run)


def test_pickled_code_is_not_run(tmp_path: Path) -> None:
    class Harmful:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "harm",))

    path = tmp_path / "harmful.ckpt"
    torch.save({"state_dict": {}, "network": Harmful()}, path)
    with pytest.raises(ValueError, match="can not be read"):
        load_network(path)
    path.write_bytes(pickle.dumps(Harmful(), protocol=2))
    with pytest.raises(ValueError, match="can not be read"):
        load_network(path)
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([1, 2], "has no state_dict"),
        ({"state_dict": 3}, "has no state_dict"),
        ({"state_dict": {}}, "holds no network"),
        ({"state_dict": {}, "network": {"class": "Nothing", "init_args": {}, "prefix": ""}}, "holds no network"),
        ({"state_dict": {}, "network": {"class": "VAE", "init_args": {"k": 3}, "prefix": ""}}, "holds no network"),
        ({"state_dict": {}, "network": {"class": "VAE", "init_args": {}, "prefix": ""}}, "holds no network"),
    ],
)
def test_foreign_content_is_refused(tmp_path: Path, content: Any, message: str) -> None:
    path = tmp_path / "foreign.pt"
    torch.save(content, path)
    with pytest.raises(ValueError, match=message) as refused:
        load_network(path)
    assert "\n" not in str(refused.value)


VAES = ["vae_digits.pt", "vae_mnist.pt"]
UNFOLDED = ["alista.pt", "hyperlista.pt", "lista.pt", "step_lista.pt"]
UNFOLDED_MNIST = {"conv_lista_mnist.pt": "pixel", "lvamp_mnist.pt": "wavelet"}
NAMES = sorted(
    [*UNFOLDED_MNIST, "dcgan_mnist.pt", "denoiser_grey.pt", "learned_regularization_xray.pt", *UNFOLDED, *VAES]
)


def readme_row(name: str) -> list[str]:
    """The cells of a checkpoint's row in the table of checkpoints/README.md."""
    (row,) = (line for line in (SHIPPED / "README.md").read_text().splitlines() if line.startswith(f"| `{name}`"))
    return [cell.strip(" `") for cell in row.strip("|").split("|")]


def test_each_shipped_file_is_listed_and_tested() -> None:
    assert sorted(path.name for path in SHIPPED.glob("*.pt")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_shipped_file_is_the_one_of_the_readme_and_small(name: str) -> None:
    assert readme_row(name)[-1] == sha256(SHIPPED / name)
    assert (SHIPPED / name).stat().st_size < 5_000_000


@pytest.mark.parametrize("name", VAES)
def test_held_out_elbo_is_that_of_the_readme(name: str, request: pytest.FixtureRequest) -> None:
    data: SplitDataModule = DigitsDataModule()
    if name == "vae_mnist.pt":
        data = MNISTDataModule(request.getfixturevalue("mnist_root"))
    test_set = data.dataset("test")
    x = torch.stack([test_set[i]["x"] for i in range(len(test_set))])
    network = load_network(SHIPPED / name)
    assert isinstance(network, VAE)
    with torch.no_grad():
        ce, kl = negative_elbo(network, x, generator(0))
    assert -(ce + kl).double().mean().item() == pytest.approx(float(readme_row(name)[-2]), abs=0.01)


@pytest.mark.parametrize("name", UNFOLDED)
def test_nmse_of_unfolded_networks_is_that_of_the_readme(name: str) -> None:
    network = load_network(SHIPPED / name)
    assert isinstance(network, UnfoldedNetwork)
    x = SparseSignalsDataModule().dataset("test").x
    operator = draw_shared((500,), functools.partial(Gaussian, m=250, columns="unit"), 0)
    assert isinstance(operator, LinearOperator)
    with torch.no_grad():
        errors = (network(operator(x), operator) - x).double().square().sum(1)
    powers = x.double().square().sum(1)
    whole, mean = 10 * (errors.sum() / powers.sum()).log10(), (10 * (errors / powers).log10()).mean()
    assert [whole.item(), mean.item()] == pytest.approx([float(cell) for cell in readme_row(name)[-3:-1]], abs=0.2)


def test_samples_of_the_gan_are_as_near_to_digits_as_the_readme_says(mnist_root: Path) -> None:
    network = load_network(SHIPPED / "dcgan_mnist.pt")
    assert isinstance(network, GANGenerator)
    digits = MNISTDataModule(mnist_root).dataset("test")
    z = torch.randn(1000, *network.latent_shape, generator=generator(0), dtype=torch.float32)
    features = RandomFeatures()
    with torch.no_grad():
        real, fake = features(torch.stack([digits[i]["x"] for i in range(1000)])), features((network(z) + 1) / 2)
    found = [float(value) for value in (kernel_distance(real, fake), *precision_recall(real, fake))]
    expected = [float(cell) for cell in readme_row("dcgan_mnist.pt")[-4:-1]]
    assert found[0] == pytest.approx(expected[0], abs=1e-4)
    assert found[1:] == pytest.approx(expected[1:], abs=0.01)


@pytest.mark.parametrize(("name", "basis"), UNFOLDED_MNIST.items())
def test_nmse_of_unfolded_networks_on_mnist_is_that_of_the_readme(
    name: str, basis: BasisName, mnist_root: Path
) -> None:
    test_set = MNISTDataModule(mnist_root).dataset("test")
    items = [test_set[i] for i in range(100)]
    x = torch.stack([item["x"] for item in items])
    operator = Gaussian((1, 28, 28), 100, [derive_seed(0, "operator", item["id"], 0) for item in items])
    x_hat = Unfolded(SHIPPED / name, basis=basis).solve(operator(x), operator).x
    error = 10 * ((x_hat - x).square().sum() / x.square().sum()).log10()
    assert error.item() == pytest.approx(float(readme_row(name)[-2]), abs=0.1)
