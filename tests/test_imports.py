"""Imports point one way (DESIGN: what lies below knows nothing of what lies above)."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LEVELS = [
    {"installation", "errors", "paths", "quiet", "class_defaults", "provenance", "tracking", "seeding", "settings"}
    | {"intervals", "drawing"},
    {"metrics", "challenge_metrics", "magnitudes", "sample_quality"}
    | {"operators", "noise", "networks", "denoisers", "bases", "checkpoints"},
    {"problem"},
    {"solvers", "lit_modules"},
    {"theory"},
    {"evaluation", "training", "run_log"},
    {"reproductions"},
]
LEVEL_OF = {name: level for level, names in enumerate(LEVELS) for name in names}


def imported(path: Path) -> set[str]:
    """Full names of the modules a file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def part(module: str) -> str | None:
    """The first component below lit_inverse."""
    components = module.split(".")
    return components[1] if components[0] == "lit_inverse" and len(components) > 1 else None


@pytest.mark.parametrize("path", sorted((ROOT / "lit_inverse").rglob("*.py")), ids=lambda path: path.stem)
def test_lit_inverse_imports_nothing_from_above(path: Path) -> None:
    own = path.relative_to(ROOT / "lit_inverse").parts[0].removesuffix(".py")
    if own == "__init__":
        return
    assert own in LEVEL_OF, f"{own} has no level: name it in LEVELS"
    for module in imported(path):
        other = part(module)
        if other in LEVEL_OF:
            assert LEVEL_OF[other] <= LEVEL_OF[own], f"{path.name} imports {module}"


@pytest.mark.parametrize("name", sorted({"solvers", *LEVELS[1], *LEVELS[2]}))
def test_who_solves_a_problem_in_python_does_not_wait_for_lightning(name: str) -> None:
    """It takes seconds to import, and `datamodules` imports it."""
    package = ROOT / "lit_inverse" / name
    for path in package.rglob("*.py") if package.is_dir() else [package.with_suffix(".py")]:
        packages = {module.split(".")[0] for module in imported(path)}
        assert not packages & {"pytorch_lightning", "datamodules"}, path.name


@pytest.mark.parametrize("path", sorted((ROOT / "datamodules").rglob("*.py")), ids=lambda path: path.stem)
def test_data_modules_know_nothing_of_lit_inverse(path: Path) -> None:
    assert not any(module.split(".")[0] == "lit_inverse" for module in imported(path))
