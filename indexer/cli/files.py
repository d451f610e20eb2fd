"""Open the files that a user names, plain or gzipped; `-` is standard input."""

from __future__ import annotations

import codecs
import csv
import gzip
import sys
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from xml.etree.ElementTree import ParseError

import orjson

from indexer.cli.errors import UsageError
from indexer.replacing import replace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedReader

STANDARD_INPUT = Path("-")
PARQUET, CSV = b"PAR1", b"id,url,"
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


def write(path: Path, content: bytes) -> None:
    """Write a file, which is there whole or not at all; raises UsageError where it cannot be written."""
    try:
        replace(path, content)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from error


class Lines:
    """The lines of a file; ``problem`` says what ended them too early, for a cut or damaged file is read so far."""

    def __init__(self, file: Any, name: str) -> None:
        self.file = file
        self._name = name
        self.problem: str | None = None

    def __iter__(self) -> Iterator[bytes]:
        """Give the lines, up to the end or to where the file is damaged."""
        try:
            yield from self.file
        except (OSError, EOFError, zlib.error, ValueError, csv.Error, ParseError) as error:
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
        yield Lines(_unpacked(file), str(path))


@contextmanager
def records(path: Path) -> Iterator[Lines]:
    """Open JSON lines, or what ``condensat export`` wrote in any form, as JSON lines; told by the first bytes.

    Raises UsageError where it cannot be opened.
    """
    with lines(path) as plain:
        file = plain.file
        begins = _begins(file)
        if begins.startswith(PARQUET):
            from indexer.records import parquet

            if not file.seekable() or isinstance(file, gzip.GzipFile):
                raise UsageError("Parquet is read from a file, as it is: condensat import FILE.parquet")
            parquet.check()
            found = parquet.read(file)
        elif begins.startswith(b"<"):
            from indexer.records import atom

            found = atom.read(file)
        elif path.name.lower().removesuffix(".gz").endswith(".csv") or begins.startswith(CSV):
            from indexer.records import cells

            found = cells.from_csv(codecs.iterdecode(file, "utf-8-sig", errors="replace"))
        else:
            yield plain
            return
        yield Lines((orjson.dumps(each) for each in found), str(path))


def _begins(file: BufferedReader | gzip.GzipFile) -> bytes:
    try:
        return file.peek(64)[:64].removeprefix(codecs.BOM_UTF8).lstrip()
    except (OSError, EOFError, zlib.error):  # it is told where the file is read
        return b""


def _unpacked(file: BufferedReader) -> BufferedReader | gzip.GzipFile:
    return gzip.GzipFile(fileobj=file) if file.peek(len(GZIP)).startswith(GZIP) else file
