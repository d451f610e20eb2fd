"""Keep digests from before they are sent until long after: the narrow gateway to the digests index."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from indexer.elastic import bulk, schema
from indexer.elastic.documents import moment, parse_moment
from indexer.elastic.errors import StoreError
from indexer.elastic.paging import scan

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from elasticsearch import Elasticsearch

WAITING, REFUSED, DONE = "waiting", "refused", "done"  # states of a digest
SENT = "sent"  # of a delivery, which else is waiting or refused


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One way that a digest takes: kind and address of its target, and what became of it."""

    kind: str
    to: str
    state: str = WAITING
    error: str = ""  # what was said last, where it was not sent
    at: str | None = None  # when it was sent

    @property
    def key(self) -> str:
        """As ``Target.key``."""
        return f"{self.kind}:{self.to}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Elsewhere:
    """An article that repeats the one that is named before it."""

    id: str
    url: str
    source: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """An article as it stands in a digest."""

    id: str
    url: str
    title: str
    source: str
    domain: str
    at: datetime  # the date that orders articles
    language: str | None = None
    passage: str = ""  # in which the words were found, with MARK … UNMARK of a search around them; else the beginning
    labels: tuple[str, ...] = ()  # tags, stories and CVE ids
    also: tuple[Elsewhere, ...] = ()
    again: bool = False  # it has gone out before, and is here for what repeats it


@dataclass(frozen=True, kw_only=True, slots=True)
class Digest:
    """What goes out of one search at one time: fixed before it is sent."""

    id: str
    search: str  # series of the saved search
    name: str  # of the search, as it is written
    number: int
    at: datetime
    query: str
    language: str
    message_id: str
    articles: tuple[str, ...]
    items: tuple[Item, ...]
    deliveries: tuple[Delivery, ...]
    state: str = WAITING


class Outbox:
    """The digests index: a document a digest."""

    def __init__(self, client: Elasticsearch, prefix: str) -> None:
        self._client = client
        self._read = schema.read_alias(prefix, "digests")
        self._write = schema.write_alias(prefix, "digests")

    def put(self, digest: Digest) -> bool:
        """Write a new digest, which every search sees; False where there is another one of that number.

        Where the answer was lost and the client asked again, our own write is what the second try finds in its way.
        """
        (item,) = bulk.send(self._client, self._write, [("create", digest.id, {}, _document(digest))])
        if not item.ok and not item.conflict:
            raise StoreError(f"digest {digest.id}: {item.error}")
        self.refresh()
        return item.ok or next(self._find([{"term": {"id": digest.id}}], [{"id": "asc"}]), None) == digest

    def note(self, digest: Digest) -> None:
        """Write what became of a digest: its deliveries and its state."""
        doc = {"state": digest.state, "deliveries": [asdict(each) for each in digest.deliveries]}
        (item,) = bulk.send(self._client, self._write, [("update", digest.id, {}, {"doc": doc})])
        if not item.ok:
            raise StoreError(f"digest {digest.id}: {item.error}")

    def unfinished(self, search: str, *, refused: bool) -> list[Digest]:
        """Give the digests of a search that are to be sent, the oldest first; with those ``refused``, or without."""
        states = [WAITING, REFUSED] if refused else [WAITING]
        query: list[dict[str, Any]] = [{"term": {"search": search}}, {"terms": {"state": states}}]
        self.refresh()
        return list(self._find(query, [{"number": "asc"}]))

    def gone_out(self, search: str, *, since: datetime) -> tuple[set[str], int]:
        """Give the ids of the articles in digests of a search since then, and the highest number of any of them."""
        self.refresh()
        body = {
            "query": {"bool": {"filter": [{"term": {"search": search}}]}},
            "sort": [{"number": "desc"}],
            "source_includes": ["articles", "number", "at"],
        }
        ids: set[str] = set()
        highest = 0
        for hit in scan(self._client, self._read, body, page=100):
            source = hit["_source"]
            highest = max(highest, source["number"])
            if parse_moment(source["at"]) < since:
                break
            ids.update(source["articles"])
        return ids, highest

    def going_to(self, target: str) -> Iterator[Digest]:
        """Yield the digests that go to a target, the latest first."""
        self.refresh()
        yield from self._find([{"term": {"targets": target}}], [{"at": "desc"}, {"id": "desc"}])

    def counts(self) -> dict[str, dict[str, int]]:
        """Count the digests of each search by their state."""
        self.refresh()
        found: dict[str, dict[str, int]] = {}
        body = {"query": {"terms": {"state": [WAITING, REFUSED]}}, "source_includes": ["search", "state"]}
        for hit in scan(self._client, self._read, body, page=1_000):
            states = found.setdefault(hit["_source"]["search"], {})
            states[hit["_source"]["state"]] = states.get(hit["_source"]["state"], 0) + 1
        return found

    def forget(self, search: str, *, before: datetime | None = None, below: int = 0) -> int:
        """Delete digests of a search, or only those below a number that were done before then; gives how many.

        The highest number is to stay, so that none is given twice.
        """
        self.refresh()
        query: list[dict[str, Any]] = [{"term": {"search": search}}]
        if before:
            old: list[dict[str, Any]] = [
                {"range": {"at": {"lt": moment(before)}}},
                {"range": {"number": {"lt": below}}},
            ]
            query += [{"term": {"state": DONE}}, *old]
        body = {"query": {"bool": {"filter": query}}, "source": False}
        ids = [hit["_id"] for hit in scan(self._client, self._read, body, page=1_000)]
        for item in bulk.send(self._client, self._write, [("delete", each, {}, None) for each in ids]):
            if not item.ok and item.status != 404:
                raise StoreError(f"digest {item.id}: {item.error}")
        return len(ids)

    def refresh(self) -> None:
        """Make every acknowledged write visible to searches."""
        bulk.refresh(self._client, self._write)

    def _find(self, filters: Sequence[dict[str, Any]], sort: Sequence[dict[str, str]]) -> Iterator[Digest]:
        body = {"query": {"bool": {"filter": list(filters)}}, "sort": list(sort)}
        for hit in scan(self._client, self._read, body, page=20):
            yield _digest(hit["_source"])


_PLAIN = ("id", "search", "name", "number", "state", "query", "language", "message_id")


def _document(digest: Digest) -> dict[str, Any]:
    return {
        "id": digest.id,
        "search": digest.search,
        "name": digest.name,
        "number": digest.number,
        "at": moment(digest.at),
        "state": digest.state,
        "query": digest.query,
        "language": digest.language,
        "message_id": digest.message_id,
        "articles": list(digest.articles),
        "targets": [each.key for each in digest.deliveries],
        "deliveries": [asdict(each) for each in digest.deliveries],
        "items": [_item_document(each) for each in digest.items],
    }


def _item_document(item: Item) -> dict[str, Any]:
    also = [{**asdict(each), "at": moment(each.at)} for each in item.also]
    return {**asdict(item), "at": moment(item.at), "also": also}


def _digest(source: Mapping[str, Any]) -> Digest:
    known = {name: source[name] for name in _PLAIN}
    return Digest(
        **known,
        at=parse_moment(source["at"]),
        articles=tuple(source["articles"]),
        items=tuple(_item(each) for each in source["items"]),
        deliveries=tuple(Delivery(**each) for each in source["deliveries"]),
    )


def _item(source: Mapping[str, Any]) -> Item:
    also = tuple(Elsewhere(**{**each, "at": parse_moment(each["at"])}) for each in source["also"])
    labels = tuple(source["labels"])
    return Item(**{**source, "at": parse_moment(source["at"]), "also": also, "labels": labels})
