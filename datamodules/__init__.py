"""Lightning data modules. They give x and nothing else: no forward operator, no measurements."""

from datamodules.celeba import CelebADataModule
from datamodules.chest_xray import ChestXrayDataModule
from datamodules.digits import DigitsDataModule
from datamodules.images import ImagesDataModule
from datamodules.mnist import MNISTDataModule
from datamodules.retina import RetinaDataModule
from datamodules.rotated import RotatedDataModule
from datamodules.sparse_signals import SparseSignalsDataModule

__all__ = [
    "CelebADataModule",
    "ChestXrayDataModule",
    "DigitsDataModule",
    "ImagesDataModule",
    "MNISTDataModule",
    "RetinaDataModule",
    "RotatedDataModule",
    "SparseSignalsDataModule",
]
