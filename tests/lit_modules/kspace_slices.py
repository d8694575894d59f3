"""Small slices in the form of FastMRIDataModule's items."""

from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from datamodules.loader import EpochSampler, ResumableLoader
from lit_inverse.magnitudes import center_crop, root_sum_of_squares
from lit_inverse.networks import UNetReconstruction, VarNet
from lit_inverse.operators import CartesianFourier
from lit_inverse.seeding import generator

UNIT = 1e-5  # of images, as in files of fastMRI


def small_varnet(**settings: Any) -> VarNet:
    small = {"n_cascades": 2, "width": 4, "depth": 2, "sensitivity_width": 2, "sensitivity_depth": 2}
    return VarNet(**{**small, **settings})


def small_unet(**settings: Any) -> UNetReconstruction:
    return UNetReconstruction(**{"width": 4, "depth": 2, **settings})


def item(volume: str, number: int, coils: int = 2, size: tuple[int, int] = (32, 32)) -> dict[str, Any]:
    """A bright square under coils that see it from different sides; x is cropped by 4 rows."""
    source = generator(7 * number + len(volume))
    height, width = size
    image = 0.1 * torch.rand(height, width, generator=source, dtype=torch.float32)
    top, left = torch.randint(4, 12, (2,), generator=source).tolist()
    image[top : top + 14, left : left + 12] += 1
    ramp = torch.linspace(0.3, 1, width)
    maps = torch.stack([ramp, ramp.flip(0), ramp][:coils]) + 0.2j
    images = (UNIT * maps[:, None] * image)[None]
    kspace = CartesianFourier((coils, height, width), 1, 0)(images).view(coils, height, width)
    x = center_crop(root_sum_of_squares(images), (height - 4, width))[0]
    maximum = torch.tensor(1.3 * UNIT, dtype=torch.float64)
    return {"x": x, "kspace": kspace, "id": f"{volume}:{number}", "volume": volume, "maximum": maximum}


class SmallSlices(pl.LightningDataModule):
    """6 slices to train on and two volumes, of 2 and 1 slices, to validate with."""

    value_range = None

    def __init__(self, batch_size: int = 1, without: tuple[str, ...] = (), **settings: Any) -> None:
        super().__init__()
        self.without_validation: bool = settings.pop("without_validation", False)
        self.batch_size, self.without, self.settings = batch_size, without, settings

    @property
    def item_shape(self) -> tuple[int, ...]:
        x: Tensor = self.dataset("val")[0]["x"]
        return tuple(x.shape)

    def dataset(self, split: str) -> Any:
        places = [("a.h5", i) for i in range(6)] if split == "train" else [("b.h5", 0), ("bb.h5", 1), ("b.h5", 2)]
        items = [item(*place, **self.settings) for place in places]
        left_out = self.without if split == "train" or self.without_validation else ()
        return [{key: value for key, value in one.items() if key not in left_out} for one in items]

    def train_dataloader(self) -> Any:
        items = self.dataset("train")
        return ResumableLoader(items, self.batch_size, sampler=EpochSampler(6, 0), generator=generator(0))

    def val_dataloader(self) -> Any:
        return DataLoader(self.dataset("val"), self.batch_size, generator=generator(0))
