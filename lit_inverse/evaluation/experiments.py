"""Experiments of theory from a configuration file: evaluate.py --config FILE, where FILE has the key `experiment`."""

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yaml
from jsonargparse import ArgumentParser, Namespace

from lit_inverse.class_defaults import keep_apart
from lit_inverse.errors import UsageError, as_usage_errors, one_line, parser_errors
from lit_inverse.evaluation.config_files import ConfigFile, Incomplete, Request, new_parser, parse_files
from lit_inverse.paths import ConfigPath
from lit_inverse.provenance import describe_run
from lit_inverse.theory.command import check_counts, refusals


def run_experiment(request: Request) -> None:
    """Runs it with its settings; configuration and versions are written to its folder as those of a sweep are.

    Raises:
        UsageError: when a key, type or value is wrong.
        SystemExit: with code 0 after --help and --print_config.
    """
    keep_apart()
    experiment = request.experiment
    run = _function(experiment)
    parser = _parser(ArgumentParser, experiment, run)
    if request.help:
        parser.print_help()
        raise SystemExit(0)
    with parser_errors("command line"):
        config = parser.parse_args(request.rest, namespace=_parse(_parser(Incomplete, experiment, run), request.files))
    _resolve(config, config.settings.keys())
    resolved = parser.dump(config, skip_unset=False)
    if request.print_config:
        print(resolved, end="")
        raise SystemExit(0)
    out = config.out or Path("runs") / config.name
    settings = parser.instantiate(config).settings.as_dict()
    with refusals(run, "settings: "):
        check_counts(run, settings)
    with as_usage_errors("out"):
        out.mkdir(parents=True, exist_ok=True)
        found = _found(out)
        if found not in (None, experiment):
            raise UsageError(f"out: {out} has results of {found}, expected none or those of {experiment}")
        if found is None:  # what is there describes other settings, until these have run
            describe_run(out, resolved)
    try:
        with refusals(run, "settings: "):
            run(out=out, **settings)
    except UsageError:
        if found is None:
            (out / "config.yaml").unlink()
            (out / "versions.yaml").unlink()
        raise
    describe_run(out, resolved)


def _function(experiment: Any) -> Callable[..., None]:
    expected = "expected the name of a package that has experiment.run, such as lit_inverse.theory.analytic_deep_prior"
    try:
        run: Callable[..., None] = importlib.import_module(f"{experiment}.experiment").run
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise UsageError(f"experiment: got {experiment!r} ({one_line(error)}), {expected}") from error
    return run


def _parser(kind: type[ArgumentParser], experiment: str, run: Callable[..., None]) -> ArgumentParser:
    parser = new_parser(kind, f"Runs the experiment {experiment}.")
    name = experiment.rpartition(".")[2]
    parser.add_argument("--name", type=str, default=name, help="names its folder below runs/")
    parser.add_argument("--experiment", type=str, default=experiment, help="the package of the experiment")
    parser.add_function_arguments(run, "settings", skip={"out"})
    parser.add_argument("--out", type=ConfigPath | None, default=None, help="folder of the results")
    return parser


def _parse(parser: ArgumentParser, files: Sequence[ConfigFile]) -> Namespace | None:
    """As for sweeps, but the settings of experiments are plain paths, which have to be made absolute here."""
    config = None
    for file in files:
        config = parse_files(parser, [file], config)
        with file.folder():
            dotted = [key.removeprefix("settings.") for key in file.content if str(key).startswith("settings.")]
            _resolve(config, [*(file.content.get("settings") or ()), *dotted])
    return config


def _resolve(config: Any, names: Any) -> None:
    for name in names:
        value = config.settings[name]
        if isinstance(value, Path):
            config.settings[name] = value.expanduser().resolve()


def _found(out: Path) -> Any:
    """The experiment whose results a folder has, None for none; of a sweep its name."""
    file = out / "config.yaml"
    if not file.exists():
        return None
    content = yaml.safe_load(file.read_text())
    return content.get("experiment", f"the sweep {content.get('name')}")
