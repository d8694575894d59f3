"""Leading singular values and left singular vectors of the Jacobian of any network, without the matrix."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call, jvp, vjp, vmap
from torch.nn.modules.batchnorm import _NormBase

from lit_inverse.seeding import generator
from lit_inverse.settings import some_of


class Jacobian:
    """J = d f / d a at a point, as products of J and of J^T with several vectors at once.

    Args:
        function: f, from a (N,) to any shape of n real entries; torch.func must be able to differentiate it both ways.
        at: the point a, (N,), real.
        chunk: vectors that are multiplied at once, which the memory grows with.

    Raises:
        ValueError: when a or f(a) is complex.
    """

    def __init__(self, function: Callable[[Tensor], Tensor], at: Tensor, chunk: int = 16) -> None:
        self.at, self.chunk = at.detach(), chunk
        self._given = function
        value = self._function(self.at)
        if value.is_complex() or at.is_complex():
            raise ValueError(
                f"f maps {at.dtype} to {value.dtype}, expected real numbers: put torch.view_as_real behind f, and "
                "torch.view_as_complex before it"
            )
        self.n_rows = value.numel()

    def _function(self, a: Tensor) -> Tensor:
        return self._given(a).flatten()

    def times(self, vectors: Tensor) -> Tensor:
        """Rows J v, (l, n), of rows v, (l, N)."""

        def product(v: Tensor) -> Tensor:
            one: Tensor = jvp(self._function, (self.at,), (v,))[1]
            return one

        products: Tensor = vmap(product, chunk_size=self.chunk)(vectors)
        return products

    def transposed_times(self, vectors: Tensor) -> Tensor:
        """Rows J^T w, (l, N), of rows w, (l, n)."""
        pull = vjp(self._function, self.at)[1]
        products: Tensor = vmap(lambda w: pull(w)[0], chunk_size=self.chunk)(vectors)
        return products


def by_weights(network: nn.Module, z: Tensor, names: Sequence[str] | None = None, chunk: int = 16) -> Jacobian:
    """d G(z; theta) / d theta at the present weights, whose order is that of `names`.

    Args:
        network: G. Its norms must be without running statistics, or in evaluation mode.
        z: input, a batch (usually of one).
        names: of the parameters that count; None for all that require a gradient.
        chunk: see `Jacobian`.

    Raises:
        ValueError: when there is no such parameter, or the network would change when it is applied.
    """
    _refuse_running_statistics(network)
    parameters = dict(network.named_parameters())
    chosen = [name for name, one in parameters.items() if one.requires_grad] if names is None else list(names)
    some_of(parameters, names=chosen)
    weights = [parameters[name].detach() for name in chosen]
    sizes = [one.numel() for one in weights]

    def image(theta: Tensor) -> Tensor:
        parts = [part.view_as(one) for part, one in zip(torch.split(theta, sizes), weights, strict=True)]
        x: Tensor = functional_call(network, dict(zip(chosen, parts, strict=True)), (z,))
        return x

    return Jacobian(image, torch.cat([one.flatten() for one in weights]), chunk)


def by_latent(network: nn.Module, z: Tensor, chunk: int = 16) -> Jacobian:
    """d G(z) / d z, all items of the batch z together; of a network as in `by_weights`.

    Raises:
        ValueError: when the network would change when it is applied.
    """
    _refuse_running_statistics(network)
    shape = z.shape

    def image(flat: Tensor) -> Tensor:
        x: Tensor = network(flat.view(shape))
        return x

    return Jacobian(image, z.flatten(), chunk)


def norms_that_change(network: nn.Module) -> Iterator[tuple[str, _NormBase]]:
    """Norms in training that keep running statistics, which every call of the network changes, with their names."""
    for name, module in network.named_modules():
        if isinstance(module, _NormBase) and module.training and module.track_running_stats:
            yield name, module


def _refuse_running_statistics(network: nn.Module) -> None:
    """Before the network is applied, which would change them."""
    for name, _ in norms_that_change(network):
        raise ValueError(
            f"norm '{name}' keeps running statistics in training, expected evaluation mode or none: call "
            "network.eval(), or build it with track_running_stats=False"
        )


@dataclass(frozen=True)
class Spectrum:
    """The `rank` largest singular values.

    Attributes:
        values: descending, (rank,).
        left: left singular vectors as columns, (n, rank).
    """

    values: Tensor
    left: Tensor


@torch.no_grad()
def leading_spectrum(
    jacobian: Jacobian, rank: int, oversampling: int = 20, n_power: int = 4, seed: int = 0
) -> Spectrum:
    """Randomised SVD (Halko, Martinsson and Tropp 2011, Algorithms 4.4 and 5.1) of J.

    Q spans (J J^T)^n_power of l = rank + oversampling random directions in the space of outputs, orthonormalised after
    each product; values and vectors are those of Q^T J, an (l, N) matrix, which must fit into memory. The error of a
    value falls like (sigma_{l+1} / sigma_i)^(4 n_power); values are never too large. With l >= n they are exact.

    Args:
        jacobian: J, (n, N).
        rank: number of values, at most min(n, N).
        oversampling: further directions.
        n_power: products with J J^T.
        seed: of the directions.

    Raises:
        ValueError: when rank is impossible.
    """
    n, n_columns, like = jacobian.n_rows, jacobian.at.numel(), jacobian.at
    if not 1 <= rank <= min(n, n_columns):
        raise ValueError(f"rank is {rank}, expected from 1 to {min(n, n_columns)} for a Jacobian ({n}, {n_columns})")
    size = rank + oversampling
    if size >= n:
        basis = torch.eye(n, dtype=like.dtype, device=like.device)
    else:
        directions = torch.randn(n, size, dtype=torch.float32, generator=generator(seed)).to(like)
        basis = torch.linalg.qr(directions).Q
        for _ in range(n_power):
            basis = torch.linalg.qr(jacobian.times(jacobian.transposed_times(basis.mT)).mT).Q
    projected = jacobian.transposed_times(basis.mT)  # Q^T J
    # its singular values and left vectors are those of the triangular factor, far smaller where N > l
    triangular = torch.linalg.qr(projected.mT, mode="r").R if n_columns > len(projected) else projected.mT
    u, values, _ = torch.linalg.svd(triangular.mT, full_matrices=False)
    return Spectrum(values[:rank], basis @ u[:, :rank])


def principal_angles(a: Tensor, b: Tensor) -> Tensor:
    """Those between two subspaces, ascending, in degrees, as many as the smaller has dimensions.

    Small ones are taken from their sines, which tell them apart where cosines round to 1 (Bjorck and Golub 1973).

    Args:
        a, b: bases as columns, (n, p) and (n, q), not necessarily orthonormal.
    """
    a, b = (torch.linalg.qr(one).Q for one in (a, b))
    a, b = (a, b) if a.shape[1] <= b.shape[1] else (b, a)
    cosines = torch.linalg.svdvals(b.mT @ a).clamp(max=1)
    sines = torch.linalg.svdvals(a - b @ (b.mT @ a)).flip(0).clamp(max=1)
    angles = torch.where(cosines**2 > 0.5, sines.arcsin(), cosines.arccos())
    return angles * (180 / math.pi)
