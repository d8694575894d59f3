"""The processes that Lightning starts end when the one that started them was killed."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_VARIABLE = "LIT_INVERSE_STARTER"
_SECONDS_BETWEEN_LOOKS = 0.5


@contextmanager
def as_starter() -> Iterator[None]:
    """Processes started inside know this one as their starter."""
    before = os.environ.get(_VARIABLE)
    os.environ[_VARIABLE] = str(os.getpid())
    try:
        yield
    finally:
        os.environ.pop(_VARIABLE)
        if before is not None:
            os.environ[_VARIABLE] = before


def end_with_starter() -> None:
    """Watches the starter, if there is one; a process without it would hold its files and compute what others do."""
    starter = os.environ.get(_VARIABLE)
    if starter is not None and "LOCAL_RANK" in os.environ:  # which Lightning gives to those it starts
        threading.Thread(target=_watch, args=(int(starter),), daemon=True).start()


def _watch(starter: int) -> None:
    while os.getppid() == starter:
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    os._exit(1)  # the main thread may be solving or waiting for the others
