"""All settings, and the files of what was measured."""

from pathlib import Path

import torch

from lit_inverse.theory.one_hidden_layer.descent import OPERATORS, VERSION, Point, Setting, Trial, kept, trial
from lit_inverse.theory.one_hidden_layer.early_stopping import NETWORKS, TARGETS, Fit, fit
from lit_inverse.theory.one_hidden_layer.figure import draw
from lit_inverse.theory.records import expect, read_records, write_records


def run(
    out: Path = Path("runs/one_hidden_layer"),
    m: int = 64,
    ratios: tuple[float, ...] = (1, 2, 3, 4, 5, 6, 8, 12, 16, 32, 64),
    trials: int = 10,
    step_share: float = 1.0,
    max_iter: int = 10_000,
    fits: int = 3,
    fit_iter: int = 1000,
    threads: int = 1,
) -> None:
    """Measures and writes CSV files and one_hidden_layer.png. What they hold already is not measured again.

    Args:
        out: folder.
        m: number of measurements.
        ratios: d / m, widths over measurements.
        trials: draws of each setting.
        step_share: step over the largest that the proof allows, at most 1 there.
        max_iter: steps of a trial at most.
        fits: draws of networks and signals for the comparison of noise and smooth signals.
        fit_iter: their number of steps.
        threads: of the processor.

    Raises:
        ValueError: the files hold trials of another m, step_share or number of steps, or of another version.
    """
    torch.set_num_threads(threads)
    out.mkdir(parents=True, exist_ok=True)
    rows, curves = read_records(Trial, out / "trials.csv"), read_records(Point, out / "curves.csv")
    along = read_records(Fit, out / "fits.csv")
    expect(rows, out / "trials.csv", m=m, step_share=step_share, max_iter=max_iter, version=VERSION)
    expect(along, out / "fits.csv", n_iter=fit_iter)
    done = {(row.operator, row.ratio, row.seed) for row in rows}
    # a run that was killed between the files has left curves without trials
    curves = [point for point in curves if (point.operator, point.ratio, point.seed) in done]
    for operator in OPERATORS:
        for ratio in ratios:
            for seed in range(trials):
                if (operator, float(ratio), seed) in done:
                    continue
                row, points = trial(Setting(operator, m, float(ratio)), seed, step_share, max_iter)
                rows.append(row)
                curves += points if seed == 0 else []
            write_records(Point, curves, out / "curves.csv")
            write_records(Trial, rows, out / "trials.csv")  # last: what they hold is done
            print(operator, ratio, flush=True)
    finished = {(one.network, one.target, one.seed) for one in along}
    for name in NETWORKS:
        for target in TARGETS:
            for seed in range(fits):
                if (name, target, seed) not in finished:
                    along += fit(name, target, seed, fit_iter, kept(fit_iter + 1))
                    write_records(Fit, along, out / "fits.csv")
            print(name, target, flush=True)
    draw(rows, curves, along, out / "one_hidden_layer.png")
    print(f"{out / 'trials.csv'}\n{out / 'one_hidden_layer.png'}")
