"""Send bulk requests and answer, item by item, what became of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from indexer.elastic.errors import StoreError, translated

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
    """Perform the actions in order and give their ends in the same order."""
    items: list[Item] = []
    operations: list[Any] = []  # written as JSON by orjson, several times as fast as by the client
    size = 0
    for operation, identity, parameters, body in actions:
        operations.append(orjson.dumps({operation: {"_id": identity, "require_alias": True, **parameters}}))
        if body is not None:
            operations.append(orjson.dumps(body))
        size += len(operations[-1])
        if size > CHUNK_BYTES:
            items += _request(client, alias, operations)
            operations, size = [], 0
    if operations:
        items += _request(client, alias, operations)
    return items


def _request(client: Elasticsearch, alias: str, operations: list[Any]) -> list[Item]:
    with translated():
        answer = client.bulk(index=alias, operations=operations)
    items = []
    for each in answer["items"]:
        (outcome,) = each.values()
        error = outcome.get("error")
        items.append(
            Item(
                outcome["_id"],
                outcome["status"],
                _words(error) if error else "",
                created=outcome.get("result") == "created",
                seq_no=outcome.get("_seq_no", -1),
                primary_term=outcome.get("_primary_term", -1),
            )
        )
    return items


def _words(error: Any) -> str:
    if not isinstance(error, dict):
        return str(error)
    cause = error.get("caused_by") or {}
    return str(cause.get("reason") or error.get("reason") or error.get("type"))


def refresh(client: Elasticsearch, alias: str) -> None:
    """Make all that was acknowledged visible to searches; every shard must have done it."""
    with translated():
        answer = client.indices.refresh(index=alias)
    failed = answer["_shards"]["failed"]
    if failed:
        raise StoreError(f"{failed} shards of {alias} did not refresh; look at: condensat doctor")
