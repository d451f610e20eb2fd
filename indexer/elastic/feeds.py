"""Read and write what is known of each feed; who may poll it is decided in ``leases``."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from elasticsearch import Elasticsearch, NotFoundError

from indexer.elastic import bulk, schema
from indexer.elastic.documents import moment, parse_moment
from indexer.elastic.errors import MissingIndexError, StoreError, translated
from indexer.elastic.paging import parts, scan
from indexer.models import Reason
from indexer.urls import normalise, registrable_domain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_DATES = frozenset({"added", "last_polled", "last_success", "gone", "next_poll", "not_before", "retry_at", "since"})
_DATES |= {"lease_until"}
# Kept as lists of pairs: an update merges objects, so that a key once written could never be taken away.
_MAPS = frozenset({"days", "rejected"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Unsettled:
    """An entry that was rejected: how often, why, and when it is tried again (None: when it changes)."""

    reason: str
    tries: int
    next_try: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedRecord:
    """A feed and how its polls went."""

    id: str
    url: str
    first_url: str = ""  # by which it was taken up; entries without a link are named within it
    keys: tuple[str, ...] = ()  # every normalised URL that it had
    name: str | None  # what the user calls it; wins over the feed's own title
    title: str | None
    domain: str
    added: datetime
    last_polled: datetime | None = None
    last_success: datetime | None = None
    last_error: str | None = None
    last_reason: str | None = None
    failures: int = 0  # in a row
    failure: str | None = None
    gone: datetime | None = None  # answered 410
    next_poll: datetime | None = None  # None: at once
    not_before: datetime | None = None  # the server asked for it
    interval: int | None = None  # seconds
    lease_by: str | None = None
    lease_until: datetime | None = None
    entries: int = 0  # in the last poll that succeeded
    new_entries: int = 0
    discovered: int = 0  # entries that ended for good, ever: indexed and rejected ones
    indexed: int = 0
    rejected: dict[str, int] = field(default_factory=dict)  # reason → entries
    unsettled: dict[str, Unsettled] = field(default_factory=dict)  # of the entries that stand in the feed
    retry_at: datetime | None = None  # when the first of them is to be tried again
    days: dict[str, int] = field(default_factory=dict)  # ISO date → entries of that day
    state: str | None = None  # at the last poll
    since: datetime | None = None
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    moved_to: str | None = None
    moved_times: int = 0


def feed_id(url: str) -> str:
    """Name a feed: the same on every machine."""
    return hashlib.sha256(normalise(url).encode()).hexdigest()[:20]


class Feeds:
    """The feeds index."""

    def __init__(self, client: Elasticsearch, prefix: str) -> None:
        self._client = client
        self._read = schema.read_alias(prefix, "feeds")
        self._write = schema.write_alias(prefix, "feeds")

    def add(self, url: str, *, name: str | None = None, now: datetime) -> bool:
        """Take a feed up; False when it was there, by this or another of its addresses."""
        return self.add_all([(url, name)], now=now) == 1

    def add_all(self, feeds: Sequence[tuple[str, str | None]], *, now: datetime) -> int:
        """Take feeds up, each an address and what the user calls it, if anything; gives how many were not there."""
        wanted = {feed_id(url): (url, name) for url, name in reversed(feeds)}
        for identity in self._there(wanted):
            del wanted[identity]
        ends = bulk.send(
            self._client,
            self._write,
            [
                ("create", identity, {}, {**_fresh(identity, url, now=now), "name": name})
                for identity, (url, name) in reversed(wanted.items())
            ],
        )
        for end in ends:
            if not (end.ok or end.conflict):
                raise (MissingIndexError if end.status == 404 else StoreError)(f"{end.error}. Run: condensat init")
        if ends:
            bulk.refresh(self._client, self._write)
        return sum(end.ok for end in ends)

    def _there(self, wanted: Mapping[str, tuple[str, str | None]]) -> set[str]:
        """Tell which of these are there by an address that they got later: a feed keeps the id of its first one."""
        by_key = {normalise(url): identity for identity, (url, _) in wanted.items()}
        found: set[str] = set()
        for part in parts(list(by_key)):
            query = {"query": {"terms": {"keys": list(part)}}, "_source": ["keys"]}
            for hit in scan(self._client, self._read, query, page=1_000):
                found |= {by_key[key] for key in hit["_source"]["keys"] if key in by_key}
        return found

    def get(self, url_or_id: str) -> FeedRecord | None:
        """Find a feed by its id, or by an address that it has or had."""
        return self._get(url_or_id) or self.at(url_or_id)

    def at(self, url: str) -> FeedRecord | None:
        """Find the feed that has or had this address."""
        found = self._get(feed_id(url))
        if found is not None:
            return found
        with translated():
            answer = self._client.search(
                index=self._read,
                query={"term": {"keys": normalise(url)}},
                size=1,
                sort=[{"added": "asc"}],
                allow_partial_search_results=False,
            )
        hits = answer["hits"]["hits"]
        return record(hits[0]["_source"]) if hits else None

    def remove(self, url_or_id: str) -> bool:
        """Forget a feed; its articles stay. False when it was not there."""
        found = self.get(url_or_id)
        if found is None:
            return False
        with translated():
            self._client.delete(index=self._write, id=found.id, refresh=True)
        return True

    def all(self) -> list[FeedRecord]:
        """List every feed, by URL."""
        hits = scan(self._client, self._read, {"query": {"match_all": {}}}, page=1_000)
        return sorted((record(hit["_source"]) for hit in hits), key=lambda each: each.url)

    def count(self) -> int:
        """Count the feeds."""
        with translated():
            return int(self._client.count(index=self._read)["count"])

    def refresh(self) -> None:
        """Make every acknowledged write visible to searches."""
        with translated():
            self._client.indices.refresh(index=self._write)

    def _get(self, identity: str) -> FeedRecord | None:
        with translated():
            try:
                return record(self._client.get(index=self._write, id=identity)["_source"])
            except NotFoundError as error:
                if "index_not_found" in str(error.body):
                    raise
        return None


def _fresh(identity: str, url: str, *, now: datetime) -> dict[str, Any]:
    return {
        "id": identity,
        "url": url,
        "first_url": url,
        "keys": [normalise(url)],
        "domain": registrable_domain(url),
        "added": moment(now),
        "entries": 0,
        "new_entries": 0,
    }


def record(source: dict[str, Any]) -> FeedRecord:
    """Read a feed's document."""
    known = {name: source[name] for name in FeedRecord.__slots__ if source.get(name) is not None}
    for name in _DATES & known.keys():
        known[name] = parse_moment(known[name])
    for name in _MAPS & known.keys():
        known[name] = dict(known[name])
    known["unsettled"] = {
        key: Unsettled(reason=reason, tries=tries, next_try=parse_moment(next_try) if next_try else None)
        for key, reason, tries, next_try in source.get("unsettled") or ()
    }
    url = source["url"]
    known["first_url"] = source.get("first_url") or url
    known["keys"] = tuple(source.get("keys") or (normalise(url),))
    return FeedRecord(**{"name": None, "title": None, **known})


def document(fields: dict[str, Any]) -> dict[str, Any]:
    """Write fields of a ``FeedRecord`` as they are stored."""
    stored = {name: _stored(name, value) for name, value in fields.items()}
    if "rejected" in fields:
        stored["rejects"] = _counted(fields["rejected"])
    return stored


def _counted(rejected: Mapping[str, int]) -> dict[str, int]:
    """Write rejects so that they can be added up: a number a reason. They only grow, so an update may merge them."""
    numbers = {Reason(reason).name.lower(): number for reason, number in rejected.items()}
    return {"all": sum(numbers.values()), **numbers}


def _stored(name: str, value: Any) -> Any:
    if isinstance(value, datetime):
        return moment(value)
    if name in _MAPS:
        return [[key, number] for key, number in value.items()]
    if name == "unsettled":
        return [
            [key, each.reason, each.tries, moment(each.next_try) if each.next_try else None]
            for key, each in value.items()
        ]
    return list(value) if isinstance(value, tuple) else value
