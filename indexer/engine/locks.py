"""A lock between processes that a child can go on holding; it knows nothing of what it protects.

``flock`` belongs to the open file, not to the process: a launcher that inherits the descriptor keeps the lock when
the command that started it is killed, so nobody starts a second engine beside one that is still coming up.
"""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from indexer.engine.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

POLL = 0.1  # seconds


@contextmanager
def hold(path: Path, *, seconds: float, waiting: Callable[[], None]) -> Iterator[int]:
    """Hold the lock at ``path`` and yield its descriptor; ``waiting`` is called once if another process has it.

    Raise EngineError when it is not free within ``seconds``. The file stays: removing it would let two in.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        deadline = time.monotonic() + seconds
        told = False
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not told:
                    waiting()
                    told = True
                if time.monotonic() > deadline:
                    raise EngineError(
                        f"Another process has held {path} for {seconds:.0f} seconds. If no condensat is running, "
                        "end the process that holds it and run this command again."
                    ) from None
                time.sleep(POLL)
        yield descriptor
    finally:
        os.close(descriptor)
