"""All figures of a sweep."""

import math
from collections.abc import Iterator
from typing import NamedTuple

from matplotlib.figure import Figure

from lit_inverse.evaluation import figures
from lit_inverse.evaluation.findings import Findings
from lit_inverse.evaluation.grouping import Setting, setting_of
from lit_inverse.evaluation.results import Results
from lit_inverse.evaluation.runner import GRID_IMAGES
from lit_inverse.evaluation.sweep import Sweep
from lit_inverse.evaluation.trajectories import Trajectory


class Drawn(NamedTuple):
    """A figure with the name of its file and its title."""

    name: str
    title: str
    figure: Figure


def draw(sweep: Sweep, findings: Findings, results: Results) -> Iterator[Drawn]:
    """Curves first, then the reconstructions."""
    gallery = _Gallery(sweep, findings, results)
    settings = list(dict.fromkeys(summary.setting for summary in findings.summaries))
    levels = gallery.levels
    yield from gallery.along_layers()
    at_levels = [gallery.at_noise_level(level) for level in levels]
    against_noise = [map(gallery.against_noise, settings)] if len(levels) > 1 else []
    # where there is but one setting, noise is what the sweep varies
    for drawn in [*against_noise, *at_levels] if len(settings) == 1 else [*at_levels, *against_noise]:
        yield from drawn
    for level in levels:
        for setting in settings:
            yield from gallery.reconstructions(setting, level)


class _Gallery:
    def __init__(self, sweep: Sweep, findings: Findings, results: Results) -> None:
        self.sweep, self.findings, self.results = sweep, findings, results
        self.symbol = sweep.vary or "m"
        low_high = sweep.value_range
        self.unit = "" if low_high is None else "x in [{:g}, {:g}]".format(*low_high)
        self.noise = sweep.noise.drawn_class
        # least noise first
        self.levels = sorted({summary.noise_level for summary in findings.summaries}, reverse=self.noise.in_db)
        self.labels = {name: sweep.label(name) for name in sweep.solvers}

    def along_layers(self) -> Iterator[Drawn]:
        """Error against the layer of all solvers of few iterations; a figure per noise level where one is too small."""
        errors = self.findings.layers
        settings = list(dict.fromkeys(error.setting for error in errors))
        levels = [level for level in self.levels if any(error.noise_level == level for error in errors)]
        several = len(settings) > 1
        titles = {(s, level): self._place(s, level, several) for level in levels for s in settings}
        per_level = several and len(levels) > 1 and len(titles) > figures.MAX_PANELS
        for level in levels if per_level else [None] if errors else []:
            suffix, at = ("", "") if level is None else self._noise(level)
            here = {place: title for place, title in titles.items() if level in (None, place[1])}
            figure = figures.error_along_layers(errors, [*self.labels], here, self.findings.oracle)
            yield Drawn(f"error_along_layers{suffix}", f"Error along the layers{at}", figure)

    def _place(self, setting: Setting, level: float, several: bool) -> str:
        """A setting and a noise level for people."""
        of_setting = f"{self.symbol} = {figures.shown(setting)}" if several else ""
        return ", ".join(filter(None, [of_setting, self._noise(level)[1].removeprefix(", ")]))

    def at_noise_level(self, level: float) -> Iterator[Drawn]:
        """Error, success, time and differences against the setting, and single cases along the iterations."""
        suffix, at = self._noise(level)
        summaries = [summary for summary in self.findings.summaries if summary.noise_level == level]
        arguments = summaries, [*self.labels], self.symbol, self.unit
        against = f"Error against {figures.axis_name(self.symbol)}{at}"
        title = at.removeprefix(", ")
        oracle = [line for line in self.findings.oracle if line.noise_level == level]
        curves = figures.error_against_setting(*arguments, title=title, oracle=oracle)
        yield Drawn(f"error_against_{self.symbol}{suffix}", against, curves)
        if summaries[0].nmse_db is None:
            linear = figures.error_against_setting(*arguments, logarithmic=False, title=title)
            yield Drawn(f"error_against_{self.symbol}_linear{suffix}", f"{against}, linear axis", linear)
        rates = [rate for rate in self.findings.success if rate.noise_level == level]
        success = figures.success_against_setting(rates, [*self.labels], self.symbol, title)
        yield Drawn(f"success{suffix}", f"Success rate against {figures.axis_name(self.symbol)}{at}", success)
        yield Drawn(f"error_against_time{suffix}", f"Error against time{at}", figures.error_against_time(*arguments))
        paired = [comparison for comparison in self.findings.comparisons if comparison.noise_level == level]
        if paired:
            boxes = figures.paired_differences(paired, self.labels, self.symbol, self.unit)
            yield Drawn(f"paired_differences{suffix}", f"Paired differences{at}", boxes)
        followed, image = self._followed(level)
        if followed:
            along = figures.along_iterations(followed, self.labels, self.symbol, self.unit, f"of image {image}")
            yield Drawn(f"along_iterations{suffix}", f"Loss and error along the iterations{at}", along)

    def against_noise(self, setting: Setting) -> Drawn:
        """Error against the noise level at one setting."""
        summaries = [summary for summary in self.findings.summaries if summary.setting == setting]
        short, at = self._setting(setting)
        name = "SNR (dB)" if self.noise.in_db else f"noise level: {self.noise.level_name()} of {self.noise.__name__}"
        figure = figures.error_against_noise(
            summaries,
            [*self.labels],
            name,
            self.unit,
            title=at.removeprefix(" at "),
            oracle=[line for line in self.findings.oracle if line.setting == setting],
            in_db=self.noise.in_db,
        )
        return Drawn(f"error_against_noise{short}", f"Error against noise{at}", figure)

    def reconstructions(self, setting: Setting, level: float) -> Iterator[Drawn]:
        """The first images of one setting, of which reconstructions are kept."""
        shown = {
            (case.solver, case.index): row
            for case, row in self.findings.finished
            if (setting_of(row), row["noise_level"], case.repeat) == (setting, level, 0) and case.index < GRID_IMAGES
        }
        dataset = self.sweep.dataset()
        indices = sorted({index for _, index in shown})
        originals = [dataset[index]["x"] for index in indices]
        if not originals or originals[0].ndim != 3 or originals[0].is_complex():
            return
        if len({x.shape for x in originals}) > 1:
            indices, originals = indices[:1], originals[:1]
        images, errors = {}, {}
        for solver, label in self.labels.items():
            rows = [shown.get((solver, index)) for index in indices]
            kept = [None if row is None else self.results.reconstruction(row["key"]) for row in rows]
            if any(x_hat is not None for x_hat in kept):
                images[label], errors[label] = kept, [None if row is None else row["mse"] for row in rows]
        if not images:
            return
        (short, at), (suffix, noise) = self._setting(setting), self._noise(level)
        grid = figures.reconstruction_grid(
            [x.numpy() for x in originals], images, errors, self.sweep.value_range or (-1.0, 1.0)
        )
        yield Drawn(f"reconstructions{short}{suffix}", f"Reconstructions{at}{noise}", grid)

    def _followed(self, level: float) -> tuple[dict[Setting, dict[str, Trajectory]], str]:
        """Trajectories of one image at one noise level by setting and solver, and the image's name."""
        found: dict[Setting, dict[str, Trajectory]] = {}
        image = ""
        for case, row in self.findings.finished:
            if case.noise_level == level and case.is_followed:
                kept = self.results.trajectory(case.key)
                if kept is not None and (kept["iterations"] or kept["steps"]):
                    found.setdefault(setting_of(row), {})[case.solver] = Trajectory(**kept)
                    image = case.image
        return found, image

    def _noise(self, level: float) -> tuple[str, str]:
        """Additions to file names and to titles."""
        if list(self.sweep.noise_levels) == [math.inf if self.noise.in_db else 0.0]:
            return "", ""
        snr = "no noise" if level == math.inf else f"SNR {level:g} dB"
        return f"_noise{level:g}", f", {snr}" if self.noise.in_db else f", noise level {level:g}"

    def _setting(self, setting: Setting) -> tuple[str, str]:
        if self.sweep.vary is None:
            return "", ""
        shown = figures.shown(setting)
        return f"_{self.symbol}{shown}", f" at {self.symbol} = {shown}"
