"""How an untrained network fits images and noise, and how near the best iterate the rules stop a denoising fit.

    python benchmarks/denoising_curves.py --images FOLDER [--size 128] [--width 32] [--iterations 3000] [--out DIR]

The curves: the loss along fits to the first image, to it with noise of 25/255, and to noise alone, U(0, 1), as in
Ulyanov et al. 2018 (deep image prior), Fig. 2, drawn into curves.png. The rules: one fit per image to its noisy
version, which all stopping rules watch at once (SURE and HoldOut each with the second fit that is theirs). x only
judges them: the gap of a rule is by how many dB its answer is worse than the best iterate of the fit, for the iterates
themselves and for their exponential average. Results of images that are in DIR/rules.jsonl are not computed again.
The network is the denoising one of that paper with --width channels (published: 128) and its settings: Adam, jitter of
1/30, mean squared error.
"""

import argparse
import json
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from datamodules import ImagesDataModule
from lit_inverse.evaluation.figures import save
from lit_inverse.evaluation.figures.style import legend, style
from lit_inverse.metrics import mse, psnr
from lit_inverse.networks import SkipUNet
from lit_inverse.networks.initialization import initialize
from lit_inverse.noise import Gaussian
from lit_inverse.operators import Identity
from lit_inverse.problem import Problem
from lit_inverse.seeding import derive_seed, generator
from lit_inverse.solvers.fitting import (
    Adam,
    Data,
    Descent,
    Ensemble,
    ExponentialAverage,
    FixedInput,
    Input,
    Iterate,
    JitteredInput,
    Objective,
    SquaredError,
)
from lit_inverse.solvers.fitting.stopping import (
    SURE,
    Discrepancy,
    ExitWindow,
    ExponentialMovingVariance,
    HoldOut,
    StoppingRule,
    UntilConvergence,
    Verdict,
    WindowedMovingVariance,
)

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


def descent(y: Tensor, seed: int, setting: Setting, input_law: Input) -> Descent:
    """A fit to y (1, 1, size, size) that has not begun."""
    source = generator(seed)
    widths = (setting.width,) * 5
    network = SkipUNet(tuple(y.shape[1:]), channels_down=widths, channels_up=widths)
    initialize(network, "paper", source)
    weights = [weight.detach().clone() for weight in network.parameters()]
    z = network.draw_latent(source)[None]
    data = Data(y, Identity(tuple(y.shape[1:])), torch.full((1,), SIGMA), [seed])
    objective = Objective(SquaredError("mean"), None)
    return Descent(Ensemble(network, [weights]), z, input_law, data, objective, Adam(), setting.lr)


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
        verdict: Verdict = self.watch.see(self.rehearsal.step() if self.rehearsal else iterate)
        if verdict.better:
            self.number = iterate.number
        if verdict.done:
            self.end = iterate.number


def judge(x: Tensor, y: Tensor, seed: int, setting: Setting) -> dict[str, Any]:
    """PSNR of the best iterate of a fit to y, and for each rule its answer's."""
    fit = descent(y, seed, setting, JitteredInput())
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
            y = noisy(x, name)
            one = {"image": name, "setting": vars(setting), **judge(x, y, derive_seed(0, "solver", name, 0), setting)}
            with path.open("a") as file:
                file.write(json.dumps(one) + "\n")
            kept.append(one)
            print(name, {rule: round(found["iterate"], 2) for rule, found in one["rules"].items()}, flush=True)
    print("\n".join(table([one for one in kept if one["image"] in dict(images)])))


def noisy(x: Tensor, name: str) -> Tensor:
    """x + eta, the same as in a sweep with seed 0."""
    problem = Problem(Identity(tuple(x.shape[1:])), Gaussian(SIGMA))
    return problem.measure(x, [derive_seed(0, "noise", name, 0)])


def curves(name: str, x: Tensor, setting: Setting, out: Path) -> None:
    """Fits without jitter to three targets, their losses and the error of one of them."""
    seed = derive_seed(0, "solver", name, 0)
    uniform = torch.rand(x.shape, generator=generator(1), dtype=torch.float32)
    targets = {"image": x, "image + noise": noisy(x, name), "noise": uniform}
    lines: dict[str, list[float]] = {}
    for target, y in targets.items():
        fit = descent(y, seed, setting, FixedInput())
        steps = (fit.step() for _ in range(setting.iterations))
        seen = [(iterate.objective.item(), mse(iterate.x, x).item()) for iterate in steps]
        lines[f"loss, {target}"] = [loss for loss, _ in seen]
        if target == "image + noise":
            lines["error of that fit"] = [error for _, error in seen]
    (out / "curves.json").write_text(json.dumps({"image": name, "setting": vars(setting), "lines": lines}))
    save(draw(lines, f"{name}, {setting.size} x {setting.size}, width {setting.width}"), out, "curves")
    for line, values in lines.items():
        marks = [number for number in (10, 30, 100, 300, 1000, 3000) if number < len(values)]
        print(f"{line:28s} " + "  ".join(f"{number}: {values[number]:.5f}" for number in marks))


def draw(lines: dict[str, list[float]], title: str) -> Figure:
    """Mean squared errors along the iterations, both axes logarithmic, medians of the iterations in each 80th of it."""
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.subplots()
    handles = []
    for place, values in enumerate(lines.values()):
        edges = np.unique(np.geomspace(1, len(values), 80).round().astype(int))
        heights = [statistics.median(values[first:end]) for first, end in pairwise(edges)]
        handles += axes.plot(edges[:-1], heights, markevery=9, **style(place))
    axes.axhline(SIGMA**2, color="0.4", linewidth=0.8)
    axes.annotate("variance of the noise", (1, SIGMA**2), (0, 3), textcoords="offset points", fontsize=8)
    axes.set(xscale="log", yscale="log", xlabel=f"iteration ({title})", ylabel="mean squared error")
    axes.grid(alpha=0.3)
    legend(figure, handles, list(lines))
    return figure


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path, required=True, help="folder of square images")
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--width", type=int, default=32, help="channels of each level of the network")
    parser.add_argument("--lr", type=float, default=0.01)
    parser.add_argument("--iterations", type=int, default=3000)
    parser.add_argument("--only", choices=("curves", "rules"), help="one of the two parts")
    parser.add_argument("--out", type=Path, default=Path("runs/denoising_curves"))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    setting = Setting(arguments.size, arguments.width, arguments.lr, arguments.iterations)
    data = ImagesDataModule(arguments.images, size=arguments.size)
    data.setup()
    items = data.dataset("test")
    images = [(item["id"], item["x"][None]) for item in (items[i] for i in range(len(items)))]
    arguments.out.mkdir(parents=True, exist_ok=True)
    if arguments.only != "rules":
        curves(*images[0], setting, arguments.out)
    if arguments.only != "curves":
        rules(images, setting, arguments.out)


if __name__ == "__main__":
    main()
