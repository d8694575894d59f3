"""Sensitivities of the coils of a magnetic resonance scanner, from the low frequencies of what they measured.

k-space is complex (coils, H, W) or (B, coils, H, W), the zero frequency at [H // 2, W // 2], as from `Fourier`; only a
rectangle in its middle is read, which must be fully sampled. Sensitivities have the same shape, and their squares sum
to 1 over the coils or are 0. The phase that coils and image have in common cannot be told apart; what of it is smooth
goes to the sensitivities, so that the image is close to real and positive.
"""

import math

import torch
from torch import Tensor

Sides = int | tuple[int, int]

_ENTRIES_AT_ONCE = 1 << 22  # of the matrices whose eigenvectors are sought together: 32 MB in complex64


def low_frequency_ratio(kspace: Tensor, calibration: Sides = 24) -> Tensor:
    """S_c = I_c / sqrt(sum_d |I_d|^2), with I the coil images of the lowest frequencies under a Hann window.

    The simplest estimate (McKenzie et al. 2002). Outside the object it is the ratio of noise.

    Args:
        kspace: complex (coils, H, W) or (B, coils, H, W).
        calibration: side of the fully sampled square, or (rows, columns) of a rectangle.

    Raises:
        ValueError: when k-space is of another kind, or the rectangle does not fit into it.
    """
    rows, columns = _middle(kspace, calibration)
    low = torch.zeros_like(kspace)
    low[..., rows, columns] = kspace[..., rows, columns] * _hann(rows, kspace)[:, None] * _hann(columns, kspace)
    images = torch.fft.fftshift(torch.fft.ifft2(torch.fft.ifftshift(low, dim=(-2, -1))), dim=(-2, -1))
    root = torch.linalg.vector_norm(images, dim=-3, keepdim=True)
    ratio: Tensor = images / root.clamp_min(torch.finfo(root.dtype).tiny)
    return ratio


def espirit(
    kspace: Tensor, calibration: Sides = 24, kernel: int = 6, threshold: float = 0.02, crop: float = 0.95
) -> Tensor:
    """ESPIRiT (Uecker et al. 2014): sensitivities as eigenvectors of eigenvalue 1.

    All patches of kernel x kernel x coils of k-space lie in a space of few dimensions, spanned by the right singular
    vectors w_n of the matrix of those in the calibration square. That each patch of k-space is its projection on them,
    averaged over the patches that share a sample, is in the image a condition at each pixel p: G(p) S(p) = S(p), with
    the coils x coils matrix

        G(p) = kernel^-2 sum_n g_n(p) g_n(p)^H,    g_nc(p) = sum_k w_nc(k) exp(2 pi i <k, p / (H, W)>).

    One set of maps is returned, the eigenvectors of the largest eigenvalue (the paper allows several, for an object
    larger than the field of view). Their phase is that of `low_frequency_ratio`: a coil or a principal component of
    the coils, the usual references, can vanish inside the object, and the maps then turn around that point.

    Args:
        kspace: complex (coils, H, W) or (B, coils, H, W).
        calibration: side of the fully sampled square, or (rows, columns) of a rectangle.
        kernel: side of the patches.
        threshold: singular values below it, relative to the largest, count as noise.
        crop: maps are 0 where the largest eigenvalue is below it, as where there is no signal.

    Raises:
        ValueError: when k-space is of another kind, or a size does not fit.
    """
    rows, columns = _middle(kspace, calibration)
    shortest = min(rows.stop - rows.start, columns.stop - columns.start)
    if not 1 <= kernel <= shortest:
        raise ValueError(f"kernel is {kernel}, expected 1 to {shortest}, the side of the calibration square")
    lags = _averaged_projection(kspace[..., rows, columns], kernel, threshold)
    values, maps = _leading_eigenvectors(lags, (kspace.shape[-2], kspace.shape[-1]))
    phase = (low_frequency_ratio(kspace, calibration).conj() * maps).sum(-3, keepdim=True).angle()
    maps = maps * torch.polar(torch.ones_like(phase), -phase)
    return maps * (values >= crop).unsqueeze(-3)


def _middle(kspace: Tensor, calibration: Sides) -> tuple[slice, slice]:
    """Rows and columns of the calibration rectangle."""
    if not kspace.is_complex() or kspace.ndim not in (3, 4):
        raise ValueError(
            f"k-space is {kspace.dtype} {tuple(kspace.shape)}, expected complex (coils, H, W) or (B, coils, H, W)"
        )
    sides = (calibration, calibration) if isinstance(calibration, int) else calibration
    if not all(1 <= side <= n for side, n in zip(sides, kspace.shape[-2:], strict=True)):
        raise ValueError(
            f"calibration is {calibration}, expected 1 to the sides of k-space, {tuple(kspace.shape[-2:])}"
        )
    (i, j), (height, width) = (n // 2 for n in kspace.shape[-2:]), sides
    return slice(i - height // 2, i + (height + 1) // 2), slice(j - width // 2, j + (width + 1) // 2)


def _hann(window: slice, like: Tensor) -> Tensor:
    side = window.stop - window.start
    k = torch.arange(side, device=like.device, dtype=like.real.dtype) - side // 2
    window_values: Tensor = (math.pi * k / (side + 1)).cos() ** 2
    return window_values


def _averaged_projection(square: Tensor, kernel: int, threshold: float) -> Tensor:
    """The projection on the patches' space, averaged over its shifts, as a filter of k-space.

    Returns:
        (..., coils, coils, 2 kernel - 1, 2 kernel - 1), entry [c, d] at each lag (cyclic, 0 first): what coil d
        contributes to coil c.
    """
    patches = square.unfold(-2, kernel, 1).unfold(-2, kernel, 1).movedim(-5, -3)
    _, strengths, basis = torch.linalg.svd(patches.flatten(-3).flatten(-3, -2), full_matrices=False)
    basis = basis * (strengths >= threshold * strengths[..., :1]).unsqueeze(-1)
    spectra = torch.fft.fft2(basis.unflatten(-1, patches.shape[-3:]), s=(2 * kernel - 1, 2 * kernel - 1))
    lags: Tensor = torch.fft.ifft2(torch.einsum("...ncuv,...nduv->...cduv", spectra, spectra.conj())) / kernel**2
    return lags


def _leading_eigenvectors(lags: Tensor, shape: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """The largest eigenvalue (..., H, W) and its unit eigenvector (..., coils, H, W) of G at each pixel."""
    down, across = (_waves(side, lags) for side in shape)
    partial = torch.einsum("...cduv,xv->...uxcd", lags, across)
    step = max(1, _ENTRIES_AT_ONCE // partial[..., :1, :, :, :].numel())
    values, vectors = [], []
    for first in range(0, shape[0], step):
        g = torch.einsum("yu,...uxcd->...yxcd", down[first : first + step], partial)
        value, vector = torch.linalg.eigh(g)
        values.append(value[..., -1])
        vectors.append(vector[..., -1])
    return torch.cat(values, -2), torch.cat(vectors, -3).movedim(-1, -3)


def _waves(side: int, lags: Tensor) -> Tensor:
    """exp(2 pi i k p / side) for the pixels p = -(side // 2), ... and the lags k: (side, 2 kernel - 1)."""
    n_lags = lags.shape[-1]
    k = torch.fft.fftfreq(n_lags, 1 / n_lags, dtype=torch.float64, device=lags.device)
    p = torch.arange(side, dtype=torch.float64, device=lags.device) - side // 2
    turns = torch.outer(p, k) * (2 * math.pi / side)
    return torch.polar(torch.ones_like(turns), turns).to(lags.dtype)
