"""Lipschitz constants of networks, from above and from below."""

import copy
import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lit_inverse.operators.items import column, norm
from lit_inverse.theory.constants.search import Map, Search, ascend, distance, in_tuples
from lit_inverse.theory.estimate import Estimate

_ISOMETRIES = (nn.Flatten, nn.Unflatten, nn.Identity, nn.Dropout, nn.PixelShuffle)
_RESAMPLING = (nn.Upsample, nn.AvgPool2d)
_OF_ACTIVATIONS: dict[type[nn.Module], float] = {nn.ReLU: 1.0, nn.Tanh: 1.0, nn.Softplus: 1.0, nn.Sigmoid: 0.25}
_POWER_STEPS = 500
_RISK = 1e-6  # that a bound from power iteration is none


def spectral_product(network: nn.Module, z: Tensor) -> Estimate:
    """Upper bound of the Lipschitz constant: the product of those of the layers (Szegedy et al. 2014, Sec. 4.3).

    That of a linear layer is its spectral norm, exact; of a convolution or resampling its own, with strides and
    borders, by power iteration from a random start and its distance from the norm, of about 2 %, that is exceeded with
    a probability below 10^-6 (Kuczynski and Wozniakowski 1992, Theorem 4.1).

    Args:
        network: in evaluation mode a chain of linear layers, convolutions, batch normalization, resampling, ReLU,
            LeakyReLU, tanh, sigmoid and softplus, each a module. It keeps its state.
        z: (1, *latent_shape), any input.

    Raises:
        ValueError: when it is not a chain, or a layer is of another kind.
    """
    return Estimate(math.prod(_of_layer(layer.module, layer.input) for layer in _chain(network, z)), "upper")


def local_lipschitz(
    network: Map,
    z: Tensor,
    source: torch.Generator,
    search: Search = Search(),  # noqa: B008 (frozen)
    n_power_steps: int = 30,
) -> Estimate:
    """Lower bound of the Lipschitz constant: the largest ||J(z)||_2 and ||G(z1) - G(z2)|| / ||z1 - z2|| found.

    From the z of the largest norms, and their singular vectors, pairs z1, z2 ascend the quotient, whose derivative
    exists for networks with piecewise constant J too; J is looked at again where they end.

    Args:
        network: z (B, *latent_shape) to x (B, ...), differentiable.
        z: (N, *latent_shape), the samples; `search.n_samples` does not count here.
        source: of the starts of power iteration.
        search: how.
        n_power_steps: for each ||J(z)||.
    """

    def quotient(pairs: Tensor) -> Tensor:
        z1, z2 = pairs.unbind(1)
        x1, x2 = in_tuples(network(pairs.flatten(0, 1)), 2).unbind(1)
        length = distance(z1, z2)
        return torch.where(length > 0, distance(x1, x2) / length, -math.inf)

    norms, directions = jacobian_norms(network, z, source, n_power_steps)
    worst = norms.topk(min(search.n_starts, len(z))).indices
    starts, directions = z[worst], directions[worst]
    apart = column(search.step * norm(starts), starts) * directions
    secants, pairs = ascend(quotient, torch.stack((starts - apart, starts + apart), 1), search)
    ends = jacobian_norms(network, pairs.flatten(0, 1), source, n_power_steps)[0]
    return Estimate(torch.cat((norms, secants, ends)).max().item(), "lower", n=len(z))


@torch.no_grad()
def jacobian_norms(network: Map, z: Tensor, source: torch.Generator, n_power_steps: int = 30) -> tuple[Tensor, Tensor]:
    """||J(z)||_2 of each item, (B,), from below, and unit right singular vectors u (B, *latent_shape).

    By power iteration with J^T J, from jvp and vjp.
    """
    u = torch.randn(z.shape, generator=source, dtype=torch.float32).to(z)
    _, transposed = torch.func.vjp(network, z)[:2]
    for _ in range(n_power_steps):
        (u,) = transposed(torch.func.jvp(network, (z,), (u,))[1])
        u = F.normalize(u.flatten(1)).view_as(u)
    return norm(torch.func.jvp(network, (z,), (u,))[1]), u


@dataclass(frozen=True)
class _Layer:
    module: nn.Module
    input: Tensor


@torch.no_grad()
def _chain(network: nn.Module, z: Tensor) -> list[_Layer]:
    """The layers in the order of their use, each with what it was given."""
    network, layers, outputs = copy.deepcopy(network).eval(), list[_Layer](), [z.clone()]

    def note(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        outputs.append(output.clone())

    def begin(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        layers.append(_Layer(module, inputs[0].clone()))

    leaves = [module for module in network.modules() if not list(module.children())]
    hooks = [
        hook for leaf in leaves for hook in (leaf.register_forward_pre_hook(begin), leaf.register_forward_hook(note))
    ]
    x = network(z)
    for hook in hooks:  # the layers will be called again
        hook.remove()
    for before, after in zip(outputs, [*(layer.input for layer in layers), x], strict=True):
        if not torch.equal(before.flatten(), after.flatten()):
            raise ValueError(f"{type(network).__name__} is not a chain of modules: it does something between them")
    return layers


def _of_layer(module: nn.Module, x: Tensor) -> float:
    if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)) and module.running_var is not None:
        gain = (module.running_var + module.eps).rsqrt()
        return float((gain if module.weight is None else gain * module.weight).abs().max())
    if isinstance(module, nn.LeakyReLU):
        return max(1.0, abs(module.negative_slope))
    if type(module) in _OF_ACTIVATIONS:
        return _OF_ACTIVATIONS[type(module)]
    weight = getattr(module, "weight", None)
    if isinstance(weight, Tensor) and weight.ndim == 2:
        return float(torch.linalg.matrix_norm(weight.detach(), 2))
    if isinstance(module, _ISOMETRIES):
        return 1.0
    if isinstance(module, _RESAMPLING) or (isinstance(weight, Tensor) and weight.ndim > 2):
        found = float(jacobian_norms(module, x, torch.Generator().manual_seed(0), _POWER_STEPS)[0].max())
        # P[found^2 < (1 - eps) norm^2] <= 0.824 sqrt(n) (1 - eps)^(steps + 1/2) = risk
        margin: float = (0.824 * x[0].numel() ** 0.5 / _RISK) ** (0.5 / (_POWER_STEPS + 0.5))
        return found * margin
    raise ValueError(f"the Lipschitz constant of {type(module).__name__} is not known here")
