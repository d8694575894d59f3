"""Imports point one way (DESIGN: what lies below knows nothing of what lies above)."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LEVELS = [
    {"installation", "errors", "provenance", "tracking", "seeding"},
    {"metrics", "operators", "noise", "networks", "denoisers", "bases", "checkpoints"},
    {"problem"},
    {"solvers", "lit_modules"},
    {"theory", "evaluation", "training"},
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
    for module in imported(path):
        other = part(module)
        if other in LEVEL_OF:
            assert LEVEL_OF[other] <= LEVEL_OF[own], f"{path.name} imports {module}"


@pytest.mark.parametrize("path", sorted((ROOT / "datamodules").glob("*.py")), ids=lambda path: path.stem)
def test_data_modules_know_nothing_of_lit_inverse(path: Path) -> None:
    assert not any(module.split(".")[0] == "lit_inverse" for module in imported(path))
