"""Singular values, and angles between left singular vectors and trigonometric functions."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from datamodules.smooth_signals import trigonometric_basis
from lit_inverse.networks import TwoLayerGenerator
from lit_inverse.networks.initialization import initialize
from lit_inverse.seeding import derive_seed, generator
from lit_inverse.theory.jacobian import Spectrum, by_weights, leading_spectrum, principal_angles
from lit_inverse.theory.jacobian_spectra.decoder import decoder, fitted, mixing_weights, noisy_step
from lit_inverse.theory.two_layer import predicted_spectrum, triangle

DEEP_DECODER = "deep decoder"
VERSION = 2  # raised by hand when what is drawn or measured changes; 1 drew all from the seed of the weights
LEADING = 50  # values that are held to the prediction
SUBSPACES = (1, 3, 5, 11, 21, 51)  # their dimensions: whole pairs of cos and sin


@dataclass(frozen=True)
class Value:
    """One singular value.

    Attributes:
        network: which.
        n: its pixels.
        width: its channels.
        seed: of its weights.
        iteration: of the fit; 0 of the two-layer generator.
        place: from 1, the largest.
        value: measured.
        predicted: eq. 11 in descending order; NaN for the deep decoder.
        version: `VERSION` when it was measured; 1 of files that do not say.
    """

    network: str
    n: int
    width: int
    seed: int
    iteration: int
    place: int
    value: float
    predicted: float
    version: int = 1


@dataclass(frozen=True)
class Angle:
    """One principal angle, in degrees, between the `dimension` leading left singular vectors and lowest functions.

    Attributes:
        network, n, width, seed, iteration: see `Value`.
        dimension: of both subspaces.
        place: from 1, the smallest.
        degrees: the angle.
    """

    network: str
    n: int
    width: int
    seed: int
    iteration: int
    dimension: int
    place: int
    degrees: float


Found = tuple[list[Value], list[Angle]]


def two_layer(n: int, width: int, half_width: int, seed: int, rank: int = max(SUBSPACES)) -> Found:
    """Of the generator at its first weights, whose size does not matter, in float32."""
    network = TwoLayerGenerator((n,), width, half_width)
    initialize(network, "paper", generator(seed))
    found = leading_spectrum(
        by_weights(network, torch.empty(1, 0)), rank, oversampling=30, n_power=3, seed=_probes(seed)
    )
    predicted = predicted_spectrum(triangle(n, half_width)).sort(descending=True).values[:rank]
    common = two_layer_name(half_width), n, width, seed, 0
    return _records(common, found, predicted, trigonometric_basis(n, max(SUBSPACES)))


def two_layer_name(half_width: int) -> str:
    """What its values are filed under."""
    return f"two layers, half width {half_width}"


def deep_decoder(n: int, width: int, iterations: Sequence[int], seed: int) -> Iterator[Found]:
    """Of a four-layer deep decoder along its fit to a noisy step: all its values.

    By the weights that mix channels, as in the authors' notebook. Channels are normalised after them, so that no
    change of theirs adds a constant: it is left out of the functions.
    """
    network, z = decoder(n, width, seed=seed)
    functions = trigonometric_basis(n, max(SUBSPACES) + 1)[:, 1:]
    for iteration, _ in fitted(network, z, noisy_step(n, seed=seed), iterations):
        found = leading_spectrum(by_weights(network, z, mixing_weights(network), chunk=32), n, seed=_probes(seed))
        common = DEEP_DECODER, n, width, seed, iteration
        yield _records(common, found, torch.full((n,), math.nan), functions)


def _probes(seed: int) -> int:
    """Of the directions of the randomised SVD."""
    return derive_seed(seed, "solver", "probes", 0)


def _records(common: tuple[str, int, int, int, int], found: Spectrum, predicted: Tensor, functions: Tensor) -> Found:
    pairs = zip(found.values.tolist(), predicted.tolist(), strict=True)
    values = [Value(*common, place, *pair, VERSION) for place, pair in enumerate(pairs, 1)]
    left = found.left.to(functions)
    angles = [
        Angle(*common, p, place, degrees)
        for p in SUBSPACES
        for place, degrees in enumerate(principal_angles(left[:, :p], functions[:, :p]).tolist(), 1)
    ]
    return values, angles


def worst_error(values: Sequence[Value]) -> float:
    """Largest relative error of the leading 50 values of a network."""
    return max(abs(one.value / one.predicted - 1) for one in values if one.place <= LEADING)
