from __future__ import annotations

import re
import socket
import unicodedata
import urllib.error
import urllib.request
from itertools import combinations
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import feedparser
import pytest
import trafilatura
from demo_site import Site, expected, load, server
from demo_site.content import SOURCES
from demo_site.server import PortTakenError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo_site import Source

SHORTEST_TEXT = 250  # characters; under this an index falls back to the feed's own text


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as served:
        yield served


@pytest.fixture(scope="module")
def texts(site: Site) -> dict[str, list[str]]:
    """Give the words of each article as extraction finds them in its page, the feed's where the page has too few."""
    published, _ = load()
    found = {}
    for key, article in published.items():
        if article.page == "short":
            found[key] = words(article.text)
        elif article.page == "article":
            if article.held:
                with Site() as other:
                    other.release(key)
                    found[key] = words(extract(other.url(key)))
            else:
                found[key] = words(extract(site.url(key)))
    return found


def get(url: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    request = urllib.request.Request(url, headers={name.replace("_", "-"): value for name, value in headers.items()})  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:  # noqa: S310 - loopback
            return reply.status, reply.read(), dict(reply.headers)
    except urllib.error.HTTPError as error:
        return error.code, error.read(), dict(error.headers)


def extract(url: str) -> str:
    body = get(url)[1]
    document = trafilatura.bare_extraction(body, url=url, include_comments=False, deduplicate=False, with_metadata=True)
    return document.text if document and document.text else ""


def words(text: str) -> list[str]:
    return re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold())


def grams(tokens: list[str]) -> set[tuple[str, ...]]:
    return {tuple(tokens[place : place + 5]) for place in range(len(tokens) - 4)}


def coverage(one: list[str], other: list[str]) -> tuple[float, float]:
    first, second = grams(one), grams(other)
    shared = len(first & second)
    return shared / len(first), shared / len(second)


def longest_run(one: list[str], other: list[str]) -> int:
    best = 0
    row = [0] * (len(other) + 1)
    for word in one:
        row = [0, *(row[place] + 1 if word == again else 0 for place, again in enumerate(other))]
        best = max(best, *row)
    return best


def named_template(one: str, other: str) -> bool:
    return one.startswith("cert/bulletin") and other.startswith("cert/bulletin")


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.key)
def test_each_feed_is_read_whole(site: Site, source: Source) -> None:
    """A feed reader finds a version, a title and each article of the publisher, once for each way it is linked."""
    published, _ = load()
    wanted = sum(len(each.links) for each in published.values() if each.source == source.key and not each.held)
    feed = feedparser.parse(get(site.feed(source.key))[1])
    assert feed.version in {"rss20", "atom10"}
    assert feed.feed.title == source.name
    assert len(feed.entries) == wanted
    assert all(entry.link for entry in feed.entries)


def test_each_page_yields_its_text_and_nothing_else(texts: dict[str, list[str]]) -> None:
    """What extraction finds is what was written: no navigation, no cookie bar, no list of other articles."""
    published, _ = load()
    footers = {source.key: words(source.footer) for source in SOURCES}
    assert len(texts) >= 30
    for key, found in texts.items():
        assert found == words(published[key].text) + footers[published[key].source], key


def test_texts_are_long_enough(texts: dict[str, list[str]]) -> None:
    """No article that counts is a teaser, and at least ten are French."""
    published, _ = load()
    assert all(len(" ".join(found)) > SHORTEST_TEXT for found in texts.values())
    assert sum(key.startswith(("digue/", "cert/")) for key in published) >= 10


def test_expected_pairs_hold_and_are_all(texts: dict[str, list[str]]) -> None:
    """The table names each pair of stored kind, clear of the thresholds, and no other two articles touch."""
    table = expected()
    named = {(pair["earlier"], pair["later"]): pair["kind"] for pair in table["pairs"] + table["pairs_after_release"]}
    templates = {tuple(pair) for pair in table["never_reposts"]}
    for one, other in combinations(texts, 2):
        kind = named.get((one, other)) or named.get((other, one))
        ways = coverage(texts[one], texts[other])
        run = longest_run(texts[one], texts[other])
        where = (one, other, ways, run)
        if kind == "exact":
            assert texts[one] == texts[other], where
        elif kind == "near":
            assert texts[one] != texts[other], where
            assert min(ways) >= 0.65, where
        elif kind == "partial":
            assert max(ways) >= 0.7, where
            assert min(ways) < 0.55, where
        elif kind == "passage":
            assert run >= 65, where
            assert max(ways) < 0.5, where
        elif (one, other) in templates:
            template = named_template(one, other)
            assert template == (min(ways) >= 0.6), where  # a bulletin looks like a copy, but for its numbers
            if template:
                numbers = [{word for word in texts[key] if word[0].isdigit()} for key in (one, other)]
                assert min(map(len, numbers)) >= 5, where
                assert len(numbers[0] & numbers[1]) < 0.4 * min(map(len, numbers)), where
        else:
            assert max(ways) < 0.28, where
            assert run < 45, where


def test_earlier_is_earlier() -> None:
    """The order in the table is the order of the dates that the publishers give."""
    published, _ = load()
    table = expected()
    for pair in table["pairs"] + table["pairs_after_release"]:
        assert published[pair["earlier"]].published < published[pair["later"]].published
        assert pair["update"] == (published[pair["earlier"]].source == published[pair["later"]].source)


def test_an_unchanged_feed_is_not_sent_twice(site: Site) -> None:
    """Both validators answer 304, and an edit changes the entity tag."""
    _, _, headers = get(site.feed("wire"))
    assert get(site.feed("wire"), If_None_Match=headers["ETag"])[:2] == (304, b"")
    assert get(site.feed("wire"), If_Modified_Since=headers["Last-Modified"])[:2] == (304, b"")
    with Site() as other:
        before = get(other.feed("wire"))[2]["ETag"]
        other.edit("wire/cable-ship")
        status, body, after = get(other.feed("wire"), If_None_Match=before)
    assert (status, after["ETag"] != before, b"islands are connected again" in body) == (200, True, True)


def test_what_is_broken_is_broken(site: Site) -> None:
    """A page, an empty body and nothing are listed as feeds; entries lead nowhere, to a challenge, to a stub."""
    opml = get(site.opml_url)[1].decode()
    for path in expected()["failed_feeds"]:
        assert path in opml
    assert get(site.base("wire") + "/wire/newsletter")[2]["Content-Type"].startswith("text/html")
    assert get(site.base("lab") + "/lab/empty.xml")[:2] == (200, b"")
    assert get(site.base("gazette") + "/gazette/parish-notes.xml")[0] == 404
    assert get(site.url("copper/missing"))[0] == 404
    assert b"Enable JavaScript and cookies" in get(site.url("copper/challenge"))[1]
    assert len(extract(site.url("copper/ferry-timetables"))) < SHORTEST_TEXT


def test_one_article_has_two_links(site: Site) -> None:
    """The feed links to it with tracking parameters and over a redirect; the page names its own address."""
    feed = feedparser.parse(get(site.feed("copper"))[1])
    links = [entry.link for entry in feed.entries if "tape-rooms" in entry.link]
    bodies = {get(link)[1] for link in links}
    assert len(links) == 2
    assert len(bodies) == 1
    assert f'rel="canonical" href="{site.url("copper/tape-rooms")}"'.encode() in bodies.pop()


def test_addresses_stay_the_same_on_a_fixed_port() -> None:
    """Ids come from URLs, so a second run must have the same; a taken port is said."""
    with Site() as free:
        port = int(free.opml_url.split(":")[2].split("/")[0])
    with Site(port=port) as first:
        urls = set(first.keys)
        with pytest.raises(PortTakenError, match=str(port)), Site(port=port):
            pass
    with Site(port=port) as second:
        assert set(second.keys) == urls


def test_three_loopback_names_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a system has few loopback addresses each feed is still served, and the first three keep own hosts."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    monkeypatch.setattr(server, "_has_all_loopbacks", lambda: False)
    with Site() as few:
        assert {get(few.feed(source.key))[0] for source in SOURCES} == {200}
        hosts = [urlsplit(few.base(source.key)).hostname for source in SOURCES[:3]]
    assert hosts == ["127.0.0.1", "localhost", "::1"]
