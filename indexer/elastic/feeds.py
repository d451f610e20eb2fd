"""Read and write what is known of each feed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from elasticsearch import ConflictError, Elasticsearch, NotFoundError

from indexer.elastic import schema
from indexer.elastic.documents import moment, parse_moment
from indexer.elastic.errors import translated
from indexer.elastic.paging import scan
from indexer.urls import normalise, registrable_domain

_DATES = frozenset({"added", "last_polled", "last_success"})


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedRecord:
    """A feed and the end of its last poll."""

    id: str
    url: str
    name: str | None  # what the user calls it; wins over the feed's own title
    title: str | None
    domain: str
    added: datetime
    last_polled: datetime | None = None
    last_success: datetime | None = None
    last_error: str | None = None
    entries: int = 0  # in the last poll that succeeded
    new_entries: int = 0
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None


def feed_id(url: str) -> str:
    """Name a feed: the same on every machine."""
    return hashlib.sha256(normalise(url).encode()).hexdigest()[:20]


class Feeds:
    """The feeds index."""

    def __init__(self, client: Elasticsearch, prefix: str) -> None:
        self._client = client
        self._read = schema.read_alias(prefix, "feeds")
        self._write = schema.write_alias(prefix, "feeds")

    def add(self, url: str, *, name: str | None = None, title: str | None = None, now: datetime) -> bool:
        """Take a feed up; False when it was there."""
        identity = feed_id(url)
        document = {
            "id": identity,
            "url": url,
            "name": name,
            "title": title,
            "domain": registrable_domain(url),
            "added": moment(now),
            "entries": 0,
            "new_entries": 0,
        }
        with translated():
            try:
                self._client.create(index=self._write, id=identity, document=document, refresh=True, require_alias=True)
            except ConflictError:
                return False
        return True

    def get(self, url_or_id: str) -> FeedRecord | None:
        """Find a feed by its URL or id."""
        for identity in (url_or_id, feed_id(url_or_id)):
            with translated():
                try:
                    return _record(self._client.get(index=self._write, id=identity)["_source"])
                except NotFoundError as error:
                    if "index_not_found" in str(error.body):
                        raise
        return None

    def remove(self, url_or_id: str) -> bool:
        """Forget a feed; its articles stay. False when it was not there."""
        record = self.get(url_or_id)
        if record is None:
            return False
        with translated():
            self._client.delete(index=self._write, id=record.id, refresh=True)
        return True

    def all(self) -> list[FeedRecord]:
        """List every feed, by URL."""
        hits = scan(self._client, self._read, {"query": {"match_all": {}}}, page=1_000)
        return sorted((_record(hit["_source"]) for hit in hits), key=lambda record: record.url)

    def update(self, identity: str, **fields: Any) -> None:
        """Record the end of a poll; a feed that was removed meanwhile stays removed."""
        body = {key: moment(value) if isinstance(value, datetime) else value for key, value in fields.items()}
        with translated():
            try:
                self._client.update(index=self._write, id=identity, doc=body, require_alias=True)
            except NotFoundError as error:
                if "document_missing" not in str(error.body):
                    raise

    def refresh(self) -> None:
        """Make every acknowledged write visible to searches."""
        with translated():
            self._client.indices.refresh(index=self._write)


def _record(source: dict[str, Any]) -> FeedRecord:
    known = {name: source.get(name) for name in FeedRecord.__slots__}
    for name in _DATES:
        value = known[name]
        known[name] = parse_moment(value) if isinstance(value, str) else None
    return FeedRecord(**known)  # type: ignore[arg-type]
