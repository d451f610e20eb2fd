"""Search the articles: words in, hits with highlights out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from indexer.elastic.documents import parse_moment
from indexer.elastic.errors import QueryError, StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from indexer.elastic import Store

MARK, UNMARK = "\x02", "\x03"  # around the words that matched; no clean text contains them
HIGHLIGHT_CHARS = 1_000_000  # text beyond this is not highlighted: it would fail the whole search
# The title counts more than the text, and a word as it was typed more than its stem.
FIELDS = ("title^4", "title.en^3", "title.fr^3", "text^1.5", "text.en", "text.fr")
# What a query may name before a colon, and the field behind it. Elasticsearch finds nothing for an unknown field
# instead of saying so; we say so.
NAMED = {
    "id": "id",
    "url": "urls",
    "title": "title",
    "text": "text",
    "source": "source.name.text",
    "domain": "source.domain",
    "author": "authors.text",
    "language": "language",
    "tag": "tags",
    "story": "stories",
    "cve": "cves",
    "published": "published",
    "seen": "seen",
    "shelf": "shelf",
    "condensate": "condensate",
}
_FIELD = re.compile(r"(?<![\w\\])([A-Za-z_][\w.]*):(?!//)")
_COLUMN = re.compile(r"at line 1, column (\d+)")
_REFUSED = "Elasticsearch refused the request (400): "
_QUOTED = re.compile(r'("(?:[^"\\]|\\.)*")')


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Results:
    """The hits of a search, and how many there are in all."""

    total: int
    hits: tuple[Hit, ...]


def search(
    store: Store,
    query: str,
    *,
    sources: Sequence[str] = (),
    tags: Sequence[str] = (),
    stories: Sequence[str] = (),
    cves: Sequence[str] = (),
    languages: Sequence[str] = (),
    start: str | None = None,
    end: str | None = None,
    reposts: Literal["show", "hide", "only"] = "show",
    sort: Literal["relevance", "date", "reposts"] = "relevance",
    limit: int | None = 20,
) -> Results:
    """Find articles; ``limit`` None gives all of them, complete even where dates are equal.

    Raises QueryError for a malformed query or an unknown field, saying where.
    """
    filters: list[dict[str, Any]] = [
        {"terms": {field: list(values)}}
        for field, values in (("tags", tags), ("stories", stories), ("cves", cves), ("language", languages))
        if values
    ]
    if sources:
        shoulds = [{"terms": {"source.domain": list(sources)}}, {"terms": {"source.name": list(sources)}}]
        filters.append({"bool": {"should": shoulds, "minimum_should_match": 1}})
    if start or end:
        filters.append({"range": {"effective": date_range(start, end)}})
    if reposts != "show":
        filters.append({"bool": {"must_not" if reposts == "hide" else "must": [{"exists": {"field": "repost_of"}}]}})
    body: dict[str, Any] = {
        "query": {"bool": {"must": [parse(query)], "filter": filters}},
        "sort": _SORTS[sort],
        "track_scores": True,
        "source_includes": ["url", "title", "source", "published", "effective", "language", "repost_of", "reposts"],
        "highlight": {
            "pre_tags": [MARK],
            "post_tags": [UNMARK],
            "max_analyzed_offset": HIGHLIGHT_CHARS,
            "fields": {
                "text": {
                    "number_of_fragments": 2,
                    "fragment_size": 160,
                    "matched_fields": ["text", "text.en", "text.fr"],
                }
            },
        },
    }
    try:
        if limit is None:
            hits = tuple(_hit(each) for each in store.articles.scan(body))
            return Results(total=len(hits), hits=hits)
        answer = store.articles.search({**body, "size": limit, "track_total_hits": True})
    except StoreError as error:
        if "(400)" in str(error):
            raise QueryError(malformed(query, str(error))) from error
        raise
    return Results(total=answer["hits"]["total"]["value"], hits=tuple(_hit(each) for each in answer["hits"]["hits"]))


_SORTS: dict[str, list[dict[str, str]]] = {
    "relevance": [{"_score": "desc"}, {"effective": "desc"}, {"id": "asc"}],
    "date": [{"effective": "desc"}, {"id": "asc"}],
    "reposts": [{"reposts": "desc"}, {"effective": "desc"}, {"id": "asc"}],
}


def parse(query: str) -> dict[str, Any]:
    """Give the Elasticsearch query of what a person typed: words, "phrases", AND OR NOT, field:, wild*cards."""
    if not query.strip() or query.strip() == "*":
        return {"match_all": {}}
    return {
        "query_string": {
            "query": rename_fields(query),
            "fields": list(FIELDS),
            "default_operator": "AND",
            "tie_breaker": 0.3,  # what stands in title and text comes before what stands in the text alone
            "type": "cross_fields" if query.replace(" ", "").isalnum() else "best_fields",
            "allow_leading_wildcard": True,
            "lenient": False,
        }
    }


def malformed(query: str, reason: str) -> str:
    """Say where a query is malformed, in place of the parser's list of what it would have liked."""
    reason = reason.removeprefix(_REFUSED)
    found = _COLUMN.search(reason)
    if not found:
        return f"The query is malformed: {reason}"
    # The parser saw the long names of fields: its column is that of the shortest beginning that becomes as long.
    column = int(found.group(1))
    place = next((end for end in range(len(query)) if len(rename_fields(query[:end])) >= column), len(query))
    where = f"near «{query[place:][:20]}»" if query[place:].strip() else "its end comes too early"
    return (
        f"The query is malformed at character {place + 1}: {where}. "
        'Close every quote, bracket and operator, or put the words in "quotes".'
    )


def rename_fields(query: str) -> str:
    """Write the short names of fields out; raises QueryError for a name that is not one."""

    def rename(match: re.Match[str]) -> str:
        name = match.group(1).lower()
        if name not in NAMED:
            raise QueryError(
                f"There is no field «{match.group(1)}» (at character {match.start() + 1}). "
                f"Fields are: {', '.join(sorted(NAMED))}. To search for a colon, put the words in quotes."
            )
        return f"{NAMED[name]}:"

    parts = _QUOTED.split(query)
    return "".join(part if index % 2 else _FIELD.sub(rename, part) for index, part in enumerate(parts))


def date_range(start: str | None, end: str | None) -> dict[str, str]:
    """Give the bounds of a date filter; dates (2026-09-01) or a span back from now (7d, 12h, 4w)."""
    bounds = {}
    for name, value in (("gte", start), ("lte", end)):
        if value:
            bounds[name] = _bound(value, last=name == "lte")
    return bounds


def _bound(value: str, *, last: bool) -> str:
    if re.fullmatch(r"\d+[hdwMy]", value):
        return f"now-{value}"
    if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        value += "T23:59:59.999Z" if last else "T00:00:00.000Z"
    try:
        at = datetime.fromisoformat(value)
    except ValueError as error:
        raise QueryError(f"«{value}» is not a date; write 2026-09-01, or 7d for the last seven days") from error
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _hit(each: dict[str, Any]) -> Hit:
    source = each["_source"]
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
        highlights=tuple(each.get("highlight", {}).get("text", ())),
        repost_of=source.get("repost_of"),
        reposts=source.get("reposts") or 0,
    )
