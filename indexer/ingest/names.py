"""Name this process among all that poll feeds, and tell whether one of this machine's has died; it knows no feed."""

from __future__ import annotations

import hashlib
import os
import socket
import uuid
from functools import cache
from pathlib import Path

# Two containers count their processes apart, and so do two machines of one name: a process is told by where it counts.
_PLACES = (Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid"))


def own() -> str:
    """Give the name of this process: host, a mark of what its number counts within, and its number."""
    return f"{socket.gethostname()}:{_mark()}:{os.getpid()}"


def has_died(name: str) -> bool:
    """Tell whether a name is that of a process of this machine, and nothing runs under its number any more.

    False for what cannot be known from here.
    """
    place, _, number = name.rpartition(":")
    if place != f"{socket.gethostname()}:{_mark()}" or not number.isdecimal():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False


@cache
def _mark() -> str:
    facts = [f"{uuid.getnode():x}", *map(_fact, _PLACES)]
    return hashlib.sha256("\0".join(facts).encode()).hexdigest()[:8]


def _fact(path: Path) -> str:
    try:
        return str(path.readlink()) if path.is_symlink() else path.read_text(encoding="ascii")
    except OSError:  # another system
        return ""
