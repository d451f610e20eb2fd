"""Fold reposts under their original: of each story the first is a hit, and the others that match stand in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from indexer.elastic import Store

DEEPEST = 20  # copies of copies: each differs from the one before by less than 40 %, from the first by anything
AT_ONCE = 10_000  # copies in one answer, which is as many as Elasticsearch gives; more are read page after page
FIELDS = ["repost_of", "reposts"]  # what folding needs of a hit, as ``docvalue_fields``
_COPY_FIELDS = ["url", "title", "source", "effective", "repost_of"]

Raw = dict[str, Any]  # a hit as Elasticsearch gives it


@dataclass(frozen=True, slots=True)
class Story:
    """One story: the id of the original where it matches too, else of the earliest that does; the others by date."""

    first: str
    others: list[Raw]


class Folding:
    """Takes hits page after page and gives the stories that were not given yet.

    A repost whose original has itself an original belongs to that one.
    """

    def __init__(self, store: Store, query: Raw) -> None:
        self._store = store
        self._query = query
        self._told: set[str] = set()  # roots

    def stories(self, hits: Sequence[Raw], *, most: int | None = None) -> list[Story]:
        """Give at most so many new stories, in the order in which the best of each stands among the hits."""
        repeats = {each["_id"]: _value(each, "repost_of") for each in hits}
        roots = self._roots(repeats)
        new = [root for root in dict.fromkeys(roots.values()) if root not in self._told][:most]
        self._told.update(new)
        # an original that nothing repeats needs no second look
        alone = {each["_id"] for each in hits if not _value(each, "repost_of") and not _value(each, "reposts")}
        copies = self._copies([root for root in new if root not in alone])
        return [_story(root, copies.get(root, [])) for root in new]

    def _roots(self, repeats: dict[str, str | None]) -> dict[str, str]:
        """Follow what each article repeats up to what repeats nothing."""
        above = dict(repeats)
        asked = {each for each in above.values() if each} - above.keys()
        for _ in range(DEEPEST):
            if not asked:
                break
            derived = self._store.articles.derived(sorted(asked))
            above |= {each: derived[each].fields["repost_of"] if each in derived else None for each in asked}
            asked = {each for each in above.values() if each} - above.keys()
        return {identity: _top(identity, above) for identity in repeats}

    def _copies(self, roots: list[str]) -> dict[str, list[Raw]]:
        """Find, for each root, what matches of it and of all that repeats it, by date."""
        found: dict[str, list[Raw]] = {root: [] for root in roots}
        root_of = {root: root for root in roots}
        below = list(roots)
        for depth in range(DEEPEST):
            if not below:
                break
            wanted: list[Raw] = [{"terms": {"repost_of": below}}]
            if depth == 0:
                wanted.append({"terms": {"id": below}})
            below = []
            for each in self._brief({"bool": {"should": wanted, "minimum_should_match": 1}}):
                identity = each["_id"]
                root = root_of.get(identity) or root_of[each["_source"]["repost_of"]]
                found[root].append(each)
                if identity not in root_of:
                    root_of[identity] = root
                    below.append(identity)
        for matching in found.values():
            matching.sort(key=lambda each: (each["_source"]["effective"], each["_id"]))
        return found

    def _brief(self, wanted: Raw) -> Iterator[Raw]:
        body = {"query": {"bool": {"filter": [self._query, wanted]}}, "source_includes": _COPY_FIELDS}
        hits = self._store.articles.search({**body, "size": AT_ONCE, "track_total_hits": False})["hits"]["hits"]
        yield from hits if len(hits) < AT_ONCE else self._store.articles.scan(body, page=AT_ONCE)


def _value(hit: Raw, field: str) -> Any:
    (value, *_) = hit.get("fields", {}).get(field) or (None,)
    return value


def _story(root: str, matching: list[Raw]) -> Story:
    first = root if not matching or any(each["_id"] == root for each in matching) else str(matching[0]["_id"])
    return Story(first, [each for each in matching if each["_id"] != first])


def _top(identity: str, above: dict[str, str | None]) -> str:
    seen = {identity}
    while (parent := above.get(identity)) and parent not in seen:
        seen.add(parent)
        identity = parent
    return identity
