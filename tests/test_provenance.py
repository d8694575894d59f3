"""Which commit results are of."""

import os
import subprocess
from pathlib import Path

import pytest

from lit_inverse import provenance


def git(folder: Path, *words: str) -> str:
    settings = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *settings, *words], cwd=folder, capture_output=True, text=True, check=True).stdout


@pytest.fixture(autouse=True)
def _no_repository_of_a_hook(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)


def test_results_kept_in_docs_are_no_changes_of_the_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package, docs = tmp_path / "lit_inverse", tmp_path / "docs" / "reproductions"
    for folder in (package, docs):
        folder.mkdir(parents=True)
        (folder / "file.txt").write_text("before")
    page, other = tmp_path / "docs" / "reproductions.md", tmp_path / "docs" / "theory.md"
    page.write_text("before")
    other.write_text("before")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "one")
    commit = git(tmp_path, "rev-parse", "HEAD").strip()
    monkeypatch.setattr(provenance, "__file__", str(package / "provenance.py"))
    (docs / "file.txt").write_text("after")
    page.write_text("after")
    assert provenance.git_commit() == commit
    other.write_text("after")
    assert provenance.git_commit() == f"{commit} + changes"


def test_outside_of_git_the_commit_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "provenance.py"))
    assert provenance.git_commit() == "unknown"
