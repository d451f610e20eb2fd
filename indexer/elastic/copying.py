"""Bring what stands in one index into another while the first goes on being written to; it knows no alias.

Every write to an index has its place in a sequence, and a document carries the place of its last one. So what changed
since a place is a range of places, and a document's place makes an external version: whichever copy comes late, the
newest stays. Deletions leave no document; they are found by comparing ids.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from indexer.elastic import bulk
from indexer.elastic.errors import StoreError, translated
from indexer.elastic.paging import LOOKUP, parts, scan

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from elasticsearch import Elasticsearch

PageDone = Callable[[int, int, int], None]

PAGE = 500  # documents read at once
MANY = 10_000  # of which nothing is read but their places
BUCKETS = tuple(f"{number:02x}" for number in range(256))  # of ids, by how they begin


class DifferenceError(StoreError):
    """The copy is not what was copied: that is a bug, or a damaged index."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Copied:
    """How much was copied, and the highest primary term under which any of it was written."""

    documents: int
    term: int


class Copy:
    """One index, and the one that is made from it; what is none of its ``fields`` any more is left behind."""

    def __init__(self, client: Elasticsearch, old: str, new: str, *, fields: Collection[str]) -> None:
        self._client = client
        self._fields = fields
        self.old = old
        self.new = new

    def shards(self) -> int:
        """Count the primary shards of the old index: each has a sequence of its own."""
        with translated():
            settings = self._client.indices.get_settings(index=self.old)[self.old]["settings"]["index"]
        return int(settings["number_of_shards"])

    def places(self) -> list[int]:
        """Give the place, shard by shard, up to which every write to the old index is done."""
        with translated():
            answer = self._client.indices.stats(index=self.old, level="shards", metric="docs")
        shards = answer["indices"][self.old]["shards"]
        found = {
            int(number): copy["seq_no"]["global_checkpoint"]
            for number, copies in shards.items()
            for copy in copies
            if copy["routing"]["primary"]
        }
        if len(found) != self.shards():
            raise StoreError(f"not all shards of {self.old} are there; look at: condensat doctor")
        return [found[number] for number in sorted(found)]

    def bring(self, after: Sequence[int], *, page_done: PageDone) -> Copied:
        """Copy what was written after these places and is visible now, in the order of its places.

        ``page_done`` is told how many more there are, of which shard, and the last one's place.
        """
        bulk.refresh(self._client, self.old)
        documents, term = 0, 0
        for shard, place in enumerate(after):
            for page in self._pages(shard, {"range": {"_seq_no": {"gt": place}}}):
                self._write(page)
                documents += len(page)
                term = max(term, *(hit["_primary_term"] for hit in page))
                page_done(len(page), shard, page[-1]["_seq_no"])
        return Copied(documents=documents, term=term)

    def _write(self, hits: Sequence[dict[str, Any]]) -> None:
        actions: list[bulk.Action] = [
            ("index", hit["_id"], {**_version(hit), "require_alias": False}, self._kept(hit["_source"])) for hit in hits
        ]
        for item in bulk.send(self._client, self.new, actions):
            if not item.ok and not item.conflict:  # a conflict: a newer copy is there already
                raise StoreError(
                    f"The document {item.id} of {self.old} does not fit the new mappings: {item.error}. Nothing has "
                    f"changed for anybody; mend it, or remove it, and run again: condensat migrate"
                )

    def compare(self, upto: Sequence[int], *, page_done: Callable[[int], None]) -> int:
        """Read every document again that was written up to these places, and its copy; give their number.

        Raises DifferenceError where one is not like the other.
        """
        compared = 0
        for shard, place in enumerate(upto):
            for page in self._pages(shard, {"range": {"_seq_no": {"lte": place}}}):
                with translated():
                    answer = self._client.mget(index=self.new, ids=[hit["_id"] for hit in page])
                unlike = [hit for hit, copy in zip(page, answer["docs"], strict=True) if not self._is_copied(hit, copy)]
                if damaged := self._unchanged(unlike):
                    raise DifferenceError(
                        f"The copy of {damaged[0]} in {self.new} is not like the document in {self.old}"
                    )
                compared += len(page)
                page_done(len(page))
        return compared

    def _is_copied(self, hit: Mapping[str, Any], copy: Mapping[str, Any]) -> bool:
        newer = copy.get("_version", 0) > hit["_seq_no"] + 1
        return newer or bool(copy.get("found") and copy["_source"] == self._kept(hit["_source"]))

    def _unchanged(self, hits: Sequence[Mapping[str, Any]]) -> list[str]:
        """Give those that still are as a search has found them: who was just deleted has lost his copy already."""
        if not hits:
            return []
        with translated():
            answer = self._client.mget(index=self.old, ids=[hit["_id"] for hit in hits], source=False)
        return [
            hit["_id"]
            for hit, now in zip(hits, answer["docs"], strict=True)
            if now.get("found") and now["_seq_no"] == hit["_seq_no"]
        ]

    def drop_deleted(self, *, by_id: bool, still_ours: Callable[[], None]) -> int:
        """Delete what is no longer in the old index from the new one, and give how many that were.

        ``still_ours`` is asked between finding and deleting: in an index that is in service they are somebody's.
        ``by_id`` says that the documents have an indexed ``id`` that begins with two hexadecimal digits: then only
        those are looked at of which the two indices have different numbers.
        """
        for index in (self.old, self.new):
            bulk.refresh(self._client, index)
        gone: list[str] = []
        for query in self._differing() if by_id else [{"match_all": {}}]:
            ids = (hit["_id"] for hit in scan(self._client, self.new, {"query": query, "source": False}, page=LOOKUP))
            gone += self._missing(ids)
        if not gone:
            return 0
        still_ours()
        items = bulk.send(self._client, self.new, [("delete", each, {"require_alias": False}, None) for each in gone])
        for item in items:
            if not item.ok and item.status != 404:
                raise StoreError(f"{item.id} cannot be deleted from {self.new}: {item.error}")
        bulk.refresh(self._client, self.new)
        return len(gone)

    def _missing(self, ids: Iterator[str]) -> list[str]:
        """Give those that are not in the old index, as it is now."""
        found: list[str] = []
        for part in parts(list(ids)):
            with translated():
                answer = self._client.mget(index=self.old, ids=list(part), source=False)
            found += [each["_id"] for each in answer["docs"] if not each.get("found")]
        return found

    def _differing(self) -> Iterator[dict[str, Any]]:
        """Give queries for the parts of the ids of which the two indices have different numbers."""
        counts = [self._counts(index) for index in (self.old, self.new)]
        totals = [self.count(index) for index in (self.old, self.new)]
        if [sum(each.values()) for each in counts] != totals:
            yield {"match_all": {}}  # there are ids of another kind
            return
        for bucket in BUCKETS:
            if counts[0][bucket] != counts[1][bucket]:
                yield {"prefix": {"id": bucket}}

    def _counts(self, index: str) -> Mapping[str, int]:
        lines: list[Any] = []
        for bucket in BUCKETS:
            body = {"size": 0, "track_total_hits": True, "query": {"prefix": {"id": bucket}}}
            lines += [orjson.dumps({"index": index, "allow_partial_search_results": False}), orjson.dumps(body)]
        with translated():
            answer = self._client.msearch(searches=lines)
        counts: Counter[str] = Counter()
        for bucket, response in zip(BUCKETS, answer["responses"], strict=True):
            if "error" in response:
                raise StoreError(f"{index} could not be counted: {response['error']}")
            counts[bucket] = response["hits"]["total"]["value"]
        return counts

    def count(self, index: str) -> int:
        """Count the documents that searches see."""
        with translated():
            return int(self._client.count(index=index)["count"])

    def primary_term(self) -> int:
        """Tell the primary term of the new index, by a document that is gone at once; nobody reads there yet."""
        (made,) = bulk.send(self._client, self.new, [("index", "probe", {"require_alias": False}, {})])
        (gone,) = bulk.send(self._client, self.new, [("delete", "probe", {"require_alias": False}, None)])
        if not (made.ok and gone.ok):
            raise StoreError(f"{self.new} cannot be written: {made.error or gone.error}")
        return made.primary_term

    def highest_term(self) -> int:
        """Give the highest primary term under which a document of the old index was written."""
        bulk.refresh(self._client, self.old)
        body = {"source": False, "seq_no_primary_term": True}
        hits = scan(self._client, self.old, body, page=MANY)
        return max((hit["_primary_term"] for hit in hits), default=0)

    def lift(self, above: int) -> int:
        """Raise the primary term of the new index, which is empty, above a term of the old one, and give it.

        Who has read a document there, and writes it only if nobody did meanwhile, names its place and term. In the new
        index the same place may be that of another change; its term is none that anybody has read before.
        """
        while (term := self.primary_term()) <= above:
            with translated():
                self._client.indices.close(index=self.new)
                self._client.indices.open(index=self.new, wait_for_active_shards="1", timeout="60s")
        return term

    def _kept(self, source: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in source.items() if name in self._fields}

    def _pages(self, shard: int, query: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
        body = {"query": query, "sort": [{"_seq_no": "asc"}], "seq_no_primary_term": True}
        page: list[dict[str, Any]] = []
        for hit in scan(self._client, self.old, body, page=PAGE, preference=f"_shards:{shard}"):
            page.append(hit)
            if len(page) == PAGE:
                yield page
                page = []
        if page:
            yield page


def _version(hit: Mapping[str, Any]) -> dict[str, Any]:
    return {"version": hit["_seq_no"] + 1, "version_type": "external_gte"}
