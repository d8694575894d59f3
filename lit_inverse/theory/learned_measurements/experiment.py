"""All numbers of measurements, and the file of what was measured."""

from pathlib import Path

import torch

from lit_inverse.theory.learned_measurements.figure import draw
from lit_inverse.theory.learned_measurements.training import KINDS, Result, data_of, measure, train
from lit_inverse.theory.records import expect, read_records, write_records


def run(
    out: Path = Path("runs/learned_measurements"),
    root: Path | None = None,
    measurements: tuple[int, ...] = (10, 25, 50, 100),
    seeds: int = 1,
    n_steps: int = 1500,
    sigma: float = 0.1,
    n_test: int = 1000,
    threads: int = 1,
) -> None:
    """Trains, measures and writes results.csv, checkpoints and learned_measurements.png; what is there is kept.

    Args:
        out: folder.
        root: folder of MNIST; null for the digits of scikit-learn.
        measurements: numbers m.
        seeds: trained pairs of each kind.
        n_steps: of the training, on batches of 100 images.
        sigma: of the noise in each measurement, where E ||A x||^2 = E ||x||^2.
        n_test: number of test images.
        threads: of the processor.

    Raises:
        ValueError: results.csv is of other data, n_steps, sigma or n_test.
    """
    torch.set_num_threads(threads)
    out.mkdir(parents=True, exist_ok=True)
    data, path = data_of(root), out / "results.csv"
    rows = read_records(Result, path)
    expect(rows, path, data=type(data).__name__, n_steps=n_steps, sigma=sigma, n_test=n_test)
    done = {(row.kind, row.m, row.seed) for row in rows}
    for seed in range(seeds):
        for m in measurements:
            for kind in KINDS:
                if (kind, m, seed) in done:
                    continue
                trained = out / f"{kind}_{m}_{seed}.ckpt"
                train(data, kind, m, seed, n_steps, sigma, trained)
                rows.append(measure(data, kind, m, seed, n_steps, sigma, n_test, trained))
                write_records(Result, rows, path)
                print(f"{kind}, m = {m}: {rows[-1].mse:.5f}, affine {rows[-1].affine:.5f}", flush=True)
    draw(rows, out, out / "learned_measurements.png")
    print(f"{path}\n{out / 'learned_measurements.png'}")
