"""Look at how Elasticsearch does: its clock, shards, disks and blocks. It judges nothing, and any credentials may ask.

What only the whole cluster's owner may see is None for others.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from elasticsearch import AuthorizationException

from indexer.elastic import schema
from indexer.elastic.errors import translated

if TYPE_CHECKING:
    from collections.abc import Callable

    from elasticsearch import Elasticsearch


@dataclass(frozen=True, kw_only=True, slots=True)
class Shards:
    """Copies of the shards of our indices: how many there should be, and how many serve."""

    wanted: int
    started: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """A node of the cluster and the disk that it keeps its data on."""

    name: str
    version: str
    free: int  # bytes
    total: int


class Condition:
    """How Elasticsearch does, as far as it concerns the indices of one prefix."""

    def __init__(self, client: Elasticsearch, prefix: str) -> None:
        self._client = client
        self._aliases = [schema.read_alias(prefix, name) for name in schema.NAMES]

    def clock(self, now: Callable[[], datetime]) -> timedelta:
        """Tell by how much its clock is ahead of ours, to within the time of a request.

        Any reader may ask what it takes ``now`` for in a search.
        """
        until_now = {"date_range": {"field": "seen", "ranges": [{"to": "now"}]}}
        before = now()
        with translated():
            answer = self._client.search(index=self._aliases[0], size=0, aggs={"until_now": until_now})
        middle = before + (now() - before) / 2
        milliseconds = answer["aggregations"]["until_now"]["buckets"][0]["to"]
        return datetime.fromtimestamp(milliseconds / 1000, tz=UTC) - middle

    def shards(self) -> Shards:
        """Count the copies of the shards behind our aliases."""
        with translated():
            answer = self._client.indices.stats(index=self._aliases, metric="docs")
        return Shards(wanted=answer["_shards"]["total"], started=answer["_shards"]["successful"])

    def machines(self) -> list[Machine] | None:
        """List the nodes with their disks; None where these credentials may not."""
        with translated():
            try:
                nodes: dict[str, Any] = self._client.nodes.stats(metric="fs")["nodes"]
                versions: dict[str, Any] = self._client.nodes.info(filter_path="nodes.*.version")["nodes"]
            except AuthorizationException:
                return None
        return sorted(
            (
                Machine(
                    name=each["name"],
                    version=versions[identity]["version"],
                    free=each["fs"]["total"]["available_in_bytes"],
                    total=each["fs"]["total"]["total_in_bytes"],
                )
                for identity, each in nodes.items()
                if identity in versions
            ),
            key=lambda each: each.name,
        )

    def closed(self) -> dict[str, list[str]]:
        """Name the blocks that keep an index from being written, by index."""
        with translated():
            answer = self._client.indices.get_settings(index=self._aliases)
        found = {}
        for index, each in answer.items():
            blocks = each["settings"]["index"].get("blocks", {})
            set_ones = [name for name, value in blocks.items() if str(value).lower() == "true"]
            if set_ones:
                found[index] = set_ones
        return found
