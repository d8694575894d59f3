"""Errors of volumes whose slices come one by one, in several processes."""

import torch
from torch import Tensor, distributed

from lit_inverse.challenge_metrics import from_sums


class VolumeErrors:
    """Gathers slices, wherever they were reconstructed; one that came twice, as DDP fills up epochs, counts once."""

    def __init__(self) -> None:
        self._sums: dict[str, tuple[str, Tensor]] = {}

    def reset(self) -> None:
        """Forgets all slices."""
        self._sums.clear()

    def update(self, ids: list[str], volumes: list[str], sums: Tensor) -> None:
        """Adds slices by their ids, with the volumes they belong to and their `slice_sums`, (B, 5)."""
        self._sums |= {name: (volume, row) for name, volume, row in zip(ids, volumes, sums, strict=True)}

    def compute(self) -> dict[str, float]:
        """Means over volumes of nmse, psnr and ssim, and over slices of the same, slice_nmse, ...

        Errors of a slice are those of a volume of it alone, with the maximum of its volume; a black slice has no nmse
        and is left out of that mean. Each process must call this, and each has the same answer; empty where no slice
        came.
        """
        own = {name: (volume, row.tolist()) for name, (volume, row) in self._sums.items()}
        shares = [own]
        if distributed.is_initialized():
            shares = [{} for _ in range(distributed.get_world_size())]
            distributed.all_gather_object(shares, own)
        everything = {name: entry for share in shares for name, entry in share.items()}
        rows: dict[str, list[list[float]]] = {}
        for _, (volume, row) in sorted(everything.items()):
            rows.setdefault(volume, []).append(row)
        by_volume = [from_sums(torch.tensor(one, dtype=torch.float64)) for one in rows.values()]
        slices = [row for one in rows.values() for row in one]
        by_slice = [from_sums(torch.tensor([row], dtype=torch.float64)) for row in slices]
        bright = [{"nmse": one["nmse"]} for one, row in zip(by_slice, slices, strict=True) if row[1] > 0]
        of_slices = _means(by_slice) | _means(bright)
        return _means(by_volume) | {f"slice_{name}": mean for name, mean in of_slices.items()}


def _means(errors: list[dict[str, Tensor]]) -> dict[str, float]:
    return {name: float(torch.stack([one[name] for one in errors]).mean()) for name in (errors[0] if errors else ())}
