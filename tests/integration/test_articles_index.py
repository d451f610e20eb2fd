"""Writing articles: what is created, updated and left alone, and who owns which field."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from samples import HOUR, NOW, article, now, prose, stored, take, write

from indexer.detect import ABANDONED, detect, mark_again
from indexer.elastic import Store, StoreError
from indexer.elastic.schema import write_alias
from indexer.indexing import Arrival, take_in
from indexer.models import Published
from indexer.reports import Outcome, Report

if TYPE_CHECKING:
    from collections.abc import Callable

    from elasticsearch import Elasticsearch

TEXT, OTHER_TEXT = prose(1, 80), prose(2, 80)


def test_created_then_unchanged_then_updated(store: Store) -> None:
    """An article is created once, the same again changes nothing, and a new text updates it."""
    own = article("one", TEXT)
    assert [take(store, each).to_dict()[end] for each, end in ((own, "created"), (own, "unchanged"))] == [1, 1]
    before = stored(store, own)
    assert take(store, replace(own, text=OTHER_TEXT)).updated == 1
    after = stored(store, own)
    assert (before["text"], after["text"]) == (TEXT, OTHER_TEXT)
    assert after["created"] == before["created"]
    assert before["condensate"] != after["condensate"]
    assert before["text_hash"] != after["text_hash"]
    assert store.articles.count() == 1


def test_changed_text_keeps_the_old_version(store: Store) -> None:
    """Every earlier text of an article is kept, the oldest first, and its pairs are to be found again."""
    own = article("one", TEXT, title="First title")
    take(store, own)
    assert list(store.pending.ids()) == []
    write(store, replace(own, text=OTHER_TEXT, title="Second title"))
    write(store, replace(own, text=prose(3, 80)))
    after = stored(store, own)
    assert [(each["title"], each["text"]) for each in after["revisions"]] == [
        ("First title", TEXT),
        ("Second title", OTHER_TEXT),
    ]
    assert list(store.pending.ids()) == [own.id]


def test_change_beside_the_text_is_no_revision(store: Store) -> None:
    """A new title or image updates the article and keeps no old text."""
    own = article("one", TEXT)
    take(store, own)
    assert take(store, replace(own, image="https://herald.example/a.png")).updated == 1
    assert "revisions" not in stored(store, own)


def test_a_page_that_comes_late_is_no_revision(store: Store) -> None:
    """Where the feed's text stood in for a page that failed, the page replaces it and nobody has edited anything."""
    own = article("one", TEXT)
    take(store, replace(own, origins={**own.origins, "text": "feed"}))
    assert take(store, replace(own, text=OTHER_TEXT, origins={**own.origins, "text": "page"})).updated == 1
    found = stored(store, own)
    assert (found["text"], found.get("revisions")) == (OTHER_TEXT, None)


def test_seen_never_moves_later(store: Store) -> None:
    """An earlier sight of an article is recorded, a later one is not."""
    own = article("one", TEXT, published=None)
    take(store, own)
    take(store, replace(own, seen=NOW + HOUR))
    assert stored(store, own)["seen"] == "2026-09-10T12:00:00.000Z"
    take(store, replace(own, seen=NOW - 2 * HOUR))
    after = stored(store, own)
    assert after["seen"] == after["effective"] == "2026-09-10T10:00:00.000Z"


def test_published_once_recorded_stays(store: Store) -> None:
    """The first plausible date stays, with all that is known of it, whatever later polls say."""
    own = article("one", TEXT)
    take(store, own)
    fields = ("published", "published_raw", "published_origin", "published_precision", "published_problem", "effective")
    before = {key: stored(store, own)[key] for key in fields}
    later = Published(at=NOW, raw="now", origin="feed", problem="no zone")
    for published in (later, Published(problem="absent")):
        take(store, replace(own, published=published, text=OTHER_TEXT))
        assert {key: stored(store, own)[key] for key in fields} == before


def test_date_that_was_missing_is_filled_in(store: Store) -> None:
    """An article that had no date takes the first that is given, and its place in time with it."""
    own = article("one", TEXT, published=None)
    take(store, own)
    assert stored(store, own)["effective"] == "2026-09-10T12:00:00.000Z"
    assert take(store, article("one", TEXT)).updated == 1
    after = stored(store, own)
    assert after["published"] == after["effective"] == "2026-09-10T11:00:00.000Z"


def test_analysts_fields_survive_ingest(client: Elasticsearch, store: Store) -> None:
    """What an analyst wrote stays when the article comes again, changed or not."""
    own = article("one", TEXT)
    take(store, own)
    written = {"notes": {"stars": 3, "remark": "ask the harbour", "by": "kim"}, "shelf": "kept", "sent": True}
    client.update(index=write_alias(store.prefix, "articles"), id=own.id, doc=written)
    take(store, own)
    take(store, replace(own, text=OTHER_TEXT))
    after = stored(store, own)
    assert {key: after[key] for key in written} == written


def test_every_url_leads_to_one_article(store: Store) -> None:
    """An article that comes under another of its URLs is the same article, and learns the new ones."""
    own = article("one", TEXT, further=["https://herald.example/amp/one"])
    take(store, own)
    again = article("amp/one", TEXT, title="one", further=["https://herald.example/print/one"])
    assert take(store, again).created == 0
    take(store, article("print/one", TEXT, title="one"))
    assert store.articles.count() == 1
    assert stored(store, own)["urls"] == [
        "http://herald.example/one",
        "http://herald.example/amp/one",
        "http://herald.example/print/one",
    ]


def test_one_article_twice_in_a_batch(store: Store) -> None:
    """Of the same article twice in one batch the last stands, with both URLs and the earlier sight."""
    first = article("one", TEXT, seen=NOW - HOUR)
    last = article("one?utm_source=mail", OTHER_TEXT, further=["https://herald.example/one/print"])
    report = take(store, first, last)
    assert (report.created, report.unchanged) == (1, 1)
    after = stored(store, first)
    assert after["text"] == OTHER_TEXT
    assert after["urls"] == ["http://herald.example/one", "http://herald.example/one/print"]
    assert after["seen"] == "2026-09-10T11:00:00.000Z"


def test_refused_article_costs_itself_alone(store: Store) -> None:
    """An article that Elasticsearch refuses is rejected with the reason, and the rest of its batch is indexed."""
    bad = replace(article("bad", TEXT), origins={"colour": "blue"})
    report = take(store, article("one", OTHER_TEXT), bad)
    assert report.created == 1
    assert report.failed_writes == 1
    (rejection,) = report.rejections
    assert rejection.what == bad.url
    assert "colour" in rejection.detail


def test_further_urls_are_noted_once(store: Store) -> None:
    """URLs that are found later lead to the article; those that it has are not written again."""
    own = article("one", TEXT)
    take(store, own)
    store.articles.add_urls(own.id, ["http://herald.example/a", "http://herald.example/a"])
    before = stored(store, own)
    store.articles.add_urls(own.id, ["http://herald.example/a"])
    assert before == stored(store, own)
    store.articles.refresh()
    assert store.articles.known([], ["http://herald.example/a"])["http://herald.example/a"].id == own.id
    store.articles.add_urls("0" * 20, ["http://herald.example/b"])  # an article that was removed meanwhile


def test_another_way_to_an_article_replaces_nothing(store: Store) -> None:
    """What comes by another link, in the same batch or later, only adds that link."""
    own = article("one", TEXT)
    take(store, own, article("amp", OTHER_TEXT, further=["https://herald.example/one"]))
    take(store, article("print", OTHER_TEXT, further=["https://herald.example/one"]))
    after = stored(store, own)
    assert after["text"] == TEXT
    assert after["urls"] == ["http://herald.example/one", "http://herald.example/amp", "http://herald.example/print"]


def test_mark_of_an_article_that_changed_stays(store: Store) -> None:
    """A mark that somebody wrote again after it was read is not taken away, and is named."""
    own, other = article("one", TEXT), article("two", OTHER_TEXT)
    write(store, own, other)
    read = store.pending.read([own.id, other.id])
    write(store, replace(own, text=OTHER_TEXT))
    assert store.pending.take_away(read.values()) == {own.id}
    assert list(store.pending.ids()) == [own.id]


def test_mark_before_its_article_waits(store: Store) -> None:
    """Who marks an article and has not written it yet finds the mark still there: its old text does not answer it."""
    own = article("one", TEXT)
    take(store, own)
    store.pending.mark({own.id: "the state that is coming"}, now=NOW)
    assert detect(store, now=now) == {}
    assert list(store.pending.ids()) == [own.id]
    assert detect(store, now=lambda: NOW + ABANDONED + HOUR) == {}
    assert list(store.pending.ids()) == []


def test_change_that_no_verdict_rests_on_marks_nothing(store: Store) -> None:
    """Another title is written, and nothing is judged again for it."""
    own = article("one", TEXT)
    take(store, own)
    (end,) = write(store, replace(own, title="another"))
    assert (end.outcome, end.pending) == (Outcome.UPDATED, False)
    assert list(store.pending.ids()) == []


def test_concurrent_writers_lose_no_version(connect: Callable[[str], Store], store: Store) -> None:
    """Two who write one article at once: every text that was acknowledged is its text, or one of its revisions."""
    own = article("one", TEXT)
    take(store, own)
    texts = [[prose(100 * side + number, 20) for number in range(15)] for side in (1, 2)]

    def writing(mine: list[str]) -> list[str]:
        with connect(store.prefix) as further:
            ends = [(text, write(further, replace(own, text=text))[0].outcome) for text in mine]
        return [text for text, outcome in ends if outcome is Outcome.UPDATED]

    with ThreadPoolExecutor(2) as pool:
        acknowledged = [text for part in pool.map(writing, texts) for text in part]
    after = stored(store, own)
    versions = [*(each["text"] for each in after["revisions"]), after["text"]]
    assert versions[0] == TEXT
    assert sorted(versions[1:]) == sorted(acknowledged)
    assert acknowledged


def test_report_of_a_store_that_fails(store: Store) -> None:
    """When Elasticsearch is gone every arrival is counted as not written, and the error goes on."""
    store.drop()
    report = Report(read=2)
    arrivals = [Arrival(article=article(name, TEXT), what=name) for name in ("one", "two")]
    with pytest.raises(StoreError):
        take_in(store, arrivals, report, now=now)
    report.check()
    assert report.failed_writes == 2


def test_window_of_dates(store: Store) -> None:
    """With a window, copies further apart in time are not looked for; without one they are found."""
    early = article("one", TEXT, published=NOW - timedelta(days=40))
    late = article("two", TEXT, domain="mirror.example")
    write(store, early, late)
    assert not detect(store, dict.fromkeys([early.id, late.id]), now=now, window_days=30)
    mark_again(store, [early.id, late.id], now=NOW)
    assert detect(store, now=now, window_days=41) == {"exact": 1}
