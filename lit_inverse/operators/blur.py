"""Blur: images convolved with a kernel."""

import math
from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from lit_inverse.operators.base import LinearOperator
from lit_inverse.operators.blur_kernels import gaussian_kernel, motion_kernel
from lit_inverse.operators.items import column, on_parts
from lit_inverse.settings import one_of

Method = Literal["fft", "direct"]
Boundary = Literal["circular", "valid", "reflect"]


class Blur(LinearOperator):
    """y[p] = sum_q k[q] x[p - q + c], the convolution of each channel with a kernel k of centre c = (kh // 2, kw // 2).

    Both methods compute the same numbers: "fft" in O(HW log HW), "direct" with one product for each entry of k, faster
    for kernels up to about 5 x 5. With circular boundaries the Fourier transform diagonalises A, and norm, normal,
    pinv and solve_gram are closed forms. pinv takes for zero what is zero to within rounding, |K| <= n eps max |K|; a
    smooth kernel is so ill-posed that pinv is rarely of use.

    Args:
        in_shape: (C, H, W).
        kernel: (kh, kw), real, used as it is (not flipped, not normalised); `gaussian_kernel(1.0)` by default.
        method: see above.
        boundary: what lies beyond the border of x: its other side ("circular"), or its mirror image ("reflect", which
            does not repeat the border pixels, as in torch and numpy). "valid" keeps the (H - kh + 1, W - kw + 1)
            pixels that see no border.

    Raises:
        ValueError: when in_shape or the kernel has other dimensions, the kernel is larger than a "valid" image, or the
            method or boundary is none of these.
    """

    kernel: Tensor
    transfer: Tensor  # the kernel's Fourier transform on the grid that is convolved, frequencies of W halved (rfft2)
    rows: Tensor  # of x that make up the padded image
    columns: Tensor

    def __init__(
        self,
        in_shape: tuple[int, ...],
        kernel: Tensor | None = None,
        method: Method = "fft",
        boundary: Boundary = "circular",
    ) -> None:
        super().__init__()
        kernel = gaussian_kernel(1.0) if kernel is None else torch.as_tensor(kernel)
        if len(in_shape) != 3 or kernel.ndim != 2 or not kernel.is_floating_point() or 0 in kernel.shape:
            raise ValueError(
                f"in_shape is {tuple(in_shape)}, kernel {tuple(kernel.shape)} of {kernel.dtype}: "
                "expected (C, H, W) and (kh, kw) of a real type"
            )
        one_of(Method, method=method)
        one_of(Boundary, boundary=boundary)
        channels, height, width = in_shape
        side_h, side_w = kernel.shape
        if boundary == "valid" and (side_h > height or side_w > width):
            raise ValueError(f"kernel has shape {(side_h, side_w)}, expected at most {(height, width)} pixels")
        self.in_shape, self.method, self.boundary = tuple(in_shape), method, boundary
        self.out_shape = self.in_shape
        if boundary == "valid":
            self.out_shape = (channels, height - side_h + 1, width - side_w + 1)
        # an FFT wraps around by itself
        self.pads = boundary == "reflect" or (boundary == "circular" and method == "direct")
        self.register_buffer("kernel", kernel)
        self.register_buffer("rows", _padded(height, side_h, boundary))
        self.register_buffer("columns", _padded(width, side_w, boundary))
        self.register_buffer("transfer", self._transfer())

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "Blur":
        super()._apply(fn, recurse)
        self.transfer = self._transfer()  # in the new precision
        return self

    def forward(self, x: Tensor) -> Tensor:
        self.check_batch(x, self.in_shape, "x")
        padded = x[:, :, self.rows][:, :, :, self.columns] if self.pads else x
        if self.method == "direct":
            return on_parts(lambda part: _each_channel(functional.conv2d, part, self._weight), padded)
        top, left = self._corner
        return self._filtered(padded, self.transfer)[
            :, :, top : top + self.out_shape[1], left : left + self.out_shape[2]
        ]

    def adjoint(self, y: Tensor) -> Tensor:
        self.check_batch(y, self.out_shape, "y")
        if self.method == "direct":
            x = on_parts(lambda part: _each_channel(functional.conv_transpose2d, part, self._weight), y)
        else:
            (height, width), (top, left) = self._grid, self._corner
            bottom, right = height - top - y.shape[2], width - left - y.shape[3]
            x = self._filtered(functional.pad(y, (left, right, top, bottom)), self.transfer.conj())
        if not self.pads:
            return x
        x = x.new_zeros(*x.shape[:2], self.in_shape[1], x.shape[3]).index_add(2, self.rows, x)
        return x.new_zeros(*x.shape[:3], self.in_shape[2]).index_add(3, self.columns, x)

    def norm(self) -> Tensor:
        return self.transfer.abs().amax().to(self.like) if self.boundary == "circular" else super().norm()

    def normal(self, x: Tensor) -> Tensor:
        if self.boundary != "circular":
            return super().normal(x)
        self.check_batch(x, self.in_shape, "x")
        return self._filtered(x, self.transfer.abs() ** 2)

    def pinv(self, y: Tensor) -> Tensor:
        if self.boundary != "circular":
            return super().pinv(y)
        self.check_batch(y, self.out_shape, "y")
        power = self.transfer.abs() ** 2
        zero = math.prod(self._grid) * torch.finfo(power.dtype).eps
        return self._filtered(y, torch.where(power > zero**2 * power.amax(), self.transfer.conj() / power, 0))

    def solve_gram(self, y: Tensor, rho: float | Tensor) -> Tensor:
        if self.boundary != "circular":
            return super().solve_gram(y, rho)
        self.check_batch(y, self.out_shape, "y")
        return self._filtered(y, 1 / (self.transfer.abs() ** 2 + column(rho, y)))

    @property
    def _grid(self) -> tuple[int, int]:
        """Size of the image that is convolved; a circular one is not padded for the FFT."""
        wraps = self.boundary == "circular"
        return (self.in_shape[1], self.in_shape[2]) if wraps else (len(self.rows), len(self.columns))

    @property
    def _corner(self) -> tuple[int, int]:
        """Where y begins in the convolved image."""
        side_h, side_w = self.kernel.shape
        return (0, 0) if self.boundary == "circular" else ((side_h - 1) // 2, (side_w - 1) // 2)

    @property
    def _weight(self) -> Tensor:
        return self.kernel.flip(0, 1)[None, None]  # conv2d correlates

    def _transfer(self) -> Tensor:
        kernel = self.kernel.to(torch.promote_types(self.kernel.dtype, torch.float32))
        places = [
            (torch.arange(side, device=kernel.device) - side // 2) % length
            for side, length in zip(kernel.shape, self._grid, strict=True)
        ]
        grid = kernel.new_zeros(self._grid).index_put((places[0][:, None], places[1]), kernel, accumulate=True)
        transfer: Tensor = torch.fft.rfft2(grid)
        return transfer

    def _filtered(self, x: Tensor, gain: Tensor) -> Tensor:
        def filtered(part: Tensor) -> Tensor:
            spectrum = torch.fft.rfft2(part.to(gain.real.dtype)) * gain
            y: Tensor = torch.fft.irfft2(spectrum, s=self._grid)
            return y.to(part.dtype)

        return on_parts(filtered, x)


class GaussianBlur(Blur):
    """`Blur` by a Gaussian.

    Args:
        in_shape: (C, H, W).
        sigma: standard deviation in pixels.
        method: "fft" or "direct".
        boundary: as in `Blur`.
    """

    def __init__(
        self, in_shape: tuple[int, ...], sigma: float = 1.0, method: Method = "fft", boundary: Boundary = "circular"
    ) -> None:
        super().__init__(in_shape, gaussian_kernel(sigma), method, boundary)


class MotionBlur(Blur):
    """`Blur` by a straight motion during the exposure.

    Args:
        in_shape: (C, H, W).
        length: of the path in pixels.
        angle: of the path in degrees, counter-clockwise from the horizontal.
        method: "fft" or "direct".
        boundary: as in `Blur`.
    """

    def __init__(
        self,
        in_shape: tuple[int, ...],
        length: float = 9.0,
        angle: float = 0.0,
        method: Method = "fft",
        boundary: Boundary = "circular",
    ) -> None:
        super().__init__(in_shape, motion_kernel(length, angle), method, boundary)


def _padded(length: int, side: int, boundary: Boundary) -> Tensor:
    """Positions in x that an axis of the padded image consists of."""
    if boundary == "valid":
        return torch.arange(length)
    positions = torch.arange(-((side - 1) // 2), length + side // 2)
    if boundary == "circular":
        return positions % length
    period = max(2 * length - 2, 1)
    return torch.minimum(positions % period, period - positions % period)


def _each_channel(convolution: Callable[[Tensor, Tensor], Tensor], x: Tensor, weight: Tensor) -> Tensor:
    y = convolution(x.flatten(0, 1).unsqueeze(1), weight.to(x.dtype))
    return y.view(*x.shape[:2], *y.shape[2:])
