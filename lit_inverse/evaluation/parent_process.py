"""The processes that Lightning starts end when the one that started them, their parent, was killed."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_VARIABLE = "LIT_INVERSE_PARENT"
_SECONDS_BETWEEN_LOOKS = 0.5


@contextmanager
def as_parent() -> Iterator[None]:
    """Processes started inside know this one as their parent."""
    before = os.environ.get(_VARIABLE)
    os.environ[_VARIABLE] = str(os.getpid())
    try:
        yield
    finally:
        os.environ.pop(_VARIABLE)
        if before is not None:
            os.environ[_VARIABLE] = before


def end_with_parent() -> None:
    """Watches the parent, if there is one; a process without it would hold its files and compute what others do."""
    parent = os.environ.get(_VARIABLE)
    if parent is not None and "LOCAL_RANK" in os.environ:  # which Lightning gives to those it starts
        threading.Thread(target=_watch, args=(int(parent),), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    os._exit(1)  # the main thread may be solving or waiting for the others
