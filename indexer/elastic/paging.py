"""Read every hit of a search, however many there are, and ask in parts for what is too much for one request."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from elasticsearch import ApiError

from indexer.elastic.client import UNAVAILABLE, pause
from indexer.elastic.errors import StoreError, translated

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from elasticsearch import Elasticsearch

T = TypeVar("T")

LOSSES = 5  # points in time that may go with their nodes before a listing is given up
LOOKUP = 1_000  # identifiers a look-up


def parts(items: Sequence[T], size: int = LOOKUP) -> Iterator[Sequence[T]]:
    """Cut a list into parts of at most ``size``."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def scan(
    client: Elasticsearch, alias: str, body: dict[str, Any], *, page: int, preference: str | None = None
) -> Iterator[dict[str, Any]]:
    """Yield every hit of a search over one point in time; ``body`` must sort without ties, or by nothing.

    A point in time lives on a node. Where that is lost with it, the next one goes on behind the last hit: what changed
    between the two may be in or not. Without an order there is no such place, unless nothing was read yet.
    """
    point = _open(client, alias, preference)
    after, losses = None, 0
    try:
        while True:
            extra: dict[str, Any] = {"search_after": after} if after else {}
            with translated():
                try:
                    answer = client.search(
                        pit={"id": point, "keep_alive": "5m"},
                        size=page,
                        track_total_hits=False,
                        allow_partial_search_results=False,
                        **{"sort": [{"_shard_doc": "asc"}], **body, **extra},
                    )
                except ApiError as error:
                    if not _is_lost(client, error) or (after and "sort" not in body) or losses >= LOSSES:
                        raise
                    pause(losses)
                    losses += 1
                    point = _open(client, alias, preference)
                    continue
            hits = answer["hits"]["hits"]
            yield from hits
            if len(hits) < page:
                return
            after, point = hits[-1]["sort"], answer["pit_id"]
    finally:
        with (
            suppress(StoreError),
            translated(),
        ):  # closed already (the answer was lost, and the client asked again), or lost; it ends by itself
            client.close_point_in_time(id=point)


def _open(client: Elasticsearch, alias: str, preference: str | None) -> str:
    with translated():
        return str(
            client.open_point_in_time(
                index=alias, keep_alive="5m", allow_partial_search_results=False, preference=preference
            )["id"]
        )


def _is_lost(client: Elasticsearch, error: ApiError) -> bool:
    """Tell whether a point in time went with its node, which happens only where there are several."""
    return len(client.transport.node_pool) > 1 and (
        error.status_code in UNAVAILABLE or "search_context_missing" in str(error.body)
    )
