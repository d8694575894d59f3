"""All networks, and what is measured of them."""

from dataclasses import fields
from pathlib import Path

import torch

from lit_inverse.settings import at_least_1, positive
from lit_inverse.theory.records import expect, read_records, write_records
from lit_inverse.theory.recovery_conditions.conditions import FAMILIES, VERSION, Conditions, Setting, measure
from lit_inverse.theory.recovery_conditions.figure import draw


def run(
    out: Path = Path("runs/recovery_conditions"),
    widths: tuple[float, ...] = (6, 12, 24, 48),
    depth: int = 3,
    depths: tuple[int, ...] = (2, 3, 4, 5, 6),
    width: float = 24,
    networks: int = 4,
    k: int = 5,
    m: int = 30,
    signals: int = 25,
    n_steps: int = 400,
    n_ascent: int = 50,
    threads: int = 1,
) -> None:
    """Measures and writes conditions.csv and recovery_conditions.png. What conditions.csv holds is not measured again.

    Args:
        out: folder.
        widths: of the narrowest layer over k, of the panels against the width.
        depth: of these networks.
        depths: of the panels against the depth.
        width: of the narrowest layer of these networks, over k.
        networks: random networks of each setting.
        k: dimension of z.
        m: number of measurements, at most k times the least width.
        signals: of each network.
        n_steps: of Algorithm 1.
        n_ascent: steps of ascent in the search for the constants.
        threads: of the processor.

    Raises:
        ValueError: when a number is impossible, m is larger than a contractive network's output, or conditions.csv
            is of another version.
    """
    at_least_1(depths=depths)
    for one in (width, *widths):
        positive(width=one)
    least = round(k * min(width, *widths))
    if m > least:
        raise ValueError(f"m is {m}, expected at most {least}, the narrowest output: give larger widths")
    torch.set_num_threads(threads)
    out.mkdir(parents=True, exist_ok=True)
    path = out / "conditions.csv"
    found = read_records(Conditions, path)
    expect(found, path, version=VERSION)
    rows = {_setting(row): row for row in found}
    wanted = [
        Setting(family, *shape, network, k, m, signals, n_steps, n_ascent)
        for shape in dict.fromkeys([*((depth, w) for w in widths), *((d, width) for d in depths)])
        for family in FAMILIES
        for network in range(networks)
    ]
    for setting in wanted:
        if setting not in rows:
            rows[setting] = measure(setting)
            write_records(Conditions, list(rows.values()), path)
            print(rows[setting], flush=True)
    draw([rows[setting] for setting in wanted], depth, width, out / "recovery_conditions.png")
    print(f"{path}\n{out / 'recovery_conditions.png'}")


def _setting(row: Conditions) -> Setting:
    return Setting(**{field.name: getattr(row, field.name) for field in fields(Setting)})
