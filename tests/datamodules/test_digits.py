"""The embedded default set."""

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

from datamodules import DigitsDataModule


def test_the_split_of_1797_images_is_fixed() -> None:
    data = DigitsDataModule()
    assert [len(data.dataset(split)) for split in ("train", "val", "test")] == [1397, 200, 200]
    # Sums of pixels, which pin the permutation: the shipped VAE was trained on "train" and must not have seen "test".
    sums = [data.dataset(split)[0]["x"].sum().item() for split in ("train", "val", "test")]
    np.testing.assert_allclose(sums, [220.5, 254.1875, 245.765625], rtol=1e-6)
    assert [data.dataset("test")[i]["id"] for i in range(3)] == ["test/0", "test/1", "test/2"]


def test_an_image_is_the_original_digit_enlarged() -> None:
    order = np.random.default_rng(0).permutation(1797)
    small = load_digits().images[order[1597]] / 16  # the first test image
    x = DigitsDataModule().dataset("test")[0]["x"]
    assert x.shape == (1, 28, 28)
    enlarged = Image.fromarray(small.astype(np.float32)).resize((28, 28), Image.Resampling.BILINEAR)
    np.testing.assert_allclose(x[0].numpy(), np.asarray(enlarged), atol=1e-6)
