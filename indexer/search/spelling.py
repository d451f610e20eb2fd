"""Offer another spelling of what finds nothing: the nearest words that texts have, and values that articles have.

A word is looked for in titles and texts, a value stands behind ``tag:`` and the like, or in an option.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from indexer.query import named, searched
from indexer.search.values import FIELDS, nearest

if TYPE_CHECKING:
    from indexer.elastic import Store
    from indexer.search.wanted import Wanted

MOST = 20  # words of a query that are looked up
OPTIONS = {"tag": "tags", "story": "stories", "source": "sources", "cve": "cves", "language": "languages"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Spelling:
    """What finds something, and how many articles: the query, and of the options those that are others, by field."""

    query: str
    total: int
    options: tuple[tuple[str, str], ...] = ()


def spelling(store: Store, wanted: Wanted) -> Spelling | None:
    """Give the query and the options with what is unknown in them replaced, if that finds anything."""
    words = searched(wanted.query)[:MOST]
    values = named(wanted.query, FIELDS)[:MOST]
    asked: dict[str, set[str]] = defaultdict(set)
    for name, node in values:
        asked[name].add(node.text)
    for name, option in OPTIONS.items():
        asked[name].update(getattr(wanted, option))
    near = nearest(store, asked)
    near_words = store.articles.nearest_words([each.text for each in words])
    places = [(each.at, each.at + len(each.raw), near_words[each.text]) for each in words if each.text in near_words]
    places += [
        (node.at, node.end, _written(near[name, node.text])) for name, node in values if (name, node.text) in near
    ]
    query = wanted.query
    for start, end, text in sorted(places, reverse=True):  # from the end: the places of those before stay
        query = query[:start] + text + query[end:]
    options: dict[str, Any] = {}
    told: list[tuple[str, str]] = []
    for name, option in OPTIONS.items():
        given = list(getattr(wanted, option))
        options[option] = [near.get((name, each), each) for each in given]
        told += [(name, near[name, each]) for each in given if (name, each) in near]
    if query == wanted.query and not told:
        return None
    total = store.articles.matching(replace(wanted, query=query, **options).to_query())
    return Spelling(query=query, total=total, options=tuple(told)) if total else None


def _written(value: str) -> str:
    """Write a value as a query takes it: in quotes unless it is one plain word."""
    plain = value.replace("-", "").replace(".", "").isalnum()
    return value if plain else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
