"""Read the records of WARC files, ours and other people's, one after the other; what is in them it must not know.

A record is read within limits and one that is damaged costs itself alone, which the WARC library does not do (it takes
a broken gzip member for the end of its record): so members and lengths are read here, and headers by the library.
"""

from __future__ import annotations

import io
import math
import zlib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, BinaryIO

from warcio.statusandheaders import StatusAndHeadersParser, StatusAndHeadersParserException

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from _typeshed import WriteableBuffer

GZIP = b"\x1f\x8b"
_MEMBER = b"\x1f\x8b\x08"
VERSIONS = ("WARC/1.1", "WARC/1.0", "WARC/0.18", "WARC/0.17")
HEAD_LIMIT = 262_144  # bytes; real heads have 300 to 2,000, and the longest URL that is fetched 65,536
LONGEST = 2**30  # bytes that are unpacked to find the end of a record: films are in archives, and so are bombs
CUT = "the file ends within a record"
_BEGINNING = b"WARC/"
_PIECE = 65_536


class _DamagedError(Exception):
    """The bytes are not what they should be; the message says in what way."""


class _CutError(_DamagedError):
    """The file ends too early."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Damaged:
    """A place in a file where a record should be and cannot be read; ``cut`` where the file ends within it."""

    offset: int
    problem: str
    cut: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One record. ``block`` is as much of its content as was wanted; ``length`` says how much there is."""

    offset: int  # in the file as it is; of the gzip member, where there are any
    kind: str  # warcinfo, request, response, revisit, metadata, resource, conversion
    id: str
    url: str
    date: str
    content_type: str
    beside: str | None  # the record that this one is about
    length: int
    block: bytes

    @property
    def is_whole(self) -> bool:
        """Whether all of it was read."""
        return len(self.block) == self.length


def records(file: BinaryIO, want: Callable[[str], int], *, start: int = 0) -> Iterator[Record | Damaged]:
    """Yield what stands in a file from ``start`` on, packed or not, in order; memory is bounded by what is wanted.

    ``want`` says how many bytes are wanted of a record of some kind; the rest is passed over. Raises OSError where the
    file cannot be read.
    """
    file.seek(start)
    zipped = file.read(len(GZIP)) == GZIP
    file.seek(start)
    if zipped:
        yield from _members(file, want, start)
    else:
        yield from _of(io.BufferedReader(_Plain(file)), want, lambda position: start + position, longest=math.inf)


def is_warc(file: BinaryIO) -> bool:
    """Tell whether a file begins with a WARC record, packed or not."""
    file.seek(0)
    beginning = file.read(len(_BEGINNING))
    return beginning == _BEGINNING or (beginning.startswith(_MEMBER) and _begins_record(file, 0))


def _members(file: BinaryIO, want: Callable[[str], int], offset: int) -> Iterator[Record | Damaged]:
    while True:
        file.seek(offset)
        beginning = file.read(len(_MEMBER))
        if not beginning:
            return
        following: int | None = None
        if beginning == _MEMBER:
            member = _Member(file, offset)
            yield from _of(io.BufferedReader(member, _PIECE), want, partial(_same, offset), longest=LONGEST)
            if member.ran_out:
                return  # all that is left is its own, and a page may hold what looks like a record
            following = member.end
        elif _MEMBER.startswith(beginning):
            yield Damaged(offset=offset, problem=CUT, cut=True)
        elif beginning.strip(b"\0"):  # zeros at the end are padding
            yield Damaged(offset=offset, problem="no gzip data where a record should begin")
        if following is None:
            following = _next_member(file, offset + 1)
        if following is None:
            return
        offset = following


def _same(offset: int, _: int) -> int:
    return offset


class _Plain(io.RawIOBase):
    """A file as it is; a buffer around it may be dropped without closing it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, into: WriteableBuffer, /) -> int:
        view = memoryview(into).cast("B")
        data = self._file.read(len(view))
        view[: len(data)] = data
        return len(data)


class _Member(io.RawIOBase):
    """The content of one gzip member, unpacked piece by piece; ``end`` is where the next begins, once it is known.

    ``ran_out`` says that the file ended before it did.
    """

    def __init__(self, file: BinaryIO, offset: int) -> None:
        self.end: int | None = None
        self.ran_out = False
        self._file = file
        self._place = offset  # up to which the file was read
        self._unzip = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._raw = b""

    def readable(self) -> bool:
        return True

    def readinto(self, into: WriteableBuffer, /) -> int:
        view = memoryview(into).cast("B")
        while not self._unzip.eof:
            if not self._raw:
                self._file.seek(self._place)
                self._raw = self._file.read(_PIECE)
                self._place += len(self._raw)
                if not self._raw:
                    self.ran_out = True
                    raise _CutError(CUT)
            try:
                data = self._unzip.decompress(self._raw, len(view))
            except zlib.error as error:
                raise _DamagedError(f"broken gzip data ({error})") from error
            self._raw = self._unzip.unconsumed_tail
            if self._unzip.eof:
                self.end = self._place - len(self._unzip.unused_data)
            if data:
                view[: len(data)] = data
                return len(data)
        return 0


def _next_member(file: BinaryIO, offset: int) -> int | None:
    """Find where gzip data of a WARC record begins, after a damaged one."""
    while True:
        file.seek(offset)
        piece = file.read(_PIECE + len(_MEMBER) - 1)
        found = piece.find(_MEMBER)
        while found >= 0:
            if _begins_record(file, offset + found):
                return offset + found
            found = piece.find(_MEMBER, found + 1)
        if len(piece) < _PIECE + len(_MEMBER) - 1:
            return None
        offset += _PIECE


def _begins_record(file: BinaryIO, offset: int) -> bool:
    try:
        return io.BufferedReader(_Member(file, offset), 1024).read(len(_BEGINNING)) == _BEGINNING
    except _DamagedError:
        return False


def _of(
    stream: io.BufferedReader, want: Callable[[str], int], place: Callable[[int], int], *, longest: float
) -> Iterator[Record | Damaged]:
    """Yield the records of unpacked content, up to its end or to where it cannot be unpacked any more."""
    at = 0
    lost = 0  # bytes since the last record, which belong to none
    found: Record | Damaged | None = None  # handed on when what follows could be read: only then was it packed whole
    try:
        while line := stream.readline(HEAD_LIMIT):
            if not line.strip():
                at += len(line)
                continue
            if found is not None:
                yield found
            each, size = _take(line, stream, place(at), want, longest)
            found = None if isinstance(each, Damaged) and lost else each
            lost = 0 if isinstance(each, Record) else lost + size
            _bear(lost, longest)
            at += size
        if found is not None:
            yield found
    except _DamagedError as error:
        if not lost:
            yield Damaged(offset=place(at), problem=str(error), cut=isinstance(error, _CutError))
        elif found is not None:
            yield found


def _take(
    line: bytes, stream: io.BufferedReader, offset: int, want: Callable[[str], int], longest: float
) -> tuple[Record | Damaged, int]:
    """Read what begins with a line; gives it, and how many bytes it has."""
    if not line.startswith(_BEGINNING):
        return Damaged(offset=offset, problem="no WARC header where a record should begin"), len(line)
    head = line + _head(stream)
    found = _record(head, offset, stream, want, longest)
    return found, len(head) + (found.length if isinstance(found, Record) else 0)


def _bear(lost: int, longest: float) -> None:
    if lost > longest:
        raise _DamagedError("nothing but junk")


def _head(stream: io.BufferedReader) -> bytes:
    """Read the lines of a header up to the empty one."""
    lines = []
    size = 0
    while size < HEAD_LIMIT:
        line = stream.readline(HEAD_LIMIT)
        if not line:
            raise _CutError("the file ends within a header")
        lines.append(line)
        size += len(line)
        if not line.strip():
            return b"".join(lines)
    return b"".join(lines)  # whatever it is, it has no length, and is called damaged for that


def _record(
    head: bytes, offset: int, stream: io.BufferedReader, want: Callable[[str], int], longest: float
) -> Record | Damaged:
    """Read one record after its header; raises _DamagedError where what follows cannot be read either."""
    try:
        read = StatusAndHeadersParser(VERSIONS).parse(io.BytesIO(head))
    except (StatusAndHeadersParserException, EOFError):
        return Damaged(offset=offset, problem="a header of no known version of WARC")
    length = (read.get_header("Content-Length") or "").strip()
    if not (length.isascii() and length.isdecimal()) or len(head) >= HEAD_LIMIT:
        return Damaged(offset=offset, problem="a header that does not say how long the record is")
    size = int(length[:20])
    if size > longest:
        raise _DamagedError(f"a record of {size / 1e9:.1f} GB")
    kind = (read.get_header("WARC-Type") or "").strip().lower()
    block = stream.read(min(size, want(kind)))
    if not _passed(stream, size - len(block)):
        raise _CutError("the record is shorter than it says")
    return Record(
        offset=offset,
        kind=kind,
        id=read.get_header("WARC-Record-ID") or "",
        url=(read.get_header("WARC-Target-URI") or "").strip("<>"),
        date=read.get_header("WARC-Date") or "",
        content_type=read.get_header("Content-Type") or "",
        beside=read.get_header("WARC-Concurrent-To"),
        length=size,
        block=block,
    )


def _passed(stream: io.BufferedReader, size: int) -> bool:
    """Read over so many bytes; False where there are fewer."""
    while size:
        piece = stream.read(min(size, _PIECE))
        if not piece:
            return False
        size -= len(piece)
    return True
