"""Change fields of articles that are there, however often others write them meanwhile; it decides no value itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from indexer.elastic import bulk, schema
from indexer.elastic.errors import StoreError, translated
from indexer.elastic.paging import parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from elasticsearch import Elasticsearch

REWRITES = 10  # tries after a version conflict: each means that somebody else made progress


class Edits:
    """The articles index, for whoever changes single fields."""

    def __init__(self, client: Elasticsearch, prefix: str) -> None:
        self._client = client
        self._write = schema.write_alias(prefix, "articles")

    def edit(self, ids: Sequence[str], decide: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, bool]:
        """Write what ``decide`` gives for each document; a value of None takes a field away.

        Gives, by id, whether anything changed; ids that are gone are missing. Raises StoreError for a refused write.
        """
        ends: dict[str, bool] = {}
        todo = list(dict.fromkeys(ids))
        for _ in range(REWRITES):
            actions: list[bulk.Action] = []
            for each in self._read(todo):
                changes = decide(each["_source"])
                ends[each["_id"]] = bool(changes)
                if changes:
                    guard = {"if_seq_no": each["_seq_no"], "if_primary_term": each["_primary_term"]}
                    actions.append(("update", each["_id"], guard, {"doc": changes}))
            todo = []
            for item in bulk.send(self._client, self._write, actions):
                if item.conflict:
                    todo.append(item.id)
                elif item.status == 404:  # removed since it was read
                    ends.pop(item.id)
                elif not item.ok:
                    raise StoreError(f"article {item.id}: {item.error}")
            if not todo:
                return ends
        raise StoreError(f"article {todo[0]} changes faster than it can be written")

    def _read(self, ids: Sequence[str]) -> Iterator[dict[str, Any]]:
        for part in parts(ids):
            with translated():
                answer = self._client.mget(index=self._write, ids=list(part))
            yield from (each for each in answer["docs"] if each.get("found"))
