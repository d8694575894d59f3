"""Folders of images: order, splits, preparation, and what is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import transforms

from datamodules import ImagesDataModule


def ids(data: ImagesDataModule, split: str = "test") -> list[str]:
    dataset = data.dataset(split)
    return [dataset.source.name(i) for i in range(len(dataset))]


def only_image(path: Path, **arguments: Any) -> torch.Tensor:
    return ImagesDataModule(path.parent, **arguments).dataset("test")[0]["x"]


def test_by_default_all_images_are_test_images_sorted_by_relative_path(
    tmp_path: Path, write_image: Callable[..., Any]
) -> None:
    names = ["b.png", "a/z.PNG", "a/c/1.jpg", "c.jpeg", "B.png", "10.png", "9.png"]
    for name in names:
        write_image(tmp_path / name, (8, 8))
    (tmp_path / "notes.txt").write_text("not an image")
    assert ids(ImagesDataModule(tmp_path)) == ["10.png", "9.png", "B.png", "a/c/1.jpg", "a/z.PNG", "b.png", "c.jpeg"]


def test_order_does_not_depend_on_the_file_system(
    image_root: Path, monkeypatch: pytest.MonkeyPatch, write_image: Callable[..., Any]
) -> None:
    before = ids(ImagesDataModule(image_root))
    rglob = Path.rglob
    monkeypatch.setattr(Path, "rglob", lambda *args: iter(list(rglob(*args))[::-1]))
    assert ids(ImagesDataModule(image_root)) == before
    for i in reversed(range(20)):
        write_image(image_root.parent / "written_backwards" / f"{i:02d}.png", (16, 16))
    assert ids(ImagesDataModule(image_root.parent / "written_backwards")) == before


def test_the_split_is_a_function_of_the_names(image_root: Path) -> None:
    data = ImagesDataModule(image_root, fractions=(0.5, 0.2, 0.3))
    train = ["01", "02", "03", "04", "06", "11", "13", "14", "15", "17"]
    assert ids(data, "train") == [f"{name}.png" for name in train]
    assert ids(data, "val") == ["05.png", "08.png", "09.png", "19.png"]
    assert ids(data, "test") == ["00.png", "07.png", "10.png", "12.png", "16.png", "18.png"]


def test_a_new_image_moves_at_most_one_old_one_from_each_split(
    image_root: Path, write_image: Callable[..., Any]
) -> None:
    before = ImagesDataModule(image_root, fractions=(0.5, 0.2, 0.3))
    old = {split: set(ids(before, split)) for split in ("train", "val", "test")}
    write_image(image_root / "new.png", (16, 16))
    after = ImagesDataModule(image_root, fractions=(0.5, 0.2, 0.3))
    for split, names in old.items():
        assert len(names - set(ids(after, split))) <= 1


def test_hidden_files_and_folders_are_left_out(image_root: Path, write_image: Callable[..., Any]) -> None:
    write_image(image_root / ".ipynb_checkpoints" / "00-checkpoint.png", (16, 16))
    (image_root / "._00.png").write_bytes(b"what another system left")
    assert len(ImagesDataModule(image_root).dataset("test")) == 20


def test_only_the_extensions_asked_for_are_read(image_root: Path, write_image: Callable[..., Any]) -> None:
    write_image(image_root / "a.bmp", (16, 16))
    assert ids(ImagesDataModule(image_root, extensions=("BMP",))) == ["a.bmp"]


def test_images_may_be_chosen_to_begin_with(image_root: Path) -> None:
    names = ids(ImagesDataModule(image_root))
    chosen = ImagesDataModule(image_root, first=("07.png", "nowhere.png", "03.png", "07.png"))
    with pytest.warns(UserWarning, match=r"has no nowhere\.png: its images begin with others"):
        found = ids(chosen)
    assert found == ["07.png", "03.png", *(name for name in names if name not in ("07.png", "03.png"))]


def test_images_are_decoded_only_when_asked_for(
    tmp_path: Path, write_image: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for i in range(5):
        write_image(tmp_path / f"{i}.png", (12, 16))
    decoded: list[str] = []
    new = Image.core.new  # every decoding begins with new memory for the pixels
    monkeypatch.setattr(Image.core, "new", lambda *args: decoded.append("image") or new(*args))
    data = ImagesDataModule(tmp_path, crop=8, size=4)
    data.setup()
    dataset = data.dataset("test")
    assert data.item_shape == (1, 4, 4)
    assert not decoded
    dataset[3]
    assert decoded


@pytest.mark.parametrize(("mode", "to_mode"), [("L", transforms.Grayscale()), ("RGB", transforms.Lambda(lambda x: x))])
def test_crop_and_resize_are_those_of_torchvision_on_pillow_images(
    tmp_path: Path,
    mode: str,
    to_mode: Callable[[Image.Image], Image.Image],
    write_image: Callable[..., Any],
) -> None:
    write_image(tmp_path / "a.png", (100, 80, 3))
    reference = transforms.Compose([to_mode, transforms.CenterCrop(64), transforms.Resize(32), transforms.ToTensor()])
    with Image.open(tmp_path / "a.png") as image:
        expected = reference(image)
    assert torch.equal(only_image(tmp_path / "a.png", mode=mode, crop=64, size=32), expected)


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_an_image_that_is_not_resized_keeps_its_pixels(
    tmp_path: Path, mode: str, write_image: Callable[..., Any]
) -> None:
    pixels = write_image(tmp_path / "a.png", (7, 9))
    expected = torch.from_numpy(pixels).expand(1 if mode == "L" else 3, 7, 9) / 255
    assert torch.equal(only_image(tmp_path / "a.png", mode=mode), expected)


@pytest.mark.parametrize("name", ["a.png", "a.tif", "big_endian.tif", "a.pgm"])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_sixteen_bits_reach_the_same_white_as_eight(tmp_path: Path, name: str, mode: str) -> None:
    pixels = np.array([[0, 257, 32768], [65535, 1, 40000]], dtype=">u2" if "endian" in name else "<u2")
    Image.fromarray(pixels).save(tmp_path / name)
    x = only_image(tmp_path / name, mode=mode)
    np.testing.assert_array_equal(x[-1].numpy(), pixels.astype(np.float32) / np.float32(65535))


def test_sixteen_bit_images_are_cropped_and_resized_like_others(
    tmp_path: Path, write_image: Callable[..., Any]
) -> None:
    pixels = write_image(tmp_path / "eight" / "a.png", (40, 30))
    (tmp_path / "sixteen").mkdir()
    Image.fromarray(pixels.astype(np.uint16) * 257).save(tmp_path / "sixteen" / "a.png")
    eight, sixteen = (only_image(tmp_path / f / "a.png", crop=28, size=14) for f in ("eight", "sixteen"))
    torch.testing.assert_close(eight, sixteen, rtol=0, atol=1.01 / 255)  # what eight bits round away


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_alpha_is_dropped(tmp_path: Path, mode: str, write_image: Callable[..., Any]) -> None:
    pixels = write_image(tmp_path / "opaque" / "a.png", (8, 8, 3))
    alpha = np.random.default_rng(1).integers(0, 256, (8, 8, 1), dtype=np.uint8)
    (tmp_path / "clear").mkdir()
    Image.fromarray(np.concatenate([pixels, alpha], axis=2)).save(tmp_path / "clear" / "a.png")
    opaque, clear = (only_image(tmp_path / f / "a.png", mode=mode) for f in ("opaque", "clear"))
    assert torch.equal(opaque, clear)


@pytest.mark.parametrize("pil_mode", ["1", "P", "LA", "CMYK"])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_rarer_kinds_of_images_are_converted(tmp_path: Path, pil_mode: str, mode: str) -> None:
    square = np.zeros((8, 8), dtype=np.uint8)
    square[2:6, 2:6] = 255
    Image.fromarray(square).convert("RGB" if pil_mode == "CMYK" else "L").convert(pil_mode).save(tmp_path / "a.tif")
    x = only_image(tmp_path / "a.tif", mode=mode)
    assert torch.equal(x, torch.from_numpy(square).expand_as(x) / 255)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_a_photograph_stands_upright(tmp_path: Path, orientation: int, name: str) -> None:
    upright = np.arange(6, dtype=np.uint8).reshape(2, 3) * 50
    stored = {  # how a camera that was turned stores the scene, by the EXIF standard
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.T,
        6: np.rot90(upright),
        7: upright[::-1, ::-1].T,
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.ascontiguousarray(stored)).save(tmp_path / name, exif=exif)
    data = ImagesDataModule(tmp_path)
    assert data.item_shape == (1, 2, 3)
    np.testing.assert_array_equal((data.dataset("test")[0]["x"][0] * 255).round().numpy(), upright)


def test_float_images_are_taken_as_they_are(tmp_path: Path) -> None:
    pixels = np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4)
    Image.fromarray(pixels).save(tmp_path / "a.tif")
    np.testing.assert_array_equal(only_image(tmp_path / "a.tif")[0].numpy(), pixels)


@pytest.mark.parametrize(("pixel", "message"), [(np.nan, "NaN or infinite"), (255, "from 0 to 255, expected 0")])
def test_a_bad_pixel_in_a_file_names_the_file(tmp_path: Path, pixel: float, message: str) -> None:
    pixels = np.zeros((8, 8), dtype=np.float32)
    pixels[1, 1] = pixel
    Image.fromarray(pixels).save(tmp_path / "a.tif")
    with pytest.raises(ValueError, match=f"'a.tif' has .*{message}"):
        only_image(tmp_path / "a.tif")


def test_a_root_that_is_a_file_is_refused(image_root: Path) -> None:
    with pytest.raises(ValueError, match=r"00.png is a file: set root to the folder"):
        ImagesDataModule(image_root / "00.png").setup()


def test_an_empty_folder_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=f"{tmp_path} and the folders below it hold no file ending in .png, "):
        ImagesDataModule(tmp_path).setup()


@pytest.mark.parametrize("content", [b"", b"Dear diary", b"\x89PNG\r\n\x1a\n rubbish"])
def test_a_file_that_is_no_image_is_found_by_setup(image_root: Path, content: bytes) -> None:
    (image_root / "07.png").write_bytes(content)
    with pytest.raises(ValueError, match=r"07.png is not an image"):
        ImagesDataModule(image_root).setup()


@pytest.mark.parametrize("name", ["a.png", "a.jpg"])
def test_a_truncated_image_is_named_when_it_is_read(tmp_path: Path, name: str, write_image: Callable[..., Any]) -> None:
    write_image(tmp_path / name, (64, 64))
    data = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(data[: 2 * len(data) // 3])
    with pytest.raises(ValueError, match=f"{name} can not be decoded, is it truncated"):
        only_image(tmp_path / name)


@pytest.mark.parametrize(
    ("shape", "arguments", "message"),
    [
        ((20, 15), {"crop": 16}, r"07.png is 20 x 15 \(height x width\), smaller than the crop of 16"),
        ((20, 15), {"size": 8}, "07.png is 20 x 15: to 8 x 8 it would be distorted, set crop"),
        ((20, 20), {}, r"07.png has shape \(1, 20, 20\), 00.png has \(1, 16, 16\): set crop or size"),
    ],
)
def test_an_image_of_an_unsuitable_size_is_found_by_setup(
    image_root: Path,
    shape: tuple[int, int],
    arguments: dict[str, int],
    message: str,
    write_image: Callable[..., Any],
) -> None:
    write_image(image_root / "07.png", shape)
    with pytest.raises(ValueError, match=message):
        ImagesDataModule(image_root, **arguments).setup()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"fractions": (0.5, 0.5, 0.5)}, "fractions is .*, expected three numbers >= 0 with sum 1"),
        ({"fractions": (1.5, -0.5, 0.0)}, "fractions is "),
        ({"fractions": (1.0, 0.0)}, "fractions is "),
        ({"fractions": (float("nan"), 0.0, 1.0)}, "fractions is "),
        ({"mode": "CMYK"}, "mode is 'CMYK', expected 'L' for grey or 'RGB'"),
        ({"crop": 0}, "crop is 0, expected a positive number"),
        ({"size": -4}, "size is -4, expected a positive number"),
    ],
)
def test_impossible_arguments_are_refused_at_once(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ImagesDataModule("nowhere", **arguments)


def test_real_photographs(shared_data: Callable[[str], Path]) -> None:
    data = ImagesDataModule(shared_data("natural/dev"))
    assert data.item_shape == (1, 256, 256)
    assert ids(data)[:3] == ["airplane.png", "barbara.png", "boat.png"]
    assert len(ids(data)) == 11
