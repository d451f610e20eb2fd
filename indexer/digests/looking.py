"""Find what is new for a saved search: what has come in since, and has not gone out; it reads and never writes.

New is what was indexed since the search was saved and stands in none of its digests. It is looked for as far back as
a month before the last look, not only since then: so neither a slow clock nor an article that matches later (its page
came late, it was tagged or starred) is missed, and what has gone out is known by its id.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from indexer import saving
from indexer.elastic.documents import moment, parse_moment
from indexer.elastic.outbox import Elsewhere, Item
from indexer.search import MARK, UNMARK
from indexer.search.folding import BRIEF, Copy, Folding, Story, identity
from indexer.search.hits import HIGHLIGHT_CHARS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from indexer.elastic import Store
    from indexer.elastic.searches import SavedSearch

BACK = timedelta(days=30)  # before the last look; an article that matches later than that is no news
SKEW = timedelta(days=1)  # by which the clocks of who indexes and who sends may differ
JUDGING = timedelta(minutes=10)  # a mark so young is of an article whose pairs are being found at this moment
PAGE = 1_000
PASSAGE = 240  # characters
_FIELDS = ["url", "title", "source", "effective", "language", "tags", "stories", "cves", "notes"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Looked:
    """What a look found."""

    at: datetime
    items: tuple[Item, ...]  # the latest first; those that are there only for what repeats them last
    number: int  # of the search's last digest, 0 for none

    @staticmethod
    def named(items: Sequence[Item]) -> tuple[str, ...]:
        """Give the ids of the articles that go out with these items."""
        ids: dict[str, None] = {}
        for item in items:
            if not item.again:
                ids[item.id] = None
            ids.update(dict.fromkeys(each.id for each in item.also))
        return tuple(ids)


def look(store: Store, search: SavedSearch, *, now: datetime) -> Looked:
    """Look for what is new; raises QueryError where the query cannot be read any more."""
    wanted = saving.wanted(search)
    query = wanted.to_query()
    start = max(search.since, (search.last or search.since) - BACK)
    store.articles.refresh()
    body = {
        "query": {"bool": {"filter": [query, {"range": {"created": {"gte": moment(start)}}}]}},
        "sort": [{"effective": "desc"}, {"id": "asc"}],
        **BRIEF,
    }
    hits = list(store.articles.scan(body, page=PAGE))
    gone_out, number = store.outbox.gone_out(search.series, since=start - SKEW)
    fresh = [hit for hit in hits if identity(hit) not in gone_out]
    judging = {
        each for each, mark in store.pending.read([identity(hit) for hit in fresh]).items()
        if mark.since > now - JUDGING
    }  # fmt: skip
    fresh = [hit for hit in fresh if identity(hit) not in judging]
    stories = _stories(store, query, fresh, fold=wanted.reposts == "fold")
    ids = {identity(hit) for hit in fresh}
    items = [each for part in _parts(stories) for each in _items(store, query, part, ids, judging)]
    return Looked(at=now, items=tuple(sorted(items, key=lambda each: each.again)), number=number)


def _stories(store: Store, query: dict[str, Any], hits: list[dict[str, Any]], *, fold: bool) -> list[Story]:
    if not fold:
        return [Story(identity(hit), []) for hit in hits]
    folding = Folding(store, query)
    rest = iter(hits)
    found: list[Story] = []
    while page := list(islice(rest, PAGE)):
        found += folding.stories(page)
    return found


def _parts(stories: Sequence[Story]) -> Iterator[Sequence[Story]]:
    for start in range(0, len(stories), PAGE):
        yield stories[start : start + PAGE]


def _items(
    store: Store, query: dict[str, Any], stories: Sequence[Story], fresh: set[str], judging: set[str]
) -> Iterator[Item]:
    """Read the first article of each story; one that was removed meanwhile is left for the next time."""
    answer = store.articles.search(
        {
            "query": {"bool": {"must": [query], "filter": [{"terms": {"id": [each.first for each in stories]}}]}},
            "size": len(stories),
            "source_includes": _FIELDS,
            "highlight": {
                "pre_tags": [MARK],
                "post_tags": [UNMARK],
                "max_analyzed_offset": HIGHLIGHT_CHARS,
                "fields": {
                    "text": {
                        "matched_fields": ["text", "text.en", "text.fr"],
                        "number_of_fragments": 1,
                        "fragment_size": PASSAGE,
                        "no_match_size": PASSAGE,
                    }
                },
            },
        }
    )
    whole = {each["_id"]: each for each in answer["hits"]["hits"]}
    for story in stories:
        if story.first not in whole:
            continue
        again = story.first not in fresh
        # below a new article stands all that repeats it, below one that has gone out only what is new
        also = [each for each in story.others if each.id in fresh or not (again or each.id in judging)]
        if also or not again:
            yield _item(whole[story.first], also, again=again)


def _item(hit: dict[str, Any], also: Sequence[Copy], *, again: bool) -> Item:
    source = hit["_source"]
    notes = source.get("notes") or {}
    labels = [source.get("tags"), notes.get("tags"), source.get("stories"), notes.get("stories"), source.get("cves")]
    return Item(
        id=hit["_id"],
        url=source["url"],
        title=source.get("title") or "",
        source=source["source"]["name"],
        domain=source["source"]["domain"],
        at=parse_moment(source["effective"]),
        language=source.get("language"),
        passage=next(iter(hit.get("highlight", {}).get("text", ())), ""),
        labels=tuple(dict.fromkeys(label for some in labels for label in some or ())),
        also=tuple(Elsewhere(id=each.id, url=each.url, source=each.source_name, at=each.effective) for each in also),
        again=again,
    )
