"""Experiments of theory from a configuration file: evaluate.py --config FILE, where FILE has the key `experiment`."""

import importlib
from argparse import Namespace as Arguments
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yaml
from jsonargparse import ArgumentParser, Namespace

from datamodules.paths import ConfigPath
from lit_inverse.class_defaults import keep_apart
from lit_inverse.errors import OneLineParser, UsageError, as_usage_errors, one_line
from lit_inverse.evaluation.assembly import parser_errors
from lit_inverse.evaluation.config_files import ConfigFile, Incomplete, parse_files
from lit_inverse.provenance import versions
from lit_inverse.theory.command import check_counts, refusals


def names_experiment(argv: Sequence[str]) -> bool:
    """Whether the command line or one of its files has the key `experiment`, in place of what makes a sweep.

    Raises:
        UsageError: when a file can not be read.
    """
    asked, _ = _asked(argv)
    return asked.experiment is not None or any("experiment" in file.content for file in _files(asked))


def run_experiment(argv: Sequence[str]) -> None:
    """Runs it with its settings; configuration and versions are written to its folder as those of a sweep are.

    Raises:
        UsageError: when a file, key, type or value is wrong.
        SystemExit: with code 0 after --help and --print_config.
    """
    keep_apart()
    asked, rest = _asked(argv)
    files = _files(asked)
    said = [file.content["experiment"] for file in files if "experiment" in file.content]
    experiment = said[-1] if asked.experiment is None else asked.experiment
    run = _function(experiment)
    parser = _parser(ArgumentParser, experiment, run)
    if asked.help:
        parser.print_help()
        raise SystemExit(0)
    with parser_errors("command line"):
        config = parser.parse_args(rest, namespace=_parse(_parser(Incomplete, experiment, run), files))
    config.experiment = experiment
    _resolve(config, config.settings.keys())
    resolved = parser.dump(config, skip_unset=False)
    if asked.print_config:
        print(resolved, end="")
        raise SystemExit(0)
    out = config.out or Path("runs") / config.name
    settings = parser.instantiate(config).settings.as_dict()
    with refusals(run, "settings: "):
        check_counts(settings)
    with as_usage_errors("out"):
        out.mkdir(parents=True, exist_ok=True)
        found = _found(out)
        if found not in (None, experiment):
            raise UsageError(f"out: {out} has results of {found}, expected none or those of {experiment}")
        if found is None:  # what is there describes other settings, until these have run
            _describe(out, resolved)
    try:
        with refusals(run, "settings: "):
            run(out=out, **settings)
    except UsageError:
        if found is None:
            (out / "config.yaml").unlink()
            (out / "versions.yaml").unlink()
        raise
    _describe(out, resolved)


def _asked(argv: Sequence[str]) -> tuple[Arguments, list[str]]:
    first = OneLineParser(add_help=False, allow_abbrev=False)
    first.add_argument("-c", "--config", action="append", default=[])
    first.add_argument("--experiment")
    first.add_argument("--print_config", action="store_true")
    first.add_argument("-h", "--help", action="store_true")
    return first.parse_known_args(argv)


def _files(asked: Arguments) -> list[ConfigFile]:
    return [ConfigFile.read(path) for path in asked.config]


def _function(experiment: Any) -> Callable[..., None]:
    expected = "expected the name of a package that has experiment.run, such as lit_inverse.theory.analytic_deep_prior"
    try:
        run: Callable[..., None] = importlib.import_module(f"{experiment}.experiment").run
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise UsageError(f"experiment: got {experiment!r} ({one_line(error)}), {expected}") from error
    return run


def _parser(kind: type[ArgumentParser], experiment: str, run: Callable[..., None]) -> ArgumentParser:
    parser = kind(
        prog="evaluate.py",
        description=f"Runs the experiment {experiment}.",
        epilog="--config FILE (repeatable; later files win key by key) and --print_config are understood as well.",
        exit_on_error=False,
        allow_abbrev=False,
    )
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


def _describe(out: Path, resolved: str) -> None:
    (out / "config.yaml").write_text(resolved)
    (out / "versions.yaml").write_text(yaml.safe_dump(versions(), sort_keys=False))
