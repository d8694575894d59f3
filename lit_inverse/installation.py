"""A mismatched torch/torchvision pair fails deep inside torchmetrics; say so at the door instead."""

import importlib


class InstallationError(ImportError):
    """torch and torchvision do not fit together."""


def check_torchvision() -> None:
    """Imports torchvision, whose compiled operators must have been built for the installed torch.

    Raises:
        InstallationError: when they were not, with the versions found and the remedy.
    """
    try:
        importlib.import_module("torchvision")
    except (RuntimeError, ImportError, OSError) as error:
        torch = importlib.import_module("torch")
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InstallationError(
            f"torch {torch.__version__} does not fit the installed torchvision ({reason}): "
            "install both from one source, e.g. pip install --require-hashes -r requirements.lock"
        ) from error
