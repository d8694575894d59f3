"""Networks that begin where others ended."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from lit_inverse.networks.unfolding.alista import ALISTA, TiLISTA
from lit_inverse.networks.unfolding.base import UnfoldedNetwork, dense
from lit_inverse.networks.unfolding.lista import LISTA
from lit_inverse.networks.unfolding.lista_cp import LISTACP
from lit_inverse.operators import LinearOperator


def warm_start(network: UnfoldedNetwork, trained: UnfoldedNetwork, operator: LinearOperator) -> None:
    """Sets the weights of a network from those of a simpler one, so that it gives the same x_1 to x_T.

    From ALISTA, TiLISTA or LISTACP to LISTACP or LISTA: all are x + W_t^T (y - A x) with W_t = gamma_t W, and LISTA has
    W1_t = W_t^T, W2_t = I - W_t^T A. Weights that are shared over layers become the mean over the layers. From ALISTA
    to TiLISTA, and from any network to one of its own class.

    Raises:
        ValueError: when one can not begin as the other, they differ in size, or the other belongs to another A.
    """
    sizes = [(net.m, net.n, net.n_layers) for net in (trained, network)]
    if sizes[0] != sizes[1]:
        raise ValueError(f"warm_start has m, n and layers {sizes[0]}, expected those of the network, {sizes[1]}")
    trained.check(operator)
    common = [name for name in network.settings if name in trained.settings and name != "tied"]
    unequal = [name for name in common if network.settings[name] != trained.settings[name]]
    if unequal:
        raise ValueError(f"warm_start has {unequal[0]} = {trained.settings[unequal[0]]}, expected that of the network")
    same = type(network) is type(trained) and network.settings == trained.settings
    if same or (isinstance(network, TiLISTA) and isinstance(trained, ALISTA)):
        network.load_state_dict(trained.state_dict())
    elif isinstance(network, LISTACP | LISTA) and isinstance(trained, ALISTA | LISTACP):
        with torch.no_grad():
            _set(network.shrink.log_theta, list(trained.shrink.log_theta))
            _set_weights(network, _weights(trained), dense(operator))
    else:
        raise ValueError(f"{type(network).__name__} can not begin as {type(trained).__name__} ended")


def _weights(trained: ALISTA | LISTACP) -> list[Tensor]:
    """W_t of all layers, in float64."""
    if isinstance(trained, ALISTA):
        return [(log_gamma.exp() * trained.w).double() for log_gamma in trained.log_gamma]
    return [trained.w[min(t, len(trained.w) - 1)].double() for t in range(trained.n_layers)]


def _set_weights(network: LISTACP | LISTA, weights: list[Tensor], a: Tensor) -> None:
    if isinstance(network, LISTACP):
        _set(network.w, weights)
    else:
        identity = torch.eye(network.n, dtype=a.dtype, device=a.device)
        _set(network.w1, [w.mT for w in weights])
        _set(network.w2, [identity - w.mT @ a for w in weights])


def _set(own: nn.ParameterList, values: Sequence[Tensor]) -> None:
    values = values if len(own) == len(values) else [torch.stack(list(values)).mean(0)]
    for parameter, value in zip(own, values, strict=True):
        parameter.copy_(value)
