"""What drawn volumes are made of: ellipsoids, a smooth phase, and coils on a ring."""

import math

import torch
from torch import Tensor

# The modified phantom of Shepp and Logan (Toft 1996): value, half axes along x and y, centre x, y, angle in degrees.
# Half axis and centre along z, in the columns before centre x and after centre y, are ours.
_SHEPP_LOGAN = (
    (1.0, 0.69, 0.92, 0.9, 0.0, 0.0, 0.0, 0),
    (-0.8, 0.6624, 0.874, 0.88, 0.0, -0.0184, 0.0, 0),
    (-0.2, 0.11, 0.31, 0.4, 0.22, 0.0, 0.1, -18),
    (-0.2, 0.16, 0.41, 0.5, -0.22, 0.0, -0.1, 18),
    (0.1, 0.21, 0.25, 0.4, 0.0, 0.35, 0.2, 0),
    (0.1, 0.046, 0.046, 0.3, 0.0, 0.1, 0.1, 0),
    (0.1, 0.046, 0.046, 0.3, 0.0, -0.1, -0.2, 0),
    (0.1, 0.046, 0.023, 0.4, -0.08, -0.605, 0.2, 0),
    (0.1, 0.023, 0.023, 0.4, 0.0, -0.606, 0.0, 0),
    (0.1, 0.023, 0.046, 0.4, 0.06, -0.605, -0.2, 0),
)
_REACH = 0.5  # slices lie at heights z from -_REACH to _REACH
_COIL_RADIUS, _COIL_WIDTH = 1.4, 0.9  # of the ring, and of each coil's bell; half the image is 1


def uniform(source: torch.Generator, low: float, high: float, *shape: int) -> Tensor:
    """Float64 numbers of that shape between low and high."""
    return low + (high - low) * torch.rand(shape, generator=source, dtype=torch.float64)


def places(shape: tuple[int, int], size: tuple[int, int]) -> Tensor:
    """(2, H, W): y upwards and x to the right of the pixels; the cropped image reaches from -1 to 1."""
    y, x = ((torch.arange(n, dtype=torch.float64) - n // 2) / (part / 2) for n, part in zip(shape, size, strict=True))
    return torch.stack(torch.meshgrid(-y, x, indexing="ij"))


def shepp_logan(source: torch.Generator) -> Tensor:
    """(n, 8) ellipsoids: value, half axes x, y, z, centre x, y, z, angle in radians."""
    ellipsoids = torch.tensor(_SHEPP_LOGAN, dtype=torch.float64)
    ellipsoids[:, 1:7] *= uniform(source, 0.85, 1.0)
    ellipsoids[:, 6] += uniform(source, -0.15, 0.15)
    turn, shift = uniform(source, -0.2, 0.2), uniform(source, -0.05, 0.05, 2)
    x, y = ellipsoids[:, 4].clone(), ellipsoids[:, 5].clone()
    ellipsoids[:, 4] = turn.cos() * x - turn.sin() * y + shift[0]
    ellipsoids[:, 5] = turn.sin() * x + turn.cos() * y + shift[1]
    ellipsoids[:, 7] = ellipsoids[:, 7].deg2rad() + turn
    return ellipsoids


def random_ellipsoids(source: torch.Generator, n: int = 16) -> Tensor:
    """(n + 2, 8) ellipsoids: n within a large one, which has a rim."""
    height, width = uniform(source, 0.75, 0.92, 2)
    outline = torch.tensor([[0.9, 0, 0, 0.9, 0, 0, 0, 0], [-0.5, 0, 0, 0.88, 0, 0, 0, 0]], dtype=torch.float64)
    outline[:, 1], outline[:, 2] = width, height
    outline[1, 1:3] -= 0.06
    radius, angle = 0.65 * uniform(source, 0, 1, n).sqrt(), uniform(source, 0, 2 * math.pi, n)
    inner = torch.stack(
        [
            uniform(source, -0.25, 0.4, n),
            *(0.03 * 10 ** uniform(source, 0, 1, 3, n)),  # half axes of .03 to .3
            width * radius * angle.cos(),
            height * radius * angle.sin(),
            uniform(source, -_REACH, _REACH, n),
            uniform(source, 0, math.pi, n),
        ],
        dim=1,
    )
    inner[:, 3] += 0.3  # so that most are met by several slices
    return torch.cat([outline, inner])


def section(ellipsoids: Tensor, z: float, places: Tensor, pixels: float) -> Tensor:
    """(H, W) at height z, >= 0, with edges that are one pixel wide.

    Args:
        ellipsoids: (n, 8).
        z: the height.
        places: (2, H, W).
        pixels: pixels in a length of 1.
    """
    value, a, b, c, x0, y0, z0, angle = ellipsoids.T[..., None, None]
    shrink = (1 - ((z - z0) / c).square()).clamp(min=0).sqrt()  # 0 where the plane misses the ellipsoid
    y, x = places[0] - y0, places[1] - x0
    u, v = angle.cos() * x + angle.sin() * y, angle.cos() * y - angle.sin() * x
    distance = ((u / a).square() + (v / b).square()).sqrt()
    inside = (0.5 + (shrink - distance) * torch.minimum(a, b) * pixels).clamp(0, 1) * (shrink > 0)
    total: Tensor = (value * inside).sum(0)
    return total.clamp(min=0)


def heights(n_slices: int) -> Tensor:
    """(slices,): z of each, from top to bottom."""
    return torch.linspace(-_REACH, _REACH, n_slices + 2, dtype=torch.float64)[1:-1]


def phase(source: torch.Generator, places: Tensor, heights: Tensor) -> Tensor:
    """(slices, H, W) in radians: a polynomial of second order in the place, which changes with the height."""
    y, x = places
    coefficients = uniform(source, -1, 1, 6)
    terms = torch.stack([x, y, x * y, x * x, y * y])
    plane: Tensor = torch.einsum("k,khw->hw", coefficients[:5], terms)
    return torch.add(plane, coefficients[5] * heights[:, None, None] * (1 + x))


def sensitivities(source: torch.Generator, n_coils: int | None, places: Tensor) -> Tensor:
    """Complex (coils, H, W) with sum of squares 1."""
    if n_coils is None:
        return torch.ones(1, 1, 1, dtype=torch.complex128)
    turns = 2 * math.pi * (torch.arange(n_coils, dtype=torch.float64) / n_coils + uniform(source, 0, 1))
    at_y, at_x = _COIL_RADIUS * turns.sin()[:, None, None], _COIL_RADIUS * turns.cos()[:, None, None]
    y, x = places[0] - at_y, places[1] - at_x
    bells = torch.exp(-(y.square() + x.square()) / (2 * _COIL_WIDTH**2))
    tilt = uniform(source, -1, 1, 2, n_coils)[..., None, None]
    phases = turns[:, None, None] + tilt[0] * y + tilt[1] * x
    return torch.polar(bells / bells.square().sum(0).sqrt(), phases)
