"""Lightning data modules. They give x, and k-space where it was measured (FastMRIDataModule), but no operator."""

from datamodules.celeba import CelebADataModule
from datamodules.chest_xray import ChestXrayDataModule
from datamodules.digits import DigitsDataModule
from datamodules.fastmri import FastMRIDataModule
from datamodules.images import ImagesDataModule
from datamodules.mnist import MNISTDataModule
from datamodules.retina import RetinaDataModule
from datamodules.rotated import RotatedDataModule
from datamodules.smooth_signals import SmoothSignalsDataModule
from datamodules.sparse_signals import SparseSignalsDataModule

__all__ = [
    "CelebADataModule",
    "ChestXrayDataModule",
    "DigitsDataModule",
    "FastMRIDataModule",
    "ImagesDataModule",
    "MNISTDataModule",
    "RetinaDataModule",
    "RotatedDataModule",
    "SmoothSignalsDataModule",
    "SparseSignalsDataModule",
]
