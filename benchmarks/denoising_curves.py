"""How near the best iterate of a denoising fit of an untrained network the rules stop it.

    python benchmarks/denoising_curves.py --images FOLDER [--size 128] [--width 32] [--iterations 3000] [--out DIR]

One fit per image to its noisy version, sigma = 25/255, which all stopping rules watch at once (SURE and HoldOut each
with the second fit that is theirs). x only judges them: the gap of a rule is by how many dB its answer is worse than
the best iterate of the fit, for the iterates themselves and for their exponential average. Results of images that are
in DIR/rules.jsonl are not computed again. The network is the denoising one of Ulyanov et al. 2018 (deep image prior)
with --width channels (published: 128) and its settings: Adam, jitter of 1/30, mean squared error. Its curves, without
jitter: python -m lit_inverse.theory.image_and_noise --network skip_unet.
"""

import argparse
import json
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from datamodules import ImagesDataModule
from lit_inverse.metrics import psnr
from lit_inverse.solvers.fitting import Descent, ExponentialAverage, Iterate, JitteredInput
from lit_inverse.solvers.fitting.stopping import (
    SURE,
    Decision,
    Discrepancy,
    ExitWindow,
    ExponentialMovingVariance,
    HoldOut,
    StoppingRule,
    UntilConvergence,
    WindowedMovingVariance,
)
from lit_inverse.theory.image_and_noise.fits import begin, skip_unet, with_noise

SIGMA = 25 / 255
RULES: dict[str, StoppingRule] = {
    "ES-WMV": WindowedMovingVariance(),
    "ES-WMV, patience 100": WindowedMovingVariance(patience=100),
    "ES-EMV": ExponentialMovingVariance(),
    "ES-EMV, 0.05, patience 100": ExponentialMovingVariance(alpha=0.05, patience=100),
    "discrepancy": Discrepancy(),
    "discrepancy, tau 0.95": Discrepancy(tau=0.95),
    "SURE": SURE(),
    "hold-out": HoldOut(),
    "convergence": UntilConvergence(),
    "exit window": ExitWindow(),
}


@dataclass(frozen=True)
class Setting:
    size: int
    width: int
    lr: float
    iterations: int


class Judged:
    """A rule at work beside a fit that goes on without it; `number` is its answer, `end` where it ends the fit."""

    def __init__(self, rule: StoppingRule, fit: Descent, max_iter: int) -> None:
        held_out = rule.held_out(fit)
        # what HoldOut withholds, it withholds from a fit of its own, whose length alone matters
        self.rehearsal = None if held_out is None else fit.fork(used=~held_out)
        self.watch = rule.start(self.rehearsal or fit, max_iter)
        self.number, self.end = 0, max_iter

    def see(self, iterate: Iterate) -> None:
        if self.end < iterate.number:
            return
        decision: Decision = self.watch.see(self.rehearsal.step() if self.rehearsal else iterate)
        if decision.better:
            self.number = iterate.number
        if decision.done:
            self.end = iterate.number


def judge(x: Tensor, name: str, setting: Setting) -> dict[str, Any]:
    """PSNR of the best iterate of a fit to x + eta, and for each rule its answer's."""
    y = with_noise(x, name, SIGMA)
    fit = begin(skip_unet(setting.size, setting.width), y, name, SIGMA, setting.lr, JitteredInput())
    judged = {name: Judged(rule, fit, setting.iterations) for name, rule in RULES.items()}
    average = ExponentialAverage().start()
    qualities: dict[str, list[float]] = {"iterate": [], "average": []}
    for _ in range(setting.iterations):
        iterate = fit.step()
        for one in judged.values():
            one.see(iterate)
        qualities["iterate"].append(psnr(iterate.x, x, 1.0).item())
        qualities["average"].append(psnr(average(iterate), x, 1.0).item())
    result: dict[str, Any] = {"noisy": psnr(y, x, 1.0).item(), "rules": {}}
    result |= {kind: {"best": max(values), "at": values.index(max(values))} for kind, values in qualities.items()}
    for name, one in judged.items():
        answer = {"answer": one.number, "end": one.end}
        gaps = {kind: max(values) - values[one.number] for kind, values in qualities.items()}
        result["rules"][name] = answer | gaps
    return result


def table(results: list[dict[str, Any]]) -> Iterator[str]:
    """One line per rule over all images."""
    for kind in ("iterate", "average"):
        best = [one[kind]["best"] for one in results]
        numbers = [one[kind]["at"] for one in results]
        yield (
            f"best {kind}: median {statistics.median(best):.2f} dB (noisy: "
            f"{statistics.median(one['noisy'] for one in results):.2f}), number {statistics.median(numbers):.0f} "
            f"({min(numbers)} to {max(numbers)})"
        )
    yield f"{'gap in dB, median (worst)':26s} {'iterate':>14s} {'average':>14s}  answer, end (medians), fits ended"
    for name in results[0]["rules"]:
        found = [one["rules"][name] for one in results]
        gaps = [[one[kind] for one in found] for kind in ("iterate", "average")]
        cells = [f"{statistics.median(gap):6.2f} ({max(gap):5.2f})" for gap in gaps]
        numbers = [f"{statistics.median(one[key] for one in found):6.0f}" for key in ("answer", "end")]
        ended = sum(one["end"] < results[0]["setting"]["iterations"] for one in found)
        yield f"{name:26s} {cells[0]:>14s} {cells[1]:>14s}  {numbers[0]} {numbers[1]}  {ended} of {len(found)}"


def rules(images: list[tuple[str, Tensor]], setting: Setting, out: Path) -> None:
    """Measures the rules on each image; writes a line as soon as one is done."""
    path = out / "rules.jsonl"
    done = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    kept = [one for one in done if one["setting"] == vars(setting) and one["rules"].keys() == RULES.keys()]
    for name, x in images:
        if all(one["image"] != name for one in kept):
            one = {"image": name, "setting": vars(setting), **judge(x, name, setting)}
            with path.open("a") as file:
                file.write(json.dumps(one) + "\n")
            kept.append(one)
            print(name, {rule: round(found["iterate"], 2) for rule, found in one["rules"].items()}, flush=True)
    print("\n".join(table([one for one in kept if one["image"] in dict(images)])))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path, required=True, help="folder of square images")
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--width", type=int, default=32, help="channels of each level of the network")
    parser.add_argument("--lr", type=float, default=0.01)
    parser.add_argument("--iterations", type=int, default=3000)
    parser.add_argument("--out", type=Path, default=Path("runs/denoising_curves"))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    setting = Setting(arguments.size, arguments.width, arguments.lr, arguments.iterations)
    data = ImagesDataModule(arguments.images, size=arguments.size)
    data.setup()
    items = data.dataset("test")
    images = [(item["id"], item["x"][None]) for item in (items[i] for i in range(len(items)))]
    arguments.out.mkdir(parents=True, exist_ok=True)
    rules(images, setting, arguments.out)


if __name__ == "__main__":
    main()
