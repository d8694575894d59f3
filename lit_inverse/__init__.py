"""lit_inverse: deep learning for inverse problems, y = A(x) + eta, on one footing."""

from lit_inverse.installation import check_torchvision

__version__ = "0.1.0"

check_torchvision()
