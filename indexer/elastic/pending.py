"""Remember which articles wait for their pairs: the narrow gateway to the pending index.

A mark stands beside the article instead of in it, because a change of one field indexes a whole article again.
It is written before the article, and names the state in which the article will be, so that whoever takes a mark
away knows that it judged that very state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from indexer.elastic import bulk, schema
from indexer.elastic.documents import moment, parse_moment, place_of
from indexer.elastic.errors import StoreError, translated
from indexer.elastic.paging import parts, scan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from elasticsearch import Elasticsearch


RETRIES = 10  # by Elasticsearch, of a mark that others write at the same moment


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """An article that waits, as its mark stood when it was read."""

    id: str
    state: str  # of the article for which pairs are to be found; see ``documents.state``
    since: datetime
    seq_no: int
    primary_term: int

    @property
    def place(self) -> int:
        """Its place in the sequence of writes."""
        return place_of(self.seq_no, self.primary_term)


class Pending:
    """The pending index: a document an article."""

    def __init__(self, client: Elasticsearch, prefix: str) -> None:
        self._client = client
        self._read = schema.read_alias(prefix, "pending")
        self._write = schema.write_alias(prefix, "pending")

    def mark(self, states: Mapping[str, str], *, now: datetime) -> dict[str, int]:
        """Mark articles, given the state in which each will be; a mark that is there is replaced.

        Gives the place of each mark in the sequence of writes.
        """
        items = self._send([("index", each, {}, _document(each, state, now=now)) for each, state in states.items()])
        return {item.id: place_of(item.seq_no, item.primary_term) for item in items}

    def mark_again(self, states: Mapping[str, str], *, now: datetime) -> set[str]:
        """Mark articles that are there already, to be judged again; give the ids of the marks that were not there.

        A mark that is there keeps its state and gets a new place: whoever judges the article just now leaves it then.
        """
        items = self._send(
            [
                (
                    "update",
                    each,
                    {"retry_on_conflict": RETRIES},
                    {"doc": {}, "detect_noop": False, "upsert": _document(each, state, now=now)},
                )
                for each, state in states.items()
            ]
        )
        return {item.id for item in items if item.created}

    def read(self, ids: Sequence[str]) -> dict[str, Mark]:
        """Read the marks of these articles, in real time."""
        found = {}
        for part in parts(ids):
            with translated():
                answer = self._client.mget(index=self._write, ids=list(part))
            for each in answer["docs"]:
                if each.get("found"):
                    found[each["_id"]] = _mark(each)
        return found

    def take_away(self, marks: Iterable[Mark]) -> set[str]:
        """Take marks away that still stand as they were read; give the ids of the others."""
        items = bulk.send(
            self._client,
            self._write,
            [
                ("delete", each.id, {"if_seq_no": each.seq_no, "if_primary_term": each.primary_term}, None)
                for each in marks
            ],
        )
        for item in items:
            if not item.ok and not item.conflict and item.status != 404:
                raise StoreError(f"mark of article {item.id}: {item.error}")
        return {item.id for item in items if item.conflict}

    def ids(self) -> Iterator[str]:
        """List every article that waits, oldest mark first."""
        bulk.refresh(self._client, self._write)
        body = {"sort": [{"since": "asc"}, {"id": "asc"}], "source": False}
        for hit in scan(self._client, self._read, body, page=5_000):
            yield hit["_id"]

    def _send(self, actions: Sequence[bulk.Action]) -> list[bulk.Item]:
        items = bulk.send(self._client, self._write, actions)
        for item in items:
            if not item.ok and not item.conflict:
                raise StoreError(f"mark of article {item.id}: {item.error}")
        return items


def _document(identity: str, state: str, *, now: datetime) -> dict[str, Any]:
    return {"id": identity, "state": state, "since": moment(now)}


def _mark(hit: dict[str, Any]) -> Mark:
    source = hit["_source"]
    return Mark(
        id=hit["_id"],
        state=source["state"],
        since=parse_moment(source["since"]),
        seq_no=hit["_seq_no"],
        primary_term=hit["_primary_term"],
    )
