"""Random rows of a fast orthonormal transform of randomly signed signals."""

import math
from abc import abstractmethod
from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from lit_inverse.bases import dct, inverse_dct
from lit_inverse.operators.base import LinearOperator
from lit_inverse.operators.gaussian import check_shape
from lit_inverse.operators.items import on_parts
from lit_inverse.operators.precision import at_least_single
from lit_inverse.seeding import generator, seed_list

_CACHED = 1 << 18  # entries of a batch that is transformed at once on a CPU
_RADIX = 4  # bits of the index that one product with a Hadamard matrix transforms; 16 x 16 is the fastest on CPUs


class _SubsampledTransform(LinearOperator):
    """y = sqrt(N/m) R T D vec(x): signs D, an orthonormal transform T of length N >= n, m of its N rows R.

    Rows are drawn without replacement. In the mean over the draws ||A x|| = ||x||, as with `Gaussian`, and for N = n
    the rows of A are orthogonal: A A^T = (n/m) I.
    """

    signs: Tensor  # (n,) or (B, n)
    rows: Tensor  # (m,) or (B, m)
    per_item = ("signs", "rows")

    def __init__(self, in_shape: tuple[int, ...], m: int, seed: int | Sequence[int], length: int) -> None:
        super().__init__()
        n = check_shape(in_shape, m)
        self.in_shape, self.out_shape, self.length = tuple(in_shape), (m,), length
        draws = [self._draw(n, m, length, one) for one in seed_list(seed)]
        signs, rows = torch.stack([signs for signs, _ in draws]), torch.stack([rows for _, rows in draws])
        self.n_items = len(draws) if isinstance(seed, Sequence) else None
        self.register_buffer("signs", signs if self.n_items else signs[0])
        self.register_buffer("rows", rows if self.n_items else rows[0])

    @staticmethod
    def _draw(n: int, m: int, length: int, seed: int) -> tuple[Tensor, Tensor]:
        source = generator(seed)
        signs = torch.randint(0, 2, (n,), generator=source, dtype=torch.int8) * 2 - 1
        return signs, torch.randperm(length, generator=source)[:m]

    @abstractmethod
    def _transform(self, x: Tensor) -> Tensor:
        """T x for x (B, N), real or complex, of float32 or more."""

    @abstractmethod
    def _inverse(self, z: Tensor) -> Tensor:
        """T^T z for z (B, N)."""

    def forward(self, x: Tensor) -> Tensor:
        self.check_batch(x, self.in_shape, "x")
        return self._in_chunks(self._forward, x.flatten(1))

    def adjoint(self, y: Tensor) -> Tensor:
        self.check_batch(y, self.out_shape, "y")
        return self._in_chunks(self._adjoint, y).view(-1, *self.in_shape)

    def _forward(self, x: Tensor, signs: Tensor, rows: Tensor) -> Tensor:
        signed = at_least_single(x * signs)
        signed = functional.pad(signed, (0, self.length - self.n)) if self.length > self.n else signed
        return self._transform(signed).to(x.dtype).gather(1, rows) * math.sqrt(self.length / self.m)

    def _adjoint(self, y: Tensor, signs: Tensor, rows: Tensor) -> Tensor:
        z = at_least_single(y.new_zeros(len(y), self.length).scatter(1, rows, y))
        return self._inverse(z)[:, : self.n].to(y.dtype) * signs * math.sqrt(self.length / self.m)

    def _in_chunks(self, product: Callable[[Tensor, Tensor, Tensor], Tensor], batch: Tensor) -> Tensor:
        """The product of a few items at a time on CPUs, whose caches then hold all that lies between."""
        signs, rows = self.signs.expand(len(batch), -1), self.rows.expand(len(batch), -1)
        size = max(1, _CACHED // self.length) if batch.device.type == "cpu" else len(batch)
        if len(batch) <= size:
            return product(batch, signs, rows)
        chunks = zip(*(torch.split(part, size) for part in (batch, signs, rows)), strict=True)
        return torch.cat([product(*chunk) for chunk in chunks])

    def norm(self) -> Tensor:
        if self.length > self.n:
            return super().norm()
        return self.like.new_full((self.n_items,) if self.n_items else (), math.sqrt(self.n / self.m))

    def pinv(self, y: Tensor) -> Tensor:
        return super().pinv(y) if self.length > self.n else self.adjoint(y) * (self.m / self.n)

    def solve_gram(self, y: Tensor, rho: float | Tensor) -> Tensor:
        if self.length > self.n:
            return super().solve_gram(y, rho)
        self.check_batch(y, self.out_shape, "y")
        rho = rho.view(-1, 1) if isinstance(rho, Tensor) else rho
        return y / (self.n / self.m + rho)


class SubsampledHadamard(_SubsampledTransform):
    """y = sqrt(N/m) R H D vec(x), the subsampled randomised Hadamard transform (Ailon and Chazelle 2009; Tropp 2011).

    H is the orthonormal Walsh-Hadamard matrix in Sylvester's order, of length N, the least power of 2 with N >= n; x is
    padded with zeros. Each column of A has unit norm. O(N log N), nothing of the size of A is stored.

    Args:
        in_shape: shape of x without the batch, of n entries in all.
        m: number of measurements, 1 <= m <= n.
        seed: of the signs D and the rows R; a list of ints for one A per item.

    Raises:
        ValueError: when m, a seed or in_shape is impossible.
    """

    def __init__(self, in_shape: tuple[int, ...], m: int, seed: int | Sequence[int] = 0) -> None:
        super().__init__(in_shape, m, seed, 1 << (check_shape(in_shape, m) - 1).bit_length())

    def _transform(self, x: Tensor) -> Tensor:
        return hadamard_transform(x)

    def _inverse(self, z: Tensor) -> Tensor:
        return hadamard_transform(z)


class SubsampledDCT(_SubsampledTransform):
    """y = sqrt(n/m) R C D vec(x) with the orthonormal DCT-II C of length n.

    The signs D spread any x over all frequencies, which makes random rows incoherent with any basis. O(n log n).

    Args:
        in_shape: shape of x without the batch, of n entries in all.
        m: number of measurements, 1 <= m <= n.
        seed: of the signs D and the rows R; a list of ints for one A per item.

    Raises:
        ValueError: when m, a seed or in_shape is impossible.
    """

    def __init__(self, in_shape: tuple[int, ...], m: int, seed: int | Sequence[int] = 0) -> None:
        super().__init__(in_shape, m, seed, check_shape(in_shape, m))

    def _transform(self, x: Tensor) -> Tensor:
        return on_parts(dct, x)

    def _inverse(self, z: Tensor) -> Tensor:
        return on_parts(inverse_dct, z)


def hadamard_transform(x: Tensor) -> Tensor:
    """H x along the last axis, orthonormal, in Sylvester's order; its own inverse.

    H of length 2^k is a Kronecker product of H of lengths up to 16: each factor acts on some bits of the index.

    Args:
        x: (..., N), N a power of 2.
    """
    shape, n_bits, done = x.shape, x.shape[-1].bit_length() - 1, 0
    while done < n_bits:
        bits = min(_RADIX, n_bits - done)
        factor = _sylvester(bits, x)
        x = x.reshape(-1, 1 << bits) @ factor if done == 0 else factor @ x.reshape(-1, 1 << bits, 1 << done)
        done += bits
    return x.reshape(shape)


def _sylvester(bits: int, like: Tensor) -> Tensor:
    matrix = like.new_ones(1, 1)
    for _ in range(bits):
        matrix = torch.cat([torch.cat([matrix, matrix], 1), torch.cat([matrix, -matrix], 1)]) * math.sqrt(0.5)
    return matrix
