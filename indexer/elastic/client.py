"""Open a client that goes on by itself: over TLS, past a node that died, past an index that is closed for a moment.

It knows no index. What may pass by itself is waited for: no master or no copy of a shard in a cluster of several nodes,
a full queue, and the write block under which ``migration`` moves an index.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit, urlunsplit

from elastic_transport import ConnectionError as TransportConnectionError
from elastic_transport import ConnectionTimeout, TlsError, Transport, TransportApiResponse
from elasticsearch import Elasticsearch
from elasticsearch.serializer import OrjsonSerializer

from indexer.elastic.errors import CLOSED, brief

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

JSON_TYPES = ("application/json", "application/vnd.elasticsearch+json")  # read and written five times as fast
LOG = logging.getLogger("condensat.elastic")
TIMEOUT = 60.0  # seconds a request: a busy single node may pause for a merge
PATIENCE = 60.0  # seconds for what may pass by itself: a new master and a promoted copy take 3 to 40
LONG = 3  # tries of one request after which somebody may want to know why nothing happens
PAUSES = (0.05, 0.1, 0.2, 0.5, 1.0)  # seconds between two tries, the last one again and again
UNAVAILABLE = frozenset({502, 503, 504})
OK = 200
# What a part of a request says of a shard that has no copy in service.
UNSERVED = frozenset(
    {
        "no_shard_available_action_exception",
        "unavailable_shards_exception",
        "node_not_connected_exception",
        "node_disconnected_exception",
        "node_closed_exception",
        "shard_not_found_exception",
        "illegal_index_shard_state_exception",
    }
)
FULL_QUEUE = "es_rejected_execution_exception"


def open_client(
    url: str,
    *,
    username: str | None = None,
    password: str | None = None,
    api_key: str | None = None,
    ca: Path | None = None,
    fingerprint: str | None = None,
) -> Elasticsearch:
    """Make a client for one or several addresses of one cluster, parted by commas or blanks; it asks nothing yet.

    Credentials may stand in the first address; they are taken out of it, so that no message has them. ``ca`` is a file
    with the certificates to trust instead of the system's, ``fingerprint`` the SHA-256 of the one certificate to trust.
    """
    urls, login = split_login(url)
    if username and not api_key:
        login = (username, password or "")
    tls: dict[str, Any] = {}
    if ca is not None:
        tls["ca_certs"] = str(ca)
    if fingerprint is not None:
        # The certificate itself is known, so neither who signed it nor what it is called says more.
        tls |= {"ssl_assert_fingerprint": fingerprint, "verify_certs": False, "ssl_show_warn": False}
    return Elasticsearch(
        urls,
        **({"api_key": api_key} if api_key else {"basic_auth": login} if login else {}),
        **(tls if any(each.startswith("https:") for each in urls) else {}),
        request_timeout=TIMEOUT,
        retry_on_timeout=True,
        max_retries=max(3, len(urls)),
        serializers={mimetype: OrjsonSerializer() for mimetype in JSON_TYPES},
        transport_class=Patient,
    )


def split_login(url: str) -> tuple[list[str], tuple[str, str] | None]:
    """Part addresses, and take the credentials out of the first that has some."""
    urls, login = [], None
    for each in url.replace(",", " ").split():
        parts = urlsplit(each)
        if parts.username is not None and login is None:
            login = (unquote(parts.username), unquote(parts.password or ""))
        urls.append(urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])))
    return urls, login


class Patient(Transport):
    """The one place through which every request goes; what may pass by itself is asked again, for a minute."""

    def perform_request(self, method: str, target: str, **options: Any) -> TransportApiResponse:
        """Send a request, and wait where that helps."""
        several = len(self.node_pool) > 1
        begun, tries = time.monotonic(), 0
        while True:
            left = PATIENCE - (time.monotonic() - begun)
            try:
                answer = super().perform_request(method, target, **options)
            except TlsError:
                raise
            except (TransportConnectionError, ConnectionTimeout) as error:
                if not several or left <= 0:
                    raise
                why = brief(error.message)
            else:
                answer = whole(target, answer)
                if left <= 0 or not passes(answer.meta.status, answer.body, several=several):
                    return answer
                why = f"{answer.meta.status}, {_reason(answer.body)}"
            if tries == LONG:
                LOG.warning("waiting for Elasticsearch: %s", why)
            pause(tries)
            tries += 1


def whole(target: str, answer: TransportApiResponse) -> TransportApiResponse:
    """Make a failure of the whole of a request that reads many things, where one of them could not be read now.

    Who reads would take an article on a shard that nobody serves at the moment for one that is not there.
    """
    name = {"/_mget": "docs", "/_msearch": "responses"}.get(f"/{urlsplit(target).path.rpartition('/')[2]}")
    if name is None or answer.meta.status != OK:
        return answer
    for each in answer.body[name]:
        error = each.get("error")
        if isinstance(error, dict) and (each.get("status") in UNAVAILABLE or error.get("type") in UNSERVED):
            return TransportApiResponse(replace(answer.meta, status=503), {"error": error, "status": 503})
    return answer


def _reason(body: Any) -> str:
    error = body.get("error") if isinstance(body, dict) else None
    return str(error.get("reason") or error.get("type")) if isinstance(error, dict) else "no reason given"


def pause(tries: int) -> None:
    """Wait before the next try, longer from try to try."""
    time.sleep(PAUSES[min(tries, len(PAUSES) - 1)])


def passes(status: int, body: Any, *, several: bool) -> bool:
    """Tell whether what an answer complains of may pass by itself within a minute."""
    if status in UNAVAILABLE:
        return several
    return status in (403, 429) and isinstance(body, dict) and item_passes(status, body.get("error"), several=several)


def item_passes(status: int, error: Mapping[str, Any] | str | None, *, several: bool) -> bool:
    """Tell the same of an error, that of a whole request or of one item of a bulk request."""
    if status in UNAVAILABLE:
        return several
    if not isinstance(error, dict):
        return False
    if status == 403:
        return CLOSED in str(error.get("reason"))
    return status == 429 and error.get("type") == FULL_QUEUE
