"""Read and write pairs: the narrow gateway to the reposts index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from indexer.elastic import bulk, schema
from indexer.elastic.documents import pair as read_pair
from indexer.elastic.documents import pair_document
from indexer.elastic.errors import StoreError, translated
from indexer.elastic.paging import parts, scan
from indexer.models import REPOST_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from elasticsearch import Elasticsearch

    from indexer.models import Pair

_IS_REPOST = {"terms": {"kind": sorted(kind.value for kind in REPOST_KINDS)}}


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """A pair as it stood when it was read."""

    pair: Pair
    seq_no: int
    primary_term: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """What became of pairs, by their ids."""

    created: set[str]  # not there before
    left: set[str]  # not deleted: written since it was read, or migrated into another index


class Pairs:
    """The reposts index: a document a pair."""

    def __init__(self, client: Elasticsearch, prefix: str) -> None:
        self._client = client
        self._read = schema.read_alias(prefix, "reposts")
        self._write = schema.write_alias(prefix, "reposts")

    def refresh(self) -> None:
        """Make every acknowledged write visible to searches."""
        bulk.refresh(self._client, self._write)

    def write(self, pairs: Sequence[tuple[Pair, str, str]], *, gone: Iterable[Standing], now: datetime) -> Written:
        """Store pairs, each with the text hashes of the earlier and the later side, and delete those ``gone``.

        What others wrote since it was read is not deleted: they saw what is newer.
        """
        actions: list[bulk.Action] = [
            ("delete", each.pair.id, {"if_seq_no": each.seq_no, "if_primary_term": each.primary_term}, None)
            for each in gone
        ]
        actions += [
            ("index", pair.id, {}, pair_document(pair, earlier_hash=earlier, later_hash=later, judged=now))
            for pair, earlier, later in pairs
        ]
        items = bulk.send(self._client, self._write, actions)
        for item in items:
            if not item.ok and not item.conflict:  # that of a deletion: pairs are written without a condition
                raise StoreError(f"pair {item.id}: {item.error}")
        return Written(
            created={item.id for item in items if item.created}, left={item.id for item in items if item.conflict}
        )

    def count(self) -> int:
        """Count the pairs that searches see."""
        with translated():
            return int(self._client.count(index=self._read)["count"])

    def naming(self, ids: Sequence[str]) -> Iterator[Pair]:
        """Yield every stored pair that names one of these articles; as of the last refresh."""
        for each in self.standing(ids):
            yield each.pair

    def standing(self, ids: Sequence[str]) -> Iterator[Standing]:
        """Yield the same, each with its place in the sequence of writes."""
        for part in parts(ids):
            body = {"query": {"terms": {"articles": list(part)}}, "seq_no_primary_term": True}
            for hit in scan(self._client, self._read, body, page=2_000):
                yield Standing(pair=read_pair(hit["_source"]), seq_no=hit["_seq_no"], primary_term=hit["_primary_term"])

    def originals(self, ids: Sequence[str]) -> Iterator[tuple[str, str, str]]:
        """Yield ``(id, effective date of the original, original)`` of what each of these articles repeats.

        As of the last refresh; dates as ``documents.moment`` writes them. Nothing stored is read for it.
        """
        fields = ["later", "earlier_effective", "earlier"]
        for part in parts(ids):
            body = {
                "query": {"bool": {"filter": [{"terms": {"later": list(part)}}, _IS_REPOST]}},
                "stored_fields": "_none_",
                "docvalue_fields": fields,
            }
            for hit in scan(self._client, self._read, body, page=10_000):
                later, effective, earlier = (hit["fields"][name][0] for name in fields)
                yield later, effective, earlier

    def reposts(self, ids: Sequence[str]) -> dict[str, int]:
        """Count the articles that repeat each of these; none that nobody repeats. As of the last refresh."""
        found: dict[str, int] = {}
        for part in parts(ids):
            with translated():
                answer = self._client.search(
                    index=self._read,
                    size=0,
                    query={"bool": {"filter": [{"terms": {"earlier": list(part)}}, _IS_REPOST]}},
                    aggs={"earlier": {"terms": {"field": "earlier", "size": len(part)}}},
                    allow_partial_search_results=False,
                )
            found |= {each["key"]: each["doc_count"] for each in answer["aggregations"]["earlier"]["buckets"]}
        return found

    def find(self, query: dict[str, Any], *, newest_first: bool = True) -> Iterator[Pair]:
        """Yield the pairs that a query matches, by the later article's date."""
        order = "desc" if newest_first else "asc"
        body = {"query": query, "sort": [{"later_effective": order}, {"id": "asc"}]}
        for hit in scan(self._client, self._read, body, page=1_000):
            yield read_pair(hit["_source"])

    def scan(self, body: dict[str, Any], *, page: int) -> Iterator[dict[str, Any]]:
        """Yield every hit of a search body, page after page over one point in time."""
        yield from scan(self._client, self._read, body, page=page)
