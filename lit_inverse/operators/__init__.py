"""Forward operators A of y = A(x) + eta, one idea per file."""

from lit_inverse.operators import checks, masks, sensitivities
from lit_inverse.operators.base import LinearOperator, Operator
from lit_inverse.operators.blur import Blur, GaussianBlur, MotionBlur
from lit_inverse.operators.composition import stack
from lit_inverse.operators.deepinv_physics import from_deepinv
from lit_inverse.operators.downsampling import Downsampling
from lit_inverse.operators.fourier import CartesianFourier, Fourier, PoissonDiscFourier, RadialFourier
from lit_inverse.operators.gaussian import Bernoulli, Gaussian
from lit_inverse.operators.gaussian_streamed import GaussianStreamed
from lit_inverse.operators.identity import Identity
from lit_inverse.operators.inpainting import BlockInpainting, Inpainting, RandomInpainting, TextInpainting
from lit_inverse.operators.integration import Integration
from lit_inverse.operators.learned import Learned
from lit_inverse.operators.magnitude import Magnitude
from lit_inverse.operators.matrix import Matrix
from lit_inverse.operators.multi_coil import MultiCoil
from lit_inverse.operators.quantisation import Quantisation
from lit_inverse.operators.radon import Radon
from lit_inverse.operators.real_channels import ComplexFromChannels, on_real_channels
from lit_inverse.operators.saturation import Saturation
from lit_inverse.operators.scipy_operator import from_scipy, to_scipy
from lit_inverse.operators.sign import Sign
from lit_inverse.operators.spiked import Spiked
from lit_inverse.operators.stored_matrix import StoredMatrix
from lit_inverse.operators.subsampled_transform import SubsampledDCT, SubsampledHadamard

__all__ = [
    "Bernoulli",
    "BlockInpainting",
    "Blur",
    "CartesianFourier",
    "ComplexFromChannels",
    "Downsampling",
    "Fourier",
    "Gaussian",
    "GaussianBlur",
    "GaussianStreamed",
    "Identity",
    "Inpainting",
    "Integration",
    "Learned",
    "LinearOperator",
    "Magnitude",
    "Matrix",
    "MotionBlur",
    "MultiCoil",
    "Operator",
    "PoissonDiscFourier",
    "Quantisation",
    "RadialFourier",
    "Radon",
    "RandomInpainting",
    "Saturation",
    "Sign",
    "Spiked",
    "StoredMatrix",
    "SubsampledDCT",
    "SubsampledHadamard",
    "TextInpainting",
    "checks",
    "from_deepinv",
    "from_scipy",
    "masks",
    "on_real_channels",
    "sensitivities",
    "stack",
    "to_scipy",
]
