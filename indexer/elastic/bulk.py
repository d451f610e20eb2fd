"""Send bulk requests and answer, item by item, what became of each."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from indexer.elastic.client import PATIENCE, item_passes, pause
from indexer.elastic.errors import CLOSED, STUCK, StoreError, translated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from elasticsearch import Elasticsearch

CHUNK_BYTES = 8_000_000  # a request of more than this gains nothing and costs the server memory


@dataclass(frozen=True, slots=True)
class Item:
    """The end of one bulk action."""

    id: str
    status: int
    error: str = ""
    created: bool = False  # it was not there before
    seq_no: int = -1  # where it was written: its place in the sequence of writes
    primary_term: int = -1

    @property
    def ok(self) -> bool:
        """Whether it was written; deleting what is gone already counts as done."""
        return self.status < 300 or (self.status == 404 and not self.error)

    @property
    def conflict(self) -> bool:
        """Whether somebody else wrote the document first."""
        return self.status == 409


Action = tuple[str, str, dict[str, Any], dict[str, Any] | None]  # operation, id, parameters, body


def send(client: Elasticsearch, alias: str, actions: Sequence[Action]) -> list[Item]:
    """Perform the actions in order and give their ends in the same order.

    What Elasticsearch could not take for a moment is sent again, for a minute: see ``client.item_passes``.
    """
    items: list[Item] = []
    batch: list[list[bytes]] = []  # the lines of each action, written as JSON by orjson, several times as fast
    size = 0
    for operation, identity, parameters, body in actions:
        lines = [orjson.dumps({operation: {"_id": identity, "require_alias": True, **parameters}})]
        if body is not None:
            lines.append(orjson.dumps(body))
        batch.append(lines)
        size += len(lines[-1])
        if size > CHUNK_BYTES:
            items += _patiently(client, alias, batch)
            batch, size = [], 0
    if batch:
        items += _patiently(client, alias, batch)
    return items


def _patiently(client: Elasticsearch, alias: str, batch: Sequence[list[bytes]]) -> list[Item]:
    """Send a batch, and again what may be taken at another try."""
    several = len(client.transport.node_pool) > 1
    begun, tries = time.monotonic(), 0
    ends: list[Item | None] = [None] * len(batch)
    todo = list(range(len(batch)))
    while True:
        answers = _request(client, alias, [line for place in todo for line in batch[place]])
        again = []
        for place, answer in zip(todo, answers, strict=True):
            ends[place] = _item(answer)
            if answer.get("error") and item_passes(answer["status"], answer["error"], several=several):
                again.append(place)
        if not again or time.monotonic() - begun > PATIENCE:
            return [each for each in ends if each is not None]
        todo = again
        pause(tries)
        tries += 1


def _request(client: Elasticsearch, alias: str, operations: list[Any]) -> list[dict[str, Any]]:
    with translated():
        answer = client.bulk(index=alias, operations=operations)
    return [next(iter(each.values())) for each in answer["items"]]


def _item(outcome: dict[str, Any]) -> Item:
    error = outcome.get("error")
    return Item(
        outcome["_id"],
        outcome["status"],
        _words(error) if error else "",
        created=outcome.get("result") == "created",
        seq_no=outcome.get("_seq_no", -1),
        primary_term=outcome.get("_primary_term", -1),
    )


def _words(error: Any) -> str:
    if not isinstance(error, dict):
        return str(error)
    cause = error.get("caused_by") or {}
    words = str(cause.get("reason") or error.get("reason") or error.get("type"))
    return f"{words} {STUCK}" if CLOSED in words else words


def refresh(client: Elasticsearch, alias: str) -> None:
    """Make all that was acknowledged visible to searches; every shard must have done it."""
    begun, tries = time.monotonic(), 0
    while True:
        with translated():
            answer = client.indices.refresh(index=alias)
        failed = answer["_shards"]["failed"]
        if not failed:
            return
        if len(client.transport.node_pool) < 2 or time.monotonic() - begun > PATIENCE:
            raise StoreError(f"{failed} shards of {alias} did not refresh; look at: condensat doctor")
        pause(tries)  # a node has died a moment ago: another copy is taking over
        tries += 1
