"""Open the files that a user names, plain or gzipped; `-` is standard input."""

from __future__ import annotations

import gzip
import sys
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

from indexer.cli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from io import BufferedReader

STANDARD_INPUT = Path("-")
GZIP = b"\x1f\x8b"  # the first bytes tell it, so that a renamed file is read as well


def check(path: Path) -> None:
    """Raise UsageError for a file that is not there or is a folder."""
    if path == STANDARD_INPUT:
        return
    if path.is_dir():
        raise UsageError(f"{path} is a folder, not a file")
    if not path.exists():
        raise UsageError(f"There is no file {path}")


def read_bytes(path: Path) -> bytes:
    """Read a file whole; raises UsageError where it cannot be read."""
    check(path)
    try:
        return sys.stdin.buffer.read() if path == STANDARD_INPUT else path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error


class Lines:
    """The lines of a file; ``problem`` says what ended them too early, for a cut or damaged file is read so far."""

    def __init__(self, file: Iterable[bytes], name: str) -> None:
        self._file = file
        self._name = name
        self.problem: str | None = None

    def __iter__(self) -> Iterator[bytes]:
        """Give the lines, up to the end or to where the file is damaged."""
        try:
            yield from self._file
        except (OSError, EOFError, zlib.error) as error:
            self.problem = f"{self._name} is damaged: {error}. What stands before that was imported."


@contextmanager
def lines(path: Path) -> Iterator[Lines]:
    """Open a file by lines; raises UsageError where it cannot be opened."""
    check(path)
    try:
        file = cast("BufferedReader", sys.stdin.buffer) if path == STANDARD_INPUT else path.open("rb")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    with file:
        zipped = file.peek(len(GZIP)).startswith(GZIP)
        yield Lines(gzip.GzipFile(fileobj=file) if zipped else file, str(path))
