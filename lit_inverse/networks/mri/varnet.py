"""The end-to-end variational network."""

import torch
from torch import Tensor, nn

from lit_inverse.networks.initialization import Law, initialize
from lit_inverse.networks.mri.base import ReconstructionNetwork
from lit_inverse.networks.mri.complex_unet import ComplexUNet
from lit_inverse.networks.mri.sensitivity import SensitivityNetwork
from lit_inverse.operators.fourier import Fourier
from lit_inverse.seeding import generator
from lit_inverse.settings import at_least_1


class VarNet(ReconstructionNetwork):
    """Unrolled gradient steps with learned regularizers and sensitivities (Sriram et al. 2020, Sec. 3).

    Each cascade is, of k-space k with its measured part k~, the mask M and sensitivities S,

        k <- k - eta M (k - k~) - F S G(S^H F^-1 k),    S^H x = sum_c conj(S_c) x_c,

    with eta, 1 at the beginning, and the `ComplexUNet` G of that cascade. It is written here for the coil images
    x = F^-1 k, which begin zero-filled: x <- x - eta A^+ (A x - y) - S G(S^H x). S comes from a `SensitivityNetwork`.
    With its defaults the published network: 29,936,966 weights.

    Args:
        n_cascades: number of cascades.
        width: channels of the finest level of each G.
        depth: number of times G halves images.
        sensitivity_width: the same of the sensitivity network.
        sensitivity_depth: the same of the sensitivity network.
        n_center: columns in the middle of k-space that are fully sampled; None to find them from the mask.
        gentle: begins close to the zero-filled image, with S the ratio of the coils' low-frequency images, which is
            better after a few epochs: last convolutions are 0 at the beginning, and the sensitivity network adds to its
            input. Not published.

    Weights are initialised by the law "torch" of `initialize` with seed 0.

    Raises:
        ValueError: when a number is less than 1; when called, if the images are too small for the depths.
    """

    def __init__(
        self,
        n_cascades: int = 12,
        width: int = 18,
        depth: int = 4,
        sensitivity_width: int = 8,
        sensitivity_depth: int = 4,
        n_center: int | None = None,
        gentle: bool = False,
    ) -> None:
        super().__init__()
        numbers = {"n_cascades": n_cascades, "width": width, "depth": depth, "n_center": n_center}
        numbers |= {"sensitivity_width": sensitivity_width, "sensitivity_depth": sensitivity_depth}
        at_least_1(**numbers)
        self.settings = {**numbers, "gentle": gentle}
        self.sensitivity = SensitivityNetwork(sensitivity_width, sensitivity_depth, n_center, residual=gentle)
        self.regularizers = nn.ModuleList(ComplexUNet(width, depth) for _ in range(n_cascades))
        self.eta = nn.Parameter(torch.empty(n_cascades, dtype=torch.float32))
        initialize(self, "torch", generator(0))
        for part in self.modules():
            if gentle and isinstance(part, ComplexUNet):
                part.start_at_zero()

    def draw_weights(self, law: Law, source: torch.Generator) -> None:
        """eta = 1; for `initialize`."""
        nn.init.ones_(self.eta)

    def check(self, height: int, width: int) -> None:
        for part in self.modules():
            if isinstance(part, ComplexUNet):
                part.check(height, width)

    def forward(self, y: Tensor, operator: Fourier) -> Tensor:
        x, s = operator.pinv(y), self.sensitivity(y, operator)
        for eta, regularizer in zip(self.eta, self.regularizers, strict=True):
            combined = (s.conj() * x).sum(1, keepdim=True)
            x = x - eta * operator.pinv(operator(x) - y) - s * regularizer(combined)
        return x
