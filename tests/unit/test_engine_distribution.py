"""Download, resume, verification and unpacking, against a real HTTP server on loopback."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import threading
import zipfile
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from indexer.engine import EngineError, distribution

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONTENT = os.urandom(3 << 20)
RELEASE = distribution.Release(
    group="org.example", artifact="thing", version="1.2.3", sha256=hashlib.sha256(CONTENT).hexdigest()
)
PATH = "/org/example/thing/1.2.3/thing-1.2.3.zip"


class Server(ThreadingHTTPServer):
    """A repository with one file; ``cut`` bytes into each answer it hangs up, ``asked`` are the ranges asked for."""

    content = CONTENT
    cut: int | None = None
    ranges = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str | None] = []

    @property
    def remotes(self) -> dict[str, str]:
        """Name this repository as jgo takes it."""
        return {"test": f"http://127.0.0.1:{self.server_port}"}


class Handler(BaseHTTPRequestHandler):
    """Answers with the file, or with the part of it that was asked for."""

    server: Server

    def do_GET(self) -> None:
        """Serve the one file."""
        if self.path != PATH:
            self.send_error(404)
            return
        asked = self.headers.get("Range")
        self.server.asked.append(asked)
        begin = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and self.server.ranges else 0
        if begin >= len(self.server.content):
            self.send_error(416)
            return
        body = self.server.content[begin:]
        self.send_response(206 if begin else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: self.server.cut])

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as server:
        yield server


@contextmanager
def running() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def download(cache: Path, server: Server) -> Path:
    return distribution.download(cache, RELEASE, progress=lambda _: None, remotes=server.remotes)


def test_a_download_is_kept_and_not_repeated(tmp_path: Path, server: Server) -> None:
    """The file is fetched once; a second call finds it in the cache."""
    path = download(tmp_path, server)
    assert path.read_bytes() == CONTENT
    assert download(tmp_path, server) == path
    assert server.asked == [None]


def test_an_interrupted_download_goes_on_where_it_stopped(tmp_path: Path, server: Server) -> None:
    """After a lost connection the error says to run again, and the next run asks for the rest alone."""
    server.cut = 2 << 20
    with pytest.raises(EngineError, match="Run the command again"):
        download(tmp_path, server)
    server.cut = None
    assert download(tmp_path, server).read_bytes() == CONTENT
    first, second = server.asked
    assert first is None
    assert second is not None
    assert int(second.removeprefix("bytes=").removesuffix("-")) >= 1 << 20


def test_a_server_without_ranges_sends_the_whole_again(tmp_path: Path, server: Server) -> None:
    """Where the rest alone cannot be had the file is not spoilt by appending the whole."""
    server.cut = 2 << 20
    with pytest.raises(EngineError):
        download(tmp_path, server)
    server.cut, server.ranges = None, False
    assert download(tmp_path, server).read_bytes() == CONTENT


def test_a_download_that_was_complete_but_not_verified_is_used(tmp_path: Path, server: Server) -> None:
    """A process that was killed between the last byte and the rename costs no second download."""
    path = download(tmp_path, server)
    path.rename(path.with_suffix(".part"))
    assert download(tmp_path, server).read_bytes() == CONTENT
    assert len(server.asked) == 2  # the second was answered with 416


def test_a_changed_file_is_refused_and_removed(tmp_path: Path, server: Server) -> None:
    """What does not have the pinned SHA-256 is never used, and the next run starts afresh."""
    server.content = CONTENT[:-1] + b"!"
    if server.content == CONTENT:
        server.content = CONTENT[:-1] + b"?"
    with pytest.raises(EngineError, match="SHA-256"):
        download(tmp_path, server)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    server.content = CONTENT
    assert download(tmp_path, server).read_bytes() == CONTENT


def test_a_damaged_file_in_the_cache_is_replaced(tmp_path: Path, server: Server) -> None:
    """A cached file is verified before it is used."""
    path = download(tmp_path, server)
    path.write_bytes(b"damaged")
    assert download(tmp_path, server).read_bytes() == CONTENT


def test_a_repository_without_the_file_is_an_error_that_says_so(tmp_path: Path, server: Server) -> None:
    """A missing file is told apart from a lost connection."""
    missing = distribution.Release(group="org.example", artifact="other", version="1", sha256="")
    with pytest.raises(EngineError, match="HTTP 404"):
        distribution.download(tmp_path, missing, progress=lambda _: None, remotes=server.remotes)


def test_what_is_unpacked_is_readable_by_every_account(tmp_path: Path) -> None:
    """Whatever the umask, the unprivileged account can read all and run the programs, and nobody else can write."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, mode in (("thing/bin/", 0o40700), ("thing/bin/run", 0o100700), ("thing/lib/data.jar", 0o100600)):
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            archive.writestr(entry, "")
    (tmp_path / "a.zip").write_bytes(data.getvalue())
    old = os.umask(0o077)
    try:
        distribution.unpack(tmp_path / "a.zip", tmp_path / "ready", inside="thing")
    finally:
        os.umask(old)
    modes = {
        path.relative_to(tmp_path).as_posix(): stat.S_IMODE(path.stat().st_mode)
        for path in (tmp_path / "ready", *(tmp_path / "ready").rglob("*"))
    }
    assert modes == {
        "ready": 0o755,
        "ready/bin": 0o755,
        "ready/bin/run": 0o755,
        "ready/lib": 0o755,
        "ready/lib/data.jar": 0o644,
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip", "ready"]
