"""Accelerated MRI: k-space and reference images of files in the format of fastMRI."""

from datamodules.fastmri.module import FastMRIDataModule
from datamodules.fastmri.synthetic import SyntheticVolumes, write_synthetic
from datamodules.fastmri.volume import Volume, volume_seed

__all__ = ["FastMRIDataModule", "SyntheticVolumes", "Volume", "volume_seed", "write_synthetic"]
