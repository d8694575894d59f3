"""Figures of the statistics of one or more sweeps."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from matplotlib.figure import Figure

from lit_inverse.evaluation import figures
from lit_inverse.evaluation.constant_means import Constant
from lit_inverse.evaluation.findings import Findings
from lit_inverse.evaluation.grouping import Setting
from lit_inverse.evaluation.names import Names
from lit_inverse.theory.diagnostics import Diagnostic


class Drawn(NamedTuple):
    """A figure with the name of its file and its title."""

    name: str
    title: str
    figure: Figure


def draw(findings: Findings, names: Names) -> Iterator[Drawn]:
    """Layers first, then curves."""
    settings = list(dict.fromkeys(summary.setting for summary in findings.summaries))
    # least noise first
    levels = sorted({summary.noise_level for summary in findings.summaries}, reverse=names.noise.in_db)
    yield from along_layers(findings, names, levels)
    at_levels = [at_noise_level(findings, names, level) for level in levels]
    against = [(against_noise(findings, names, setting) for setting in settings)] if len(levels) > 1 else []
    # where there is but one setting, noise is what the sweep varies
    for drawn in [*against, *at_levels] if len(settings) == 1 else [*at_levels, *against]:
        yield from drawn


def along_layers(findings: Findings, names: Names, levels: list[float]) -> Iterator[Drawn]:
    """Error against the layer of all solvers of few iterations; a figure per noise level where one is too small."""
    errors = findings.layers
    settings = list(dict.fromkeys(error.setting for error in errors))
    levels = [level for level in levels if any(error.noise_level == level for error in errors)]
    several = len(settings) > 1
    titles = {(s, level): names.place(s if several else None, level) for level in levels for s in settings}
    per_level = several and len(levels) > 1 and len(titles) > figures.MAX_PANELS
    for level in levels if per_level else [None] if errors else []:
        suffix, at = ("", "") if level is None else names.at_level(level)
        here = {place: title for place, title in titles.items() if level in (None, place[1])}
        figure = figures.error_along_layers(errors, [*names.labels], here, findings.oracle)
        yield Drawn(f"error_along_layers{suffix}", f"Error along the layers{at}", figure)


def at_noise_level(findings: Findings, names: Names, level: float) -> Iterator[Drawn]:
    """Error, success, time and differences against the setting."""
    suffix, at = names.at_level(level)
    summaries = [summary for summary in findings.summaries if summary.noise_level == level]
    arguments = summaries, [*names.labels], names.symbol, names.unit
    axis, title = figures.axis_name(names.symbol), at.removeprefix(", ")
    oracle = [line for line in findings.oracle if line.noise_level == level]
    curves = figures.error_against_setting(*arguments, title=title, oracle=oracle)
    yield Drawn(f"error_against_{names.symbol}{suffix}", f"Error against {axis}{at}", curves)
    if summaries[0].nmse_db is None:
        linear = figures.error_against_setting(*arguments, logarithmic=False, title=title)
        yield Drawn(f"error_against_{names.symbol}_linear{suffix}", f"Error against {axis}{at}, linear axis", linear)
    rates = [rate for rate in findings.success if rate.noise_level == level]
    success = figures.success_against_setting(rates, [*names.labels], names.symbol, title)
    yield Drawn(f"success{suffix}", f"Success rate against {axis}{at}", success)
    yield Drawn(f"error_against_time{suffix}", f"Error against time{at}", figures.error_against_time(*arguments))
    paired = [comparison for comparison in findings.comparisons if comparison.noise_level == level]
    if paired:
        boxes = figures.paired_differences(paired, names.labels, names.symbol, names.unit)
        yield Drawn(f"paired_differences{suffix}", f"Paired differences{at}", boxes)


def against_noise(findings: Findings, names: Names, setting: Setting) -> Drawn:
    """Error against the noise level at one setting."""
    short, at = names.at_setting(setting)
    figure = figures.error_against_noise(
        [summary for summary in findings.summaries if summary.setting == setting],
        [*names.labels],
        names.noise_axis,
        names.unit,
        title=at.removeprefix(" at "),
        oracle=[line for line in findings.oracle if line.setting == setting],
        in_db=names.noise.in_db,
    )
    return Drawn(f"error_against_noise{short}", f"Error against noise{at}", figure)


def draw_constants(
    findings: Findings, constants: Sequence[Constant], diagnostics: Mapping[str, Diagnostic], names: Names
) -> Iterator[Drawn]:
    """Constants beside errors, at each noise level: those of operators together, those of solvers one by one.

    Only where there are errors to stand beside. Those of operators at a single setting are in the table alone.
    """
    for level in sorted({summary.noise_level for summary in findings.summaries}):
        suffix, at = names.at_level(level)
        summaries = [summary for summary in findings.summaries if summary.noise_level == level]
        settings = {summary.setting for summary in summaries}
        of_operators = [one for one in constants if not one.solver and one.setting in settings]
        if of_operators and len(settings) > 1:
            panels = _panels(of_operators, diagnostics, lambda one: one.kind)
            figure = figures.constants_against_setting(summaries, panels, names.labels, names.symbol, names.unit)
            yield Drawn(f"diagnostics_of_operators{suffix}", f"Constants of the operators{at}", figure)
        beside = {(summary.solver, summary.setting) for summary in summaries}
        here = [one for one in constants if one.noise_level == level and (one.solver, one.setting) in beside]
        for name in dict.fromkeys(one.name for one in here):
            of_name = [one for one in here if one.name == name]
            if len(settings) > 1:
                panels = _panels(of_name, diagnostics, lambda one: one.label)
                figure = figures.constants_against_setting(summaries, panels, names.labels, names.symbol, names.unit)
            else:
                figure = figures.constants_of_solvers(summaries, of_name, diagnostics[name].panels, names.unit)
            yield Drawn(f"diagnostic_{name}{suffix}", f"Diagnostic {_words(name)}{at}", figure)


def _panels(
    constants: Sequence[Constant], diagnostics: Mapping[str, Diagnostic], label: Callable[[Constant], str]
) -> list[figures.Panel]:
    """Of operators one per axis of a diagnostic, with a line per kind; of solvers one per kind, a line for each."""
    panels: dict[tuple[str, str], dict[str, list[Constant]]] = {}
    for one in constants:
        axis = next((axis for axis, kinds in diagnostics[one.name].panels.items() if one.kind in kinds), None)
        if axis is not None:
            place = (one.kind if one.solver else _words(one.name)), axis
            panels.setdefault(place, {}).setdefault(label(one), []).append(one)
    return [figures.Panel(title, axis, lines) for (title, axis), lines in panels.items()]


def _words(name: str) -> str:
    return name.replace("_", " ")
