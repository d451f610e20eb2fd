"""Offer another spelling of a query that finds nothing: for each word that no text has the nearest that some have."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from indexer.query import searched

if TYPE_CHECKING:
    from indexer.elastic import Store
    from indexer.search.wanted import Wanted

MOST = 20  # words of a query that are looked up


@dataclass(frozen=True, kw_only=True, slots=True)
class Spelling:
    """A query that finds something, and how many articles."""

    query: str
    total: int


def spelling(store: Store, wanted: Wanted) -> Spelling | None:
    """Give the query with its unknown words replaced, if that finds anything."""
    words = searched(wanted.query)[:MOST]
    nearest = store.articles.nearest_words([each.text for each in words])
    query = wanted.query
    for word in reversed(words):  # from the end: the places of those before stay
        if word.text in nearest:
            query = query[: word.at] + nearest[word.text] + query[word.at + len(word.raw) :]
    if query == wanted.query:
        return None
    total = store.articles.matching(replace(wanted, query=query).to_query())
    return Spelling(query=query, total=total) if total else None
