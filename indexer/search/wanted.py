"""Say which articles are wanted, and give the query that finds them; pure, it asks no server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from indexer import query as language
from indexer.query import QueryError

if TYPE_CHECKING:
    from collections.abc import Sequence

Reposts = Literal["show", "fold", "hide", "only"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which articles are wanted; all of it must hold, and of a list one at least."""

    query: str = ""  # as a person types it
    sources: Sequence[str] = ()  # domains or names
    tags: Sequence[str] = ()
    stories: Sequence[str] = ()
    cves: Sequence[str] = ()
    languages: Sequence[str] = ()
    start: str | None = None  # as ``date_range`` takes it
    end: str | None = None
    reposts: Reposts = "show"  # to fold changes how hits are listed, not which there are

    def to_query(self) -> dict[str, Any]:
        """Give the query on the articles' index; raises QueryError, which says where a query is malformed."""
        values = (("tag", self.tags), ("story", self.stories), ("cve", self.cves), ("language", self.languages))
        filters = [language.valued(name, given) for name, given in values if given]
        if self.sources:
            paths = ("source.domain", "source.name")
            terms = [
                {"term": {path: {"value": each, "case_insensitive": True}}} for path in paths for each in self.sources
            ]
            filters.append({"bool": {"should": terms, "minimum_should_match": 1}})
        if self.start or self.end:
            filters.append({"range": {"effective": date_range(self.start, self.end)}})
        repeats = {"exists": {"field": "repost_of"}}
        if self.reposts == "only":
            filters.append(repeats)
        excluded = {"must_not": [repeats]} if self.reposts == "hide" else {}
        return {"bool": {"must": [language.compiled(self.query)], "filter": filters, **excluded}}


def date_range(start: str | None, end: str | None) -> dict[str, str]:
    """Give the bounds of a date filter, the whole of both days within; raises QueryError for what is no date.

    Days, months, years, moments, and lengths of time back from now, as ``indexer.query`` reads them.
    """
    return language.between(_span(start), _span(end))


def _span(value: str | None) -> language.Span | None:
    if not value:
        return None
    found = language.span(value)
    if found is None:
        raise QueryError(f"«{value}» is not a date; {language.DATES}")
    return found
