"""Fits to an image, to noise and to both, at small size."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from lit_inverse.metrics import mse
from lit_inverse.networks.initialization import initialize
from lit_inverse.seeding import derive_seed, generator
from lit_inverse.theory.image_and_noise import experiment, fits
from lit_inverse.theory.image_and_noise.experiment import run
from lit_inverse.theory.image_and_noise.figure import draw
from lit_inverse.theory.image_and_noise.fits import (
    IMAGE,
    NETWORKS,
    NOISE,
    NOISY,
    TARGETS,
    Point,
    Setting,
    fit,
    hash_of,
    shown,
    targets,
)
from lit_inverse.theory.image_and_noise.image import first_image
from lit_inverse.theory.records import read_records

SIZE = 32


def small(network: str = "deep_decoder", n_iter: int = 5, sigma: float = 0.1) -> tuple[torch.Tensor, Setting]:
    name, x = first_image(None, SIZE)
    return x, Setting(name, hash_of(x), network, SIZE, 8, 0.01, sigma, n_iter)


def test_without_a_folder_the_image_is_a_photograph() -> None:
    name, x = first_image(None, SIZE)
    assert name == "china.jpg"
    assert x.shape == (1, 1, SIZE, SIZE)
    assert 0 <= float(x.min()) < 0.2 < 0.8 < float(x.max()) <= 1


def test_of_a_folder_the_first_image_is_taken(tmp_path: Path) -> None:
    for name, level in (("b.png", 255), ("a.png", 51)):
        Image.fromarray(np.full((40, 40), level, np.uint8)).save(tmp_path / name)
    name, x = first_image(tmp_path, SIZE)
    assert name == "a.png"
    assert x.unique().tolist() == pytest.approx([0.2])


def test_targets_are_the_image_with_noise_of_sigma_and_uniform_noise() -> None:
    x, setting = small()
    large = replace(setting, size=128)
    found = targets(first_image(None, 128)[1], large)
    assert list(found) == list(TARGETS)
    assert float((found[NOISY] - found[IMAGE]).std()) == pytest.approx(setting.sigma, rel=0.03)
    assert float(found[NOISE].std()) == pytest.approx(12**-0.5, rel=0.03)
    assert 0 <= float(found[NOISE].min()) < 0.01 < 0.99 < float(found[NOISE].max()) <= 1
    assert torch.equal(targets(x, setting)[IMAGE], x)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("target", TARGETS)
def test_a_fit_begins_at_the_untrained_network(network: str, target: str) -> None:
    x, setting = small(network)
    y = targets(x, setting)[target]
    points = fit(x, setting, target)
    assert [point.iteration for point in points] == [0, 1, 2, 3, 4, 5]
    untrained, source = NETWORKS[network](SIZE, 8), generator(derive_seed(0, "solver", setting.image, 0))
    initialize(untrained, "paper", source)
    first = untrained(untrained.draw_latent(source)[None]).detach()
    assert points[0].loss == pytest.approx(float(mse(first, y)), rel=1e-6)
    assert points[0].error == pytest.approx(float(mse(first, y if target == NOISE else x)), rel=1e-6)
    assert points[-1].loss < points[0].loss
    same = points[-1].loss == pytest.approx(points[-1].error, rel=1e-6)
    assert same is (target != NOISY)


def test_a_decoder_of_the_published_size_is_that_of_the_authors() -> None:
    network = NETWORKS["deep_decoder"](256, 256)
    assert sum(weights.numel() for weights in network.parameters()) == 330_496
    assert network.latent_shape == (256, 16, 16)


def test_points_cover_every_iteration_once() -> None:
    for n_iter in (1, 2, 50, 3000):
        edges = shown(n_iter)
        assert (edges[0], edges[1], edges[-1]) == (0, 1, n_iter + 1)
        assert edges == sorted(set(edges))
        assert len(edges) <= 81


def test_a_point_is_the_median_of_its_iterates(monkeypatch: pytest.MonkeyPatch) -> None:
    x, setting = small(n_iter=150)
    points = fit(x, setting, NOISY)
    edges = shown(150)
    monkeypatch.setattr(fits, "shown", lambda n_iter: range(n_iter + 2))
    every = fit(x, setting, NOISY)
    assert len(every) == 151
    assert max(end - begin for begin, end in pairwise(edges)) > 5
    for point, (begin, end) in zip(points, pairwise(edges), strict=True):
        assert point.iteration == begin
        assert point.loss == pytest.approx(np.median([one.loss for one in every[begin:end]]))
        assert point.error == pytest.approx(np.median([one.error for one in every[begin:end]]))


def test_command_writes_its_files_and_measures_nothing_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"size": SIZE, "width": 8, "n_iter": 3}
    write = experiment.write_records

    def killed(kind: type, records: list[Point], path: Path) -> None:
        write(kind, records, path)
        if {point.target for point in records} == {IMAGE, NOISY}:
            raise KeyboardInterrupt

    monkeypatch.setattr(experiment, "write_records", killed)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, **options)
    monkeypatch.undo()
    begun = read_records(Point, tmp_path / "fits.csv")
    assert {point.target for point in begun} == {IMAGE, NOISY}
    run(tmp_path, **options)
    points = read_records(Point, tmp_path / "fits.csv")
    assert points[: len(begun)] == begun
    assert [(point.target, point.iteration) for point in points] == [(t, i) for t in TARGETS for i in range(4)]
    assert (tmp_path / "image_and_noise.png").stat().st_size > 1000
    monkeypatch.setattr(experiment, "fit", lambda *_: pytest.fail("was measured again"))
    run(tmp_path, **options)
    assert read_records(Point, tmp_path / "fits.csv") == points
    for change in ({"width": 9}, {"n_iter": 4}, {"sigma": 0.2}, {"network": "skip_unet"}, {"lr": 0.1}):
        with pytest.raises(ValueError, match=rf"fits.csv was measured with {next(iter(change))} .*: give another out"):
            run(tmp_path, **{**options, **change})  # type: ignore[arg-type]


def test_another_image_of_the_same_name_is_refused(tmp_path: Path) -> None:
    for level in (50, 60):
        folder = tmp_path / str(level)
        folder.mkdir()
        Image.fromarray(np.full((SIZE, SIZE), level, np.uint8)).save(folder / "a.png")
    options = {"size": SIZE, "width": 8, "n_iter": 1}
    run(tmp_path / "out", root=tmp_path / "50", **options)
    with pytest.raises(ValueError, match="fits.csv was measured with image_hash"):
        run(tmp_path / "out", root=tmp_path / "60", **options)


@pytest.mark.parametrize("wrong", [{"lr": 0.0}, {"sigma": -1.0}, {"sigma": float("nan")}])
def test_impossible_settings_are_refused_before_any_work(wrong: dict[str, float], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=rf"{next(iter(wrong))} is .*, expected a finite number > 0"):
        run(tmp_path / "out", **wrong)  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError):
        run(tmp_path / "out", root=tmp_path / "nowhere")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"size": 1}, "size is 1, expected at least 2"),
        ({"size": 2, "network": "skip_unet"}, "expected a larger image"),
    ],
)
def test_images_too_small_for_a_network_are_refused_before_any_work(
    wrong: dict[str, Any], told: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=told):
        run(tmp_path / "out", **{"width": 4, "n_iter": 1, **wrong})
    assert not (tmp_path / "out").exists()


def test_figure_is_made_of_the_records() -> None:
    _, setting = small()
    points = [
        Point(**vars(setting), target=target, iteration=i, loss=0.1 + place + i, error=0.2 + place + i)
        for place, target in enumerate(TARGETS)
        for i in range(4)
    ]
    *curves, level = [np.asarray(line.get_xydata()) for line in draw(points).axes[0].get_lines()]
    firsts = (0.1, 1.1, 1.2, 2.1)  # losses of image and sum, its error, loss of noise
    for first, curve in zip(firsts, curves, strict=True):
        assert curve == pytest.approx(np.array([[i, first + i] for i in (1, 2, 3)]))
    assert level[:, 1] == pytest.approx(setting.sigma**2)
