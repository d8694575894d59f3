"""The handwritten digits that come with scikit-learn."""

from typing import Any

import numpy as np
import torch
from torch.nn.functional import interpolate

from datamodules.arrays import ArrayImages
from datamodules.base import ImageSource, Split, SplitDataModule

# The permutation is a part of the data set: shipped weights were trained on the images that it puts into "train".
_PERMUTATION_SEED = 0
_N_TRAIN, _N_VAL = 1397, 200


class DigitsDataModule(SplitDataModule):
    """1797 real handwritten digits (UCI, 8 x 8 with grey levels 0 to 16), enlarged bilinearly to 28 x 28.

    They need no download. A fixed permutation gives 1397 images to train, 200 to val and 200 to test; an id is the
    split and the number within it, such as "test/0".

    Args:
        shared: the arguments of ``SplitDataModule``.
    """

    def __init__(self, **shared: Any) -> None:
        super().__init__(**shared)

    def read(self) -> dict[Split, ImageSource]:
        """Loads, enlarges, permutes and cuts the set."""
        from sklearn.datasets import load_digits  # takes a second to import, of use to nothing else here

        small = load_digits().images.astype(np.float32)
        order = np.random.default_rng(_PERMUTATION_SEED).permutation(len(small))
        large = interpolate(torch.from_numpy(small[order])[:, None], size=(28, 28), mode="bilinear")[:, 0]
        train, val, test = large.tensor_split((_N_TRAIN, _N_TRAIN + _N_VAL))
        return {
            "train": ArrayImages(train, 16, "train"),
            "val": ArrayImages(val, 16, "val"),
            "test": ArrayImages(test, 16, "test"),
        }
