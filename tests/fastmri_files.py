"""Small volumes that the tests of FastMRIDataModule share."""

from datamodules import FastMRIDataModule
from datamodules.fastmri import SyntheticVolumes

SMALL = SyntheticVolumes(n_slices=3, n_coils=2, shape=(20, 13), crop=(10, 9))
SINGLE = SyntheticVolumes(n_slices=3, n_coils=None, shape=(20, 13), crop=(10, 9))


def ids(data: FastMRIDataModule, split: str = "test") -> list[str]:
    """Names of all items of a split."""
    items = data.dataset(split)
    return [items[i]["id"] for i in range(len(items))]
