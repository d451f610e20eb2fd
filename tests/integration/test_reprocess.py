"""Raw pages are kept before they are indexed, and the index can be made again from them without the network."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import brotli
import pytest
from newsstand import Answer, Newsstand, page
from samples import NOW, prose

from indexer import archive, ingest, removing
from indexer.archive import Archive, Choice
from indexer.fetch import Pacing
from indexer.importing import import_articles
from indexer.ingest.reprocessing import reprocess
from indexer.progress import Silent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from elasticsearch import Elasticsearch

    from indexer.elastic import Store
    from indexer.reports import Report

WEB = ingest.Web(allow_private=True, pacing=Pacing(delay=0, per_host=8, connections=16))
CLOCKS = {"created", "modified"}


@pytest.fixture
def stand() -> Iterator[Newsstand]:
    """Serve feeds on loopback."""
    with Newsstand() as running:
        yield running


@dataclass
class Desk:
    """Polls, adds and reprocesses over one archive; the clock goes on by a minute with each job."""

    folder: Path
    at: datetime = NOW
    worker: ingest.Worker = field(default_factory=ingest.Worker.this_process)

    def now(self) -> datetime:
        """Tell the time of the job that is under way."""
        return self.at

    def _job(self) -> dict[str, Any]:
        self.at += timedelta(minutes=1)
        return {"now": self.now, "progress": Silent(), "processes": 1}

    def poll(self, store: Store) -> Report:
        """Poll every feed."""
        with Archive(self.folder, now=self.now) as keeper:
            feeds = store.feeds.all()
            job = self._job()
            return ingest.ingest(store, feeds=feeds, web=WEB, worker=self.worker, keeper=keeper, **job)

    def add(self, store: Store, *files: Path, urls: tuple[str, ...] = ()) -> Report:
        """Add pages and files."""
        with Archive(self.folder, now=self.now) as keeper:
            return ingest.add(store, urls=urls, files=files, web=WEB, keeper=keeper, **self._job())

    def again(self, store: Store, choice: Choice = Choice()) -> Report:  # noqa: B008 - frozen
        """Reprocess."""
        return reprocess(store, archive.files(self.folder), choice, **self._job())


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "archive")


def html(name: str, *words: str) -> str:
    return (
        f"<html><head><title>{name}</title></head><body><article><h1>{name}</h1>"
        + "".join(f"<p>{each}.</p>" for each in words)
        + "</article></body></html>"
    )


def rss(*items: str) -> Answer:
    return Answer(body=f'<rss version="2.0"><channel><title>Herald</title>{"".join(items)}</channel></rss>')


def item(link: str, title: str, text: str = "", more: str = "") -> str:
    where = f"<link>{link}</link>" if link else ""
    return f"<item><title>{title}</title>{where}<description>{text}</description>{more}</item>"


HTML = {"Content-Type": "text/html; charset=utf-8"}


def publish(stand: Newsstand, *, later: bool) -> None:
    """Put up a feed with everything that an article may be made of; ``later`` is its state at the second poll."""
    url = stand.url
    date = "<pubDate>Wed, 09 Sep 2026 08:00:00 GMT</pubDate>"
    items = [
        item(f"{url}/page/plain", "Plain", more=date),
        item(f"{url}/moved", "Moved"),
        item(f"{url}/alias", "Alias"),  # leads to the page of another entry
        item(f"{url}/page/target", "Target"),
        item(f"{url}/missing", "Missing", prose(1, 80)),
        item("", "No link", prose(2, 80), more="<guid>no-link</guid>"),
        item(f"{url}/short", "Short", "A teaser."),
        item(f"{url}/edited", "Edited, later" if later else "Edited", more=date if later else ""),
        item(f"{url}/worse", "Worse, later" if later else "Worse", prose(3, 80)),
    ]
    stand.routes = {
        "/feed/0": rss(*items),
        "/moved": Answer(302, headers={"Location": "/page/copy"}),
        "/page/copy": Answer(body=page("plain").replace("<h1>plain", "<h1>Copy"), headers=HTML),
        "/alias": Answer(302, headers={"Location": "/page/target"}),
        "/missing": Answer(404),
        "/short": Answer(body="<html><body><p>Too little.</p></body></html>", headers=HTML),
        "/edited": Answer(body=html("Edited", prose(4 + later, 90), prose(6, 90)), headers=HTML),
        "/worse": Answer(body=html("Worse", prose(7, 5 if later else 150)), headers=HTML),
    }


def articles(store: Store) -> dict[str, dict[str, Any]]:
    """Give every article but for the times at which it was written."""
    store.articles.refresh()
    found = {}
    for hit in store.articles.scan({"query": {"match_all": {}}}):
        source = {name: value for name, value in hit["_source"].items() if name not in CLOCKS}
        for each in source.get("revisions", ()):
            each.pop("modified")
        found[hit["_id"]] = source
    return found


def pairs(store: Store) -> set[tuple[str, str, str]]:
    return {(each.earlier, each.later, each.kind.value) for each in store.pairs.naming(list(articles(store)))}


def test_the_index_comes_back_from_the_archive(
    stand: Newsstand, desk: Desk, store: Store, new_store: Callable[[], Store], client: Elasticsearch
) -> None:
    """With the sites gone: where nothing changed all is unchanged, and an empty index gets the same articles and pairs.

    Pages, redirects, feed texts, entries without a link, aliases, edits and their revisions, and a page that got worse.
    """
    publish(stand, later=False)
    store.feeds.add(stand.feed(0), now=NOW)
    assert desk.poll(store).created == 7
    publish(stand, later=True)
    assert desk.poll(store).updated == 1
    saved = desk.folder.parent / "saved.html"
    saved.write_text(html("Saved", prose(8, 100)), encoding="utf-8")
    assert desk.add(store, saved, urls=(f"{stand.url}/page/added",)).created == 2
    before = articles(store)
    assert len(before) == 9
    stand.__exit__()

    (kept_by_analyst,) = [identity for identity, each in before.items() if each["title"] == "Plain"]
    analysts = {"notes": {"remark": "read it", "stars": 4}, "shelf": "kept"}
    client.update(index=f"{store.prefix}-articles-write", id=kept_by_analyst, doc=analysts, refresh=True)
    report = desk.again(store)
    assert (report.created, report.updated, report.failed_writes) == (0, 0, 0), report
    assert report.read == report.unchanged + len(report.rejections)
    assert report.rejected == {"no text": 1}
    before[kept_by_analyst] |= analysts
    assert articles(store) == before

    fresh = new_store()
    report = desk.again(fresh)
    assert (report.created, report.updated) == (9, 1)
    del before[kept_by_analyst]["notes"]
    before[kept_by_analyst]["shelf"] = "inbox"
    assert articles(fresh) == before
    assert pairs(fresh) == pairs(store) != set()
    some = desk.again(fresh, Choice(sources=["herald"], until=NOW + timedelta(minutes=1, seconds=1)))
    assert 0 < some.read < report.read
    assert some.read == some.unchanged + len(some.rejections)


def test_an_archive_that_cannot_be_written_loses_nothing(
    stand: Newsstand, desk: Desk, store: Store, new_store: Callable[[], Store]
) -> None:
    """What cannot be kept is not indexed but counted as a failed write, and the next runs take all of it."""
    stand.entries = 3
    store.feeds.add(stand.feed(0), now=NOW)
    desk.folder.touch()
    report = desk.poll(store)
    assert [each.reason.value for each in report.feeds_failed] == ["not written"]
    assert "CONDENSAT_ARCHIVE" in report.feeds_failed[0].detail
    assert articles(store) == {}
    report = desk.add(store, urls=(f"{stand.url}/page/0-0",))
    assert (report.failed_writes, report.created) == (1, 0)
    desk.folder.unlink()
    assert desk.poll(store).created == 3
    fresh = new_store()
    assert desk.again(fresh).created == 3
    assert articles(fresh) == articles(store)


def test_what_was_imported_since_stays(stand: Newsstand, desk: Desk, store: Store) -> None:
    """A text that a person imported over a fetched one is not undone."""
    url = f"{stand.url}/page/one"
    desk.add(store, urls=(url,))
    line = f'{{"url": "{url}", "title": "By hand", "text": "{prose(1, 60)}", "source": "Hand"}}'
    import_articles(store, [line.encode()], now=desk.now, progress=Silent())
    assert desk.again(store).unchanged == 1
    assert [each["title"] for each in articles(store).values()] == ["By hand"]


def test_what_was_removed_stays_away(stand: Newsstand, desk: Desk, store: Store) -> None:
    """An article that somebody removed does not come back from the archive, until that is lifted."""
    stand.entries = 3
    store.feeds.add(stand.feed(0), now=NOW)
    assert desk.poll(store).created == 3
    before = articles(store)
    gone = min(before)
    for query in removing.named([gone]):
        assert removing.remove(store, query, by="ann", now=desk.now, progress=Silent()) == 1
    report = desk.again(store)
    assert (report.created, report.updated, report.rejected) == (0, 0, {"removed earlier": 1})
    assert report.read == report.unchanged + 1
    assert articles(store).keys() == before.keys() - {gone}
    store.corrections.lift([gone])
    assert desk.again(store).created == 1
    assert articles(store) == before


def record(kind: str, url: str, block: bytes, date: str = "2026-08-01T10:00:00Z") -> bytes:
    head = f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nWARC-Date: {date}\r\n"
    head += f"WARC-Record-ID: <urn:uuid:{len(block)}>\r\nContent-Length: {len(block)}\r\n\r\n"
    return gzip.compress(head.encode() + block + b"\r\n\r\n")


def response(name: str, body: bytes, *headers: str, status: int = 200, type_: str = "text/html") -> bytes:
    lines = [f"HTTP/1.1 {status} Said", f"Content-Type: {type_}", *headers]
    return record("response", f"https://there.example/{name}", "\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def test_other_peoples_archives(desk: Desk, store: Store, new_store: Callable[[], Store], tmp_path: Path) -> None:
    """Of a WARC file every page that was answered is taken, whatever its form; nothing else costs more than itself."""
    plain = html("Plain", prose(1, 120)).encode()
    chunks = html("Chunks", prose(2, 120)).encode()
    packed = html("Packed", prose(3, 120)).encode()
    brotlied = html("Brotlied", prose(4, 120)).encode()
    damaged = bytearray(response("damaged", html("Damaged", prose(5, 120)).encode()))
    damaged[len(damaged) // 2] ^= 0xFF
    bomb = gzip.compress(b"<html>" + bytes(50_000_000))
    chunked = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (chunks[:50], chunks[50:], b""))
    file = tmp_path / "other.warc.gz"
    file.write_bytes(
        record("warcinfo", "", b"software: other\r\n")
        + record("request", "https://there.example/plain", b"GET /plain HTTP/1.1\r\n\r\n")
        + response("plain", plain)
        + response("chunks", chunked, "Transfer-Encoding: chunked")
        + response("packed", gzip.compress(packed), "Content-Encoding: gzip")
        + response("brotlied", brotli.compress(brotlied), "Content-Encoding: br")
        + response("unpacked", html("Unpacked", prose(6, 120)).encode(), "Content-Encoding: gzip")
        + record("revisit", "https://there.example/plain", b"HTTP/1.1 200 OK\r\n\r\n")
        + response("image", b"\x89PNG", type_="image/png")
        + response("gone", plain, status=404)
        + bytes(damaged)
        + response("bomb", bomb, "Content-Encoding: gzip")
        + response("huge", bytes(6_000_000))
        + response("last", html("Last", prose(7, 120)).encode())
        + response("cut", plain)[:-20]
    )
    report = desk.add(store, file)
    assert report.created == 6
    assert report.skipped == {
        "warcinfo record": 1,
        "request record": 1,
        "revisit record": 1,
        "not HTML": 1,
        "status 404": 1,
    }
    reasons = {each.what.rpartition("/")[2]: each.reason.value for each in report.rejections}
    assert reasons["bomb"] == reasons["huge"] == "too large"
    assert sorted(reasons.values()).count("broken record") == 2
    assert report.read == 10
    found = articles(store)
    assert {each["title"] for each in found.values()} == {"Plain", "Chunks", "Packed", "Brotlied", "Unpacked", "Last"}
    assert {each["seen"] for each in found.values()} == {"2026-08-01T10:00:00.000Z"}
    fresh = new_store()
    assert desk.again(fresh).created == 6
    assert articles(fresh) == found
    assert desk.again(store).unchanged == 6


def test_what_is_no_archive_is_told(desk: Desk, store: Store, tmp_path: Path) -> None:
    """An empty file and one of something else are rejected by their own names."""
    empty, other = tmp_path / "empty.warc", tmp_path / "other.warc.gz"
    empty.touch()
    other.write_bytes(b"something else")
    report = desk.add(store, empty, other)
    assert {each.what: each.reason.value for each in report.rejections} == {
        str(empty): "empty body",
        str(other): "broken record",
    }
