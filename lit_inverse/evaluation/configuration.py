"""Reads the configuration of a sweep: files, later ones winning key by key, then the command line."""

from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple

from jsonargparse import ArgumentParser
from jsonargparse.typing import NonNegativeInt, PositiveFloat, PositiveInt
from pytorch_lightning import LightningDataModule, Trainer

from lit_inverse.class_defaults import keep_apart
from lit_inverse.errors import UsageError, parser_errors
from lit_inverse.evaluation.assembly import DRAWN, assemble
from lit_inverse.evaluation.config_files import ConfigFile, Incomplete, Request, new_parser, parse_files
from lit_inverse.evaluation.sweep import Sweep
from lit_inverse.noise import Noise
from lit_inverse.operators import Operator
from lit_inverse.paths import ConfigPath
from lit_inverse.solvers import Solver
from lit_inverse.theory.diagnostics import Diagnostic

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


def read_sweep(request: Request) -> Sweep:
    """The sweep the command line asks for.

    Raises:
        UsageError: when a key, type or value is wrong.
        SystemExit: with code 0 after --help and --print_config.
    """
    keep_apart()
    names = _Names(_replace_solvers(request.files), _replace_diagnostics(request.files))
    parser = _parser(ArgumentParser, names, request.vary)
    if request.help:
        parser.print_help()
        raise SystemExit(0)
    files = parse_files(_parser(Incomplete, names, request.vary), request.files)
    with parser_errors("command line"):
        config = parser.parse_args(request.rest, namespace=files)
    if request.print_config:
        print(parser.dump(config, skip_unset=False), end="")
        raise SystemExit(0)
    return assemble(parser, config)


class _Names(NamedTuple):
    """Of what a sweep may have any number of."""

    solvers: list[str]
    diagnostics: list[str]


def _replace_solvers(layers: list[ConfigFile]) -> list[str]:
    """`solvers` is replaced as a whole by later files, and what is said of the old ones; returns the new names."""
    solvers = _replace("solvers", layers, others=("labels", "only"))
    if not solvers:
        raise UsageError("solvers: expected a mapping of names to solvers, got {}")
    return solvers


def _replace_diagnostics(layers: list[ConfigFile]) -> list[str]:
    """`diagnostics` likewise; an empty mapping takes those of earlier files away."""
    names = _replace("diagnostics", layers)
    for layer in layers if not names else []:
        layer.content.pop("diagnostics", None)
    return names


def _replace(key: str, layers: list[ConfigFile], others: Sequence[str] = ()) -> list[str]:
    """Leaves the section `key` of the last file alone that has one; returns the names in it."""
    having = [place for place, layer in enumerate(layers) if key in layer.content]
    replaced = (key, *others) if len(having) > 1 else (key,)
    for layer in layers[: having[-1]] if having else []:
        for said in [said for said in layer.content if str(said).partition(".")[0] in replaced]:
            del layer.content[said]
    section = layers[having[-1]].content[key] if having else {}
    if not isinstance(section, dict):
        raise UsageError(f"{key}: expected a mapping of names to {key}, got {section!r}")
    for name, one in section.items():
        if "." in str(name) or one is None:
            raise UsageError(
                f"{key}.{name}: got {one!r}, expected a name without dots, and a file or class_path and init_args"
            )
    return list(map(str, section))


def _parser(kind: type[ArgumentParser], names: _Names, vary: str | None) -> ArgumentParser:
    parser = new_parser(kind, "Runs a benchmark sweep: data -> A -> y -> solvers -> errors with confidence intervals.")
    parser.add_argument("--name", type=str, default="sweep", help="of the sweep; names its folder below runs/")
    parser.add_subclass_arguments(LightningDataModule, "data", help="where x comes from")
    parser.add_argument("--split", type=Literal["train", "val", "test"], default="test")
    parser.add_argument("--limit", type=PositiveInt | None, default=None, help="first items of the split; null for all")
    parser.add_subclass_arguments(Operator, "operator", skip=DRAWN | ({vary} if vary else set()), help="law of A")
    parser.add_argument("--operator_per", type=Literal["image", "volume", "sweep"], default="image")
    parser.add_argument(
        "--vary", type=str | None, default=None, help="operator argument that measurements runs through"
    )
    parser.add_argument("--measurements", type=list[Any], default=[None])
    levels = {law.level_name() for law in _subclasses(Noise)}  # which noise_levels runs through
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
    parser.add_argument(
        "--oracle",
        type=bool,
        default=False,
        help="draw the error of least squares on the support of x as a reference (sparse vectors)",
    )
    parser.add_argument("--seed", type=NonNegativeInt, default=0)
    parser.add_argument("--batch_size", type=PositiveInt | Literal["auto"], default="auto")
    for name in names.solvers:
        parser.add_subclass_arguments(Solver, f"solvers.{name}")
    for name in names.diagnostics:
        parser.add_subclass_arguments(Diagnostic, f"diagnostics.{name}")
    parser.add_argument("--labels", type=dict[str, str], default={}, help="names of solvers for people")
    parser.add_argument("--only", type=list[str] | None, default=None, help="names of solvers to run; null for all")
    parser.add_class_arguments(Trainer, "trainer", skip=_TRAINER_SKIP, instantiate=False)
    parser.set_defaults({"trainer.devices": 1})
    parser.add_argument("--logger", type=bool, default=True, help="track in Weights & Biases (offline without a key)")
    parser.add_argument(
        "--threads", type=PositiveInt | None, default=None, help="processor threads of torch; null for its choice"
    )
    parser.add_argument(
        "--reuse", type=list[ConfigPath] | ConfigPath, default=[], help="runs whose finished results are taken over"
    )
    parser.add_argument(
        "--dry_run", type=bool, nargs="?", const=True, default=False, help="only tell what would be done"
    )
    parser.add_argument(
        "--out", type=ConfigPath | None, default=None, help="folder of the results; runs/NAME by default"
    )
    return parser


def _subclasses(base: type[Any]) -> Iterator[type[Any]]:
    for subclass in base.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)
