"""Fold reposts under their original: of each story the first is a hit, and the others that match stand in it."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from indexer.elastic import Store

DEEPEST = 20  # copies of copies: each differs from the one before by less than 40 %, from the first by anything
LOOKUP = 1_000  # copies that are asked for at once
COPY_FIELDS = ["url", "title", "source", "effective", "repost_of"]

Raw = dict[str, Any]  # a hit as Elasticsearch gives it


def fold(store: Store, body: Raw, *, page: int) -> Iterator[tuple[Raw, list[Raw]]]:
    """Yield ``(first, others)`` of each story, in the order in which the best of it was found.

    The first is the original where it matches too, else the earliest that does. A repost whose original has itself
    an original belongs to that one.
    """
    told: set[str] = set()  # roots
    hits = store.articles.scan(body, page=page)
    while found := list(islice(hits, page)):
        roots = _roots(store, {each["_id"]: each["_source"].get("repost_of") for each in found})
        new = [root for root in dict.fromkeys(roots.values()) if root not in told]
        told.update(new)
        copies = _copies(store, body, new)
        whole = {each["_id"]: each for each in found}
        firsts = {root: _first(root, copies[root]) for root in new}
        missing = [each for each in firsts.values() if each not in whole]
        whole |= {each["_id"]: each for each in _among(store, body, missing)}
        for root in new:
            first = firsts[root]
            if first in whole:  # else it was removed meanwhile
                yield whole[first], [each for each in copies[root] if each["_id"] != first]


def _first(root: str, matching: list[Raw]) -> str:
    """Give the id of the original where it matches, else of the earliest."""
    if not matching or any(each["_id"] == root for each in matching):
        return root
    return str(matching[0]["_id"])


def _roots(store: Store, repeats: dict[str, str | None]) -> dict[str, str]:
    """Follow what each article repeats up to what repeats nothing."""
    above = dict(repeats)
    asked = {each for each in above.values() if each} - above.keys()
    for _ in range(DEEPEST):
        if not asked:
            break
        derived = store.articles.derived(sorted(asked))
        above |= {each: derived[each].fields["repost_of"] if each in derived else None for each in asked}
        asked = {each for each in above.values() if each} - above.keys()
    return {identity: _top(identity, above) for identity in repeats}


def _top(identity: str, above: dict[str, str | None]) -> str:
    seen = {identity}
    while (parent := above.get(identity)) and parent not in seen:
        seen.add(parent)
        identity = parent
    return identity


def _copies(store: Store, body: Raw, roots: list[str]) -> dict[str, list[Raw]]:
    """Find, for each root, what matches of it and of all that repeats it, by date."""
    found: dict[str, list[Raw]] = {root: [] for root in roots}
    root_of = {root: root for root in roots}
    below = list(roots)
    for depth in range(DEEPEST):
        if not below:
            break
        # of the roots themselves only those that match; of copies also those that lead to one that does
        wanted: Raw = {"terms": {"repost_of": below}}
        if depth == 0:
            wanted = {"bool": {"should": [wanted, {"terms": {"id": below}}]}}
        below = []
        for each in _brief(store, body, wanted):
            identity = each["_id"]
            root = root_of.get(identity) or root_of[each["_source"]["repost_of"]]
            found[root].append(each)
            if identity not in root_of:
                root_of[identity] = root
                below.append(identity)
    for matching in found.values():
        matching.sort(key=lambda each: (each["_source"]["effective"], each["_id"]))
    return found


def _brief(store: Store, body: Raw, wanted: Raw) -> Iterator[Raw]:
    query = {"bool": {"filter": [body["query"], wanted]}}
    yield from store.articles.scan({"query": query, "source_includes": COPY_FIELDS}, page=LOOKUP)


def _among(store: Store, body: Raw, ids: Iterable[str]) -> Iterator[Raw]:
    """Read whole hits of these articles."""
    wanted = list(ids)
    if wanted:
        query = {"bool": {"must": [body["query"]], "filter": [{"terms": {"id": wanted}}]}}
        yield from store.articles.scan({**body, "query": query}, page=LOOKUP)
