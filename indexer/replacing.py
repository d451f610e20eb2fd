"""Put a file in the place of another at once: a reader finds the old one or the new one, whole; it knows no content."""

from __future__ import annotations

import fcntl
import os
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Keep others who do the same from replacing files in the folder of this one; raises OSError where there is none.

    For what is made of something that changes meanwhile: else the older of two could be put in place last. Nothing
    stays behind, since it is the folder that is locked.
    """
    folder = os.open(path.resolve().parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # some network disks know no locks
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def replace(path: Path, content: bytes) -> None:
    """Write a file on the disk and move it to its place; raises OSError, and then nothing has changed.

    A file that is there keeps its mode. A link is followed: what it leads to is replaced.
    """
    target = path.resolve()
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".new")
    new = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        new.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask())
        new.replace(target)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def _umask() -> int:
    """Tell the mask of the process, which can only be read by setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
