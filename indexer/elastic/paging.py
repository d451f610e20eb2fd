"""Read every hit of a search, however many there are, and ask in parts for what is too much for one request."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from indexer.elastic.errors import MissingIndexError, translated

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from elasticsearch import Elasticsearch

LOOKUP = 1_000  # identifiers a look-up


def parts(items: Sequence[str], size: int = LOOKUP) -> Iterator[Sequence[str]]:
    """Cut a list into parts of at most ``size``."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def scan(client: Elasticsearch, alias: str, body: dict[str, Any], *, page: int) -> Iterator[dict[str, Any]]:
    """Yield every hit of a search over one point in time; ``body`` must sort without ties, or by nothing."""
    with translated():
        point = client.open_point_in_time(index=alias, keep_alive="5m", allow_partial_search_results=False)["id"]
    try:
        after = None
        while True:
            extra: dict[str, Any] = {"search_after": after} if after else {}
            with translated():
                answer = client.search(
                    pit={"id": point, "keep_alive": "5m"},
                    size=page,
                    track_total_hits=False,
                    allow_partial_search_results=False,
                    **{"sort": [{"_shard_doc": "asc"}], **body, **extra},
                )
            hits = answer["hits"]["hits"]
            yield from hits
            if len(hits) < page:
                return
            after, point = hits[-1]["sort"], answer["pit_id"]
    finally:
        with (
            suppress(MissingIndexError),
            translated(),
        ):  # closed already: the answer was lost, and the client asked again
            client.close_point_in_time(id=point)
