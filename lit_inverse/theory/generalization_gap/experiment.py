"""All networks, sizes and depths, and the file of what was measured."""

from pathlib import Path

import torch

from lit_inverse.settings import some_of
from lit_inverse.theory.generalization_gap.figure import draw
from lit_inverse.theory.generalization_gap.measurement import NETWORKS, Gap, measure
from lit_inverse.theory.records import expect, read_records, write_records


def run(
    out: Path = Path("runs/generalization_gap"),
    networks: list[str] = list(NETWORKS),  # noqa: B006
    sizes: list[int] = [32, 128, 512, 2048, 8192],  # noqa: B006
    depths: list[int] = [2, 5, 20],  # noqa: B006
    n_layers: int = 10,
    n_train: int = 512,
    seeds: int = 5,
    m: int = 60,
    n: int = 120,
    sparsity: int = 12,
    n_steps: int = 1000,
    n_new: int = 20_000,
    threads: int = 1,
) -> None:
    """Measures the gaps and writes gaps.csv and gaps.png. What gaps.csv holds already is not measured again.

    Args:
        out: folder.
        networks: which.
        sizes: numbers N of training signals, at n_layers.
        depths: numbers of layers besides, at n_train.
        n_layers: T of the sweep over sizes.
        n_train: N of the sweep over depths.
        seeds: trained networks of each kind.
        m: measurements.
        n: unknowns.
        sparsity: entries that are not 0.
        n_steps: of the training, the same for all.
        n_new: new signals.
        threads: of the processor.
    """
    some_of(NETWORKS, networks=networks)
    torch.set_num_threads(threads)
    out.mkdir(parents=True, exist_ok=True)
    path, settings = out / "gaps.csv", {"m": m, "n": n, "sparsity": sparsity, "n_steps": n_steps, "n_new": n_new}
    wanted = [(n_layers, size) for size in sizes] + [(depth, n_train) for depth in depths]
    gaps = read_records(Gap, path)
    expect(gaps, path, **settings)
    done = {(gap.network, gap.n_layers, gap.n_train, gap.seed) for gap in gaps}
    for name in networks:
        for depth, size in dict.fromkeys(wanted):
            for seed in range(seeds):
                if (name, depth, size, seed) in done:
                    continue
                gaps.append(measure(name, depth, size, seed, **settings))
                write_records(Gap, gaps, path)
                print(f"{name:>14}, T = {depth}, N = {size}, seed {seed}: gap {gaps[-1].gap:.4f}", flush=True)
    draw(gaps, out / "gaps.png", n_layers, n_train)
    print(f"{path}\n{out / 'gaps.png'}")
