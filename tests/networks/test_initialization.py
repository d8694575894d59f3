"""The laws of initial weights, against bounds, moments and today's torch."""

import math

import pytest
import torch
from torch import nn

from lit_inverse.networks import ConvDecoder, DCGANGenerator, DeepDecoder, SkipUNet
from lit_inverse.networks.initialization import Law, initialize
from lit_inverse.networks.upsampled_conv import UpsampledConvTranspose2d
from lit_inverse.seeding import generator

pytestmark = pytest.mark.usefixtures("untouched_rng")


def _layer(kind: type[nn.Module], *arguments: int, **options: int) -> nn.Module:
    return nn.utils.skip_init(kind, *arguments, **options)


@pytest.mark.parametrize(
    ("layer", "paper_fan", "torch_fan"),
    [
        (_layer(nn.ConvTranspose2d, 64, 16, kernel_size=3), 64 * 9, 16 * 9),
        (_layer(nn.Conv2d, 64, 16, kernel_size=3), 64 * 9, 64 * 9),
        (_layer(nn.Conv2d, 64, 32, kernel_size=3, groups=2), 64 * 9, 32 * 9),
        (_layer(nn.Linear, 300, 40), 300, 300),
        (UpsampledConvTranspose2d(64, 16, kernel_size=3), 64 * 9, 16 * 9),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "",
)
@pytest.mark.parametrize("law", ["paper", "torch"])
def test_weights_are_uniform_with_the_bound_of_the_law(
    layer: nn.Module, paper_fan: int, torch_fan: int, law: Law
) -> None:
    initialize(layer, law, generator(1))
    bound = 1 / math.sqrt(paper_fan if law == "paper" else torch_fan)
    scaled = layer.weight.detach().double().flatten() / bound
    n = scaled.numel()
    assert scaled.abs().max() <= 1 + 1e-6
    assert scaled.abs().max() > 1 - 20 / n
    assert abs(scaled.mean()) < 4 * math.sqrt(1 / 3 / n)
    assert abs(scaled.square().mean() - 1 / 3) < 4 * math.sqrt(4 / 45 / n)
    if getattr(layer, "bias", None) is not None:
        assert layer.bias.abs().max() <= bound
        assert layer.bias.std() > 0


@pytest.mark.parametrize(("law", "bounds"), [("paper", (0.0, 1.0)), ("torch", (1.0, 1.0))])
def test_batch_norm_weights_and_biases(law: Law, bounds: tuple[float, float]) -> None:
    norm = nn.BatchNorm2d(4000)
    initialize(norm, law, generator(2))
    assert norm.bias.abs().max() == 0
    assert norm.weight.min() >= bounds[0]
    assert norm.weight.max() <= bounds[1]
    assert abs(norm.weight.mean() - sum(bounds) / 2) < 4 * math.sqrt(1 / 12 / 4000)


@pytest.mark.parametrize("kind", [nn.Conv2d, nn.ConvTranspose2d])
def test_torch_law_is_the_default_of_todays_torch(kind: type[nn.Module]) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        default = kind(8, 32, 5)
    ours = _layer(kind, 8, 32, kernel_size=5)
    initialize(ours, "torch", generator(0))
    assert float(ours.weight.detach().std()) == pytest.approx(float(default.weight.detach().std()), rel=0.05)
    assert float(ours.weight.detach().abs().max()) == pytest.approx(
        float(default.weight.detach().abs().max()), rel=0.01
    )


def test_last_layer_of_csdip_has_8_times_smaller_weights_in_the_paper() -> None:
    network = DCGANGenerator()
    stds = []
    for law in ("paper", "torch"):
        initialize(network, law, generator(0))
        stds.append(float(list(network.parameters())[-1].detach().std()))
    assert stds[1] / stds[0] == pytest.approx(8, rel=0.15)


def test_seed_decides_on_any_dtype() -> None:
    def weights(seed: int, dtype: torch.dtype) -> torch.Tensor:
        network = DCGANGenerator(width=2).to(dtype)
        initialize(network, "paper", generator(seed))
        return torch.cat([w.detach().flatten() for w in network.parameters()]).float()

    assert torch.equal(weights(3, torch.float32), weights(3, torch.float64))
    assert not torch.equal(weights(3, torch.float32), weights(4, torch.float32))


@pytest.mark.parametrize(
    ("network", "drawn"), [(SkipUNet((1, 28, 28)), True), (DeepDecoder(), True), (ConvDecoder((1, 28, 28)), False)]
)
def test_paper_means_the_defaults_of_the_papers_time(network: nn.Module, drawn: bool) -> None:
    weights = torch.cat([module.weight for module in network.modules() if isinstance(module, nn.BatchNorm2d)]).detach()
    if drawn:  # before torch 1.2
        assert 0 <= weights.min() < 0.02
        assert 0.98 < weights.max() < 1
    else:
        assert (weights == 1).all()


@pytest.mark.parametrize("law", ["paper", "torch"])
def test_a_module_with_a_law_of_its_own_draws_by_it(law: Law) -> None:
    class Constant(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.value = nn.Parameter(torch.zeros(()))

        def draw_weights(self, law: Law, source: torch.Generator) -> None:
            self.value.copy_(torch.tensor(1.0 if law == "paper" else 2.0))

    module = Constant()
    initialize(nn.Sequential(module), law, generator(0))
    assert float(module.value.detach()) == (1 if law == "paper" else 2)


def test_unknown_law_and_unknown_layer_are_refused() -> None:
    with pytest.raises(ValueError, match="init is 'xavier', expected one of paper, torch"):
        initialize(nn.ReLU(), "xavier", generator(0))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="PReLU has weights of its own"):
        initialize(nn.Sequential(nn.PReLU()), "paper", generator(0))


def test_the_normal_law_is_that_of_dcgan() -> None:
    network = nn.Sequential(_layer(nn.Linear, 200, 100), _layer(nn.Conv2d, 64, 32, kernel_size=5), nn.BatchNorm2d(32))
    initialize(network, "normal", generator(1))
    for layer in network[:2]:
        assert (layer.bias == 0).all()
        assert float(layer.weight.mean()) == pytest.approx(0, abs=4e-4)
        assert float(layer.weight.std()) == pytest.approx(0.02, rel=0.02)
    assert (network[2].weight == 1).all()
