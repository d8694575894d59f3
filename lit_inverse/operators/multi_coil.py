"""Parallel magnetic resonance imaging: several coils see the same image."""

import torch
from torch import Tensor

from lit_inverse.operators.base import Index, LinearOperator, item_numbers
from lit_inverse.operators.fourier import Fourier, Normalization
from lit_inverse.operators.precision import at_least_single


class MultiCoil(LinearOperator):
    """y_c = M F (S_c x) for each coil c, with the sensitivities S and the `Fourier` transform M F (SENSE).

    Pruessmann et al. 1999. in_shape is (1, H, W), x complex as a rule; out_shape is (coils, kept). Where the squares of
    S sum to 1 over the coils and all coefficients are kept, A^H A = I, and ||A|| <= 1 for any mask.

    Args:
        sensitivities: complex (coils, H, W), or (B, coils, H, W) for one A per item.
        mask: bool (H, W) or (B, H, W), the zero frequency at [H // 2, W // 2].
        norm: "ortho" for a unitary F, "backward" for one without factor.

    Raises:
        ValueError: when the sensitivities are not complex or not finite, or the mask does not fit them.
    """

    sensitivities: Tensor

    def __init__(self, sensitivities: Tensor, mask: Tensor, norm: Normalization = "ortho") -> None:
        super().__init__()
        if not sensitivities.is_complex() or sensitivities.ndim not in (3, 4):
            raise ValueError(
                f"sensitivities are {sensitivities.dtype} {tuple(sensitivities.shape)}, expected complex "
                "(coils, H, W) or (B, coils, H, W)"
            )
        if not torch.isfinite(sensitivities).all():
            raise ValueError("sensitivities have entries that are not finite")
        coils, height, width = sensitivities.shape[-3:]
        self.fourier: LinearOperator = Fourier((coils, height, width), mask, norm)
        self.in_shape, self.out_shape = (1, height, width), self.fourier.out_shape
        self.n_items = len(sensitivities) if sensitivities.ndim == 4 else self.fourier.n_items
        if self.n_items == 0 or self.fourier.n_items not in (None, self.n_items):
            raise ValueError(f"mask is for {self.fourier.n_items} items, sensitivities for {self.n_items}")
        self.register_buffer("sensitivities", sensitivities)

    def forward(self, x: Tensor) -> Tensor:
        self.check_batch(x, self.in_shape, "x")
        y: Tensor = self.fourier(at_least_single(self.sensitivities) * at_least_single(x))
        return y

    def adjoint(self, y: Tensor) -> Tensor:
        self.check_batch(y, self.out_shape, "y")
        return (at_least_single(self.sensitivities).conj() * self.fourier.adjoint(y)).sum(-3, keepdim=True)

    def take(self, index: Index) -> LinearOperator:
        if self.n_items is None:
            return self
        index = item_numbers(index)
        sensitivities = self.sensitivities[index] if self.sensitivities.ndim == 4 else self.sensitivities
        fourier = self.fourier.take(index)
        assert isinstance(fourier, Fourier)
        return MultiCoil(sensitivities, fourier.mask, fourier.normalization)
