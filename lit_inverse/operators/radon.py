"""Tomography: the Radon transform."""

import math
import warnings
from collections.abc import Sequence

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from lit_inverse.operators.base import LinearOperator
from lit_inverse.operators.items import on_parts
from lit_inverse.operators.linear_function import linear


class Radon(LinearOperator):
    """y[angle, s] = integral of x along a line, parallel beams (Joseph 1982): A as a sparse matrix, A^T its transpose.

    The line at distance s from the centre has the points X cos(a) + Y sin(a) = s, X to the right and Y up. At each row
    of the image it crosses (at each column, where |sin a| > |cos a|) x is interpolated linearly, 0 outside, and the sum
    is multiplied by the length of the line between two rows. Pixels have side 1: along an axis y is a sum of pixels.
    As in scikit-image, whose sinograms are the transposes of y, the centre is the middle of pixel (H // 2, W // 2), and
    detector k lies at s = k - n_detectors // 2.

    A and A^T each take 8 bytes for each of about 1.8 H W n_angles crossings: 170 MB for 256 x 256 pixels, 180 angles.

    Args:
        in_shape: (C, H, W).
        angles: number of angles, spread evenly over [0, 180) degrees from 0 on; or the angles in degrees.
        circle: measures only the disc within the image: min(H, W) detectors in place of the diagonal, rounded up.
        n_detectors: another number of detectors, which are 1 pixel apart.

    Raises:
        ValueError: when there is no angle or detector, or in_shape is no image.
    """

    a_ends: Tensor  # A in compressed rows: where each ends, the pixels, and the weights
    a_places: Tensor
    a_weights: Tensor
    adjoint_ends: Tensor  # A^T in the same form
    adjoint_places: Tensor
    adjoint_weights: Tensor

    def __init__(
        self,
        in_shape: tuple[int, ...],
        angles: int | Sequence[float] = 180,
        circle: bool = False,
        n_detectors: int | None = None,
    ) -> None:
        super().__init__()
        if len(in_shape) != 3:
            raise ValueError(f"in_shape is {tuple(in_shape)}, expected (C, H, W)")
        channels, height, width = in_shape
        degrees = np.arange(angles) * (180 / max(angles, 1)) if isinstance(angles, int) else np.asarray(angles, float)
        if n_detectors is None:
            n_detectors = min(height, width) if circle else math.ceil(math.hypot(height, width))
        if len(degrees) < 1 or n_detectors < 1:
            raise ValueError(f"got {len(degrees)} angles and {n_detectors} detectors, expected at least one of each")
        self.in_shape, self.out_shape = tuple(in_shape), (channels, len(degrees), n_detectors)
        matrix = sparse.vstack(
            [_lines(height, width, angle, n_detectors) for angle in np.deg2rad(degrees)], format="csr"
        )
        matrix.sort_indices()
        for name, part in ("a", matrix), ("adjoint", matrix.T.tocsr()):
            self.register_buffer(f"{name}_ends", torch.from_numpy(part.indptr))
            self.register_buffer(f"{name}_places", torch.from_numpy(part.indices))
            self.register_buffer(f"{name}_weights", torch.from_numpy(part.data))
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta")  # said once, at the first one
            torch.eye(1).to_sparse_csr()

    def forward(self, x: Tensor) -> Tensor:
        self.check_batch(x, self.in_shape, "x")
        return linear(self._forward, self._adjoint, x)

    def adjoint(self, y: Tensor) -> Tensor:
        self.check_batch(y, self.out_shape, "y")
        return linear(self._adjoint, self._forward, y)

    def filtered_backprojection(self, y: Tensor) -> Tensor:
        """pi / n_angles A^T (ramp * y), (B, C, H, W): nearly x, for many angles spread over 180 degrees and no noise.

        The ramp filter |f| is sampled in space (Kak and Slaney 1988, Ch. 3, Eq. 61), which keeps the mean of x right.

        Args:
            y: (B, C, n_angles, n_detectors).
        """
        self.check_batch(y, self.out_shape, "y")
        length = 2 * y.shape[-1]
        distance = torch.fft.fftfreq(length, 1 / length, dtype=torch.float64)
        taps = torch.where(distance % 2 == 0, 0.0, -1 / (math.pi * distance) ** 2)
        taps[0] = 0.25
        gain = torch.fft.rfft(taps).real.to(y.device, torch.promote_types(y.dtype, torch.float32))
        filtered = torch.fft.irfft(torch.fft.rfft(y.to(gain.dtype), length) * gain, length)[..., : y.shape[-1]]
        return self.adjoint(filtered.to(y.dtype)) * (math.pi / y.shape[-2])

    def _forward(self, x: Tensor) -> Tensor:
        return _product(self.a_ends, self.a_places, self.a_weights, x).view(-1, *self.out_shape)

    def _adjoint(self, y: Tensor) -> Tensor:
        return _product(self.adjoint_ends, self.adjoint_places, self.adjoint_weights, y).view(-1, *self.in_shape)


def _lines(height: int, width: int, angle: float, n_detectors: int) -> sparse.csr_array:
    """(n_detectors, H * W): the weights of one angle, in radians."""
    cos, sin = math.cos(angle), math.sin(angle)
    s = np.arange(n_detectors)[:, None] - n_detectors // 2
    steep = abs(cos) >= abs(sin)  # the line crosses every row once, not every column
    crossed, along = (height, width) if steep else (width, height)
    step = np.arange(crossed) - crossed // 2
    # X = s cos - t sin, Y = s sin + t cos, row = H // 2 - Y, column = W // 2 + X
    place = along // 2 + (s + step * sin) / cos if steep else along // 2 + (step * cos - s) / sin
    lower = np.floor(place).astype(np.int64)
    neighbours = np.stack([lower, lower + 1], axis=-1)
    weights = np.stack([lower + 1 - place, place - lower], axis=-1) / max(abs(cos), abs(sin))
    inside = (neighbours >= 0) & (neighbours < along) & (weights > 0)
    rows_and_columns = np.broadcast_to(np.arange(crossed)[:, None], neighbours.shape)
    pixels = rows_and_columns * width + neighbours if steep else neighbours * width + rows_and_columns
    ends = np.concatenate([[0], inside.sum((1, 2)).cumsum()]).astype(np.int32)
    return sparse.csr_array(
        (weights[inside].astype(np.float32), pixels[inside].astype(np.int32), ends), shape=(n_detectors, height * width)
    )


def _product(ends: Tensor, places: Tensor, weights: Tensor, batch: Tensor) -> Tensor:
    """The sparse matrix times each channel, (B, C, ...) to (B * C, k), in float32 at least."""
    channels, dtype = batch.flatten(2).flatten(0, 1), torch.promote_types(weights.dtype, torch.float32)
    matrix = torch.sparse_csr_tensor(
        ends, places, weights.to(dtype), size=(len(ends) - 1, channels.shape[1]), check_invariants=False
    )
    return on_parts(lambda part: (matrix @ part.mT.to(dtype)).mT.to(part.dtype), channels)
