"""Real feeds, real pages and real texts, from a folder beside the checkout: nothing crashes and nothing is lost.

The feeds are served as they were saved but for the hosts of their links, which lead to loopback; a link is answered
with one of the real pages, or with 404, by a hash of its path.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import tarfile
import threading
import time
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Condensat

DATA = Path(__file__).parents[3] / "shared" / "data"
HOSTS = 24  # loopback addresses that stand for the hosts of the links
THIN = 3  # one feed in so many
LINES = 1_500  # of a file of texts
MEMORY = 3 * 1024**3  # bytes, of the command and the processes it starts
# Namespaces and versions name things and are not fetched; every other address may be.
ADDRESS = re.compile(rb"""(xmlns(?::[\w.-]+)?\s*=\s*["']|"version"\s*:\s*")?https?://([^\s/"'<>?#\\&\]]+)""")

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"{DATA} is not there"),
]


class Server(ThreadingHTTPServer):
    """A server that lets its clients hang up: a body over the size cap is not read to its end."""

    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        """Keep quiet."""


class RealWorld:
    """The saved feeds (one in ``every``) and pages, served from loopback while it is entered."""

    def __init__(self, *, every: int) -> None:
        with tarfile.open(DATA / "feeds.tar.gz") as saved:
            members = [member for member in saved if member.isfile()][::every]
            self._feeds = {Path(each.name).name: _read(saved.extractfile(each)) for each in members}
        self._pages = [gzip.decompress(path.read_bytes()) for path in sorted((DATA / "pages/aeb/html").glob("*.gz"))]
        self.paths: set[str] = set()

    def __enter__(self) -> Self:
        self._servers = [Server((f"127.0.1.{number}", 0), self._handler()) for number in range(1, HOSTS)]
        self._hosts = [f"{server.server_address[0]}:{server.server_address[1]}".encode() for server in self._servers]
        self._feeds = {name: ADDRESS.sub(self._on_loopback, body) for name, body in self._feeds.items()}
        for server in self._servers:
            threading.Thread(target=server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    @property
    def feeds(self) -> list[str]:
        """The feeds that are served, by name."""
        return list(self._feeds)

    def opml(self) -> str:
        """List the feeds."""
        base = self._hosts[0].decode()
        rows = "\n".join(
            f'<outline type="rss" text="{name}" xmlUrl="http://{base}/feeds/{name}"/>' for name in self._feeds
        )
        return f'<opml version="2.0"><head/><body>{rows}</body></opml>'

    def answer(self, path: str) -> tuple[int, bytes, str]:
        """Answer a request: a feed, one of the pages, or nothing; one link in two leads nowhere."""
        self.paths.add(path)
        if path.startswith("/feeds/"):
            return 200, self._feeds[path.removeprefix("/feeds/")], "application/xml"
        number = zlib.crc32(path.encode("utf-8", "replace"))
        if number % 2:
            return 404, b"gone", "text/plain"
        return 200, self._pages[number // 2 % len(self._pages)], "text/html"

    def _on_loopback(self, match: re.Match[bytes]) -> bytes:
        if match[1]:
            return match[0]
        return b"http://" + self._hosts[zlib.crc32(match[2].lower()) % len(self._hosts)]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        world = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 30

            def do_GET(self) -> None:
                status, body, kind = world.answer(self.path)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        return Handler


def _read(file: Any) -> bytes:
    body: bytes = file.read()
    return body


@pytest.fixture(scope="module")
def world(request: pytest.FixtureRequest) -> Iterator[RealWorld]:
    """Give all feeds to ``--long`` alone: they take minutes."""
    with RealWorld(every=1 if request.config.getoption("--long") else THIN) as served:
        yield served


def accounted(report: dict[str, Any]) -> int:
    ended: int = report["created"] + report["updated"] + report["unchanged"] + sum(report["rejected"].values())
    return ended


def memory_of_tree(pid: int) -> int:
    """Add up the memory of a process and all below it, in bytes: shared pages count for each of them."""
    total, waiting = 0, [pid]
    while waiting:
        each = waiting.pop()
        try:
            fields = Path(f"/proc/{each}/statm").read_text().split()
            children = Path(f"/proc/{each}/task/{each}/children").read_text().split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += int(fields[1]) * os.sysconf("SC_PAGE_SIZE")
        waiting += map(int, children)
    return total


def run_watched(condensat: Condensat, *arguments: str) -> tuple[int, dict[str, Any], str, int]:
    """Run a command and give its exit code, report, standard error and peak memory."""
    peak = 0
    with (condensat.folder / "err").open("w+b") as err, (condensat.folder / "out").open("w+b") as out:
        process = subprocess.Popen(
            [condensat.program, *arguments], cwd=condensat.folder, env=condensat.environment(), stdout=out, stderr=err
        )
        while process.poll() is None:
            peak = max(peak, memory_of_tree(process.pid))
            time.sleep(0.2)
        out.seek(0)
        err.seek(0)
        said = err.read().decode("utf-8", "replace")
        assert "Traceback" not in said, said
        return process.returncode, json.loads(out.read()), said, peak


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
def test_real_feeds_are_taken_in_whole(world: RealWorld, fresh: Condensat) -> None:
    """Real feeds (all of them with --long) end in a report in which every entry stands once, in bounded memory."""
    opml = fresh.folder / "real.opml"
    opml.write_text(world.opml(), encoding="utf-8")
    code, report, said, peak = run_watched(fresh, "ingest", "--opml", str(opml), "--format", "json")
    print(json.dumps({**report, "warnings": len(report["warnings"])}), f"peak {peak / 1024**2:.0f} MiB")
    assert code == 0, said
    assert report["read"] == accounted(report)
    assert report["read"] > 30 * len(world.feeds)
    assert report["created"] > 10 * len(world.feeds)
    assert set(report["rejected"]) <= {
        "http status",
        "repeated in feed",
        "no text",
        "no link, id or title",
        "challenge page",
        "consent page",
        "paywall page",
        "bad url",
        "forbidden address",
        "parse timeout",
    }, report["rejected"]
    assert len(report["feeds"]["failed"]) <= 5, report["feeds"]["failed"]
    assert peak < MEMORY


@pytest.mark.usefixtures("world")
def test_real_feeds_again(fresh: Condensat) -> None:
    """The second poll creates nothing that the first one had."""
    before = len(fresh("search", "*", "--format", "jsonl").out.splitlines())
    report = fresh("ingest", "--format", "json").json
    assert report["read"] == accounted(report)
    assert report["created"] == 0
    assert len(fresh("search", "*", "--format", "jsonl").out.splitlines()) == before


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("natural/docs.jsonl", None),
        ("synthetic/docs.jsonl.gz", LINES),
        pytest.param("synthetic/docs.jsonl.gz", None, marks=pytest.mark.long),
    ],
)
def test_real_texts_are_imported_whole(condensat: Condensat, name: str, most: int | None) -> None:
    """Every line becomes an article, and pairs are found."""
    path = DATA / "reposts" / name
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    lines = [line for line in data.splitlines() if line.strip()][:most]
    file = condensat.folder / "texts.jsonl"
    file.write_bytes(b"\n".join(lines))
    code, report, said, peak = run_watched(condensat, "import", str(file), "--format", "json")
    print(json.dumps(report), f"peak {peak / 1024**2:.0f} MiB")
    assert code == 0, said
    assert (report["read"], report["created"] + report["updated"] + report["unchanged"]) == (len(lines), len(lines))
    assert {"exact", "near", "partial"} <= set(report["pairs"]) or "natural" in name
    assert peak < MEMORY
