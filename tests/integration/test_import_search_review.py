"""Importing, searching and looking at articles."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from samples import HOUR, NOW, article, now, prose, search, stored, take

from indexer.importing import import_articles
from indexer.models import Kind
from indexer.progress import Silent
from indexer.query import QueryError
from indexer.review import NotFoundError, PairFilter, compare, pairs, resolve, show, source_names
from indexer.search import MARK, UNMARK, Wanted, facets, find, spelling

if TYPE_CHECKING:
    from pathlib import Path

    from indexer.elastic import Store
    from indexer.reports import Report

STORM = article(
    "storm",
    "The harbour was closed before the storm. Ships waited outside the breakwater all night long.",
    title="Harbour closed by storm",
    published=datetime(2026, 9, 1, 8, tzinfo=UTC),
    further=["https://herald.example/print/storm"],
)
BRIDGE = article(
    "bridge",
    "Le pont est fermé aux camions. Les ouvriers réparent les câbles pendant la nuit.",
    title="Fermeture du pont",
    domain="courrier.example",
    published=datetime(2026, 9, 3, 23, 30, tzinfo=UTC),
)
COPY = article(
    "mirrored", STORM.text, title="Storm", domain="mirror.example", published=datetime(2026, 9, 5, tzinfo=UTC)
)


@pytest.fixture
def filled(store: Store) -> Store:
    """Give an index with an English article, its copy, and a French one."""
    take(store, STORM, BRIDGE, COPY)
    return store


def run(store: Store, *lines: bytes | dict[str, Any]) -> Report:
    """Import lines, given as bytes or as what they say."""
    raw = [each if isinstance(each, bytes) else orjson.dumps(each) for each in lines]
    return import_articles(store, raw, now=now, progress=Silent())


def found(store: Store, query: str, **filters: Any) -> set[str]:
    """Search, and give the last parts of the URLs that were found."""
    return {hit.url.rsplit("/", 1)[-1] for hit in search(store, query, **filters).hits}


# -- import ------------------------------------------------------------------------------------------------


def test_broken_lines_cost_themselves_alone(store: Store) -> None:
    """A line that cannot be read is named by its number, with what is wrong; all others are in."""
    good = {"url": "https://herald.example/one", "title": "One", "text": prose(1, 60)}
    report = run(
        store,
        good,
        b'{"url": "https://herald.example/two", "text": ',
        b"",
        {"url": "https://herald.example/three"},
        {"text": "without an address"},
        [1, 2],
        {"url": "https://herald.example/four", "text": 4},
        {"url": "https://herald.example/five", "text": "words", "tags": [1]},
        {**good, "url": "https://herald.example/six", "text": prose(2, 60)},
    )
    assert (report.read, report.created) == (8, 2)
    assert [(each.what, each.reason.value) for each in report.rejections] == [
        ("line 2", "broken line"),
        ("line 4", "missing field"),
        ("line 5", "missing field"),
        ("line 6", "broken line"),
        ("line 7", "broken line"),
        ("line 8", "broken line"),
    ]
    assert store.articles.count() == 2


def test_import_reads_every_field(store: Store) -> None:
    """What a line says stands in the article."""
    run(
        store,
        {
            "url": "https://herald.example/one?utm_source=x",
            "source": {"name": "The Herald", "domain": "herald.example", "feed": "https://herald.example/feed"},
            "title": "A <b>storm</b>",
            "text": "Harbour\x1b[31m closed",
            "published": "2026-09-01T08:00:00+02:00",
            "seen": "2026-09-02T08:00:00Z",
            "language": "en",
            "authors": ["Ann Lee"],
            "urls": ["https://herald.example/amp/one"],
            "cves": ["CVE-2026-0001"],
        },
    )
    document = stored(store, article("one", ""))
    assert document["title"] == "A storm"
    assert document["text"] == "Harbour closed"
    assert document["published"] == "2026-09-01T06:00:00.000Z"
    assert document["seen"] == "2026-09-02T08:00:00.000Z"
    assert document["source"]["name"] == "The Herald"
    assert document["authors"] == ["Ann Lee"]
    assert document["cves"] == ["CVE-2026-0001"]
    assert document["urls"] == ["http://herald.example/one", "http://herald.example/amp/one"]
    assert document["published_origin"] == "import"


def test_import_again_changes_nothing(store: Store) -> None:
    """The same lines a second time are unchanged, and so are their pairs."""
    lines = [
        {"url": f"https://{name}.example/a", "text": prose(1, 60), "published": f"2026-09-0{day}T00:00:00Z"}
        for day, name in enumerate(("one", "two", "three"), start=1)
    ]
    assert run(store, *lines).pairs == {"exact": 3}
    before = set(pairs(store))
    report = run(store, *lines)
    assert (report.unchanged, report.created, report.updated) == (3, 0, 0)
    assert set(pairs(store)) == before


def test_lines_that_are_not_written_are_counted(store: Store) -> None:
    """When Elasticsearch fails every line is still counted, and what is wrong is said."""
    store.drop()
    report = run(store, *({"url": f"https://herald.example/{each}", "text": "words"} for each in range(600)))
    assert report.read == report.failed_writes == 600
    assert report.warnings


# -- search ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"storm", "bridge", "mirrored"}),
        ("*", {"storm", "bridge", "mirrored"}),
        ("ship", {"storm", "mirrored"}),  # its plural stands there
        ("closed ships", {"storm", "mirrored"}),
        ("ships camions", set()),  # all words are wanted
        ("ships OR camions", {"storm", "mirrored", "bridge"}),
        ('"closed before the storm"', {"storm", "mirrored"}),
        ('"before closed the storm"', set()),
        ("câble", {"bridge"}),
        ("cables", {"bridge"}),
        ("break*", {"storm", "mirrored"}),
        ("harbour -mirror", {"storm", "mirrored"}),
        ("title:harbour", {"storm"}),
        ("Title:harbour", {"storm"}),
        ("domain:courrier.example", {"bridge"}),
        ("source:mirror", {"mirrored"}),
        ("storm NOT source:mirror", {"storm"}),
        ("published:[2026-09-03T00:00:00.000Z TO *]", {"bridge", "mirrored"}),
        ("published:2026-09-03", {"bridge"}),
        ("published:[2026-09-01 TO 2026-09-03]", {"storm", "bridge"}),
        ("published:>=2026-09-03 OR title:harbour", {"storm", "bridge", "mirrored"}),
        ("published:2026", {"storm", "bridge", "mirrored"}),
        ('"ship"', set()),  # in quotes it is as it was written
        ("harbuor~", {"storm", "mirrored"}),
        ("title:(harbour OR pont)", {"storm", "bridge"}),
        ("w?ited", {"storm", "mirrored"}),
        ("ships-waited", {"storm", "mirrored"}),  # parted by what is in no word: side by side
        ("waited-ships", set()),
        ("«pont est fermé»", {"bridge"}),
        ("repost:yes", {"mirrored"}),
        ("repost:no reposts:>0", {"storm"}),
        ("source:mirror.example", {"mirrored"}),
        ("shelf:Inbox sent:no", {"storm", "bridge", "mirrored"}),
        ("https://www.herald.example/storm?utm_source=x", {"storm"}),
        ('url:"http://herald.example/print/storm"', {"storm"}),
        ('"Ships: waited"', {"storm", "mirrored"}),  # a colon in quotes is no field
        ("zebra", set()),
    ],
)
def test_queries(filled: Store, query: str, expected: set[str]) -> None:
    """Words, phrases, operators, wildcards and fields find what they say."""
    assert found(filled, query) == expected


def test_filters(filled: Store) -> None:
    """Sources, languages, dates and reposts narrow a search down; the last day counts whole."""
    assert found(filled, "", sources=["herald.example", "Mirror"]) == {"storm", "mirrored"}
    assert found(filled, "", languages=["fr"]) == set()
    assert found(filled, "", start="2026-09-02") == {"bridge", "mirrored"}
    assert found(filled, "", end="2026-09-03") == {"storm", "bridge"}
    assert found(filled, "", start="2026-09-01T08:00:00Z", end="2026-09-01T08:00:00Z") == {"storm"}
    assert found(filled, "", start="2026-09-01T10:00:00+02:00", end="2026-09-01T08:00:00") == {"storm"}
    assert found(filled, "", reposts="hide") == {"storm", "bridge"}
    assert found(filled, "", reposts="only") == {"mirrored"}


def test_sorts_and_limits(filled: Store) -> None:
    """Results come in the order that was asked for, no more than wanted, with the number of all."""
    results = search(filled, "", sort="date", limit=2)
    assert [hit.url for hit in results.hits] == [COPY.url, BRIDGE.url]
    assert results.total == 3
    assert search(filled, "", sort="reposts", limit=1).hits[0].url == STORM.url
    assert search(filled, "harbour").hits[0].url == STORM.url  # it stands in the title as well


def test_highlights(filled: Store) -> None:
    """A hit shows where the words stand, marked, whichever form of them was asked for."""
    (hit,) = search(filled, "ouvrier").hits
    assert any(f"{MARK}ouvriers{UNMARK}" in each for each in hit.highlights)
    (hit,) = search(filled, "title:fermetures").hits
    assert hit.marked_title == f"{MARK}Fermeture{UNMARK} du pont"


def test_text_beyond_the_highlighter(store: Store) -> None:
    """An article of over 1,000,000 characters is found, and fails no search."""
    take(store, article("long", f"harbour {'breakwater ' * 100_000} lighthouse"))
    assert search(store, "lighthouse").total == 1
    assert search(store, "harbour").hits[0].highlights


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ('harbour "unclosed', "character 9: this quote"),
        ("harbour AND", "character 12"),
        ("(harbour", "character 1: this bracket"),
        ("published:[2026 TO", "character 11: this range"),
        ("colour:blue", "no field «colour»"),
        ("harbour colour:blue", "character 9"),
        ("published:someday", "someday"),
    ],
)
@pytest.mark.parametrize("limit", [20, None])
def test_malformed_queries(filled: Store, query: str, says: str, limit: int | None) -> None:
    """A query that cannot be read is refused with the place, and so is a field that does not exist."""
    with pytest.raises(QueryError, match=says):
        search(filled, query, limit=limit)


@pytest.mark.parametrize("date", ["2026-13-01", "soon", "20260901T", "7x"])
def test_malformed_dates(filled: Store, date: str) -> None:
    """A date that is none is refused with the form to use."""
    with pytest.raises(QueryError, match="2026-09-01"):
        search(filled, "", start=date)


def test_complete_paging_at_equal_timestamps(store: Store) -> None:
    """1,200 articles of one moment are all listed, each once, in every order."""
    lines = (
        {
            "url": f"https://herald.example/{number}",
            "text": f"harbour report {prose(1_000 + number, 8)}",
            "published": "2026-09-01T08:00:00Z",
        }
        for number in range(1_200)
    )
    assert run(store, *lines).created == 1_200
    for sort in ("relevance", "date", "reposts"):
        results = search(store, "harbour", sort=sort, limit=None)
        assert results.total == len(results.hits) == 1_200
        assert len({hit.id for hit in results.hits}) == 1_200
    page = search(store, "", sort="date", limit=100)
    assert page.total == 1_200
    assert [hit.id for hit in page.hits] == sorted(hit.id for hit in results.hits)[:100]


def test_a_limit_above_a_page(store: Store) -> None:
    """More hits than one request gives are read page after page, and the first come first."""
    many = [article(f"a{number}", f"harbour {prose(number, 8)}", published=NOW) for number in range(450)]
    take(store, *many)
    results = search(store, "harbour", sort="date", limit=430)
    assert (results.total, len(results.hits)) == (450, 430)
    assert [hit.id for hit in results.hits] == sorted(each.id for each in many)[:430]


def test_reposts_are_folded_under_their_original(filled: Store) -> None:
    """Of a story only the original is listed, the others that match stand in it; all of them are counted."""
    results = search(filled, "", sort="date", reposts="fold")
    assert [hit.url for hit in results.hits] == [STORM.url, BRIDGE.url]  # where its latest copy would stand
    assert [[each.id for each in hit.also] for hit in results.hits] == [[COPY.id], []]
    assert results.total == 3
    (alone,) = search(filled, "source:mirror", reposts="fold").hits
    assert (alone.id, alone.also) == (COPY.id, ())  # its original does not match
    (first,) = search(filled, "breakwater", reposts="fold", limit=1).hits
    assert first.id == STORM.id
    assert first.highlights


def test_folding_is_complete_over_many_pages(store: Store) -> None:
    """Each story is listed once, however far apart its copies stand."""
    text = prose(1, 200)
    story = [
        article(name, text, domain=f"{name}.example", published=NOW - age * HOUR)
        for name, age in (("first", 900), ("second", 300), ("third", 1))
    ]
    others = [article(f"o{number}", prose(100 + number, 40), published=NOW - number * HOUR) for number in range(600)]
    take(store, *story, *others)
    hits = list(find(store, Wanted(reposts="fold"), sort="date", page=50))
    assert len({hit.id for hit in hits}) == len(hits) == 601
    (folded,) = [hit for hit in hits if hit.also]
    assert [folded.id, *(each.id for each in folded.also)] == [each.id for each in story]


def test_a_copy_of_a_copy_folds_under_the_first(store: Store) -> None:
    """Where each repeats the one before and the last has little of the first, all are one story."""
    one, two, three = (prose(seed, 100) for seed in (1, 2, 3))
    chain = [
        article("first", f"{one} {two}", published=NOW - 3 * HOUR),
        article("second", f"{two} {prose(9, 30)}", domain="second.example", published=NOW - 2 * HOUR),
        article("third", f"{prose(9, 30)} {three}", domain="third.example", published=NOW - HOUR),
    ]
    chain[2] = replace(chain[2], text=f"{two.partition(' ')[2]} {prose(9, 30)} {three[:-30]}")
    take(store, *chain)
    (hit,) = search(store, "", reposts="fold").hits
    assert (hit.id, {each.id for each in hit.also}) == (chain[0].id, {each.id for each in chain[1:]})


def test_counts_by_facet(filled: Store) -> None:
    """What matches is counted by source, language and day, without a limit all of it."""
    counted = facets(filled, Wanted(query="harbour OR pont"))
    assert counted.total == 3
    assert dict(counted.values["source"].counts) == {"herald.example": 1, "mirror.example": 1, "courrier.example": 1}
    assert counted.values["language"].counts == (("en", 3),)
    assert [(day.isoformat(), number) for day, number in counted.days] == [
        ("2026-09-01", 1),
        ("2026-09-03", 1),
        ("2026-09-05", 1),
    ]
    limited = facets(filled, Wanted(), limit=1).values["source"]
    assert (len(limited.counts), limited.other) == (1, 2)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("breakwatr", "breakwater"),
        ('ships wiated "all night"', 'ships waited "all night"'),
        ("(brekwater OR zebra) title:harbuor", "(breakwater OR zebra) title:harbour"),
        ("zebra", None),
        ("-ships harbour", None),
    ],
)
def test_another_spelling_is_offered(filled: Store, wrong: str, right: str | None) -> None:
    """A query that finds nothing for its spelling is offered with the nearest words, if those find something."""
    better = spelling(filled, Wanted(query=wrong))
    assert (better and better.query) == right
    assert better is None or better.total > 0


def test_tags_are_found_in_any_case(store: Store) -> None:
    """A tag is found as a person types it, whole."""
    run(store, {"url": "https://herald.example/a", "text": "words", "tags": ["Data Breach"], "cves": ["CVE-2026-0001"]})
    for query in ('tag:"data breach"', "tag:data*", "cve:cve-2026-0001", "tag:*"):
        assert found(store, query) == {"a"}
    assert found(store, "", tags=["DATA BREACH"], cves=["cve-2026-0001"]) == {"a"}
    assert found(store, "tag:breach") == set()


def test_span_of_days(store: Store) -> None:
    """A span is counted back from now."""
    today = datetime.now(tz=UTC)
    take(store, article("new", "harbour", published=today - HOUR))
    take(store, article("old", "bridge", published=today - timedelta(days=9)))
    assert found(store, "", start="7d") == {"new"}
    assert found(store, "", end="1w") == {"old"}


# -- review ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reference",
    [
        STORM.id,
        STORM.id[:12],
        STORM.id[:12].upper(),
        STORM.url,
        "http://www.herald.example/storm/?utm_source=mail&utm_medium=x#top",
        "https://herald.example/print/storm",
        f"  {STORM.id}\n",
    ],
)
def test_show_takes_ids_prefixes_and_urls(filled: Store, reference: str) -> None:
    """One article is found by its id, the beginning of it, and any of its URLs, with both directions."""
    review = show(filled, reference)
    assert review.article["id"] == STORM.id
    assert [pair.later for pair in review.later] == [COPY.id]
    assert review.earlier == ()
    assert [pair.earlier for pair in show(filled, COPY.id).earlier] == [STORM.id]


def test_unknown_reference_offers_near_ones(filled: Store) -> None:
    """What is not known is refused with what resembles it."""
    mistyped = ("0" if STORM.id[-1] != "0" else "1").join((STORM.id[:-1], ""))
    with pytest.raises(NotFoundError, match=f"Near ones:\n  {STORM.id}  Harbour closed"):
        show(filled, mistyped)
    with pytest.raises(NotFoundError, match=STORM.id):
        show(filled, "https://herald.example/stor")
    for nothing in ("zzz", "https://nowhere.example/zzz", "", " "):
        with pytest.raises(NotFoundError, match="condensat search"):
            show(filled, nothing)


def test_ambiguous_prefix_names_the_candidates(store: Store) -> None:
    """The beginning of several ids is refused with those that it may mean."""
    many = [article(f"a{number}", f"{number}") for number in range(40)]
    take(store, *many)
    first = next(
        each.id[0] for each in many if sum(other.id.startswith(each.id[0]) for other in many) > 1
    )  # 16 beginnings, 40 ids
    with pytest.raises(NotFoundError, match="several articles"):
        resolve(store, first)


def test_listing_of_pairs(filled: Store) -> None:
    """Pairs are listed by article, kind, source, date and coverage."""
    for filters, expected in (
        ({}, 1),
        ({"reference": STORM.url}, 1),
        ({"reference": BRIDGE.id}, 0),
        ({"kinds": ["exact"]}, 1),
        ({"kinds": ["near", "partial"]}, 0),
        ({"sources": ["mirror.example"]}, 1),
        ({"sources": ["courrier.example"]}, 0),
        ({"start": "2026-09-05", "end": "2026-09-05"}, 1),
        ({"end": "2026-09-04"}, 0),
        ({"min_coverage": 1.0}, 1),
        ({"sources": ["Mirror"]}, 1),
        ({"sources": ["Courrier"]}, 0),
        ({"sources": ["MIRROR.example"]}, 1),
        ({"update": False}, 1),
        ({"update": True}, 0),
        ({"kinds": ["exact"], "sources": ["herald.example"], "update": False, "start": "2026-09-01"}, 1),
    ):
        assert len(list(pairs(filled, PairFilter(**filters)))) == expected, filters
    assert list(pairs(filled, limit=0)) == []


def test_articles_of_pairs_have_the_names_of_their_sources(filled: Store) -> None:
    """Both sides are named, by the article's own source."""
    assert source_names(filled, pairs(filled)) == {STORM.id: "Herald", COPY.id: "Mirror"}


def test_show_tells_what_differs(store: Store) -> None:
    """In both directions the change goes from the earlier text to the later one, in the words as they were written."""
    original = article(
        "first", f"{prose(1, 50)} The Harbour closed on Tuesday. {prose(2, 50)}", published=NOW - 2 * HOUR
    )
    edited = article("second", original.text.replace("Tuesday", "Friday"), domain="mirror.example")
    take(store, original, edited)
    for side in (original, edited):
        review = show(store, side.id)
        (pair,) = (*review.earlier, *review.later)
        ((*_, change, _),) = review.differences[pair.id]
        assert (change.a, change.b, change.same) == (("Tuesday.",), ("Friday.",), False)
        assert review.names == {original.id: "Herald", edited.id: "Mirror"}


def test_comparison_of_two_files(tmp_path: Path) -> None:
    """Two files are compared without a server; the older one is the earlier."""
    one, two = tmp_path / "one.txt", tmp_path / "two.txt"
    text = prose(1, 100)
    one.write_text(text, encoding="utf-8")
    two.write_text(f"{text} {prose(2, 20)}", encoding="utf-8")
    os.utime(one, (2_000_000, 2_000_000))
    os.utime(two, (1_000_000, 1_000_000))

    def no_store() -> Store:
        raise AssertionError("no server is needed for two files")

    comparison = compare(no_store, str(one), str(two))
    assert (comparison.kind, comparison.earlier, comparison.order_certain) == (Kind.NEAR, "b", True)
    assert (comparison.measures.longest_run, comparison.lag_seconds) == (100, 1_000_000)
    assert not comparison.update
    (hunk,) = comparison.hunks
    assert [(each.same, each.a, len(each.b)) for each in hunk[1:]] == [(False, (), 20)]


def test_comparison_of_a_file_and_an_article(filled: Store, tmp_path: Path) -> None:
    """A file is compared with an article by its URL."""
    file = tmp_path / "one.txt"
    file.write_text(STORM.text.upper(), encoding="utf-8")
    comparison = compare(lambda: filled, str(file), STORM.url)
    assert comparison.kind is Kind.EXACT
    assert comparison.earlier == ("b" if file.stat().st_mtime > NOW.timestamp() else comparison.earlier)
    with pytest.raises(NotFoundError):
        compare(lambda: filled, str(file), "https://nowhere.example/")
