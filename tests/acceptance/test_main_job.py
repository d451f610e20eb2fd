"""The main job, with the installed command, over HTTP, on a real Elasticsearch: poll, index, find who repeats whom."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from defusedxml import ElementTree
from demo_site import Site, expected

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Condensat, Result

# What a terminal would obey: C0 without newline and tab, DEL, C1.
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class World:
    """The site and the command after a first poll."""

    def __init__(self, site: Site, condensat: Condensat, report: dict[str, Any]) -> None:
        self.site = site
        self.condensat = condensat
        self.report = report

    def pairs(self, *arguments: object) -> set[tuple[str, str, str, bool]]:
        """Give the stored pairs, by the site's own names."""
        return named_pairs(self.site, self.condensat, *arguments)

    def show(self, what: str) -> dict[str, Any]:
        """Give one article; ``source/slug`` or anything that the command takes."""
        target = self.site.url(what) if "://" not in what and "/" in what else what
        shown: dict[str, Any] = self.condensat("show", target, "--format", "json").json
        return shown

    def id(self, key: str) -> str:
        """Give the id of an article of the site."""
        identity: str = self.show(key)["id"]
        return identity


def named_pairs(site: Site, condensat: Condensat, *arguments: object) -> set[tuple[str, str, str, bool]]:
    names = site.keys
    return {
        (name_of(names, pair["earlier_url"]), name_of(names, pair["later_url"]), pair["kind"], pair["update"])
        for pair in condensat.pairs(*arguments)
    }


def name_of(names: dict[str, str], url: str) -> str:
    """Name the article of an URL; the feed may have led to it with tracking parameters or over a redirect."""
    plain = url.partition("?")[0]
    return names.get(plain) or names[re.sub(r"/go/([\w-]+)$", r"/2026/09/\1.html", plain)]


def table(*names: str) -> set[tuple[str, str, str, bool]]:
    return {
        (each["earlier"], each["later"], each["kind"], each["update"]) for name in names for each in expected()[name]
    }


def poll(condensat: Condensat, *arguments: object) -> dict[str, Any]:
    report: dict[str, Any] = condensat("ingest", *arguments, "--format", "json").json
    ended = report["created"] + report["updated"] + report["unchanged"] + sum(report["rejected"].values())
    assert report["read"] == ended, report
    return report


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as served:
        yield served


@pytest.fixture(scope="module")
def world(fresh: Condensat) -> Iterator[World]:
    with Site() as served:
        opml = fresh.folder / "feeds.opml"
        opml.write_text(served.opml(), encoding="utf-8")
        fresh("init")
        fresh("feeds", "import", opml)
        yield World(served, fresh, poll(fresh))


# -- what was taken in ---------------------------------------------------------------------------------------


def test_every_entry_is_accounted_for(world: World) -> None:
    """Each article is created once, and what could not be is counted under its reason."""
    assert world.report["created"] == expected()["created"]
    assert world.report["rejected"] == expected()["rejected"]
    assert len(world.condensat.articles()) == expected()["created"]


def test_broken_feeds_are_named_with_their_reason(world: World) -> None:
    """A page, an empty body and a missing feed are reported, and the rest goes in."""
    failed = {each["url"]: each["reason"] for each in world.report["feeds"]["failed"]}
    assert {re.sub(r"^http://[^/]+", "", url): reason for url, reason in failed.items()} == expected()["failed_feeds"]


def test_pairs_are_those_of_the_table(world: World) -> None:
    """Exact, near, partial and passage are found, each with its direction and update mark; nothing else is."""
    assert world.pairs() == table("pairs")


def test_templates_and_shared_topics_are_no_reposts(world: World) -> None:
    """Two bulletins that differ in numbers and names, and two reports on one subject, are kept apart."""
    unwanted = {frozenset(pair) for pair in expected()["never_reposts"]}
    reposts = {frozenset(pair[:2]) for pair in world.pairs() if pair[2] in {"exact", "near", "partial"}}
    assert not unwanted & reposts


def test_earlier_is_who_published_first(world: World) -> None:
    """The order comes from the dates, whichever feed was asked first; the lag agrees with them."""
    for pair in world.condensat.pairs():
        earlier, later = (datetime.fromisoformat(pair[f"{side}_effective"]) for side in ("earlier", "later"))
        assert earlier < later
        assert pair["lag_seconds"] == (later - earlier).total_seconds()


def test_pairs_carry_their_evidence(world: World) -> None:
    """An excerpt is covered by its source and not the reverse; the quoted run is told in words."""
    pairs = {(pair["earlier_url"], pair["later_url"]): pair for pair in world.condensat.pairs()}
    excerpt = pairs[world.site.url("lab/debug-port"), world.site.url("gazette/debug-port-excerpt")]
    assert excerpt["coverage_later"] > 0.6 > excerpt["coverage_earlier"]
    passage = pairs[world.site.url("lab/expired-token"), world.site.url("wire/telemetry-quote")]
    assert passage["longest_run"] >= 60
    assert "a gauge that shows zero" in passage["longest_run_text"] or "dashboard" in passage["longest_run_text"]
    assert passage["same_source"] is False


# -- polling again -------------------------------------------------------------------------------------------


def test_second_poll_changes_nothing(world: World) -> None:
    """Nothing is created or updated, unchanged feeds answer 304, and the pairs stay."""
    before = len(world.site.requests)
    report = poll(world.condensat)
    assert (report["created"], report["updated"]) == (0, 0)
    assert world.pairs() == table("pairs")
    assert 304 in {request.status for request in world.site.requests[before:]}


def test_order_of_arrival_does_not_matter(site: Site, condensat: Condensat) -> None:
    """The feeds polled in three runs, in the reverse of the list's order, end in the same pairs."""
    for sources in (("lab", "gazette"), ("cert", "digue"), ("wire", "copper")):
        poll(condensat, *map(site.feed, sources))
    assert named_pairs(site, condensat) == table("pairs")


def test_a_back_filled_original_becomes_the_origin(site: Site, condensat: Condensat) -> None:
    """An older article that comes in after its copy is the earlier of the pair, and the copy points to it."""
    for source in ("copper", "lab"):
        poll(condensat, site.feed(source))
    assert not named_pairs(site, condensat) & table("pairs_after_release")
    site.release("lab/quiet-beacons")
    assert poll(condensat, site.feed("lab"))["created"] == 1
    assert table("pairs_after_release") <= named_pairs(site, condensat)
    shown = condensat("show", site.url("copper/quiet-beacons"), "--format", "json").json
    original = condensat("show", site.url("lab/quiet-beacons"), "--format", "json").json
    assert shown["repost_of"] == original["id"]


def test_an_edit_is_judged_again(site: Site, condensat: Condensat) -> None:
    """When a publisher edits an article, the article is updated in place and its pairs say what holds now."""
    for source in ("copper", "wire"):
        poll(condensat, site.feed(source))
    before = ("wire/crane-schedules", "copper/crane-schedules", "exact", False)
    assert before in named_pairs(site, condensat)
    site.edit("wire/crane-schedules")
    report = poll(condensat, site.feed("wire"))
    assert (report["created"], report["updated"]) == (0, 1)
    edited = named_pairs(site, condensat, site.url("wire/crane-schedules"))
    assert edited == table("pairs_after_edit")


# -- one article ---------------------------------------------------------------------------------------------


def test_show_takes_an_id_a_prefix_and_any_url(world: World) -> None:
    """Tracking parameters, a redirect and the canonical address lead to one article, as do its id and a part of it."""
    url = world.site.url("copper/tape-rooms")
    identity = world.id("copper/tape-rooms")
    ways = [
        identity,
        identity[:10],
        url,
        f"{url}?utm_source=rss&utm_medium=feed",
        world.site.base("copper") + "/copper/go/tape-rooms",
    ]
    assert {world.show(way)["id"] for way in ways} == {identity}


def test_show_has_both_directions(world: World) -> None:
    """The page of an article that repeats one and is repeated by another names both, in JSON and in the terminal."""
    shown = world.show("gazette/crane-schedules")
    first, last = world.id("wire/crane-schedules"), world.id("copper/crane-schedules")
    ends = {(pair["earlier"], pair["later"]) for pair in world.condensat.pairs(shown["id"])}
    assert ends == {(first, shown["id"]), (shown["id"], last)}
    page = world.condensat("show", shown["id"]).out
    assert "Northgate Gazette" in page
    assert first[:10] in page
    assert last[:10] in page


def test_the_review_page_is_written_by_the_installed_command(world: World, tmp_path: Path) -> None:
    """The wheel has the templates in it: the page is one file, with the article and both directions of its reposts."""
    file = tmp_path / "page.html"
    page = ["--format", "html", "--language", "fr", "--output", file]
    world.condensat("show", world.site.url("gazette/crane-schedules"), *page)
    text = file.read_text(encoding="utf-8")
    assert '<html lang="fr">' in text
    for each in ("Copperline Reader", "Tidewater Wire", "L&#39;article reprend un précédent"):
        assert each in text


def test_a_digest_is_written_by_the_installed_command(site: Site, condensat: Condensat, tmp_path: Path) -> None:
    """A saved search sends what was indexed since, reposts folded, once, and marks it."""
    opml, feed = tmp_path / "feeds.opml", tmp_path / "cranes.atom"
    opml.write_text(site.opml(), encoding="utf-8")
    condensat("searches", "add", "cranes", "crane", "--feed", feed)
    condensat("feeds", "import", opml)
    poll(condensat)
    (sent,) = condensat("digest", "--all", "--format", "json").json
    assert (sent["state"], sent["articles"]) == ("sent", 3)
    entries = ElementTree.fromstring(feed.read_bytes()).findall("{http://www.w3.org/2005/Atom}entry")
    assert len(entries) == 1
    assert condensat("digest", "cranes", "--format", "json").json == []
    assert len(condensat("search", "sent:yes", "--format", "json").json) == 3


def test_a_canonical_link_to_another_domain_merges_nothing(world: World) -> None:
    """A syndicated copy that names its original as canonical stays an article of its own."""
    assert world.id("copper/crane-schedules") != world.id("wire/crane-schedules")


@pytest.mark.parametrize("key", ["copper/lighthouse-modems", "copper/far-future"])
def test_dates_are_not_invented(world: World, key: str) -> None:
    """Without a date, or with one in the future, an article is ordered by when it was seen and says why."""
    shown = world.show(key)
    assert shown.get("published") is None
    assert shown["seen"] is not None
    assert datetime.fromisoformat(shown["effective"]) == datetime.fromisoformat(shown["seen"])


def test_the_feeds_text_stands_in_for_a_stub(world: World) -> None:
    """A page that yields next to nothing gives way to the text in the feed."""
    assert "with a thumb in one corner" in world.show("copper/ferry-timetables")["text"]


def test_languages_are_told(world: World) -> None:
    """French pages are French, English ones English."""
    assert {world.show(key)["language"] for key in ("digue/panne-hebergeur", "cert/guide-sauvegardes")} == {"fr"}
    assert world.show("wire/cable-ship")["language"] == "en"


def test_a_hostile_title_is_text(world: World) -> None:
    """Script, markup, a bell and colours in a title reach neither the terminal nor the JSON."""
    url = world.site.url("lab/hostile-title")
    title = world.show(url)["title"]
    assert "<" not in title
    assert not CONTROLS.search(title)
    for result in (
        world.condensat("show", url),
        world.condensat("search", "hostile headline"),
        world.condensat("reposts"),
    ):
        assert not CONTROLS.search(result.out + result.err)


# -- searching -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "key"),
    [
        ("gantry cranes", "wire/crane-schedules"),
        ("title:timetable", "copper/ferry-timetables"),
        ("hebergeur", "digue/panne-hebergeur"),  # without its accent
        ("vantaux", "cert/alerte-automates"),
        ('"a paper clip gives"', None),
        ("grapnel AND knots", "wire/cable-ship"),
    ],
)
def test_search_finds(world: World, query: str, key: str | None) -> None:
    """Words, phrases, fields, accents and operators find what they should."""
    hits = world.condensat("search", query, "--format", "json").json
    assert (world.site.url(key) in {hit["url"] for hit in hits}) if key else not hits


def test_search_filters(world: World) -> None:
    """Language, dates and reposts narrow a search."""
    search = world.condensat
    french = search("search", "*", "--language", "fr", "--format", "json").json
    assert {hit["language"] for hit in french} == {"fr"}
    assert len(french) == 11
    days = search("search", "*", "--from", "2026-09-10", "--to", "2026-09-12", "--format", "json").json
    assert {hit["effective"][:10] for hit in days} <= {"2026-09-10", "2026-09-11", "2026-09-12"}
    assert days
    copies = {pair[1] for pair in table("pairs") if pair[2] != "passage"}
    only = {
        name_of(world.site.keys, hit["url"])
        for hit in search("search", "*", "--reposts", "only", "--format", "json").json
    }
    assert only == copies
    hidden = search("search", "*", "--reposts", "hide", "--format", "json").json
    assert len(hidden) == expected()["created"] - len(copies)


def test_search_limits_and_lines(world: World) -> None:
    """--limit cuts a listing, which is complete without it; jsonl has a line an article."""
    assert len(world.condensat("search", "*", "--limit", "3", "--format", "json").json) == 3
    assert len(world.condensat("search", "*", "--format", "jsonl").out.splitlines()) == expected()["created"]


def test_reposts_can_be_narrowed(world: World) -> None:
    """By kind, by coverage, and by one article given as an URL."""
    assert {pair[2] for pair in world.pairs("--kind", "exact")} == {"exact"}
    assert len(world.pairs("--kind", "exact")) == 2
    assert ("lab/expired-token", "wire/telemetry-quote", "passage", False) not in world.pairs("--min-coverage", "0.5")
    marlow = world.pairs(world.site.url("wire/marlow-tapes"))
    assert marlow == {("wire/marlow-tapes", "wire/marlow-tapes-update", "near", True)}


# -- feeds ---------------------------------------------------------------------------------------------------


def test_feeds_have_a_health(world: World) -> None:
    """The list tells of each feed how it is; the export is OPML with all of them."""
    feeds = world.condensat("feeds", "list", "--format", "json").json
    assert len(feeds) == 10
    exported = ElementTree.fromstring(world.condensat("feeds", "export").out)
    urls = {outline.get("xmlUrl") for outline in exported.iter("outline")} - {None}
    assert urls == {feed["url"] for feed in feeds}


def test_single_pages_can_be_added(site: Site, condensat: Condensat, tmp_path: Path) -> None:
    """A page goes in by its URL, or from a file."""
    report = condensat("add", site.url("wire/cable-ship"), "--format", "json").json
    assert (report["read"], report["created"]) == (1, 1)
    assert list(condensat.articles()) == [site.url("wire/cable-ship")]
    page = tmp_path / "page.html"
    page.write_text(f"<title>Kept</title><article>{'<p>A page that somebody kept on a disk.</p>' * 12}</article>")
    assert condensat("add", page, "--format", "json").json["created"] == 1


def test_other_peoples_archives_can_be_added(condensat: Condensat, tmp_path: Path) -> None:
    """Of a WARC file the pages go in, and what is none is told by kind."""
    body = f"<title>Crawled</title><article>{'<p>A page that a crawler of somebody else kept.</p>' * 12}</article>"
    warc = tmp_path / "crawl.warc"
    warc.write_bytes(
        b"".join(
            f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: https://there.example/page\r\n"
            f"Content-Length: {len(block)}\r\n\r\n{block}\r\n\r\n".encode()
            for kind, block in (
                ("request", "GET /page HTTP/1.1\r\n\r\n"),
                ("response", f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n{body}"),
            )
        )
    )
    report = condensat("add", warc, "--format", "json").json
    assert (report["read"], report["created"], report["skipped"]) == (1, 1, {"request record": 1})
    assert list(condensat.articles()) == ["https://there.example/page"]
    assert "1 request record" in condensat("add", warc).err


def test_articles_are_made_again_from_the_archive(world: World, condensat: Condensat) -> None:
    """Where nothing changed, nothing is written; empty indices get the same articles and pairs; no site is asked."""
    asked = len(world.site.requests)
    unchanged = world.condensat("reprocess", "--format", "json").json
    assert (unchanged["created"], unchanged["updated"]) == (0, 0)
    assert unchanged["read"] == unchanged["unchanged"] + sum(unchanged["rejected"].values())
    settings = world.condensat.settings
    elsewhere = condensat.with_settings(archive=f"{settings['home']}/archive/{settings['prefix']}")
    report = elsewhere("reprocess", "--format", "json").json
    assert report["created"] == expected()["created"]
    assert set(elsewhere.articles()) == set(world.condensat.articles())
    assert named_pairs(world.site, elsewhere) == world.pairs()
    assert len(world.site.requests) == asked


def test_json_stands_alone(world: World) -> None:
    """Standard output holds JSON and nothing else; what is said to people goes to standard error."""
    result: Result = world.condensat("ingest", "--format", "json")
    assert set(result.json) >= {"read", "created", "updated", "unchanged", "rejected", "pairs", "seconds"}
    assert {
        "earlier",
        "later",
        "kind",
        "update",
        "coverage_earlier",
        "coverage_later",
        "longest_run",
        "lag_seconds",
    } <= set(world.condensat.pairs()[0])
