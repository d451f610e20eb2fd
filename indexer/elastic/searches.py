"""Keep the saved searches, and let one run at a time have each: the narrow gateway to the searches index.

A lease is two fields, written with the place of the version that was read: of two runs that want the same search one
is refused. Whoever dies leaves a lease that runs out.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from indexer.elastic import bulk, schema
from indexer.elastic.documents import moment, parse_moment
from indexer.elastic.errors import StoreError, translated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from elasticsearch import Elasticsearch

MOST = 1_000  # saved searches; nobody has more
FILTERS = ("sources", "tags", "stories", "cves", "languages", "start", "end", "reposts")


@dataclass(frozen=True, slots=True)
class Target:
    """Where digests go: an address, or a file."""

    kind: str  # mail, feed, markdown
    to: str

    @property
    def key(self) -> str:
        """The two in one, by which digests are found that go there."""
        return f"{self.kind}:{self.to}"


@dataclass(frozen=True, kw_only=True, slots=True)
class SavedSearch:
    """A search that is kept under a name."""

    name: str
    series: str
    query: str
    filters: Mapping[str, Any] = field(default_factory=dict)  # those of FILTERS that were given
    targets: tuple[Target, ...] = ()
    language: str = "en"
    since: datetime  # what was indexed before never goes out
    added: datetime
    by: str = ""
    last: datetime | None = None  # when its articles were looked for last
    lease_by: str | None = None
    lease_until: datetime | None = None

    @property
    def id(self) -> str:
        """By which it is stored: names are equal whatever the case."""
        return self.name.casefold()


@dataclass(frozen=True, slots=True)
class HeldSearch:
    """A search as it was read or written last, with its place in the sequence of writes."""

    search: SavedSearch
    seq_no: int
    primary_term: int


class Searches:
    """The searches index: a document a search."""

    def __init__(self, client: Elasticsearch, prefix: str) -> None:
        self._client = client
        self._read = schema.read_alias(prefix, "searches")
        self._write = schema.write_alias(prefix, "searches")

    def add(self, search: SavedSearch) -> bool:
        """Save a search; False where there is one of that name."""
        (item,) = bulk.send(self._client, self._write, [("create", search.id, {}, _document(search))])
        if not item.ok and not item.conflict:
            raise StoreError(f"search {search.name}: {item.error}")
        bulk.refresh(self._client, self._write)
        return item.ok

    def get(self, name: str) -> HeldSearch | None:
        """Read a search by its name, in real time."""
        with translated():
            answer = self._client.mget(index=self._write, ids=[name.casefold()])
        (found,) = answer["docs"]
        return _held(found) if found.get("found") else None

    def all(self) -> list[SavedSearch]:
        """List the searches by name."""
        bulk.refresh(self._client, self._write)
        with translated():
            answer = self._client.search(
                index=self._read,
                sort=[{"name": "asc"}],
                size=MOST,
                seq_no_primary_term=True,
                allow_partial_search_results=False,
            )
        return [_held(each).search for each in answer["hits"]["hits"]]

    def remove(self, name: str) -> bool:
        """Forget a search; False where there was none."""
        (item,) = bulk.send(self._client, self._write, [("delete", name.casefold(), {}, None)])
        if not item.ok and item.status != 404:
            raise StoreError(f"search {name}: {item.error}")
        bulk.refresh(self._client, self._write)
        return item.status == 200

    def claim(
        self, held: HeldSearch, *, worker: str, until: datetime, now: datetime, dead: Callable[[str], bool]
    ) -> HeldSearch | None:
        """Take the lease of a search, or prolong it; None where another run has it that is not known to be ``dead``."""
        search = held.search
        theirs = search.lease_by is not None and search.lease_by != worker
        if theirs and search.lease_until and search.lease_until > now and not dead(search.lease_by or ""):
            return None
        got = self._update(held, lease_by=worker, lease_until=until)
        if got is None:  # where the answer was lost and the client asked again, our own write stands in its way
            there = self.get(search.name)
            if there and there.search.lease_by == worker and there.search.lease_until == parse_moment(moment(until)):
                return there
        return got

    def release(self, held: HeldSearch, *, last: datetime | None = None) -> None:
        """Give the lease back, and note when articles were looked for; nothing where another has it meanwhile."""
        self._update(held, lease_by=None, lease_until=None, **({"last": last} if last else {}))

    def _update(self, held: HeldSearch, **fields: Any) -> HeldSearch | None:
        guard = {"if_seq_no": held.seq_no, "if_primary_term": held.primary_term}
        changes = {name: value and (moment(value) if name != "lease_by" else value) for name, value in fields.items()}
        (item,) = bulk.send(self._client, self._write, [("update", held.search.id, guard, {"doc": changes})])
        if item.ok:
            return HeldSearch(replace(held.search, **fields), item.seq_no, item.primary_term)
        if item.conflict or item.status == 404:
            return None
        raise StoreError(f"search {held.search.name}: {item.error}")


def _document(search: SavedSearch) -> dict[str, Any]:
    return {
        "name": search.name,
        "series": search.series,
        "query": search.query,
        "filters": dict(search.filters),
        "targets": [{"kind": each.kind, "to": each.to} for each in search.targets],
        "language": search.language,
        "since": moment(search.since),
        "added": moment(search.added),
        "by": search.by,
    }


def _held(hit: Mapping[str, Any]) -> HeldSearch:
    source = hit["_source"]
    dates = {name: parse_moment(source[name]) for name in ("since", "added", "last", "lease_until") if source.get(name)}
    search = SavedSearch(
        name=source["name"],
        series=source["series"],
        query=source["query"],
        filters=source["filters"],
        targets=tuple(_targets(source)),
        language=source["language"],
        by=source.get("by") or "",
        lease_by=source.get("lease_by"),
        **dates,
    )
    return HeldSearch(search, hit["_seq_no"], hit["_primary_term"])


def _targets(source: Mapping[str, Any]) -> Iterator[Target]:
    for each in source["targets"]:
        yield Target(each["kind"], each["to"])
