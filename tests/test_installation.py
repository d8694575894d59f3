"""A torchvision that does not fit torch is named as such."""

import importlib
import types

import pytest
import torch

from lit_inverse.installation import InstallationError, check_torchvision


def test_matching_packages_pass() -> None:
    check_torchvision()


def test_a_mismatch_names_versions_and_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    original = importlib.import_module

    def broken(name: str) -> types.ModuleType:
        if name == "torchvision":
            raise RuntimeError("operator torchvision::nms does not exist")
        return original(name)

    monkeypatch.setattr(importlib, "import_module", broken)
    message = f"torch {torch.__version__} does not fit .*nms does not exist.*requirements.lock"
    with pytest.raises(InstallationError, match=message.replace("+", r"\+")):
        check_torchvision()
