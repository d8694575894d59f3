"""All settings, and what is measured at them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import torch

from lit_inverse.settings import some_of
from lit_inverse.theory.random_networks.figure import draw
from lit_inverse.theory.random_networks.trials import EXPERIMENTS, Setting, Trial, trials
from lit_inverse.theory.records import expect, read_records, write_records


def settings(n: int = 200) -> Iterator[Setting]:
    """Those of all panels of the figure."""
    for experiment, ratios in (("compressed sensing", (1, 2, 3, 5, 8)), ("phase retrieval", (3, 5, 8, 14))):
        for m in (20, 30, 40, 50, 75, 100, 150, 200):
            yield Setting(experiment, 10, n, m, 0.0)
        for k in (2, 3, 5, 7, 14):  # and 10: six for an exponent
            for ratio in ratios:
                yield Setting(experiment, k, n, ratio * k, 0.0)
    for m in (50, 75, 100, 150, 200):
        yield Setting("compressed sensing", 10, n, m, 0.1)
    for k in (3, 5, 20):
        yield Setting("compressed sensing", k, n, 150, 0.1)
    for k in (2, 5, 10, 20):
        yield Setting("denoising", k, 400, 400, 0.3)
    for width in (100, 200, 800):
        yield Setting("denoising", 10, width, width, 0.3)
    for k in (3, 5, 10, 20):
        yield Setting("Wigner", k, n, n, 0.1)
    for width in (100, 400):
        yield Setting("Wigner", 10, width, width, 0.1)
    for samples in (250, 500, 1000, 2000, 4000):
        yield Setting("Wishart", 10, n, samples, 0.3)
    for k in (3, 5, 20):
        yield Setting("Wishart", k, n, 1000, 0.3)


def run(
    out: Path = Path("runs/random_networks"),
    experiments: list[str] = list(EXPERIMENTS),  # noqa: B006
    networks: int = 4,
    signals: int = 25,
    hidden: tuple[int, ...] = (250, 600),
    n_steps: int = 400,
    threads: int = 1,
) -> None:
    """Measures and writes trials.csv and random_networks.png. What trials.csv holds already is not measured again.

    Args:
        out: folder.
        experiments: which.
        networks: random networks of each setting.
        signals: of each network.
        hidden: widths of the layers before the last.
        n_steps: of Algorithm 1.
        threads: of the processor.

    Raises:
        ValueError: an experiment is unknown, or trials.csv holds trials of other widths or of another number of steps.
    """
    some_of(EXPERIMENTS, experiments=experiments)
    torch.set_num_threads(threads)
    out.mkdir(parents=True, exist_ok=True)
    path = out / "trials.csv"
    rows = read_records(Trial, path)
    expect(rows, path, hidden="-".join(map(str, hidden)), n_steps=n_steps)
    places = Counter((Setting(*[getattr(row, field.name) for field in fields(Setting)]), row.network) for row in rows)
    for setting in settings():
        if setting.experiment not in experiments:
            continue
        for network in range(networks):
            n_done = places[setting, network]
            if n_done < signals:
                rows += trials(setting, network, signals, hidden, n_steps)[n_done:]
        write_records(Trial, rows, path)
        print(setting, flush=True)
    draw(rows, out / "random_networks.png")
    print(f"{path}\n{out / 'random_networks.png'}")
