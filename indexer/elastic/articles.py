"""Read and write articles: the narrow gateway to the articles index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from indexer.elastic import bulk, candidates, schema
from indexer.elastic.changes import DONE, PENDING, changed, created
from indexer.elastic.documents import VERDICT_FIELDS, Stored, version
from indexer.elastic.errors import StoreError, translated
from indexer.elastic.paging import parts, scan
from indexer.models import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from elasticsearch import Elasticsearch

    from indexer.reposts import Version

REWRITES = 5  # tries after a version conflict: each means that somebody else made progress


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """What became of one article that was to be written; ``error`` where it was refused."""

    id: str
    outcome: Outcome
    error: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What ingest asks about an article that may be there already."""

    id: str
    urls: tuple[str, ...]
    entry_hash: str | None
    text_origin: str | None


class Articles:
    """The articles index."""

    def __init__(self, client: Elasticsearch, prefix: str) -> None:
        self._client = client
        self._read = schema.read_alias(prefix, "articles")
        self._write = schema.write_alias(prefix, "articles")

    def refresh(self) -> None:
        """Make every acknowledged write visible to searches."""
        bulk.refresh(self._client, self._write)

    def count(self) -> int:
        """Count the articles that searches see."""
        with translated():
            return int(self._client.count(index=self._read)["count"])

    # -- identity ------------------------------------------------------------------------------------------

    def known(self, ids: Sequence[str], urls: Sequence[str]) -> dict[str, Known]:
        """Find articles by id (real time) or by any of their URLs (as of the last refresh).

        The keys are the ids and URLs asked for that are known.
        """
        fields = ["urls", "entry_hash", "origins.text"]
        found: dict[str, Known] = {}
        for part in parts(ids):
            for identity, source in self._get(part, fields):
                found[identity] = _known(identity, source)
        wanted = set(urls)
        for part in parts(list(wanted)):
            with translated():
                answer = self._client.search(
                    index=self._read,
                    query={"terms": {"urls": list(part)}},
                    size=10_000,
                    source_includes=fields,
                    allow_partial_search_results=False,
                )
            for hit in answer["hits"]["hits"]:
                each = _known(hit["_id"], hit["_source"])
                for url in wanted.intersection(each.urls):
                    # Two articles may claim one URL; the smaller id is as good as any and the same on every run.
                    if url not in found or each.id < found[url].id:
                        found[url] = each
        return found

    def add_urls(self, identity: str, urls: Iterable[str]) -> None:
        """Note further URLs of an article, so that they lead to it from now on."""
        for _ in range(REWRITES):
            current = self._raw([identity]).get(identity)
            if current is None:
                return
            have = list(current["_source"]["urls"])
            more = [each for each in dict.fromkeys(urls) if each not in have]
            if not more:
                return
            (item,) = bulk.send(self._client, self._write, [_update(identity, {"urls": have + more}, current)])
            if item.ok:
                return
            if not item.conflict:
                raise StoreError(f"article {identity}: {item.error}")
        raise StoreError(f"article {identity} changes faster than it can be written")

    # -- writing -------------------------------------------------------------------------------------------

    def write(self, documents: Sequence[dict[str, Any]], *, seen: Sequence[datetime], now: datetime) -> list[Written]:
        """Create or update articles; one answer a document, in order. What is the same is not written.

        ``documents`` are those of ``documents.article_document``, one an id; ``seen`` is when each was seen.
        """
        ends: dict[str, Written] = {}
        todo = {document["id"]: (document, at) for document, at in zip(documents, seen, strict=True)}
        for _ in range(REWRITES):
            current = self._raw(list(todo))
            actions: list[bulk.Action] = []
            outcomes: dict[str, Outcome] = {}
            for identity, (document, at) in todo.items():
                old = current.get(identity)
                if old is None:
                    actions.append(("create", identity, {}, created(document, seen=at, now=now)))
                    outcomes[identity] = Outcome.CREATED
                    continue
                changes = changed(old["_source"], document, seen=at, now=now)
                if changes:
                    actions.append(_update(identity, changes, old))
                    content = changes.keys() - {"urls", "entry_hash", "seen", "effective", "pairs", "modified"}
                    outcomes[identity] = Outcome.UPDATED if content else Outcome.UNCHANGED
                else:
                    ends[identity] = Written(id=identity, outcome=Outcome.UNCHANGED)
            conflicts = set()
            for item in bulk.send(self._client, self._write, actions):
                if item.ok:
                    ends[item.id] = Written(id=item.id, outcome=outcomes[item.id])
                elif item.conflict:
                    conflicts.add(item.id)
                else:
                    ends[item.id] = Written(id=item.id, outcome=Outcome.REJECTED, error=item.error)
            todo = {identity: each for identity, each in todo.items() if identity in conflicts}
            if not todo:
                break
        for identity in todo:
            ends[identity] = Written(id=identity, outcome=Outcome.REJECTED, error="changed by others at every try")
        return [ends[document["id"]] for document in documents]

    # -- reposts -------------------------------------------------------------------------------------------

    def stored(self, ids: Sequence[str]) -> dict[str, Stored]:
        """Read articles for their verdicts, in real time; ids that are gone are missing from the answer."""
        found = {}
        for part in parts(ids):
            with translated():
                answer = self._client.mget(index=self._write, ids=list(part), source_includes=list(VERDICT_FIELDS))
            for each in answer["docs"]:
                if each.get("found"):
                    found[each["_id"]] = Stored(
                        version=version(each["_id"], each["_source"]),
                        seq_no=each["_seq_no"],
                        primary_term=each["_primary_term"],
                    )
        return found

    def facts(self, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Give ``(text_hash, effective)`` of articles in real time: what a verdict rests on."""
        fields = ["text_hash", "effective"]
        return {
            identity: (source["text_hash"], source["effective"])
            for part in parts(ids)
            for identity, source in self._get(part, fields)
        }

    def pending(self, size: int) -> list[str]:
        """List articles whose pairs are still to be found, oldest first; as of the last refresh."""
        with translated():
            answer = self._client.search(
                index=self._read,
                query={"term": {"pairs": PENDING}},
                sort=[{"seen": "asc"}, {"id": "asc"}],
                size=size,
                source=False,
                allow_partial_search_results=False,
            )
        return [hit["_id"] for hit in answer["hits"]["hits"]]

    def candidates(self, versions: Sequence[Version], *, window_days: int) -> list[set[str]]:
        """Find, for each article, the ids of those that may repeat it or be repeated: see ``candidates.find``."""
        return candidates.find(self._client, self._read, versions, window_days=window_days)

    def derive(self, derived: Mapping[str, dict[str, Any]], *, judged: Mapping[str, Stored]) -> set[str]:
        """Write derived fields where they differ, and mark the ``judged`` as done, in one write an article.

        A judged article is written only as it was when it was read. Gives the ids that changed meanwhile.
        """
        current = {}
        for part in parts(list(derived)):
            with translated():
                answer = self._client.mget(
                    index=self._write, ids=list(part), source_includes=["repost_of", "reposts", "repeats"]
                )
            current.update({each["_id"]: each for each in answer["docs"] if each.get("found")})
        actions = []
        for identity, fields in derived.items():
            if identity not in current:
                continue
            stands = current[identity]["_source"]
            changes = {name: value for name, value in fields.items() if stands.get(name) != value}
            guard = current[identity]
            if identity in judged:
                changes["pairs"] = DONE
                guard = {"_seq_no": judged[identity].seq_no, "_primary_term": judged[identity].primary_term}
            if changes:
                actions.append(_update(identity, changes, guard))
        return _unwritten(bulk.send(self._client, self._write, actions))

    # -- reading -------------------------------------------------------------------------------------------

    def get(self, identity: str) -> dict[str, Any] | None:
        """Read one whole article by its id, in real time."""
        found = self._raw([identity]).get(identity)
        return dict(found["_source"]) if found else None

    def by_prefix(self, prefix: str, *, limit: int) -> list[tuple[str, str]]:
        """List ``(id, title)`` of the articles whose id begins so."""
        return self._titles({"prefix": {"id": prefix}}, limit)

    def near_ids(self, reference: str, *, limit: int) -> list[tuple[str, str]]:
        """List ``(id, title)`` of articles whose id or URL resembles what was asked for."""
        shoulds = [
            {"prefix": {"id": reference[: max(4, len(reference) // 2)]}},
            {"fuzzy": {"id": {"value": reference[:64], "fuzziness": 2}}},
            {"prefix": {"urls": reference[:200]}},
            {"match": {"title": reference[:200]}},
        ]
        return self._titles({"bool": {"should": shoulds, "minimum_should_match": 1}}, limit)

    def search(self, body: dict[str, Any]) -> dict[str, Any]:
        """Run a search body on the articles; partial answers are refused."""
        with translated():
            answer = self._client.search(index=self._read, allow_partial_search_results=False, **body)
        if answer["timed_out"]:
            raise StoreError("the search timed out; narrow it down")
        return dict(answer)

    def scan(self, body: dict[str, Any], *, page: int = 500) -> Iterator[dict[str, Any]]:
        """Yield every hit of a search body, page after page over one point in time."""
        yield from scan(self._client, self._read, body, page=page)

    def _titles(self, query: dict[str, Any], limit: int) -> list[tuple[str, str]]:
        answer = self.search({"query": query, "size": limit, "source_includes": ["title"]})
        return [(hit["_id"], hit["_source"].get("title") or "") for hit in answer["hits"]["hits"]]

    def _raw(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        found = {}
        for part in parts(ids):
            with translated():
                answer = self._client.mget(index=self._write, ids=list(part))
            found.update({each["_id"]: each for each in answer["docs"] if each.get("found")})
        return found

    def _get(self, ids: Sequence[str], fields: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
        if not ids:
            return
        with translated():
            answer = self._client.mget(index=self._write, ids=list(ids), source_includes=list(fields))
        for each in answer["docs"]:
            if each.get("found"):
                yield each["_id"], each["_source"]


def _update(identity: str, fields: dict[str, Any], current: dict[str, Any]) -> bulk.Action:
    guard = {"if_seq_no": current["_seq_no"], "if_primary_term": current["_primary_term"]}
    return ("update", identity, guard, {"doc": fields})


def _unwritten(items: Iterable[bulk.Item]) -> set[str]:
    """Give the ids that lost a race; anything else that went wrong is an error."""
    lost = set()
    for item in items:
        if item.conflict or item.status == 404:
            lost.add(item.id)
        elif not item.ok:
            raise StoreError(f"article {item.id}: {item.error}")
    return lost


def _known(identity: str, source: dict[str, Any]) -> Known:
    return Known(
        id=identity,
        urls=tuple(source["urls"]),
        entry_hash=source.get("entry_hash"),
        text_origin=(source.get("origins") or {}).get("text"),
    )
