"""Damaged files: each gives one line that names it, or a warning and the other files."""

import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from datamodules import FastMRIDataModule
from datamodules.fastmri import SyntheticVolumes, write_synthetic

LAW = SyntheticVolumes(n_slices=3, n_coils=2, shape=(16, 12), crop=(8, 8))
K, RSS = "kspace", "reconstruction_rss"
Damage = Callable[[Path], None]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two sound volumes, and volume_001.h5 between them, to be damaged."""
    write_synthetic(tmp_path / "set", 3, LAW)
    return tmp_path / "set"


def module(root: Path, tmp_path: Path, **arguments: Any) -> FastMRIDataModule:
    return FastMRIDataModule(root, cache=tmp_path / "cache", **arguments)


def edit(change: Callable[[h5py.File], Any]) -> Damage:
    def damage(path: Path) -> None:
        with h5py.File(path, "r+") as file:
            change(file)

    return damage


def stored(key: str, change: Callable[[np.ndarray], Any], **options: Any) -> Damage:
    """Another array in the place of one."""

    def replace(file: h5py.File) -> None:
        array = change(file[key][()])
        del file[key]
        file.create_dataset(key, data=array, **options)

    return edit(replace)


def attribute(key: str, value: Any) -> Damage:
    return edit(lambda file: file.attrs.__setitem__(key, value))


def header(text: Any) -> Damage:
    return stored("ismrmrd_header", lambda _: text)


def without(key: str, also: Callable[[h5py.File], Any] = lambda file: None) -> Damage:
    def change(file: h5py.File) -> None:
        del file[key]
        also(file)

    return edit(change)


def masked(mask: Any) -> Damage:
    return edit(lambda file: file.__setitem__("mask", mask))


def replaced(content: bytes) -> Damage:
    return lambda path: path.write_bytes(content) and None


def truncated(share: float) -> Damage:
    return lambda path: os.truncate(path, int(share * path.stat().st_size))


def entry(value: complex, key: str = K) -> Damage:
    def change(array: np.ndarray) -> np.ndarray:
        array[(1, *[0] * (array.ndim - 1))] = value
        return array

    return stored(key, change)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def broken_link(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.parent / "nothing.h5")


def scribbled(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[8:200] = b"\xaa" * 192
    path.write_bytes(content)


def interrupted(path: Path) -> None:
    """As if the writer had died after a slice."""
    with h5py.File(path, "r+") as file:
        shape = file[K].shape
        del file[K]
        file.create_dataset(K, shape, np.complex64, chunks=(1, *shape[1:]))[0] = 1


def unwritten(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        shape = file[K].shape
        del file[K]
        file.create_dataset(K, shape, np.complex64)


def no_maximum(change: Callable[[np.ndarray], Any]) -> Damage:
    def damage(path: Path) -> None:
        stored(RSS, change)(path)
        edit(lambda file: file.attrs.__delitem__("max"))(path)

    return damage


XML = "<a><encoding><encodedSpace><matrixSize><x>16</x><y>{}</y><z>1</z></matrixSize></encodedSpace></encoding></a>"
STRUCTURE: dict[str, tuple[Damage, str]] = {
    "empty": (replaced(b""), "can not be read .*expected an HDF5 file"),
    "not HDF5": (replaced(b"PNG" * 1000), "can not be read .*file signature not found"),
    "truncated at half": (truncated(0.5), "can not be read .*truncated"),
    "truncated by some bytes": (truncated(0.999), "can not be read .*truncated"),
    "truncated in the header": (truncated(0.005), "can not be read "),
    "scribbled over": (scribbled, "can not be read "),
    "a folder": (folder, "is a folder, expected an HDF5 file"),
    "a broken link": (broken_link, "can not be found .*expected an HDF5 file"),
    "interrupted writing": (interrupted, "kspace has 1 of its 3 chunks: writing it was interrupted"),
    "unwritten k-space": (unwritten, "kspace was never written: 0 of 9216 bytes"),
    "no k-space": (without(K), "holds no kspace, only ismrmrd_header, reconstruction_rss"),
    "nothing": (lambda path: h5py.File(path, "w").close(), "holds no kspace, only nothing"),
    "group": (without(K, lambda f: f.create_group(K)), "has a group kspace, expected an array"),
    "dangling soft link": (
        without(K, lambda f: f.__setitem__(K, h5py.SoftLink("/gone"))),
        "kspace that links to nothing",
    ),
    "dangling external link": (
        without(K, lambda f: f.__setitem__(K, h5py.ExternalLink("gone.h5", "/k"))),
        "kspace that links to nothing|can not be read",
    ),
    "dangling reference": (without(RSS, lambda f: f.__setitem__(RSS, h5py.SoftLink("/gone"))), f"{RSS} that links"),
    "without a shape": (without(K, lambda f: f.__setitem__(K, h5py.Empty("c8"))), "kspace without a shape"),
    "text as k-space": (stored(K, lambda _: "text"), "kspace has the type object, expected complex numbers"),
    "real k-space": (stored(K, lambda k: k.real), "kspace has the type float32, expected complex numbers"),
    "integer k-space": (stored(K, lambda k: k.real.astype("i2")), "kspace has the type int16, expected complex"),
    "scalar k-space": (stored(K, lambda k: k[0, 0, 0, 0]), r"kspace has the shape \(\), expected \(slices, coils"),
    "five axes": (stored(K, lambda k: k[None]), r"kspace has the shape \(1, 3, 2, 16, 12\), expected \(slices, coils"),
    "two axes": (stored(K, lambda k: k[0, 0]), r"kspace has the shape \(16, 12\), expected \(slices, coils"),
    "single-coil": (stored(K, lambda k: k[:, 0]), "that of singlecoil files.*set challenge to singlecoil"),
    "no slices": (stored(K, lambda k: k[:0]), r"kspace has the shape \(0, 2, 16, 12\), .* none of them 0"),
    "no coils": (stored(K, lambda k: k[:, :0]), r"\(3, 0, 16, 12\), .* none of them 0"),
    "no rows": (stored(K, lambda k: k[:, :, :0]), r"\(3, 2, 0, 12\), .* none of them 0"),
    "fewer references": (
        stored(RSS, lambda x: x[:2]),
        r"reconstruction_rss has the shape \(2, 8, 8\), expected \(3, h",
    ),
    "more references": (stored(RSS, lambda x: x[[0, 1, 2, 2]]), r"has the shape \(4, 8, 8\), expected \(3, height"),
    "large reference": (stored(RSS, lambda x: np.pad(x, 5)[:3]), "with at most the 16 x 12 of kspace"),
    "reference of other rank": (stored(RSS, lambda x: x[0]), r"reconstruction_rss has the shape \(8, 8\), expected"),
    "complex reference": (stored(RSS, lambda x: x * 1j), "reconstruction_rss has the type complex.*expected real"),
    "group as reference": (without(RSS, lambda f: f.create_group(RSS)), "has a group reconstruction_rss"),
    "max is text": (attribute("max", "large"), "the attribute max is 'large', expected a positive number"),
    "max is NaN": (attribute("max", np.nan), "the attribute max is nan, expected a positive number"),
    "max is zero": (attribute("max", 0.0), "the attribute max is 0, expected a positive number"),
    "max is a list": (attribute("max", [1.0, 2.0]), r"the attribute max is \[1.0, 2.0\], expected"),
    "norm is negative": (attribute("norm", -2.0), "the attribute norm is -2, expected a positive number"),
    "norm is infinite": (attribute("norm", np.inf), "the attribute norm is inf, expected a positive number"),
    "acquisition is a number": (attribute("acquisition", 3), "the attribute acquisition is 3, expected a text"),
    "no max, references zero": (no_maximum(lambda x: 0 * x), "the maximum of reconstruction_rss is 0, expected a pos"),
    "no max, references NaN": (no_maximum(lambda x: x * np.nan), "the maximum of reconstruction_rss is nan, expected"),
    "broken XML": (header("<ismrmrdHeader><encoding>"), "ismrmrd_header is not XML"),
    "empty XML": (header(""), "ismrmrd_header is not XML"),
    "XML with entities": (header('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'), "declares a document type"),
    "XML without sizes": (header("<a/>"), r"encodedSpace matrix size \[None, None, None\], expected three positive"),
    "XML with bad sizes": (header(XML.format("-3")), r"encodedSpace matrix size \['16', '-3', '1'\], expected three"),
    "header is a number": (header(7.0), r"ismrmrd_header has the type float64 and shape \(\), expected one text"),
    "short mask": (masked(np.ones(11)), r"mask has the shape \(11,\) and type float64, expected the 12 columns"),
    "mask of other numbers": (masked(np.full(12, 0.5)), "mask has other entries than zeros and ones"),
    "mask of nothing": (masked(np.zeros(12)), "mask has other entries than zeros and ones, or no one"),
    "mask of texts": (masked(["a"] * 12), "mask has the shape .* and type object, expected the 12 columns"),
    "undersampled": (masked(np.arange(12) % 3 == 0), r"undersampled already \(its mask keeps 4 of 12 columns\)"),
}
VALUES: dict[str, tuple[Damage, str]] = {
    "NaN": (entry(complex(np.nan, 1)), "slice 1: kspace has 1 entries that are NaN or infinite, expected finite"),
    "imaginary NaN": (entry(complex(1, np.nan)), "slice 1: kspace has 1 entries that are NaN or infinite"),
    "infinity": (entry(complex(np.inf, 0)), "slice 1: kspace has 1 entries that are NaN or infinite"),
    "minus infinity": (entry(complex(0, -np.inf)), "slice 1: kspace has 1 entries that are NaN or infinite"),
    "NaN in the reference": (entry(np.nan, RSS), "slice 1: reconstruction_rss has 1 entries that are NaN"),
    "infinity in the reference": (entry(np.inf, RSS), "slice 1: reconstruction_rss has 1 entries that are NaN"),
}


def assert_one_line(error: BaseException, *parts: str) -> None:
    assert "\n" not in str(error)
    assert len(str(error)) < 500
    assert all(part in str(error) for part in parts), str(error)


@pytest.mark.parametrize("case", STRUCTURE)
def test_a_damaged_file_is_refused_in_one_line_that_names_it(root: Path, tmp_path: Path, case: str) -> None:
    damage, message = STRUCTURE[case]
    path = root / "volume_001.h5"
    damage(path)
    with pytest.raises(ValueError, match=message) as caught:
        module(root, tmp_path).setup("test")
    assert_one_line(caught.value, f"{path}: ", "set damaged to 'skip'")


@pytest.mark.parametrize("case", STRUCTURE)
def test_a_damaged_file_is_skipped_with_a_warning_if_asked_for(root: Path, tmp_path: Path, case: str) -> None:
    damage, message = STRUCTURE[case]
    path = root / "volume_001.h5"
    damage(path)
    with pytest.warns(UserWarning, match=message) as caught:
        items = module(root, tmp_path, damaged="skip").dataset("test")
    (warning,) = caught
    assert str(path) in str(warning.message)
    assert [items[i]["volume"] for i in range(len(items))] == ["volume_000.h5"] * 3 + ["volume_002.h5"] * 3


@pytest.mark.parametrize("case", VALUES)
def test_a_bad_number_is_found_when_its_slice_is_read(root: Path, tmp_path: Path, case: str) -> None:
    damage, message = VALUES[case]
    damage(root / "volume_001.h5")
    items = module(root, tmp_path).dataset("test")
    assert items[3]["id"] == "volume_001.h5:0"
    with pytest.raises(ValueError, match=message) as caught:
        items[4]
    assert_one_line(caught.value, str(root / "volume_001.h5"))


@pytest.mark.parametrize("case", VALUES)
def test_a_bad_number_is_found_at_once_if_asked_for(root: Path, tmp_path: Path, case: str) -> None:
    damage, message = VALUES[case]
    module(root, tmp_path).setup("test")  # an index that did not look at the numbers is no excuse
    damage(root / "volume_001.h5")
    with pytest.raises(ValueError, match=f"volume_001.h5: {message}") as caught:
        module(root, tmp_path, check_values=True).setup("test")
    assert_one_line(caught.value)
    with pytest.warns(UserWarning, match=message):
        items = module(root, tmp_path, check_values=True, damaged="skip").dataset("test")
    assert len(items) == 6


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_a_maximum_that_is_not_that_of_the_references_is_found_if_asked_for(
    root: Path, tmp_path: Path, factor: float
) -> None:
    """As in files whose arrays were scaled anew: all errors would be in a wrong unit."""
    edit(lambda file: file.attrs.modify("max", factor * file.attrs["max"]))(root / "volume_001.h5")
    with pytest.raises(ValueError, match=r"volume_001.h5: the attribute max is .*, but the references reach") as caught:
        module(root, tmp_path, check_values=True).setup("test")
    assert_one_line(caught.value)


def test_looking_at_the_numbers_of_sound_files_finds_nothing(root: Path, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(module(root, tmp_path, check_values=True).dataset("test")) == 9


def test_a_multicoil_file_is_not_a_singlecoil_one(root: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="that of multicoil files, expected .*: set challenge to multicoil") as caught:
        module(root, tmp_path, challenge="singlecoil").setup("test")
    assert_one_line(caught.value, "volume_000.h5", "2 more files are refused")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_named(root: Path, tmp_path: Path) -> None:
    (root / "volume_001.h5").chmod(0)
    with pytest.raises(ValueError, match=r"volume_001.h5: can not be read .*Permission denied"):
        module(root, tmp_path).setup("test")


def test_a_damaged_part_of_a_compressed_file_is_named_with_its_slice(root: Path, tmp_path: Path) -> None:
    path = root / "volume_001.h5"
    stored(K, lambda k: k, compression="gzip", chunks=(1, 2, 16, 12))(path)
    with h5py.File(path) as file:
        chunk = file[K].id.get_chunk_info(1)
    with path.open("r+b") as content:
        content.seek(chunk.byte_offset)
        content.write(b"\x00" * chunk.size)
    items = module(root, tmp_path).dataset("test")
    items[3]
    with pytest.raises(ValueError, match=r"volume_001.h5, slice 1: can not be read .*") as caught:
        items[4]
    assert_one_line(caught.value)


def test_a_file_that_vanished_is_named_when_it_is_read(root: Path, tmp_path: Path) -> None:
    items = module(root, tmp_path).dataset("test")
    (root / "volume_001.h5").unlink()
    with pytest.raises(ValueError, match=r"volume_001.h5, slice 0: can not be read .*: was it changed or damaged\?"):
        items[3]


def test_undersampled_kspace_without_a_mask_is_no_ground_for_a_reference(root: Path, tmp_path: Path) -> None:
    stored(K, lambda k: k * (np.arange(12) % 3 == 0))(root / "volume_001.h5")
    without(RSS)(root / "volume_001.h5")
    items = module(root, tmp_path).dataset("test")
    with pytest.raises(ValueError, match="slice 0: kspace lacks 6 columns, but the file has no mask"):
        items[3]


def test_files_that_are_all_damaged_leave_no_slices(root: Path, tmp_path: Path) -> None:
    for path in root.iterdir():
        path.write_bytes(b"")
    with (
        pytest.warns(UserWarning, match="can not be read"),
        pytest.raises(ValueError, match="has no test slices: its arguments leave 3 files, 0 sound"),
    ):
        module(root, tmp_path, damaged="skip").dataset("test")
