"""Fold reposts under their original: of each story the first is a hit, and the others that match stand in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from indexer.elastic.documents import parse_moment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from indexer.elastic import Store

DEEPEST = 20  # copies of copies: each differs from the one before by less than 40 %, from the first by anything
AT_ONCE = 10_000  # copies in one answer, which is as many as Elasticsearch gives; more are read page after page
# What folding needs of a hit, from doc values: to unpack the stored fields, and were it for the ``_id``
# alone, takes longer than the search itself where a story has a hundred copies.
BRIEF: dict[str, Any] = {
    "source": False,
    "stored_fields": "_none_",
    "docvalue_fields": ["id", "repost_of", "reposts"],
}
_COPY: dict[str, Any] = {
    **BRIEF,
    "docvalue_fields": ["id", "url", "source.name", "source.domain", "effective", "repost_of"],
}

Raw = dict[str, Any]  # a hit as Elasticsearch gives it
Facts = dict[str, Any]  # the same as its fields, each with its value


@dataclass(frozen=True, kw_only=True, slots=True)
class Copy:
    """An article that repeats the one it is folded under."""

    id: str
    url: str
    source_name: str
    domain: str
    effective: datetime


@dataclass(frozen=True, slots=True)
class Story:
    """One story: the id of the original where it matches too, else of the earliest that does; the others by date."""

    first: str
    others: list[Copy]


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
        known = [_facts(each) for each in hits]
        repeats = {each["id"]: each.get("repost_of") for each in known}
        roots = self._roots(repeats)
        new = [root for root in dict.fromkeys(roots.values()) if root not in self._told][:most]
        self._told.update(new)
        # an original that nothing repeats needs no second look
        alone = {each["id"] for each in known if not each.get("repost_of") and not each.get("reposts")}
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

    def _copies(self, roots: list[str]) -> dict[str, list[Facts]]:
        """Find, for each root, what matches of it and of all that repeats it, by date."""
        found: dict[str, list[Facts]] = {root: [] for root in roots}
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
                root = root_of.get(each["id"]) or root_of[each["repost_of"]]
                found[root].append(each)
                if each["id"] not in root_of:
                    root_of[each["id"]] = root
                    below.append(each["id"])
        for matching in found.values():
            matching.sort(key=lambda each: (each["effective"], each["id"]))
        return found

    def _brief(self, wanted: Raw) -> Iterator[Facts]:
        body = {"query": {"bool": {"filter": [self._query, wanted]}}, **_COPY}
        hits = self._store.articles.search({**body, "size": AT_ONCE, "track_total_hits": False})["hits"]["hits"]
        every = hits if len(hits) < AT_ONCE else self._store.articles.scan(body, page=AT_ONCE)
        yield from map(_facts, every)


def identity(hit: Raw) -> str:
    """Give the id of a hit that was asked for as ``BRIEF`` says."""
    return str(hit["fields"]["id"][0])


def _facts(hit: Raw) -> Facts:
    return {name: values[0] for name, values in hit["fields"].items()}


def _story(root: str, matching: list[Facts]) -> Story:
    first = root if not matching or any(each["id"] == root for each in matching) else str(matching[0]["id"])
    return Story(first, [_copy(each) for each in matching if each["id"] != first])


def _copy(facts: Facts) -> Copy:
    return Copy(
        id=facts["id"],
        url=facts["url"],
        source_name=facts["source.name"],
        domain=facts["source.domain"],
        effective=parse_moment(facts["effective"]),
    )


def _top(identity: str, above: dict[str, str | None]) -> str:
    seen = {identity}
    while (parent := above.get(identity)) and parent not in seen:
        seen.add(parent)
        identity = parent
    return identity
