"""Slices per second of `FastMRIDataModule` against the published reader of fastMRI, on drawn volumes.

    python benchmarks/fastmri_reader.py [--theirs CHECKOUT] [--volumes 40] [--rounds 5]

CHECKOUT is a copy of github.com/facebookresearch/fastMRI; without it theirs is left out. Their module imports pandas,
requests, yaml and tqdm. Each reader begins with nothing but the files (cold: no index, the files dropped from the page
cache where the system allows it), then begins anew with its index remembered. Both read all slices of k-space and
reference, in order, then in a random one, in one process. Rounds alternate; the median of each counts, and the ratio is
that of the medians, of time by the wall and of processor time. Ours also looks for NaN and infinity in every slice, and
whether the files are those of the index.
"""

import argparse
import importlib.util
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from datamodules import FastMRIDataModule
from datamodules.fastmri import SyntheticVolumes, write_synthetic

Open = Callable[[Path], Any]  # a sequence of slices, with its index in the given folder


def ours(root: Path) -> Open:
    return lambda cache: FastMRIDataModule(root, cache=cache).dataset("test")


def theirs(root: Path, checkout: Path) -> Open:
    spec = importlib.util.spec_from_file_location("mri_data", checkout / "fastmri" / "data" / "mri_data.py")
    if spec is None or spec.loader is None:
        raise SystemExit(f"{checkout} is no checkout of fastMRI")
    module = importlib.util.module_from_spec(spec)
    sys.modules["mri_data"] = module  # where their pickled index looks for its classes
    spec.loader.exec_module(module)
    options = {"challenge": "multicoil", "use_dataset_cache": True}
    return lambda cache: module.SliceDataset(root, dataset_cache_file=cache / "index.pkl", **options)


def drop_pages(root: Path) -> None:
    """Asks the system to forget the files' content."""
    for path in root.iterdir():
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def seconds(action: Callable[[], Any]) -> tuple[float, float]:
    """By the wall, and of the processor."""
    wall, processor = time.perf_counter(), time.process_time()
    action()
    return time.perf_counter() - wall, time.process_time() - processor


def measure(open_reader: Open, root: Path) -> dict[str, tuple[float, float]]:
    """Both times of each way to begin and to read."""

    def read(order: list[int] | None = None) -> Callable[[], None]:
        def action() -> None:
            slices = open_reader(Path(cache))
            for index in order or range(len(slices)):
                slices[index]

        return action

    with tempfile.TemporaryDirectory() as cache:
        drop_pages(root)
        result = {"cold: index and all slices": seconds(read())}
        result["index remembered: all slices"] = seconds(read())
        order = list(range(len(open_reader(Path(cache)))))
        random.Random(0).shuffle(order)
        result["index remembered: random order"] = seconds(read(order))
        result["index remembered: index alone"] = seconds(lambda: open_reader(Path(cache)))
    with tempfile.TemporaryDirectory() as cache:
        result["index alone"] = seconds(lambda: open_reader(Path(cache)))
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--theirs", type=Path, help="checkout of facebookresearch/fastMRI")
    parser.add_argument("--volumes", type=int, default=40)
    parser.add_argument("--slices", type=int, default=8)
    parser.add_argument("--coils", type=int, default=4)
    parser.add_argument("--shape", type=int, nargs=2, default=(256, 144), help="of k-space; half its height is cropped")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    torch.set_num_threads(1)
    height, width = args.shape
    law = SyntheticVolumes(args.slices, args.coils, (height, width), crop=(height // 2, min(width, height // 2)))
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_synthetic(root, args.volumes, law)
        readers = {"ours": ours(root)} | ({"theirs": theirs(root, args.theirs)} if args.theirs else {})
        runs = {name: [] for name in readers}
        for _ in range(args.rounds):
            for name, reader in readers.items():
                runs[name].append(measure(reader, root))
        n_slices = args.volumes * args.slices
        size = 8 * args.coils * height * width / 2**20
        print(f"{args.volumes} volumes, {n_slices} slices of {size:.1f} MiB, median of {args.rounds} rounds; for all:")
        for case in runs["ours"][0]:
            print(f"{case}: {summary({name: [run[case] for run in found] for name, found in runs.items()})}")


def summary(times: dict[str, list[tuple[float, float]]]) -> str:
    medians = {name: [statistics.median(kind) for kind in zip(*found, strict=True)] for name, found in times.items()}
    figures = [f"{name} {1e3 * wall:.1f} ms (processor {1e3 * cpu:.1f})" for name, (wall, cpu) in medians.items()]
    if len(medians) == 2:
        wall, processor = (b / a for a, b in zip(medians["ours"], medians["theirs"], strict=True))
        figures.append(f"ours {wall:.2f}x as fast (processor {processor:.2f}x)")
    return ", ".join(figures)


if __name__ == "__main__":
    main()
