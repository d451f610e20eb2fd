"""List the articles that match, page after page, each once, with the words that matched marked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

from indexer.elastic.documents import parse_moment
from indexer.search.folding import BRIEF, Copy, Folding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from indexer.elastic import Store
    from indexer.search.folding import Story
    from indexer.search.wanted import Wanted

Sort = Literal["relevance", "date", "reposts"]
# Around the words that matched: «start» and «end of selected area», which no clean text contains. Elasticsearch trims
# passages, and would take characters below the space away from their ends.
MARK, UNMARK = "\x86", "\x87"
HIGHLIGHT_CHARS = 1_000_000  # text beyond this is not highlighted: it would fail the whole search
FOLDED = 3  # hits a story that are looked at first: a fifth of what is published repeats something
ONE_PAGE = 200  # hits: up to so many are asked for at once, more of them page after page over one point in time


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    """One article that matched."""

    id: str
    url: str
    title: str
    source_name: str
    domain: str
    published: datetime | None
    effective: datetime
    language: str | None
    score: float | None
    highlights: tuple[str, ...]  # passages with MARK … UNMARK around the words that matched
    repost_of: str | None
    reposts: int
    marked_title: str = ""  # the title with its marks; empty where none of its words matched
    tags: tuple[str, ...] = ()  # of the vocabulary and of an analyst
    stories: tuple[str, ...] = ()
    cves: tuple[str, ...] = ()
    stars: int = 0  # an analyst's
    shelf: str | None = None
    also: tuple[Copy, ...] = ()  # what matches and is folded under it, by date


@dataclass(frozen=True, kw_only=True, slots=True)
class Results:
    """The hits of a search, and how many articles match in all, those that are folded among them."""

    total: int
    hits: tuple[Hit, ...]


def segments(text: str) -> Iterator[tuple[str, bool]]:
    """Take a text with marks apart: its pieces in order, each with whether it stood between marks."""
    marked = False
    for part in re.split(f"([{MARK}{UNMARK}])", text):
        if part in {MARK, UNMARK}:
            marked = part == MARK
        elif part:
            yield part, marked


def list_hits(store: Store, wanted: Wanted, *, sort: Sort = "relevance", limit: int | None) -> Results:
    """Find the first ``limit`` articles that are wanted, None for all, and count them all.

    They are complete even where dates are equal. Raises QueryError for a malformed query, saying where.
    """
    if limit is None or limit > ONE_PAGE:
        hits = tuple(islice(find(store, wanted, sort=sort), limit))
        complete = limit is None and wanted.reposts != "fold"
        return Results(total=len(hits) if complete else store.articles.matching(wanted.to_query()), hits=hits)
    if wanted.reposts == "fold":
        return _folded_page(store, wanted, sort, limit)
    total, found = _counted(store, _body(wanted, sort), sort, limit)
    return Results(total=total, hits=tuple(_hit(each) for each in found))


def find(store: Store, wanted: Wanted, *, sort: Sort = "relevance", page: int = ONE_PAGE) -> Iterator[Hit]:
    """Yield every article that is wanted, each once, as they are read from one point in time.

    Where reposts are folded, only the first of each story is a hit, and the others stand in it.
    """
    if wanted.reposts != "fold":
        yield from (_hit(each) for each in store.articles.scan(_body(wanted, sort), page=page))
        return
    body = _body(wanted, sort)
    folding = Folding(store, body["query"])
    hits = store.articles.scan(_brief(body), page=page)
    while found := list(islice(hits, page)):
        yield from _whole(store, body, folding.stories(found))


def _folded_page(store: Store, wanted: Wanted, sort: Sort, limit: int) -> Results:
    """Fold without a point in time if the first hits make enough stories, as they nearly always do."""
    body = _body(wanted, sort)
    folding = Folding(store, body["query"])
    total, hits = _counted(store, _brief(body), sort, FOLDED * limit)
    stories = folding.stories(hits, most=limit)
    if len(stories) < limit and total > len(hits):
        further = store.articles.scan(_brief(body), page=ONE_PAGE)
        while len(stories) < limit and (found := list(islice(further, ONE_PAGE))):
            stories += folding.stories(found, most=limit - len(stories))
    return Results(total=total, hits=tuple(_whole(store, body, stories)))


def _counted(store: Store, body: dict[str, Any], sort: Sort, size: int) -> tuple[int, list[dict[str, Any]]]:
    """Give how many match in all, and the first hits."""
    if sort != "date":
        found = store.articles.search({**body, "size": size, "track_total_hits": True})["hits"]
        return found["total"]["value"], found["hits"]
    # Articles come in by date: one after the other is the latest so far, and the id beside the date would be looked up
    # for each. So the date of the last hit is found first, and only what is as late is put in order: of 500,000
    # articles in 20 ms instead of 80.
    dates = {**BRIEF, "docvalue_fields": [], "query": body["query"], "sort": [{"effective": "desc"}]}
    latest = store.articles.search({**dates, "size": size, "track_total_hits": False})["hits"]["hits"]
    total, query = len(latest), body["query"]
    if total == size:
        late = {"range": {"effective": {"gte": latest[-1]["sort"][0], "format": "epoch_millis"}}}
        total, query = store.articles.matching(query), {"bool": {"must": [query], "filter": [late]}}
    found = store.articles.search({**body, "query": query, "size": size, "track_total_hits": False})
    return total, found["hits"]["hits"]


def _brief(body: dict[str, Any]) -> dict[str, Any]:
    """Ask for no more of a hit than folding needs: most of the time of a search is its highlights."""
    kept = {key: value for key, value in body.items() if key not in {"highlight", "source_includes", "track_scores"}}
    return {**kept, **BRIEF}


def _whole(store: Store, body: dict[str, Any], stories: Sequence[Story]) -> Iterator[Hit]:
    """Read the first article of each story as a hit; one that was removed meanwhile is left out."""
    if not stories:
        return
    query = {"bool": {"must": [body["query"]], "filter": [{"terms": {"id": [each.first for each in stories]}}]}}
    answer = store.articles.search({**body, "query": query, "size": len(stories), "track_total_hits": False})
    whole = {each["_id"]: each for each in answer["hits"]["hits"]}
    for story in stories:
        if story.first in whole:
            yield _hit(whole[story.first], story.others)


_SORTS: dict[str, list[dict[str, str]]] = {
    "relevance": [{"_score": "desc"}, {"effective": "desc"}, {"id": "asc"}],
    "date": [{"effective": "desc"}, {"id": "asc"}],
    "reposts": [{"reposts": "desc"}, {"effective": "desc"}, {"id": "asc"}],
}
_FIELDS = [
    "url",
    "title",
    "source",
    "published",
    "effective",
    "language",
    "repost_of",
    "reposts",
    "tags",
    "stories",
    "notes",
    "cves",
    "shelf",
]


def _body(wanted: Wanted, sort: Sort) -> dict[str, Any]:
    how = {"title": {"number_of_fragments": 0}, "text": {"number_of_fragments": 2, "fragment_size": 160}}
    fields = {name: {"matched_fields": [name, f"{name}.en", f"{name}.fr"], **each} for name, each in how.items()}
    return {
        "query": wanted.to_query(),
        "sort": _SORTS[sort],
        "track_scores": sort == "relevance",  # else nothing is scored, which takes a tenth of the time
        "source_includes": _FIELDS,
        "highlight": {
            "pre_tags": [MARK],
            "post_tags": [UNMARK],
            "max_analyzed_offset": HIGHLIGHT_CHARS,
            "fields": fields,
        },
    }


def _hit(each: dict[str, Any], others: Iterable[Copy] = ()) -> Hit:
    source = each["_source"]
    marked = each.get("highlight", {})
    notes = source.get("notes") or {}
    return Hit(
        id=each["_id"],
        url=source["url"],
        title=source.get("title") or "",
        source_name=source["source"]["name"],
        domain=source["source"]["domain"],
        published=parse_moment(source["published"]) if source.get("published") else None,
        effective=parse_moment(source["effective"]),
        language=source.get("language"),
        score=each.get("_score"),
        highlights=tuple(marked.get("text", ())),
        repost_of=source.get("repost_of"),
        reposts=source.get("reposts") or 0,
        marked_title="".join(marked.get("title", ())),
        tags=_together(source.get("tags"), notes.get("tags")),
        stories=_together(source.get("stories"), notes.get("stories")),
        cves=tuple(source.get("cves") or ()),
        stars=notes.get("stars") or 0,
        shelf=source.get("shelf"),
        also=tuple(others),
    )


def _together(given: Iterable[str] | None, own: Iterable[str] | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*(given or ()), *(own or ())]))
