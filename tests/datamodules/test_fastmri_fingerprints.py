"""Fingerprints of slices: those of what would be read, without reading it."""

import os
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch

from datamodules import FastMRIDataModule
from datamodules.fastmri import SyntheticVolumes, dataset, write_synthetic
from datamodules.fastmri import fingerprints as remembering
from datamodules.fingerprint import Fingerprint

SMALL = SyntheticVolumes(n_slices=2, n_coils=2, shape=(12, 10), crop=(8, 8))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_synthetic(tmp_path / "set", 3, SMALL)
    return tmp_path / "set"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Slices that are read."""
    names: list[str] = []
    read_slice = remembering.read_slice

    def listen(source: Any, volume: Any, number: int) -> Any:
        names.append(f"{volume.name}:{number}")
        return read_slice(source, volume, number)

    for module in (remembering, dataset):
        monkeypatch.setattr(module, "read_slice", listen)
    return names


def slices(root: Path, **arguments: Any) -> Any:
    return FastMRIDataModule(root, cache=root.parent / "cache", **arguments).dataset("test")


def outlines(root: Path) -> list[dict[str, Any]]:
    items = slices(root)
    return [items.outline(i) for i in range(len(items))]


def stored_elsewhere(path: Path, key: str) -> None:
    """Another file of equal size and times takes the place of one; an array differs in one number."""
    before, copy = path.stat(), path.with_suffix(".copy")
    copy.write_bytes(path.read_bytes())
    with h5py.File(copy, "r+") as file:
        file[key][(0,) * file[key].ndim] += 1
    os.utime(copy, ns=(before.st_atime_ns, before.st_mtime_ns))
    copy.replace(path)
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)


def test_a_fingerprint_tells_arrays_apart_by_bytes_type_and_shape() -> None:
    x = torch.arange(6, dtype=torch.float32).view(2, 3)
    others = [x.mT.contiguous(), x.view(3, 2), x.view(torch.int32), x + 1e-7]
    assert len({Fingerprint.of(one) for one in [x, *others]}) == 5
    assert Fingerprint.of(x.mT.contiguous().mT) == Fingerprint.of(x.clone())


@pytest.mark.parametrize("stored", [True, False], ids=["stored references", "computed references"])
def test_outlines_are_those_of_the_items(root: Path, stored: bool) -> None:
    if not stored:
        for path in root.iterdir():
            with h5py.File(path, "r+") as file:
                del file["reconstruction_rss"]
    for _ in range(2):
        items = slices(root)
        for item, outline in zip(items, outlines(root), strict=True):
            assert outline["kspace"] == Fingerprint.of(item["kspace"])
            assert outline["x"] == Fingerprint.of(item["x"])
            same = set(item) - {"kspace", "x"}
            assert all(outline[key] == item[key] for key in same)
            assert set(outline) == set(item)


def test_outlines_of_undersampled_slices_have_a_mask_and_no_reference(tmp_path: Path) -> None:
    write_synthetic(tmp_path / "set", 1, SMALL, columns=[0, 4, 5])
    items = slices(tmp_path / "set", require_targets=False)
    for outline in (items.outline(1), slices(tmp_path / "set", require_targets=False).outline(1)):
        assert set(outline) == {"id", "volume", "kspace", "mask", "size"}
        assert torch.equal(outline["mask"], items[1]["mask"])


def test_drawn_slices_have_outlines_too() -> None:
    items = FastMRIDataModule().dataset("test")
    assert items.outline(3)["kspace"] == Fingerprint.of(items[3]["kspace"])


def test_a_slice_is_read_for_its_outline_once(root: Path, read: list[str]) -> None:
    first = outlines(root)
    assert len(read) == 6
    assert str(outlines(root)) == str(first)
    assert len(read) == 6


@pytest.mark.parametrize("key", ["kspace", "reconstruction_rss"])
def test_a_file_that_took_the_place_of_another_is_read_again(root: Path, read: list[str], key: str) -> None:
    first = outlines(root)
    read.clear()
    stored_elsewhere(root / "volume_001.h5", key)
    name = "kspace" if key == "kspace" else "x"
    changed = [a[name] != b[name] for a, b in zip(first, outlines(root), strict=True)]
    assert changed == [False, False, True, False, False, False]
    assert read == ["volume_001.h5:0", "volume_001.h5:1"]


def test_what_is_remembered_belongs_to_the_file_that_was_read(root: Path) -> None:
    """Not to one that took its name while it was open."""
    items = slices(root)
    before = items[2]
    stored_elsewhere(root / "volume_001.h5", "kspace")
    assert items.outline(2)["kspace"] == Fingerprint.of(before["kspace"])
    assert outlines(root)[2]["kspace"] == Fingerprint.of(slices(root)[2]["kspace"]) != items.outline(2)["kspace"]


def test_another_version_of_the_library_that_computes_references_is_another_origin(
    root: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    outlines(root)
    monkeypatch.setattr(torch, "__version__", "0")
    outlines(root)
    assert len(read) == 12


def test_lines_that_are_broken_are_passed_over(root: Path, read: list[str]) -> None:
    first = outlines(root)
    (path,) = (root.parent / "cache").glob("*.fingerprints.jsonl")
    lines = path.read_bytes().splitlines()
    broken = [b"\xff", b"{}", b"[1]", b"null", b'["a", 0, [], {"x": 1}]', lines[1][:40]]
    path.write_bytes(b"\n".join([lines[0], *broken, *lines[2:]]))
    assert str(outlines(root)) == str(first)
    assert read[6:] == ["volume_000.h5:1"]


def test_where_nothing_can_be_written_outlines_are_read(root: Path, read: list[str]) -> None:
    (root.parent / "cache").write_text("a file")
    assert str(outlines(root)) == str(outlines(root))
    assert len(read) == 12


def test_what_can_not_be_read_has_no_outline(root: Path) -> None:
    with h5py.File(root / "volume_001.h5", "r+") as file:
        file["kspace"][1, 0, 0, 0] = np.nan
    items = slices(root)
    with pytest.raises(ValueError, match=r"volume_001.h5, slice 1: kspace has 1 entries that are NaN"):
        items.outline(3)
    (root / "volume_002.h5").unlink()
    with pytest.raises(ValueError, match=r"volume_002.h5: can not be read .*: was it changed or damaged"):
        items.outline(4)
    with pytest.raises(IndexError, match="outside of a split"):
        items.outline(6)
