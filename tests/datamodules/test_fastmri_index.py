"""The index is remembered, and handles stay in their process."""

import json
import multiprocessing
import os
import pickle
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch

from datamodules import FastMRIDataModule
from datamodules.fastmri import SyntheticVolumes, index, write_synthetic
from datamodules.fastmri.reader import OpenFiles

SMALL = SyntheticVolumes(n_slices=2, n_coils=2, shape=(12, 10), crop=(8, 8))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_synthetic(tmp_path / "set", 4, SMALL)
    return tmp_path / "set"


@pytest.fixture
def inspected(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that are looked into."""
    names: list[str] = []
    inspect = index.inspect

    def listen(root: Path, name: str, *arguments: Any) -> Any:
        names.append(name)
        return inspect(root, name, *arguments)

    monkeypatch.setattr(index, "inspect", listen)
    return names


def volumes(root: Path, **arguments: Any) -> list[Any]:
    return FastMRIDataModule(root, cache=root.parent / "cache", **arguments).dataset("test").volumes


def test_an_index_is_remembered(root: Path, inspected: list[str]) -> None:
    first = volumes(root)
    assert len(inspected) == 4
    assert volumes(root) == first
    assert len(inspected) == 4


def test_only_files_that_changed_are_looked_at_again(root: Path, inspected: list[str]) -> None:
    volumes(root)
    inspected.clear()
    write_synthetic(root, 1, SyntheticVolumes(n_slices=3, n_coils=2, shape=(12, 10)), first=4)
    with h5py.File(root / "volume_001.h5", "r+") as file:
        file.attrs["acquisition"] = "CHANGED"
    os.utime(root / "volume_001.h5", ns=(0, 1))
    (root / "volume_002.h5").unlink()
    found = volumes(root)
    assert inspected == ["volume_001.h5", "volume_004.h5"]
    assert [volume.name for volume in found] == [f"volume_00{i}.h5" for i in (0, 1, 3, 4)]
    assert found[1].acquisition == "CHANGED"


def test_a_file_of_equal_size_and_time_in_the_place_of_another_is_looked_at(root: Path) -> None:
    volumes(root)
    path = root / "volume_001.h5"
    before = path.stat()
    with h5py.File(path, "r+") as file:
        file.attrs.modify("max", 2 * file.attrs["max"])
    assert path.stat().st_size == before.st_size
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with h5py.File(path) as file:
        assert volumes(root)[1].maximum == file.attrs["max"]


def test_damaged_files_are_not_remembered(root: Path, inspected: list[str]) -> None:
    good = (root / "volume_001.h5").read_bytes()
    (root / "volume_001.h5").write_bytes(b"0" * len(good))
    os.utime(root / "volume_001.h5", ns=(0, 1))
    with pytest.raises(ValueError, match="volume_001"):
        volumes(root)
    (root / "volume_001.h5").write_bytes(good)
    os.utime(root / "volume_001.h5", ns=(0, 1))
    assert len(volumes(root)) == 4
    assert inspected == ["volume_000.h5", "volume_001.h5", "volume_002.h5", "volume_003.h5", "volume_001.h5"]


def test_numbers_that_were_looked_at_once_are_not_again(root: Path, inspected: list[str]) -> None:
    for check, expected in ((False, 4), (True, 8), (True, 8), (False, 8)):
        volumes(root, check_values=check)
        assert len(inspected) == expected


def test_splits_and_challenges_share_a_cache_and_keep_their_entries(root: Path, inspected: list[str]) -> None:
    write_synthetic(root / "singlecoil", 1, SyntheticVolumes(2, None, (12, 10)))
    for _ in range(2):
        data = FastMRIDataModule(root / "singlecoil", "singlecoil", cache=root.parent / "cache")
        assert len(data.dataset("test")) == 2
        (root / "singlecoil").rename(root.parent / "aside")
        data = FastMRIDataModule(root, fractions=(0.5, 0.0, 0.5), cache=root.parent / "cache")
        assert len(data.dataset("train")) == len(data.dataset("test")) == 4
        (root.parent / "aside").rename(root / "singlecoil")
    assert len(inspected) == 5


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"format": 0, "files": {}}', b'{"format": 1, "files": {"volume_000.h5": {}}}', b"\xff"],
)
def test_a_broken_cache_is_made_anew(root: Path, inspected: list[str], content: bytes) -> None:
    first = volumes(root)
    (path,) = (root.parent / "cache").iterdir()
    path.write_bytes(content)
    assert volumes(root) == first
    assert len(inspected) == 8
    volumes(root)
    assert len(inspected) == 8
    assert len(json.loads(path.read_text())["files"]) == 4


def test_where_nothing_can_be_written_nothing_is_remembered(root: Path, inspected: list[str]) -> None:
    (root.parent / "cache").write_text("a file")
    assert volumes(root) == volumes(root)
    assert len(inspected) == 8


def test_the_cache_lies_in_the_users_folder_and_never_beside_the_data(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sorted(path.name for path in root.iterdir())
    monkeypatch.setenv("XDG_CACHE_HOME", str(root.parent / "xdg"))
    FastMRIDataModule(root).setup("test")
    assert len(list((root.parent / "xdg" / "lit_inverse" / "fastmri").glob("*.json"))) == 1
    assert sorted(path.name for path in root.iterdir()) == before


def test_no_array_is_read_for_the_index(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = h5py.Dataset.__getitem__

    def guarded(dataset: Any, *arguments: Any) -> Any:
        assert dataset.name == "/ismrmrd_header"
        return read(dataset, *arguments)

    monkeypatch.setattr(h5py.Dataset, "__getitem__", guarded)
    assert len(volumes(root)) == 4


def test_the_number_of_open_files_is_bounded(root: Path) -> None:
    files = OpenFiles(limit=2)
    for _ in range(2):
        for path in sorted(root.iterdir()):
            assert "kspace" in files[path]
            assert len(files) <= 2
    last = files[path]
    assert files[path] is last


def test_a_pickled_data_set_takes_no_handles_along(root: Path) -> None:
    items = FastMRIDataModule(root, cache=root.parent / "cache").dataset("test")
    item = items[0]
    again = pickle.loads(pickle.dumps(items))
    assert len(again.source._open) == 0
    assert torch.equal(again[0]["kspace"], item["kspace"])


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="no fork here")
def test_a_forked_process_opens_its_own_files(root: Path) -> None:
    files = OpenFiles()
    path = root / "volume_000.h5"
    mine = files[path].id.id, files[path]["kspace"][()].sum()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            inherited = dict(files._files)
            fresh = files[path] is not inherited[path]
            same = bool(np.equal(files[path]["kspace"][()].sum(), mine[1]))
            os.write(writing, json.dumps([fresh, same, len(files)]).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert json.loads(os.read(reading, 100)) == [True, True, 1]
    assert files[path].id.id == mine[0]
    assert files[path]["kspace"][()].sum() == mine[1]
