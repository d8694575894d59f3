"""Reads the configuration of a sweep: files, later ones winning key by key, then the command line."""

import argparse
import contextlib
import inspect
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NoReturn

import jsonargparse
import yaml
from jsonargparse import ArgumentParser, Namespace
from jsonargparse.typing import NonNegativeInt, PositiveFloat, PositiveInt
from pytorch_lightning import LightningDataModule, Trainer

from datamodules.paths import ConfigPath
from lit_inverse.errors import UsageError, as_usage_errors, one_line, parser_error
from lit_inverse.evaluation.laws import Law, plain
from lit_inverse.evaluation.sweep import Sweep
from lit_inverse.noise import Noise
from lit_inverse.operators import Operator
from lit_inverse.solvers import Solver

# Set by the engine itself, or without meaning for an evaluation.
_TRAINER_SKIP = {
    "logger",
    "callbacks",
    "inference_mode",
    "use_distributed_sampler",
    "enable_checkpointing",
    "enable_model_summary",
    "enable_progress_bar",
    "default_root_dir",
    "fast_dev_run",
    "limit_train_batches",
    "limit_val_batches",
    "limit_test_batches",
    "limit_predict_batches",
    "overfit_batches",
}
_DRAWN = {"in_shape", "seed"}  # arguments of an operator that come from the data and the sweep's seed


def read_sweep(argv: Sequence[str], default: Path) -> Sweep:
    """The sweep the command line asks for; `default` is read only when no --config is given.

    Raises:
        UsageError: when a file, key, type or value is wrong.
        SystemExit: with code 0 after --help and --print_config.
    """
    first = OneLineParser(add_help=False, allow_abbrev=False)
    first.add_argument("--config", action="append", default=[])
    first.add_argument("--print_config", action="store_true")
    first.add_argument("--vary")
    first.add_argument("-h", "--help", action="store_true")
    asked, rest = first.parse_known_args(argv)
    if asked.vary is not None:
        rest += ["--vary", asked.vary]
    layers = [_Layer.read(path) for path in asked.config or [default]]
    vary = asked.vary or next((v for layer in reversed(layers) if (v := layer.content.get("vary"))), None)
    solvers = _replace_solvers(layers)
    parser = _parser(ArgumentParser, solvers, vary)
    if asked.help:
        parser.print_help()
        raise SystemExit(0)
    files = _parse_files(_parser(_Incomplete, solvers, vary), layers)
    with _parser_errors("command line"):
        config = parser.parse_args(rest, namespace=files)
    if asked.print_config:
        print(parser.dump(config, skip_unset=False), end="")
        raise SystemExit(0)
    return _sweep(parser, config)


class OneLineParser(argparse.ArgumentParser):
    """Says what is wrong in one line, without the listing of the usage."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


class _Layer:
    """One configuration file; its paths are relative to its folder."""

    def __init__(self, path: Path, content: dict[str, Any]) -> None:
        self.path, self.content = path, content

    @classmethod
    def read(cls, name: str | Path) -> "_Layer":
        path = Path(name)
        with as_usage_errors(f"--config {name}"):
            try:
                content = yaml.safe_load(path.read_text())
            except yaml.YAMLError as error:
                raise UsageError(f"--config {name}: no valid YAML: {one_line(error)}") from error
        if not isinstance(content, dict):
            raise UsageError(f"--config {name}: expected a mapping of keys to values, got {type(content).__name__}")
        return cls(path, content)


def _replace_solvers(layers: list[_Layer]) -> list[str]:
    """`solvers` is replaced as a whole by later files; returns the names that remain."""
    having = [layer for layer in layers if "solvers" in layer.content]
    for layer in having[:-1]:
        del layer.content["solvers"]
    solvers = having[-1].content["solvers"] if having else {}
    if not isinstance(solvers, dict) or not solvers:
        raise UsageError(f"solvers: expected a mapping of names to solvers, got {solvers!r}")
    for name, solver in solvers.items():
        if "." in str(name) or solver is None:
            raise UsageError(
                f"solvers.{name}: got {solver!r}, expected a name without dots, and a file or class_path and init_args"
            )
    return list(map(str, solvers))


class _Incomplete(ArgumentParser):
    """Of a file: what it leaves out, another file or the command line may say."""

    def validate(self, *args: Any, **kwargs: Any) -> None:
        try:
            super().validate(*args, **kwargs)
        except TypeError as error:
            # what lacks in_shape is no operator but the law of one, as in Magnitude's settings
            if "arguments are required" not in str(error) or "in_shape" in str(error):
                raise


def _parser(kind: type[ArgumentParser], solvers: list[str], vary: str | None) -> ArgumentParser:
    parser = kind(
        prog="evaluate.py",
        description="Runs a benchmark sweep: data -> A -> y -> solvers -> errors with confidence intervals.",
        epilog="--config FILE (repeatable; later files win key by key) and --print_config are understood as well.",
        exit_on_error=False,
        allow_abbrev=False,
    )
    parser.add_argument("--name", type=str, default="sweep", help="of the sweep; names its folder below runs/")
    parser.add_subclass_arguments(LightningDataModule, "data", help="where x comes from")
    parser.add_argument("--split", type=Literal["train", "val", "test"], default="test")
    parser.add_argument("--limit", type=PositiveInt | None, default=None, help="first items of the split; null for all")
    parser.add_subclass_arguments(Operator, "operator", skip=_DRAWN | ({vary} if vary else set()), help="law of A")
    parser.add_argument("--operator_per", type=Literal["image", "sweep"], default="image")
    parser.add_argument(
        "--vary", type=str | None, default=None, help="operator argument that measurements runs through"
    )
    parser.add_argument("--measurements", type=list[Any], default=[None])
    # the first argument of a noise law is its level, which noise_levels runs through
    levels = {next(iter(inspect.signature(law).parameters)) for law in _subclasses(Noise)}
    parser.add_subclass_arguments(Noise, "noise", skip=levels, help="law of eta")
    parser.set_defaults(noise={"class_path": "lit_inverse.noise.Gaussian"})
    parser.add_argument("--noise_levels", type=list[float], default=[0.0], help="in the unit of the noise class")
    parser.add_argument("--repeats", type=PositiveInt, default=1)
    parser.add_argument(
        "--success_nmse",
        type=PositiveFloat,
        default=0.01,
        help="a case is a success when ||x_hat - x||^2 / ||x||^2 is at most this",
    )
    parser.add_argument("--seed", type=NonNegativeInt, default=0)
    parser.add_argument("--batch_size", type=PositiveInt | Literal["auto"], default="auto")
    for name in solvers:
        parser.add_subclass_arguments(Solver, f"solvers.{name}")
    parser.add_argument("--labels", type=dict[str, str], default={}, help="names of solvers for people")
    parser.add_argument("--only", type=list[str] | None, default=None, help="names of solvers to run; null for all")
    parser.add_class_arguments(Trainer, "trainer", skip=_TRAINER_SKIP, instantiate=False)
    parser.set_defaults({"trainer.devices": 1})
    parser.add_argument("--logger", type=bool, default=True, help="track in Weights & Biases (offline without a key)")
    parser.add_argument(
        "--threads", type=PositiveInt | None, default=None, help="processor threads of torch; null for its choice"
    )
    parser.add_argument("--reuse", type=list[ConfigPath], default=[], help="runs whose finished results are taken over")
    parser.add_argument(
        "--dry_run", type=bool, nargs="?", const=True, default=False, help="only tell what would be done"
    )
    parser.add_argument(
        "--out", type=ConfigPath | None, default=None, help="folder of the results; runs/NAME by default"
    )
    return parser


def _parse_files(parser: ArgumentParser, layers: list[_Layer]) -> Namespace | None:
    config = None
    for layer in layers:
        with _in_folder(layer.path), _parser_errors(str(layer.path)):
            config = parser.parse_object(layer.content, namespace=config)
    return config


@contextlib.contextmanager
def _in_folder(path: Path) -> Iterator[None]:
    """Paths in a file are relative to that file."""
    with contextlib.chdir(path.resolve().parent):
        yield


@contextlib.contextmanager
def _parser_errors(where: str) -> Iterator[None]:
    try:
        yield
    except (jsonargparse.ArgumentError, TypeError, ValueError, KeyError, OSError) as error:
        raise UsageError(f"{where}: {parser_error(error)}") from error


def _sweep(parser: ArgumentParser, config: Namespace) -> Sweep:
    for key in ("data", "operator"):
        if config.get(key) is None:
            raise UsageError(f"{key}: got nothing, expected class_path and init_args")
    solvers = config.solvers.as_dict()
    only = list(solvers) if config.only is None else config.only
    unknown = [name for name in [*only, *config.labels] if name not in solvers]
    if unknown:
        raise UsageError(f"only/labels: unknown solver {unknown[0]!r}, expected names from {sorted(solvers)}")
    for key in ("measurements", "noise_levels", "only"):
        if config[key] is not None and (not config[key] or len({*map(str, config[key])}) != len(config[key])):
            raise UsageError(f"{key}: got {config[key]}, expected at least one value, none of them twice")
    if config.vary is None and config.measurements != [None]:
        raise UsageError(
            f"measurements: got {config.measurements} but vary names no argument of the operator; expected vary: m"
        )
    precision = config.trainer.precision
    if precision not in (None, "32-true", "32", 32, "64-true", "64", 64):
        raise UsageError(f"trainer.precision: got {precision!r}, expected 32-true or 64-true")
    resolved = parser.dump(config, skip_unset=False)
    instances = _instantiate(parser, config, only)
    return Sweep(
        name=config.name,
        out=config.out or Path("runs") / config.name,
        data=instances.data,
        split=config.split,
        limit=config.limit,
        operator=_law(config.operator),
        operator_per=config.operator_per,
        vary=config.vary,
        measurements=_typed_measurements(config),
        noise=_law_of_noise(config.noise),
        noise_levels=config.noise_levels,
        repeats=config.repeats,
        success_nmse=config.success_nmse,
        seed=config.seed,
        batch_size=config.batch_size,
        solvers={name: instances.solvers[name] for name in only},
        identities={name: plain(config.solvers[name].as_dict()) for name in only},
        labels=config.labels,
        trainer=vars(instances.trainer),
        logger=config.logger,
        threads=config.threads,
        reuse=_reused(config.reuse),
        dry_run=config.dry_run,
        resolved=resolved,
    )


def _reused(folders: list[Path]) -> list[Path]:
    for folder in folders:
        if not any(folder.glob("results*.jsonl")):
            raise UsageError(f"reuse: {folder} holds no results, expected the folder of another run")
    return folders


def _law(specification: Namespace) -> Law[Any]:
    return Law(specification.class_path, specification.as_dict().get("init_args", {}))


def _subclasses(base: type[Any]) -> Iterator[type[Any]]:
    for subclass in base.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)


def _law_of_noise(specification: Namespace) -> Law[Noise]:
    """The law without its level, which noise_levels gives; a class unknown when the parser was made still has it."""
    law = _law(specification)
    level = next(iter(law.parameters))
    return Law(law.class_path, {name: value for name, value in law.init_args.items() if name != level})


def _typed_measurements(config: Namespace) -> list[Any]:
    """The values of the varied argument, checked against its type."""
    if config.vary is None:
        return [None]
    parser = ArgumentParser(exit_on_error=False)
    parser.add_subclass_arguments(Operator, "operator", skip=_DRAWN)
    settings = _law(config.operator).init_args
    typed = []
    for value in config.measurements:
        init_args = {**settings, config.vary: value}
        with _parser_errors("measurements"):
            parsed = parser.parse_object(
                {"operator": {"class_path": config.operator.class_path, "init_args": init_args}}
            )
        typed.append(parsed.operator.init_args[config.vary])
    return typed


def _instantiate(parser: ArgumentParser, config: Namespace, only: list[str]) -> Namespace:
    config = config.clone()
    for key in ("operator", "noise"):
        config.pop(key)
    for name in set(config.solvers.as_dict()) - set(only):
        config.solvers.pop(name)
    built = Namespace()  # type: ignore[no-untyped-call]
    for key in ["data", "trainer", *(f"solvers.{name}" for name in only)]:
        with _parser_errors(key):
            part = Namespace()  # type: ignore[no-untyped-call]
            part[key] = config[key]
            built[key] = parser.instantiate(part)[key]
    return built
