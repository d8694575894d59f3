"""Makes the sweep that a parsed configuration describes."""

from pathlib import Path
from typing import Any

from jsonargparse import ArgumentParser, Namespace

from lit_inverse.errors import UsageError, parser_errors
from lit_inverse.evaluation.laws import Law, plain
from lit_inverse.evaluation.sweep import Sweep
from lit_inverse.noise import Noise
from lit_inverse.operators import Operator

DRAWN = {"in_shape", "seed"}  # arguments of an operator that come from the data and the sweep's seed


def assemble(parser: ArgumentParser, config: Namespace) -> Sweep:
    """The sweep that a complete configuration describes.

    Raises:
        UsageError: when its values do not fit together or an object can not be built.
    """
    for key in ("data", "operator"):
        if config.get(key) is None:
            raise UsageError(f"{key}: got nothing, expected class_path and init_args")
    solvers = config.solvers.as_dict()
    only = list(solvers) if config.only is None else config.only
    unknown = [name for name in [*only, *config.labels] if name not in solvers]
    if unknown:
        raise UsageError(f"only/labels: unknown solver {unknown[0]!r}, expected names from {sorted(solvers)}")
    shown = [config.labels.get(name, name) for name in only]
    if twice := {label for label in shown if shown.count(label) > 1}:
        raise UsageError(f"labels: {sorted(twice)[0]!r} would stand for two solvers, expected one of its own for each")
    for key in ("measurements", "noise_levels", "only"):
        if config[key] is not None and (not config[key] or len({*map(str, config[key])}) != len(config[key])):
            raise UsageError(f"{key}: got {config[key]}, expected at least one value, none of them twice")
    vary = _varied(config)
    if vary is None and config.measurements != [None]:
        raise UsageError(
            f"measurements: got {config.measurements} but vary names no argument of the operator; expected vary: m"
        )
    precision = config.trainer.precision
    if precision not in (None, "32-true", "32", 32, "64-true", "64", 64):
        raise UsageError(f"trainer.precision: got {precision!r}, expected 32-true or 64-true")
    resolved = parser.dump(config, skip_unset=False)
    diagnostics = config.diagnostics.as_dict() if "diagnostics" in config else {}
    instances = _instantiate(parser, config, only, list(diagnostics))
    return Sweep(
        name=config.name,
        out=config.out or Path("runs") / config.name,
        data=instances.data,
        split=config.split,
        limit=config.limit,
        operator=_law(config.operator),
        operator_per=config.operator_per,
        vary=vary,
        measurements=_typed_measurements(config, vary),
        noise=_law_of_noise(config.noise),
        noise_levels=config.noise_levels,
        repeats=config.repeats,
        success_nmse=config.success_nmse,
        oracle=config.oracle,
        seed=config.seed,
        batch_size=config.batch_size,
        solvers={name: instances.solvers[name] for name in only},
        identities={name: plain(config.solvers[name].as_dict()) for name in only},
        labels=config.labels,
        diagnostics={name: instances.diagnostics[name] for name in diagnostics},
        diagnostic_identities={name: plain(found) for name, found in diagnostics.items()},
        trainer=vars(instances.trainer),
        logger=config.logger,
        threads=config.threads,
        reuse=_reused(config.reuse),
        dry_run=config.dry_run,
        resolved=resolved,
    )


def _reused(folders: Path | list[Path]) -> list[Path]:
    folders = folders if isinstance(folders, list) else [folders]
    for folder in folders:
        if not any(folder.glob("results*.jsonl")):
            raise UsageError(f"reuse: {folder} holds no results, expected the folder of another run")
    return folders


def _law(specification: Namespace) -> Law[Any]:
    return Law(specification.class_path, specification.as_dict().get("init_args", {}))


def _law_of_noise(specification: Namespace) -> Law[Noise]:
    """The law without its level, which noise_levels gives; a class unknown when the parser was made still has it."""
    law: Law[Noise] = _law(specification)
    level = law.drawn_class.level_name()
    return Law(law.class_path, {name: value for name, value in law.init_args.items() if name != level})


def _varied(config: Namespace) -> str | None:
    """The argument that measurements runs through; none for [null] and an operator that has no m."""
    vary: str | None = config.vary
    has_none = vary == "m" and config.measurements == [None] and "m" not in _law(config.operator).parameters
    return None if has_none else vary


def _typed_measurements(config: Namespace, vary: str | None) -> list[Any]:
    """The values of the varied argument, checked against its type."""
    if vary is None:
        return [None]
    parser = ArgumentParser(exit_on_error=False)
    parser.add_subclass_arguments(Operator, "operator", skip=DRAWN)
    settings = _law(config.operator).init_args
    typed = []
    for value in config.measurements:
        init_args = {**settings, vary: value}
        with parser_errors("measurements"):
            parsed = parser.parse_object(
                {"operator": {"class_path": config.operator.class_path, "init_args": init_args}}
            )
        typed.append(parsed.operator.init_args[vary])
    return typed


def _instantiate(parser: ArgumentParser, config: Namespace, only: list[str], diagnostics: list[str]) -> Namespace:
    built = Namespace()  # type: ignore[no-untyped-call]
    named = [f"solvers.{name}" for name in only] + [f"diagnostics.{name}" for name in diagnostics]
    for key in ["data", "trainer", *named]:
        with parser_errors(key):
            part = Namespace()  # type: ignore[no-untyped-call]
            part[key] = config[key]
            built[key] = parser.instantiate(part)[key]
    return built
