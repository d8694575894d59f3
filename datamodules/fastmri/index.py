"""The index of a folder: its volumes, remembered between runs."""

import hashlib
import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from datamodules.fastmri.inspection import inspect
from datamodules.fastmri.reader import stamp
from datamodules.fastmri.volume import Challenge, Volume

_FORMAT = 2  # raised when `Volume` changes, or what is asked of a file


@dataclass(frozen=True)
class Found:
    """What files hold.

    Attributes:
        volumes: the sound ones, in the given order.
        faults: of the others, by name.
    """

    volumes: list[Volume]
    faults: dict[str, str] = field(default_factory=dict)


class Index:
    """Volumes below a folder, by name.

    A JSON file in the cache folder remembers them. A file is looked at again when it was changed or replaced, see
    `stamp`, and when it was damaged. Processes may use one cache at the same time.

    Args:
        root: the folder.
        challenge: what its files should be.
        cache: folder of the remembered indices; it is made. Where it can not be written, nothing is remembered.
        check_values: looks at every number in every file, once.
    """

    def __init__(self, root: Path, challenge: Challenge, cache: Path, check_values: bool = False) -> None:
        self.root, self.challenge, self.check_values = root, challenge, check_values
        name = hashlib.blake2b(f"{root.resolve()} {challenge}".encode(), digest_size=16).hexdigest()
        self.path = cache / f"{name}.json"

    def volumes(self, names: Sequence[str]) -> Found:
        """Looks at the files that are not known yet."""
        known = self._load()
        entries: dict[str, dict[str, Any]] = {}
        faults: dict[str, str] = {}
        for name in names:
            try:
                entries[name] = self._entry(name, known.get(name, {}))
            except ValueError as error:
                faults[name] = str(error)
        if any(known.get(name) != entry for name, entry in entries.items()):
            self._save({**known, **entries})
        return Found([_volume(entry["volume"]) for entry in entries.values()], faults)

    def _entry(self, name: str, known: dict[str, Any]) -> dict[str, Any]:
        try:
            state = (self.root / name).stat()
        except OSError as error:
            raise ValueError(f"can not be found ({error.strerror}), expected an HDF5 file") from error
        now = list(stamp(state))
        if known.get("stamp") == now and known.get("checked", False) >= self.check_values:
            return known
        volume = inspect(self.root, name, self.challenge, self.check_values)
        return {"stamp": now, "checked": self.check_values, "volume": asdict(volume)}

    def _load(self) -> dict[str, dict[str, Any]]:
        """What is remembered; nothing, if that is of another version or broken."""
        try:
            stored = json.loads(self.path.read_text())
            files = stored["files"] if stored["format"] == _FORMAT else {}
            for entry in files.values():
                _volume(entry["volume"])
            return dict(files)
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            return {}

    def _save(self, files: dict[str, dict[str, Any]]) -> None:
        files = {name: entry for name, entry in sorted(files.items()) if (self.root / name).exists()}
        content = json.dumps({"format": _FORMAT, "root": str(self.root.resolve()), "files": files})
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=self.path.parent, suffix=".tmp", delete=False) as file:
                file.write(content)
            os.replace(file.name, self.path)  # whole or not at all, whoever reads it meanwhile
        except OSError:
            return


def default_cache() -> Path:
    """The user's folder of such files, by the XDG convention."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lit_inverse" / "fastmri"


def _volume(stored: dict[str, Any]) -> Volume:
    """From JSON, where a tuple became a list."""
    fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in stored.items()}
    return Volume(**fields)
