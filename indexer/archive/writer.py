"""Append records to WARC files of this process's own; what they are about it must not know.

A page is a response record, written when it was fetched, and a metadata record that says what was known of it, written
right before its article is: so these stand in the order of the index, and a page without one led to nothing. A record
is one write: a file that ends within it lacks that record and nothing else.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import secrets
import socket
import threading
import zlib
from datetime import UTC
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol, Self

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from indexer import __version__
from indexer.archive.kept import ArchiveError, to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime
    from pathlib import Path
    from types import TracebackType

    from warcio.recordloader import ArcWarcRecord

    from indexer.archive.kept import Kept, Note
    from indexer.models import Fetched

FILE_SIZE = 1_000_000_000  # bytes after which the next file is begun, as crawlers have it
# zlib's level. Of 181 real pages, 174 KB each, 1 leaves 23.5 %, 4 20.7 %, 6 19.8 %; in 1.1, 1.7 and 3.1 ms a page.
LEVEL = 1
KIND = "application/vnd.condensat.kept+json"  # of our metadata records
SAVED = "application/octet-stream"  # of a page that was read from a file: its bytes say what it is

# Bodies are kept decoded, so these no longer describe them; the prefix is the one that replay tools know.
_OF_THE_WIRE = frozenset({"content-encoding", "transfer-encoding", "content-length"})
_BEFORE = "X-Archive-Orig-"
_UNFIT_FOR_NAMES = re.compile(r"[^A-Za-z0-9-]+")
_UNFIT_FOR_HEADERS = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]+")
_LONGEST_URL = 65_536  # characters; ids of entries without a link may be longer, and stand whole in what is kept


class Keeper(Protocol):
    """Where raw pages and feeds go."""

    def page(self, kept: Kept, body: bytes) -> str:
        """Keep a page as it was answered; gives the id of its record."""

    def note(self, notes: Iterable[Note]) -> None:
        """Keep what was known of pages, in this order, so that it outlasts a power cut."""

    def feed(self, got: Fetched) -> None:
        """Keep a feed as it was answered."""


class Silence:
    """Nothing is kept."""

    def page(self, kept: Kept, body: bytes) -> str:  # noqa: ARG002 - as in Keeper
        """Do nothing."""
        return ""

    def note(self, notes: Iterable[Note]) -> None:
        """Do nothing."""

    def feed(self, got: Fetched) -> None:
        """Do nothing."""


class Archive:
    """Writes to files that no other process writes to; safe for threads; a context manager.

    ``now`` tells what was kept later from what was kept earlier. Neither folder nor file is made before there is
    something to keep. Every method raises ArchiveError where the disk refuses; what was kept before stays
    whole, and the next try may succeed.
    """

    def __init__(self, folder: Path, *, now: Callable[[], datetime], size: int = FILE_SIZE) -> None:
        self._folder = folder
        self._now = now
        self._size = size
        self._mine = f"{_host()}-{os.getpid()}-{secrets.token_hex(4)}"
        self._lock = threading.Lock()  # guards what follows
        self._file: int | None = None
        self._end = 0
        self._beginning = b""
        self._number = 0
        self._unsynced = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # All that is in the index was synchronised before; and what the block raised is worth more.
        with contextlib.suppress(ArchiveError):
            self.close()

    def page(self, kept: Kept, body: bytes) -> str:
        """Keep a page as it was answered, or as it was read from a file; gives the id of its record."""
        if kept.page is None:
            raise AssertionError("there is no page to keep")
        now = self._now()
        made = _response(kept.page, body, kept.seen) if _is_web(kept.page) else _saved(kept, body)
        self._append([_zipped(made)], now)
        return str(made.rec_headers["WARC-Record-ID"])

    def note(self, notes: Iterable[Note]) -> None:
        """Keep what was known of pages, in this order, so that it outlasts a power cut; the pages do so as well."""
        now = self._now()
        made = []
        for each in notes:
            beside = {"WARC-Concurrent-To": each.page} if each.page else {}
            made.append(_record("metadata", each.kept.url, to_json(each.kept), now, type_=KIND, **beside))
        self._append(map(_zipped, made), now)
        self._sync()

    def feed(self, got: Fetched) -> None:
        """Keep a feed as it was answered."""
        now = self._now()
        self._append([_zipped(_response(got, got.body, now))], now)

    def _sync(self) -> None:
        with self._lock, self._refusals():
            if self._file is not None and self._unsynced:
                os.fsync(self._file)
                self._unsynced = False

    def close(self) -> None:
        """End the file; what is kept after that begins another."""
        with self._lock, self._refusals():
            self._close()

    def _append(self, records: Iterable[bytes], at: datetime) -> None:
        with self._lock, self._refusals():
            for record in records:
                if self._file is not None and self._end >= self._size:
                    self._close()
                if self._file is None:
                    self._open(at)
                self._write((self._beginning if self._end == 0 else b"") + record)

    def _open(self, at: datetime) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._number += 1
        name = f"condensat-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{self._mine}-{self._number:05}.warc.gz"
        self._file = os.open(self._folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
        self._end = 0
        self._beginning = _zipped(_about(name, at))

    def _write(self, data: bytes) -> None:
        """Append all of it or nothing."""
        file = self._file
        if file is None:
            raise AssertionError("there is no file to write to")
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(file, rest) :]
        except OSError:
            try:
                os.ftruncate(file, self._end)
            except OSError:  # the next record must not follow half of this one: it gets a file of its own
                self._file = None
                os.close(file)
            raise
        self._end += len(data)
        self._unsynced = True

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            try:
                os.fsync(file)
                self._unsynced = False
            finally:
                os.close(file)

    @contextlib.contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ArchiveError(
                f"the archive in {self._folder} cannot be written: {error.strerror}. Make room there, name another "
                "folder with CONDENSAT_ARCHIVE, or keep none with CONDENSAT_ARCHIVE=off"
            ) from error


def _record(
    kind: str, url: str, content: bytes, at: datetime, *, type_: str, http: StatusAndHeaders | None = None, **more: str
) -> ArcWarcRecord:
    headers = {"WARC-Date": _date(at), "Content-Type": type_, **more}
    return WARCWriter(io.BytesIO(), warc_version="1.1").create_warc_record(
        _UNFIT_FOR_HEADERS.sub("", url)[:_LONGEST_URL],
        kind,
        payload=io.BytesIO(content),
        length=len(content),
        warc_content_type=type_,
        warc_headers_dict=headers,
        http_headers=http,
    )


def _response(got: Fetched, body: bytes, at: datetime) -> ArcWarcRecord:
    headers = [
        (_BEFORE + name if name.lower() in _OF_THE_WIRE else name, _UNFIT_FOR_HEADERS.sub(" ", value))
        for name, value in got.headers
    ]
    headers.append(("Content-Length", str(len(body))))
    try:
        reason = HTTPStatus(got.status).phrase
    except ValueError:
        reason = ""
    http = StatusAndHeaders(f"{got.status} {reason}".strip(), headers, protocol="HTTP/1.1")
    return _record("response", got.final_url, body, at, type_="application/http; msgtype=response", http=http)


def _saved(kept: Kept, body: bytes) -> ArcWarcRecord:
    return _record("resource", kept.url, body, kept.seen, type_=SAVED)


def _about(name: str, at: datetime) -> ArcWarcRecord:
    facts = {
        "software": f"condensat/{__version__}",
        "format": "WARC File Format 1.1",
        "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
        "robots": "obey",
        "description": "bodies are decoded; a metadata record follows each page and says what was known of it",
    }
    content = "".join(f"{key}: {value}\r\n" for key, value in facts.items()).encode()
    return _record("warcinfo", "", content, at, type_="application/warc-fields", **{"WARC-Filename": name})


def _zipped(record: ArcWarcRecord) -> bytes:
    """Write a record as one gzip member."""
    plain = io.BytesIO()
    WARCWriter(plain, gzip=False, warc_version="1.1").write_record(record)
    zipper = zlib.compressobj(LEVEL, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    return zipper.compress(plain.getbuffer()) + zipper.flush()


def _date(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _is_web(page: Fetched) -> bool:
    return page.final_url.startswith(("http://", "https://"))


def _host() -> str:
    return _UNFIT_FOR_NAMES.sub("-", socket.gethostname())[:40] or "host"
