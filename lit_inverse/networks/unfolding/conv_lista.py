"""ConvLISTA: images that are sparse in a trained convolutional dictionary."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lit_inverse.networks.generator import ValueRange, image_shape
from lit_inverse.networks.unfolding.base import System, UnfoldedNetwork
from lit_inverse.networks.unfolding.logarithms import Logarithms
from lit_inverse.networks.unfolding.shrinkage import soft
from lit_inverse.operators import LinearOperator
from lit_inverse.seeding import generator
from lit_inverse.settings import at_least_1


class ConvLISTA(UnfoldedNetwork):
    """x_t = D z_t,  z_{t+1} = soft(z_t + gamma_t E^T A^T (y - A x_t) / ||A||^2, theta_t),  D z = sum_k d_k * z_k.

    ISTA for 1/2 ||A D z - y||^2 + sum_k theta_k ||z_k||_1 with trained kernels d_k, for images (C, H, W): the learned
    convolutional sparse coding of Sreter, Giryes 2018, whose A = I, with y seen through A. E^T, the correlation with
    kernels e_k, is a matrix of its own, as W1 of LISTA. It goes with any A on such images, also one per item. Trained:
    d_k and e_k, gamma_t, and theta_t of each k; (2 C s^2 + T) K + T numbers.

    Args:
        image: (C, H, W).
        n_layers: T.
        n_atoms: K.
        size: s, the kernels have s x s pixels; odd.
        stride: pixels from one place of a kernel to the next.
        theta: first threshold of all layers and atoms.
        value_range: of the images; 0 should be black, or what else is frequent.

    Raises:
        ValueError: when a size is not positive, or the kernels' even.
    """

    bound = False

    def __init__(
        self,
        image: tuple[int, int, int] = (1, 28, 28),
        n_layers: int = 10,
        n_atoms: int = 32,
        size: int = 7,
        stride: int = 2,
        theta: float = 0.01,
        value_range: ValueRange = (0.0, 1.0),
    ) -> None:
        channels, height, width = image_shape(image)
        at_least_1(n_atoms=n_atoms, size=size, stride=stride)
        if size % 2 == 0:
            raise ValueError(f"size is {size}, expected an odd number")
        if not theta > 0:
            raise ValueError(f"theta is {theta}, expected a number > 0")
        super().__init__(None, channels * height * width, n_layers)
        sizes = {"n_layers": n_layers, "n_atoms": n_atoms, "size": size, "stride": stride}
        self.settings = {"image": image, **sizes, "theta": theta, "value_range": value_range}
        self.value_range = value_range
        self.image = self.in_shape = image
        self.stride, self.padding = stride, size // 2
        self.left_over = (height - 1) % stride, (width - 1) % stride
        atoms = torch.randn(n_atoms, channels, size, size, generator=generator(0), dtype=torch.float32)
        atoms /= torch.fft.fft2(atoms, s=(32, 32)).abs().square().sum(0).max().sqrt()  # ||D|| is about 1
        self.d, self.e = nn.Parameter(atoms), nn.Parameter(atoms.clone())
        self.log_gamma = Logarithms(nn.Parameter(torch.zeros(())) for _ in range(n_layers))
        start = torch.full((n_atoms, 1, 1), theta).log()
        self.log_theta = Logarithms(nn.Parameter(start.clone()) for _ in range(n_layers))

    def _initialize(self, operator: LinearOperator) -> None:
        """Nothing depends on A."""

    def steps(self, system: System) -> Iterator[Tensor]:
        x = system.zeros()
        z = x.new_zeros(())
        scale = 1 / system.operator.norm().square().view(-1, 1)
        for log_gamma, log_theta in zip(self.log_gamma, self.log_theta, strict=True):
            back = scale * system.adjoint(system.residual(x))
            step = F.conv2d(back.view(-1, *self.image), self.e, None, self.stride, self.padding)
            z = soft(z + log_gamma.exp() * step, log_theta.exp())
            x = F.conv_transpose2d(z, self.d, None, self.stride, self.padding, self.left_over).flatten(1)
            yield x
