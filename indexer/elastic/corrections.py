"""Read and write what outlives articles: which were removed, and which sources are one; the gateway to its index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from indexer.elastic import bulk, schema
from indexer.elastic.documents import moment
from indexer.elastic.errors import StoreError, translated
from indexer.elastic.paging import parts, scan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from elasticsearch import Elasticsearch

SOURCE = "source:"  # begins the id of a merge; the others are those of articles


@dataclass(frozen=True, kw_only=True, slots=True)
class Tombstone:
    """An article that was removed, and the URLs that led to it."""

    article: str
    urls: tuple[str, ...]
    title: str
    domain: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Merge:
    """A source that is another one from now on."""

    domain: str
    into: str
    name: str  # of the other one


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """Which of the things that were asked for were corrected."""

    removed: frozenset[str]  # ids and URLs
    merged: Mapping[str, Merge]  # by domain


class Corrections:
    """The corrections index: a document a removed article or merged source."""

    def __init__(self, client: Elasticsearch, prefix: str) -> None:
        self._client = client
        self._read = schema.read_alias(prefix, "corrections")
        self._write = schema.write_alias(prefix, "corrections")

    def standing(self, ids: Iterable[str], urls: Iterable[str], domains: Iterable[str]) -> Standing:
        """Tell which ids (in real time), URLs and domains were corrected; what was written here is seen at once."""
        wanted = set(urls)
        removed: set[str] = set()
        merged = {}
        for each in self._get([*ids, *(f"{SOURCE}{domain}" for domain in domains)]):
            if each["kind"] == "removed":
                removed.add(each["article"])
            else:
                merged[each["domain"]] = Merge(domain=each["domain"], into=each["into"], name=each["name"])
        for part in parts(sorted(wanted)):
            with translated():
                answer = self._client.search(
                    index=self._read,
                    query={"terms": {"urls": list(part)}},
                    size=10_000,
                    source_includes=["urls"],
                    allow_partial_search_results=False,
                )
            for hit in answer["hits"]["hits"]:
                removed |= wanted.intersection(hit["_source"]["urls"])
        return Standing(removed=frozenset(removed), merged=merged)

    def bury(self, tombstones: Iterable[Tombstone], *, by: str, now: datetime) -> None:
        """Note articles as removed, so that they do not come back."""
        self._send(
            (
                "index",
                each.article,
                {},
                {
                    "kind": "removed",
                    "article": each.article,
                    "urls": list(each.urls),
                    "title": each.title,
                    "domain": each.domain,
                    "by": by,
                    "at": moment(now),
                },
            )
            for each in tombstones
        )

    def lift(self, ids: Iterable[str]) -> int:
        """Let removed articles come back; gives how many of these were removed ones."""
        return sum(item.status == 200 for item in self._send(("delete", each, {}, None) for each in ids))

    def buried(self) -> Iterator[dict[str, Any]]:
        """Yield what is known of every removed article, the latest first."""
        self.refresh()
        body = {"query": {"term": {"kind": "removed"}}, "sort": [{"at": "desc"}, {"article": "asc"}]}
        for hit in scan(self._client, self._read, body, page=1_000):
            yield hit["_source"]

    def merge(self, merge: Merge, *, by: str, now: datetime) -> None:
        """Note that one source is another; those that were merged into it follow, and the other is itself again."""
        chain = [Merge(domain=each.domain, into=merge.into, name=merge.name) for each in self.merges(merge.domain)]
        actions: list[bulk.Action] = [("delete", f"{SOURCE}{merge.into}", {}, None)]
        for each in [merge, *chain]:
            document = {
                "kind": "merged",
                "domain": each.domain,
                "into": each.into,
                "name": each.name,
                "by": by,
                "at": moment(now),
            }
            actions.append(("index", f"{SOURCE}{each.domain}", {}, document))
        self._send(actions)

    def merges(self, into: str | None = None) -> list[Merge]:
        """List the sources that were merged, into one source or into any."""
        self.refresh()
        filters: list[dict[str, Any]] = [{"term": {"kind": "merged"}}]
        if into is not None:
            filters.append({"term": {"into": into}})
        body = {"query": {"bool": {"filter": filters}}, "sort": [{"domain": "asc"}]}
        found = (hit["_source"] for hit in scan(self._client, self._read, body, page=1_000))
        return [Merge(domain=each["domain"], into=each["into"], name=each["name"]) for each in found]

    def refresh(self) -> None:
        """Make every acknowledged write visible to searches."""
        bulk.refresh(self._client, self._write)

    def _get(self, ids: Sequence[str]) -> Iterator[dict[str, Any]]:
        for part in parts(ids):
            with translated():
                answer = self._client.mget(index=self._write, ids=list(part))
            yield from (each["_source"] for each in answer["docs"] if each.get("found"))

    def _send(self, actions: Iterable[bulk.Action]) -> list[bulk.Item]:
        items = bulk.send(self._client, self._write, list(actions))
        for item in items:
            if not item.ok and item.status != 404:
                raise StoreError(f"correction {item.id}: {item.error}")
        if items:
            self.refresh()
        return items
