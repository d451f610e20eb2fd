"""Hostile input of every kind: it costs a rejected item at most, opens nothing, and the processes go on."""

from __future__ import annotations

import asyncio
import random
import ssl
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import hostile
import orjson
import pytest
from site_server import Asked, Site, answer

from indexer import articles, extract, feeds, opml
from indexer.elastic.documents import article_document
from indexer.fetch import Fetcher, Limits, Pacing
from indexer.indexing import entry_hash, work_out
from indexer.models import Entry, Extraction, Fetched, ParsedFeed, Reason, RejectedError
from indexer.workers import FEED_TIMEOUT, PAGE_TIMEOUT, Workers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

NOW = datetime(2026, 9, 10, 12, tzinfo=UTC)
URL = "https://harbour.example/feed"
SEEDS = 25  # of each kind: 125 cases
MANY_SEEDS = 600
FETCHES, MANY_FETCHES = 150, 3_000

long = pytest.mark.long


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    """Two processes for all tests here: that they go on is what is tested."""
    with Workers(processes=2) as pool:
        yield pool


@pytest.fixture
def site() -> Iterator[Site]:
    """Serve on loopback; nobody shall ask."""
    with Site() as running:
        yield running


# -- XML ---------------------------------------------------------------------------------------------------

SECRET = "what-nobody-may-read"  # noqa: S105 no password


def declarations(place: str) -> list[str]:
    """Give document types that reach for a place, or that grow without bounds."""
    laughs = "".join(f'<!ENTITY l{each} "{f"&l{each - 1};" * 10}">' for each in range(1, 10))
    return [
        f'<!DOCTYPE x [<!ENTITY e SYSTEM "{place}">]>',
        f'<!DOCTYPE x [<!ENTITY e PUBLIC "-//x//y" "{place}">]>',
        f'<!DOCTYPE x SYSTEM "{place}">',
        f'<!DOCTYPE x [<!ENTITY % p SYSTEM "{place}"> %p;]>',
        f'<!DOCTYPE x [<!ENTITY % p SYSTEM "{place}"><!ENTITY e "%p;">]>',
        f'<?xml-stylesheet href="{place}" type="text/xsl"?>',
        f'<!DOCTYPE x [<!ENTITY l0 "ha">{laughs}<!ENTITY e "&l9;">]>',
        f'<!DOCTYPE x [<!ENTITY e "{"ha" * 50_000}">]>',
    ]


@pytest.fixture(params=range(8))
def declared(request: pytest.FixtureRequest, site: Site, tmp_path: Path) -> list[str]:
    """Give one of these document types twice: for a file that is there, and for a server that listens."""
    (tmp_path / "secret").write_text(SECRET)
    site.routes["/secret"] = answer(body=SECRET.encode())
    return [declarations(place)[request.param] for place in ((tmp_path / "secret").as_uri(), f"{site.url}/secret")]


def included(place: str) -> str:
    return f'<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="{place}" parse="text"/>'


@pytest.mark.parametrize("good", [hostile.RSS, hostile.ATOM], ids=["rss", "atom"])
def test_feeds_open_no_entity(workers: Workers, site: Site, declared: list[str], good: str) -> None:
    """Neither a file nor an address that a feed names is read, and what it defines does not grow."""
    for each in declared:
        body = good.replace('<?xml version="1.0" encoding="utf-8"?>\n', "")
        body = body.replace("Harbour</title>", f"Harbour &e; {included(site.url + '/secret')}</title>", 1)
        body = body.replace("<summary", "<summary/>&e;<summary").replace("<description>", "<description>&e; ")
        found = outcome(workers, feeds.parse, (f'<?xml version="1.0"?>{each}{body}' + "&e;" * 9).encode(), FEED_TIMEOUT)
        assert isinstance(found, ParsedFeed | Reason)
        assert SECRET not in repr(found)
        assert len(repr(found)) < 1_000_000
    assert site.asked == []


def test_lists_open_no_entity(site: Site, declared: list[str]) -> None:
    """The same holds for subscription lists: one that defines entities is refused, or they are not there."""
    for each in declared:
        body = hostile.OPML.replace('<?xml version="1.0"?>', f'<?xml version="1.0"?>{each}').replace("Sea", "Sea &e;")
        try:
            found = opml.parse(body.encode())
        except opml.OpmlError:
            continue
        assert [feed.folder for feed in found] == ["Sea"]
        assert SECRET not in repr(found)
    assert site.asked == []


def test_pages_open_no_entity(workers: Workers, site: Site, declared: list[str]) -> None:
    """The same holds for pages, whatever they call themselves."""
    for each in declared:
        body = hostile.PAGE.replace("<!doctype html>", each).replace("<p>", f"<p>&e; {included(site.url + '/secret')}")
        body = body.replace("<html ", '<html xmlns="http://www.w3.org/1999/xhtml" ')
        found = outcome(workers, extract.extract, body.encode(), PAGE_TIMEOUT, content_type="application/xhtml+xml")
        assert isinstance(found, Extraction)
        assert SECRET not in repr(found)
        assert len(repr(found)) < 300_000
    assert site.asked == []


# -- spoilt feeds, pages and lists -------------------------------------------------------------------------


def outcome(workers: Workers, function: Any, body: bytes, timeout: float, *, content_type: str | None = None) -> Any:
    """Let a worker read something; gives what it found, or the reason."""
    return asyncio.run(_outcomes(workers, function, [body], timeout, content_type))[0]


async def _outcomes(
    workers: Workers, function: Any, bodies: Sequence[bytes], seconds: float, content_type: str | None
) -> list[Any]:
    async def one(body: bytes) -> Any:
        try:
            return await workers.run(function, body, url=URL, content_type=content_type, now=NOW, timeout=seconds)
        except RejectedError as error:
            return error.reason

    return await asyncio.gather(*map(one, bodies))


def can_be_stored(*made: articles.Article) -> bool:
    """Write articles as they are sent to Elasticsearch: what cannot be written would end the whole run."""
    return all(
        orjson.dumps(article_document(each, condensate="", of_text=work_out(each, None).fields, entry_hash=""))
        for each in made
    )


def of_entry(entry: Entry, feed: ParsedFeed) -> list[articles.Article]:
    try:
        made = articles.from_entry(
            entry,
            source_name=feed.title or "none",
            feed_url=URL,
            feed_icon=feed.icon,
            feed_language=feed.language,
            page=None,
            extraction=None,
            seen=NOW,
        )
    except RejectedError:
        return []
    return [made]


@pytest.mark.parametrize("good", [hostile.RSS, hostile.ATOM, hostile.JSON], ids=["rss", "atom", "json"])
@pytest.mark.parametrize("seeds", [range(SEEDS), pytest.param(range(SEEDS, MANY_SEEDS), marks=long)])
def test_spoilt_feeds(workers: Workers, good: str, seeds: range) -> None:
    """Every one gives entries that can be stored, or a reason; the next one is read as if nothing had been."""
    bodies = [hostile.spoilt(good, seed) for seed in seeds]
    found = asyncio.run(_outcomes(workers, feeds.parse, bodies, FEED_TIMEOUT, None))
    for each in found:
        assert isinstance(each, ParsedFeed | Reason)
        if isinstance(each, ParsedFeed):
            assert can_be_stored(*(made for entry in each.entries for made in of_entry(entry, each)))
            assert all(entry_hash(entry) for entry in each.entries)
            assert orjson.dumps([each.title, each.link, each.icon, each.language, list(map(str, each.rejected))])
    print(Counter(each.value if isinstance(each, Reason) else "read" for each in found))
    assert sum(isinstance(each, ParsedFeed) for each in found) > len(found) / 10
    assert outcome(workers, feeds.parse, good.encode(), FEED_TIMEOUT).entries


@pytest.mark.parametrize("seeds", [range(SEEDS), pytest.param(range(SEEDS, MANY_SEEDS), marks=long)])
def test_spoilt_pages(workers: Workers, seeds: range) -> None:
    """The same for pages."""
    bodies = [hostile.spoilt(hostile.PAGE, seed) for seed in seeds]
    found = asyncio.run(_outcomes(workers, extract.extract, bodies, PAGE_TIMEOUT, "text/html"))
    page = Fetched(url=URL, final_url=URL, status=200, body=b"")
    for each in found:
        assert isinstance(each, Extraction | Reason)
        if isinstance(each, Extraction):
            assert can_be_stored(articles.from_page(page, each, seen=NOW))
    print(Counter(each.value if isinstance(each, Reason) else "read" for each in found))
    assert sum(isinstance(each, Extraction) for each in found) > len(found) / 2
    assert outcome(workers, extract.extract, hostile.PAGE.encode(), PAGE_TIMEOUT).text


@pytest.mark.parametrize("seeds", [range(SEEDS), pytest.param(range(SEEDS, MANY_SEEDS), marks=long)])
def test_spoilt_lists(seeds: range) -> None:
    """The same for subscription lists, which are read in the command itself."""
    read = 0
    for seed in seeds:
        try:
            found = opml.parse(hostile.spoilt(hostile.OPML, seed))
        except opml.OpmlError:
            continue
        assert opml.parse(opml.render(found)) is not None
        read += 1
    assert read


LINE = f"<p>{hostile.WORDS}</p>"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("<article><p>" + "<span>word</span> " * 40_000 + "</p></article>", id="spans"),
        pytest.param(f"<script type='application/ld+json'>{'[' * 200_000}</script>" + LINE * 5, id="json"),
        pytest.param("<div>" * 50_000 + LINE * 5, id="deep", marks=long),
        pytest.param("<table><tr><td>" * 5_000 + LINE * 5, id="tables", marks=long),
        pytest.param(f"<p {' '.join(f'a{each}=1' for each in range(50_000))}>" + LINE * 5, id="attributes", marks=long),
        pytest.param(f"<a href='{'x' * 2_000_000}'>" + LINE * 5, id="link", marks=long),
        pytest.param("<!--" * 200_000 + LINE, id="comments", marks=long),
        pytest.param("&" * 1_000_000, id="ampersands", marks=long),
        pytest.param(f"<meta name=author content='{'a@' * 300_000}'>" + LINE * 5, id="author", marks=long),
        pytest.param(
            f"<meta property=article:published_time content='{'1 ' * 200_000}'>" + LINE, id="date", marks=long
        ),
        pytest.param("<p>" + "\u0301" * 1_000_000, id="accents", marks=long),
    ],
)
def test_pages_made_to_hurt(workers: Workers, body: str) -> None:
    """What takes too long or too much is ended and rejected; the rest is read; and the next page is read as ever."""
    found = outcome(workers, extract.extract, f"<html><body>{body}</body></html>".encode(), 2.0)
    print(found if isinstance(found, Reason) else "read")
    assert isinstance(found, Extraction) or found in {Reason.PARSE_TIMEOUT, Reason.PARSE_CRASH, Reason.NO_TEXT}
    assert outcome(workers, extract.extract, hostile.PAGE.encode(), PAGE_TIMEOUT).text


@pytest.mark.parametrize(
    "item",
    [
        pytest.param("<author>" + "a" * 65_536 + "</author>", id="author"),
        pytest.param("<author>" + "a@b." * 30_000 + "</author>", id="addresses"),
        pytest.param("<description>" + "&lt;" * 300_000 + "</description>", id="brackets", marks=long),
        pytest.param("<description>" + "&lt;p&gt;" * 100_000 + "</description>", id="tags", marks=long),
        pytest.param("<description>" + "&amp;" * 300_000 + "</description>", id="ampersands", marks=long),
        pytest.param("<pubDate>" + "1 " * 200_000 + "</pubDate>", id="date", marks=long),
        pytest.param("<link>http://" + "a." * 100_000 + "</link>", id="link", marks=long),
        pytest.param("<a>" * 20_000, id="deep", marks=long),
        pytest.param("<guid>" + " " * 1_000_000 + "</guid>", id="spaces", marks=long),
        pytest.param("<category>x</category>" * 50_000, id="categories", marks=long),
    ],
)
def test_feeds_made_to_hurt(workers: Workers, item: str) -> None:
    """The same for feeds."""
    body = f'<rss version="2.0"><channel><item><title>t</title>{item}</item></channel></rss>'
    found = outcome(workers, feeds.parse, body.encode(), 2.0)
    print(found if isinstance(found, Reason) else "read")
    assert isinstance(found, ParsedFeed) or found in {Reason.PARSE_TIMEOUT, Reason.PARSE_CRASH, Reason.NOT_A_FEED}
    assert outcome(workers, feeds.parse, hostile.RSS.encode(), FEED_TIMEOUT).entries


# -- spoilt answers ----------------------------------------------------------------------------------------

HEAD = (
    "HTTP/1.1 200 OK",
    "Content-Type: text/html; charset=utf-8",
    "Content-Length: 5",
    'ETag: "7"',
    "Cache-Control: max-age=60, public",
    "Retry-After: 5",
    "Set-Cookie: a=b; Path=/; Expires=Wed, 09 Sep 2026 10:00:00 GMT",
    "Location: /next",
    "Content-Encoding: identity",
    "Date: Wed, 09 Sep 2026 10:00:00 GMT",
    "",
    "hello",
)
VALUES = (
    *("", " ", '"', "=", ";", ",", "-1", "0x5", "5, 5", "304", "9" * 30, "a" * 5_000, "%zz"),
    *("\x00", "\x1b[31m", "\u00e9"),
    *("gzip", "br, zstd", "chunked", "chunked, chunked", "utf-16", "max-age=", "max-age=1e9", "no-store", "/loop"),
    *("//", "http://[::1", "ftp://a/", "http://a.example:99999/", "a=b; Domain=.; Path=\\"),
    *("Thu, 32 Foo 99999 99:99:99", "Mon, 01 Jan 0001 00:00:00 GMT"),
)


def spoilt_answer(seed: int) -> bytes:
    """Spoil an answer in a few ways that the seed decides."""
    chance = random.Random(seed)  # noqa: S311 nothing here is secret
    lines = list(HEAD)
    if chance.random() < 0.5:
        lines[0] = (
            f"HTTP/1.1 {chance.choice((100, 103, 204, 206, 301, 302, 304, 307, 401, 429, 500, 503, 600, 1000))} X"
        )
    if chance.random() < 0.1:
        lines[0] = f"HTTP/{chance.choice(('0.9', '1.0', '2', '3.0'))} 200 OK"
    for _ in range(chance.randint(0, 3)):
        place = chance.randrange(1, len(lines))
        value = chance.choice(VALUES)
        named = f"{lines[place].partition(':')[0]}: {value}"
        lines[place] = chance.choice(
            (named, named, named, lines[place] + value, f"{lines[place]}\r\n{lines[place]}", "")
        )
    body = "\r\n".join(lines).encode("latin-1")
    return body[: chance.randint(0, len(body))] if chance.random() < 0.2 else body


@pytest.mark.parametrize("seeds", [range(FETCHES), pytest.param(range(FETCHES, MANY_FETCHES), marks=long)])
def test_spoilt_answers(site: Site, seeds: range) -> None:
    """Whatever a server says, a fetch ends in an answer or a reason."""
    limits = Limits(connect=1.0, read=0.3, total=2.0, retry_pauses=(0.001,), redirects=3)

    async def fetch() -> Counter[str]:
        pacing = Pacing(delay=0.0, per_host=8, connections=8)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        async with Fetcher(allow_private=True, limits=limits, pacing=pacing, tls=tls, resolve=by_number) as fetcher:

            async def one(seed: int) -> str:
                url = f"http://h{seed}.example:{site.port}/{seed}"
                try:
                    got = await fetcher.get(url, kind="page", etag='"7"', obey_robots=seed % 50 == 0)
                except RejectedError as error:
                    return error.reason.value
                return str(got.status)

            return Counter(await asyncio.gather(*map(one, seeds)))

    site.routes = {f"/{seed}": spoilt(seed) for seed in seeds} | {"/loop": spoilt(0), "/robots.txt": spoilt(1)}
    ends = asyncio.run(fetch())
    print(ends)
    assert ends["200"]
    assert len(ends) > 3


async def by_number(host: str, _port: int) -> list[str]:
    """Give name servers that know a host for each case: one that asks to be left alone shall not hold up the others."""
    if host.startswith("h"):
        return ["127.0.0.1"]
    raise OSError(f"{host} is not known")


def spoilt(seed: int) -> Any:
    """Make a handler that gives a spoilt answer and closes."""

    async def handle(_: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(spoilt_answer(seed))
        await writer.drain()
        writer.close()

    return handle
