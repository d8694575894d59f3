"""All settings, and the files of what was measured."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import torch

from lit_inverse.theory.records import expect, read_records, write_records
from lit_inverse.theory.smooth_signals.figure import draw, under_bound
from lit_inverse.theory.smooth_signals.trials import Along, Network, Setting, Trial, measure

_FEWEST = 12  # measurements that Theorem 1 holds for
_NOISY = (20, 60)  # p and m of the curves along the descent

T = TypeVar("T", bound=Setting)


def settings(ps: list[int], ratios: list[float], noises: list[float], n: int, most: int) -> list[Setting]:
    """Those of the panels: m = ratio p between 12 and `most`, without noise; and noise at p = 20 and m = 60."""
    exact = [Setting(p, round(ratio * p), 0.0) for p in ps for ratio in ratios]
    noisy = [Setting(*_NOISY, noise) for noise in [0.0, *noises]]
    every = list(dict.fromkeys(exact + noisy))
    kept = [one for one in every if _FEWEST <= one.m <= most and max(one.p, one.m) <= n]
    if not kept:
        raise ValueError(f"ps, ratios and most leave no setting, expected some m = ratio p from {_FEWEST} to {most}")
    if len(kept) < len(every):
        left_out = [(one.p, one.m) for one in every if one not in kept]
        print(f"left out: (p, m) = {left_out}, expected m from {_FEWEST} to {most}, and neither above n = {n}")
    return kept


def run(
    out: Path = Path("runs/smooth_signals"),
    ps: list[int] = [5, 10, 20, 40, 60],  # noqa: B006
    ratios: list[float] = [1.0, 1.5, 2.0, 3.0, 4.0, 6.0],  # noqa: B006
    noises: list[float] = [0.1, 0.3],  # noqa: B006
    signals: int = 4,
    most: int = 120,
    network: Network = Network(),  # noqa: B008
    max_iter: int = 3000,
    fit_at: int = 20,
    threads: int = 1,
) -> None:
    """Measures and writes trials.csv, along.csv and smooth_signals.png; about a minute of the processor.

    What trials.csv holds already is not measured again. A setting that it holds with another number of signals is, all
    of it: its signals descend at a common pace.

    Args:
        out: folder.
        ps: numbers of basis functions.
        ratios: m / p.
        noises: ||eta|| / ||A x||, at p = 20 and m = 60.
        signals: of each setting.
        most: measurements; the number of steps grows with them, see `pace`.
        network: G, and n.
        max_iter: largest number of steps.
        fit_at: the p at which alone the constant of the bound is fitted, to the settings above, as the figure is of
            them, whatever else trials.csv holds.
        threads: of the processor.

    Raises:
        ValueError: when no setting is left, or trials.csv holds trials of another network or of another max_iter.
    """
    torch.set_num_threads(threads)
    out.mkdir(parents=True, exist_ok=True)
    trials, curves = read_records(Trial, out / "trials.csv"), read_records(Along, out / "along.csv")
    expect(trials, out / "trials.csv", **vars(network), max_iter=max_iter)
    done = Counter(_setting(one) for one in trials)
    asked = settings(ps, ratios, noises, network.n, most)
    for setting in asked:
        if done[setting] == signals:
            continue
        more, along = measure(setting, network, signals, max_iter)
        trials, curves = _without(setting, trials), _without(setting, curves)
        if done[setting]:  # a run that is killed between the files must not leave old trials beside new curves
            write_records(Trial, trials, out / "trials.csv")
        trials, curves = trials + more, curves + along
        write_records(Along, curves, out / "along.csv")
        write_records(Trial, trials, out / "trials.csv")
        print(setting, f"error {sum(one.error for one in more) / signals:.4f}", flush=True)
    trials = [one for one in trials if _setting(one) in asked]
    curves = [one for one in curves if _setting(one) in asked]
    constant, share = under_bound(trials, fit_at)
    print(f"C = {constant:.3g} of p = {fit_at}: {share:.0%} of the other trials are under the bound")
    draw(trials, curves, fit_at, out / "smooth_signals.png")
    print(f"{out / 'trials.csv'}\n{out / 'smooth_signals.png'}")


def _setting(one: Setting) -> Setting:
    return Setting(one.p, one.m, one.noise)


def _without(setting: Setting, records: Sequence[T]) -> list[T]:
    return [one for one in records if _setting(one) != setting]
