"""Where a result comes from: versions of the packages, git commit, digests of files."""

import hashlib
import importlib.metadata
import platform
import subprocess
from pathlib import Path

import yaml

_PACKAGES = [
    "lit_inverse",
    "torch",
    "torchvision",
    "pytorch-lightning",
    "torchmetrics",
    "numpy",
    "scipy",
    "scikit-learn",
    "PyWavelets",
    "pillow",
    "jsonargparse",
]


def versions() -> dict[str, str]:
    """Versions of Python and of the packages numbers depend on, and the git commit of this checkout, if any."""
    found = {"python": platform.python_version(), "platform": platform.platform()}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "not installed as a package"
    return {**found, "commit": git_commit()}


def describe_run(folder: Path, configuration: str) -> dict[str, str]:
    """Writes the resolved configuration to config.yaml and `versions` to versions.yaml; returns these."""
    found = versions()
    (folder / "config.yaml").write_text(configuration)
    (folder / "versions.yaml").write_text(yaml.safe_dump(found, sort_keys=False))
    return found


def git_commit() -> str:
    """Commit of the checkout this code lies in; "unknown" outside of git.

    "+ changes" when files differ from it, but for docs/reproductions, where runs keep results.
    """
    folder = Path(__file__).resolve().parent
    try:
        commit, status = (
            subprocess.run(["git", *command], cwd=folder, capture_output=True, text=True, check=True, timeout=20).stdout
            for command in (
                ["rev-parse", "HEAD"],
                ["status", "--porcelain", "--untracked-files=no", "--", ":/", ":(top,exclude)docs/reproductions*"],
            )
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return commit.strip() + (" + changes" if status.strip() else "")


def sha256(path: Path) -> str:
    """Hexadecimal digest of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
