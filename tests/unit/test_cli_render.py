from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from rich.console import Console

from indexer.cli import feed_tables, feeds, page, progress, report, tables
from indexer.cli.errors import ExitCode, exit_code
from indexer.differences import Words, hunks
from indexer.elastic import StoreError, UnavailableError
from indexer.elastic.feeds import FeedRecord, feed_id
from indexer.elastic.sums import Lags, Sum
from indexer.engine import EngineError
from indexer.models import CondensatError, Kind, Pair, Reason, Rejection
from indexer.query import QueryError
from indexer.reports import Report
from indexer.review import Review
from indexer.search import MARK, UNMARK, Hit
from indexer.summary import Copying, Source, Summary

if TYPE_CHECKING:
    import pytest
    from rich.console import RenderableType

T = datetime(2026, 9, 1, 10, 0, tzinfo=UTC)
PAIR = Pair(
    id="p" * 20,
    earlier="a" * 20,
    later="b" * 20,
    earlier_url="https://one.example/a",
    later_url="https://two.example/b",
    earlier_title="A title that is long enough to be wrapped in a narrow column, and then to be cut somewhere",
    later_title="Evil \x1b[31mtitle [bold]here",
    earlier_source="one.example",
    later_source="a-very-long-registrable-domain.example",
    earlier_effective=T,
    later_effective=T + timedelta(hours=3),
    order_certain=True,
    kind=Kind.PARTIAL,
    update=False,
    coverage_earlier=1.0,
    coverage_later=0.31,
    shared_tokens=120,
    longest_run=82,
    longest_run_text="the words of the run",
    lag_seconds=10_800,
    same_source=False,
    rules=1,
)
ARTICLE: dict[str, Any] = {
    "id": "a" * 20,
    "url": "https://one.example/a",
    "source": {"name": "One", "domain": "one.example"},
    "published": "2026-09-01T10:00:00.000Z",
    "published_precision": "second",
    "seen": "2026-09-01T10:05:36.000Z",
    "title": "A title",
    "text": "word " * 1_000,
    "condensate": "title word",
    "tags": ["Threat", "Vulnerability"],
    "signature": ["AAAA"],
    "shelf": "inbox",
}


def drawn(what: RenderableType, width: int = 100) -> str:
    """Draw without colours."""
    console = Console(width=width, highlight=False, markup=False)
    with console.capture() as captured:
        console.print(what)
    return captured.get()


def test_pairs_fit_80_columns_with_all_that_decides() -> None:
    """Sources, kind, both coverages, run and lag can be read, whole, in 80 columns; the earlier one stands first."""
    pairs = [PAIR, replace(PAIR, kind=Kind.PASSAGE, update=True, order_certain=False, lag_seconds=0.0)]
    text = drawn(tables.pairs(pairs, {PAIR.earlier: "The One"}), 80)
    assert max(map(len, text.splitlines())) <= 80
    for words in ("partial", "passage", "update", "100 %", "31 %", "82 words", "3 h later", "order unsure"):
        assert words in text
    assert text.index("The One one.example 2026-09-01 10:00") < text.index("→ bbbbbbbbbb a-very-long")
    assert "\x1b" not in text
    assert "[bold]here" in " ".join(text.split())


def test_a_source_is_named_once() -> None:
    """The domain stands behind a name that does not hold it, and for a name that is missing."""
    assert tables.source_name("The Herald", "herald.example").plain == "The Herald herald.example"
    assert tables.source_name("www.Herald.example", "herald.example").plain == "www.Herald.example"
    assert tables.source_name(None, "herald.example").plain == "herald.example"


def test_what_differs_is_told_in_a_line_or_two() -> None:
    """The first differences are shown with their direction, the rest is counted."""
    words = [f"w{number}" for number in range(200)]
    other = [f"changed{number}" if number % 10 == 5 else word for number, word in enumerate(words)]
    found = tuple(hunks(Words(" ".join(words)), Words(" ".join(other))))
    text = " ".join(drawn(tables.others([PAIR], other="later", differences={PAIR.id: found})).split())
    assert "differs: w5 → changed5; w15 → changed15;" in text
    told = text.count("changed")
    assert 1 < told < 20
    assert f"{20 - told} more: condensat compare" in text


def test_the_summary_fits_80_columns() -> None:
    """Names, counts by kind, lags and the share can be read; a source that repeats itself is told."""
    one, two = (Source(domain=f"{name}.example", name=name.title()) for name in ("one", "a-rather-long-name"))
    found = Sum(pairs=1_250, kinds={"exact": 1_200, "passage": 50}, updates=3, lags=Lags(p10=60, median=7_200, p90=1e6))
    rows = [
        Copying(earlier=one, later=two, sum=found, later_reposts=30, later_articles=40),
        Copying(earlier=one, later=one, sum=found, later_reposts=0, later_articles=0),
    ]
    text = drawn(tables.summary(rows), 80)
    assert max(map(len, text.splitlines())) <= 80
    for words in ("One one.example", "1,200", "2 h", "1 min – 12 d", "75 %", "of 40", "→ itself"):
        assert words in text
    told = tables.total(Summary(total=found, rows=tuple(rows)), 1).plain
    assert told == "1,250 pairs: 1,200 exact, 50 passage; median lag 2 h; 1 of 2 rows (more: --limit)"
    nothing = Sum(pairs=0, kinds={}, updates=0, lags=Lags(p10=None, median=None, p90=None))
    assert tables.lags(nothing.lags).plain == "–"


def test_the_page_has_the_fields_in_their_order() -> None:
    """The labels stand in the order of the page, before the two directions."""
    text = drawn(page.draw(Review(article=ARTICLE, earlier=(), later=()), full=False))
    labels = ["Source", "Identifier", "Published", "Title", "Text", "Sent", "Condensate", "Tags", "Stories", "Notes"]
    places = [text.index(f"\n{label} ") if label != "Source" else text.index(label) for label in [*labels, "Shelf"]]
    assert places == sorted(places)
    assert "2026-09-01 10:00:00 UTC  (seen: 2026-09-01 10:05:36 UTC)" in text
    assert "Threat, Vulnerability" in text
    assert text.index(page.NOT_REPOSTED) < text.index(page.NOT_A_REPEAT)


def test_the_page_cuts_the_text_unless_all_is_asked() -> None:
    """A cut text says how much is missing; a full one has every word."""
    review = Review(article=ARTICLE, earlier=(), later=())
    assert "characters more: --full" in drawn(page.draw(review, full=False))
    assert drawn(page.draw(review, full=True)).count("word") == 1_001


def test_the_page_shows_both_directions_with_evidence() -> None:
    """Where there are pairs, the sentences give way to tables with the words of the longest run."""
    text = drawn(page.draw(Review(article=ARTICLE, earlier=(PAIR,), later=(PAIR,)), full=False))
    assert page.NOT_REPOSTED not in text
    assert page.NOT_A_REPEAT not in text
    later, earlier = text.split("Repeats an earlier one")
    assert "a-very-long-registrable-domain.example" in later
    assert "one.example" in earlier
    assert "82 words in a row: the words of the run" in " ".join(text.split())


def test_a_date_that_is_missing_is_not_invented() -> None:
    """No publication date is a dash, with what was given and what is wrong with it; a day has no time."""
    unknown = ARTICLE | {"published": None, "published_problem": "future", "published_raw": "2099-01-01"}
    text = drawn(page.draw(Review(article=unknown, earlier=(), later=()), full=False))
    assert "–  (future: 2099-01-01)  (seen: 2026-09-01 10:05:36 UTC)" in text
    day = ARTICLE | {"published_precision": "day"}
    text = drawn(page.draw(Review(article=day, earlier=(), later=()), full=False))
    assert "2026-09-01, a day without a time" in text


def test_the_page_as_json_has_the_article_and_its_pairs() -> None:
    """The stored fields are there, what only the index needs is not."""
    value = page.to_dict(Review(article=ARTICLE, earlier=(), later=(PAIR,)))
    assert value["title"] == "A title"
    assert "signature" not in value
    assert value["repeats_earlier"] == []
    assert value["reposted_later"] == [PAIR.to_dict() | {"differences": None}]
    found = tuple(hunks(Words("a ferry sank at night"), Words("a ferry burned at night")))
    value = page.to_dict(Review(article=ARTICLE, earlier=(PAIR,), later=(), differences={PAIR.id: found}))
    assert value["repeats_earlier"][0]["differences"] == [{"a": "sank", "b": "burned", "at_a": 2, "at_b": 2}]


def test_a_hit_shows_what_it_repeats_and_how_often_it_was_reposted() -> None:
    """The table has title, source and date; JSON has the places of the words that matched."""
    hit = Hit(
        id="a" * 20,
        url="https://one.example/a",
        title="Title [red]",
        source_name="One",
        domain="one.example",
        published=None,
        effective=T,
        language="en",
        score=1.5,
        highlights=(f"some {MARK}words{UNMARK} here",),
        repost_of="c" * 20,
        reposts=2,
    )
    text = drawn(tables.hits([hit]))
    for words in (
        "aaaaaaaaaa ",
        "2026-09-01 10:00",
        "seen",
        "Title [red]",
        "repeats cccccccccc",
        "reposted 2×",
        "… some words here …",
    ):
        assert words in text
    assert tables.hit_dict(hit)["highlights"] == [{"text": "some words here", "hits": [[5, 10]]}]


def rejecting(*reasons: Reason) -> Report:
    """Give a report of a run in which entries were rejected."""
    return Report(
        read=len(reasons), rejections=[Rejection(what=f"line {i}", reason=each) for i, each in enumerate(reasons)]
    )


def test_the_report_shows_counts_reasons_and_dead_feeds() -> None:
    """Everything that was counted can be read, with an example of each reason."""
    run = rejecting(Reason.BAD_LINE, Reason.BAD_LINE, Reason.NO_TEXT)
    run.read, run.created, run.pairs = 10, 7, Counter({"near": 2, "exact": 1})
    run.feeds_failed = [Rejection(what="https://dead.example/", reason=Reason.TIMEOUT, detail="[after] 20 s")]
    text = drawn(report.table(run))
    for words in (
        "10 read: 7 created",
        "1 exact, 2 near",
        "2 broken line  such as line 0",
        "1 no text",
        "dead.example/  timeout  [after]",
    ):
        assert words in text
    assert "Nothing new." not in text


def test_a_run_without_news_says_so() -> None:
    """Unchanged articles alone are nothing new."""
    assert "Nothing new." in drawn(report.table(Report(read=3, unchanged=3)))
    again = rejecting(Reason.NO_TEXT)
    again.unchanged = 3
    assert "Nothing new." in drawn(report.table(again))
    assert "Nothing new." not in drawn(report.table(Report(read=1, failed_writes=1)))
    assert "Nothing new." not in drawn(report.table(Report(read=1, created=1)))


def test_the_exit_code_of_a_run() -> None:
    """Rejects and dead feeds are no failure, unless they were named, or with --strict; a failed write always is."""
    assert report.code(rejecting(Reason.BAD_LINE), strict=False) is ExitCode.DONE
    assert report.code(rejecting(Reason.BAD_LINE), strict=True) is ExitCode.FAILED
    dead = Report(feeds_failed=[Rejection(what="https://dead.example/", reason=Reason.TIMEOUT)])
    assert report.code(dead, strict=False) is ExitCode.DONE
    assert report.code(dead, strict=False, named={"https://dead.example/"}) is ExitCode.FAILED
    assert report.code(dead, strict=True) is ExitCode.FAILED
    assert report.code(Report(failed_writes=1), strict=False) is ExitCode.FAILED
    unkept = Report(feeds_failed=[Rejection(what="https://kept.example/", reason=Reason.NOT_WRITTEN)])
    assert report.code(unkept, strict=False) is ExitCode.FAILED
    assert report.code(Report(), strict=True, failed=["cut.gz is damaged"]) is ExitCode.FAILED


def test_the_exit_code_of_an_error() -> None:
    """A malformed query is wrong use, an Elasticsearch that cannot be had is 3, all else 1."""
    assert exit_code(QueryError("x")) is ExitCode.USAGE
    assert exit_code(UnavailableError("x")) is ExitCode.NO_ELASTICSEARCH
    assert exit_code(EngineError("x")) is ExitCode.NO_ELASTICSEARCH
    assert exit_code(StoreError("x")) is ExitCode.FAILED
    assert exit_code(CondensatError("x")) is ExitCode.FAILED


def test_feeds_are_found_by_whatever_names_them() -> None:
    """Address, name, title, id and a beginning of it that is its alone; anything else is nobody."""
    known = [
        FeedRecord(id=feed_id(url), url=url, name=name, title=f"Title {name}", domain="a.example", added=T)
        for url, name in (("https://a.example/feed", "A"), ("https://b.example/feed", "B"))
    ]
    first, directory = known[0], feeds.Directory(known)
    for reference in (first.url, "http://A.example/feed/", "A", "Title A", first.id, first.id[:10]):
        assert directory.find(reference) is first
    assert directory.find("") is None
    assert directory.find("C") is None
    assert directory.find("https://c.example/feed") is None


def test_the_feeds_table_tells_how_the_last_poll_went() -> None:
    """A failing feed shows its error, one that was never polled says so."""
    records = [
        FeedRecord(id="f" * 20, url="https://a.example/feed", name="A", title=None, domain="a.example", added=T),
        FeedRecord(
            id="g" * 20,
            url="https://b.example/feed",
            name=None,
            title="B",
            domain="b.example",
            added=T,
            last_polled=T,
            last_error="timeout: [x]",
        ),
    ]
    text = drawn(feed_tables.table(records, now=T + timedelta(minutes=5)))
    for words in ("never", "5 min ago", "timeout: [x]", "https://a.example/feed"):
        assert words in text


def test_progress_in_a_pipe_is_plain_lines_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing of the progress is on standard output, and no cursor moves."""
    shown = progress.make()
    shown.start("reading feeds", 3)
    shown.advance()
    shown.note("a [note]\x1b[2J")
    shown.finish()
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "reading feeds: 3\na [note]\n"
