"""Share the feeds among workers: each is polled by who holds its lease, and a lease ends by itself.

A lease is two fields of the feed, written with the place of the version that was read (optimistic concurrency): of
two who want the same feed one is refused. Whoever dies leaves a lease that runs out. Clocks of several machines may
differ by less than a lease's length, which is minutes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from indexer.elastic import bulk, schema
from indexer.elastic.documents import moment, parse_moment
from indexer.elastic.errors import StoreError, translated
from indexer.elastic.feeds import FeedRecord, document, record
from indexer.elastic.paging import parts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime

    from elasticsearch import Elasticsearch

HOLDERS = 1_000  # workers; nobody has more
GIVEN_BACK: dict[str, Any] = {"lease_by": None, "lease_until": None}


@dataclass(frozen=True, slots=True)
class Held:
    """A feed as it was read or written last, with its place in the sequence of writes."""

    record: FeedRecord
    seq_no: int
    primary_term: int


def is_free(feed: FeedRecord, *, theirs: Collection[str], now: datetime) -> bool:
    """Tell whether a feed may be taken: nobody holds it, or the lease has run out, or is of one of ``theirs``.

    Those are the worker itself and others that are known to have died.
    """
    return feed.lease_until is None or feed.lease_until <= now or feed.lease_by in theirs


class Leases:
    """The leases in the feeds index."""

    def __init__(self, client: Elasticsearch, prefix: str) -> None:
        self._client = client
        self._read = schema.read_alias(prefix, "feeds")
        self._write = schema.write_alias(prefix, "feeds")

    def due(self, *, theirs: Collection[str], now: datetime, size: int, besides: Collection[str] = ()) -> list[Held]:
        """Give feeds that are due and free (see ``is_free``), the longest overdue first, without those in ``besides``.

        A search may be a second behind: who else has taken one meanwhile shows when it is claimed.
        """
        with translated():
            answer = self._client.search(
                index=self._read,
                query=_due(theirs, now, besides),
                sort=[{"next_poll": {"order": "asc", "missing": "_first"}}],
                size=size,
                seq_no_primary_term=True,
                track_total_hits=False,
                allow_partial_search_results=False,
            )
        return [_held(hit) for hit in answer["hits"]["hits"]]

    def next_due(self) -> datetime | None:
        """Tell when the next feed is due, whoever will poll it; None where there is none with a date."""
        with translated():
            answer = self._client.search(
                index=self._read,
                query={
                    "bool": {
                        "filter": [{"exists": {"field": "next_poll"}}],
                        "must_not": [{"exists": {"field": "gone"}}],
                    }
                },
                sort=[{"next_poll": "asc"}],
                size=1,
                source={"includes": ["next_poll"]},
                track_total_hits=False,
                allow_partial_search_results=False,
            )
        hits = answer["hits"]["hits"]
        return parse_moment(hits[0]["_source"]["next_poll"]) if hits else None

    def holders(self) -> list[str]:
        """Name the workers that hold a lease, or held one that nobody has taken since."""
        with translated():
            answer = self._client.search(
                index=self._read,
                size=0,
                aggregations={"holders": {"terms": {"field": "lease_by", "size": HOLDERS}}},
                allow_partial_search_results=False,
            )
        return [each["key"] for each in answer["aggregations"]["holders"]["buckets"]]

    def look(self, ids: Sequence[str]) -> list[Held]:
        """Read feeds as they are now, in order; those that are gone are left out."""
        found: list[Held] = []
        for part in parts(ids):
            with translated():
                answer = self._client.mget(index=self._write, ids=list(part), realtime=True)
            found += [_held(each) for each in answer["docs"] if each.get("found")]
        return found

    def claim(self, feeds: Sequence[Held], *, worker: str, until: datetime) -> list[Held]:
        """Take leases, or prolong them; gives those that were got. A feed that somebody else wrote to is not.

        Where the answer was lost and the client asked again, our own write is what the second try finds in its way.
        """
        taken = {"lease_by": worker, "lease_until": until}
        ends = self._update([(each, taken) for each in feeds], refresh=True)
        got = [
            Held(replace(each.record, lease_by=worker, lease_until=until), end.seq_no, end.primary_term)
            for each, end in zip(feeds, ends, strict=True)
            if end.ok
        ]
        written = moment(until)
        return got + [
            each
            for each in self._still(feeds, got, worker)
            if each.record.lease_until and moment(each.record.lease_until) == written
        ]

    def prolong(self, feeds: Sequence[Held], *, worker: str, until: datetime) -> list[Held]:
        """Prolong leases that are held; gives those that still are. A write by a user does not cost a lease."""
        kept = self.claim(feeds, worker=worker, until=until)
        return kept + self.claim(self._still(feeds, kept, worker), worker=worker, until=until)

    def end(self, ends: Sequence[tuple[Held, dict[str, Any]]], *, worker: str) -> list[str]:
        """Record polls and give the leases back; gives the ids of feeds that were lost to another meanwhile.

        What another worker records of a feed is as true as what we would. A feed that was removed stays removed.
        """
        fields = {held.record.id: {**values, **GIVEN_BACK} for held, values in ends}
        held = [each for each, _ in ends]
        done = self._done(held, self._update([(each, fields[each.record.id]) for each in held]))
        again = self._still(held, done, worker)
        done += self._done(again, self._update([(each, fields[each.record.id]) for each in again]))
        ours = {each.record.id for each in done}
        return [each.record.id for each in held if each.record.id not in ours]

    def _still(self, feeds: Iterable[Held], done: Iterable[Held], worker: str) -> list[Held]:
        """Read again what was refused; give the feeds of which this worker still has the lease."""
        finished = {each.record.id for each in done}
        left = [each.record.id for each in feeds if each.record.id not in finished]
        return [each for each in self.look(left) if each.record.lease_by == worker] if left else []

    @staticmethod
    def _done(feeds: Sequence[Held], ends: Sequence[bulk.Item]) -> list[Held]:
        return [each for each, end in zip(feeds, ends, strict=True) if end.ok]

    def _update(self, updates: Sequence[tuple[Held, dict[str, Any]]], *, refresh: bool = False) -> list[bulk.Item]:
        """Write fields where nobody has written meanwhile; raises StoreError for any other failure than that."""
        if not updates:
            return []
        ends = bulk.send(
            self._client,
            self._write,
            [
                (
                    "update",
                    held.record.id,
                    {"if_seq_no": held.seq_no, "if_primary_term": held.primary_term},
                    {"doc": document(fields)},
                )
                for held, fields in updates
            ],
        )
        for end in ends:
            if not (end.ok or end.conflict or "document missing" in end.error):
                raise StoreError(f"The feed {end.id} could not be written: {end.error}")
        if refresh:
            bulk.refresh(self._client, self._write)
        return ends


def _due(theirs: Collection[str], now: datetime, besides: Collection[str]) -> dict[str, Any]:
    at = moment(now)
    is_due = [{"range": {"next_poll": {"lte": at}}}, _lacks("next_poll")]
    is_ours = [{"range": {"lease_until": {"lte": at}}}, _lacks("lease_until"), {"terms": {"lease_by": list(theirs)}}]
    return {
        "bool": {
            "filter": [{"bool": {"should": is_due}}, {"bool": {"should": is_ours}}],
            "must_not": [{"exists": {"field": "gone"}}, {"ids": {"values": list(besides)}}],
        }
    }


def _lacks(field: str) -> dict[str, Any]:
    return {"bool": {"must_not": [{"exists": {"field": field}}]}}


def _held(hit: Any) -> Held:
    return Held(record(hit["_source"]), hit["_seq_no"], hit["_primary_term"])
