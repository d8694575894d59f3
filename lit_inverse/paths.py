"""The type of a path argument that a configuration file may hold.

It is that of `datamodules.paths`, written again: importing it from there would import Lightning too.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from jsonargparse.typing import register_type

if TYPE_CHECKING:
    ConfigPath: TypeAlias = str | os.PathLike[str]
else:

    class ConfigPath:
        """A path: relative to the file it is written in, to the working directory on the command line or in Python.

        jsonargparse works inside a file's directory while it reads that file, but hands a ``pathlib.Path`` on as it
        stands there. This type is made absolute at that moment, so the constructor receives a path that no longer
        depends on any directory, and so does whoever reads the saved configuration. Nothing is checked to exist:
        the owner of the path knows better what to say when it does not.
        """

    register_type(
        ConfigPath,
        serializer=str,
        deserializer=lambda value: Path(value).expanduser().resolve(),
        type_check=lambda value, _: isinstance(value, Path),
    )
