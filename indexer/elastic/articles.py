"""Read and write articles: the narrow gateway to the articles index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from indexer.elastic import bulk, schema
from indexer.elastic.changes import Change, change
from indexer.elastic.documents import STATE_FIELDS, VERDICT_FIELDS, Created, Stored, place_of, state, version
from indexer.elastic.errors import StoreError, translated
from indexer.elastic.paging import LOOKUP, parts, scan
from indexer.reports import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from elasticsearch import Elasticsearch

    from indexer.elastic.pending import Pending
    from indexer.reposts import Version
    from indexer.shingles import Shingled

DERIVED_FIELDS = ("repost_of", "reposts", "repeats")
REWRITES = 5  # tries after a version conflict: each means that somebody else made progress


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """What became of one article that was to be written; ``error`` where it was refused."""

    id: str
    outcome: Outcome
    error: str = ""
    pending: bool = False  # its pairs are to be found
    created: Created | None = None  # where it is new


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What ingest asks about an article that may be there already."""

    id: str
    urls: tuple[str, ...]
    entry_hash: str | None
    text_origin: str | None


@dataclass(frozen=True, slots=True)
class Derived:
    """What stands in an article of its pairs, and its place in the sequence of writes."""

    fields: dict[str, Any]
    seq_no: int
    primary_term: int


class Articles:
    """The articles index."""

    def __init__(self, client: Elasticsearch, prefix: str, pending: Pending) -> None:
        self._client = client
        self._pending = pending
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
        for identity, source in self._get(ids, fields):
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

    def write(
        self,
        documents: Sequence[dict[str, Any]],
        *,
        texts: Sequence[Shingled],
        seen: Sequence[datetime],
        now: datetime,
        kept: Mapping[str, dict[str, Any]] | None = None,
    ) -> list[Written]:
        """Create or update articles; one answer a document, in order. What is the same is not written.

        ``kept`` are further fields by id, which an article gets when it is created.

        ``documents`` are those of ``documents.article_document``, one an id, ``texts`` what they were made of; ``seen``
        is when each was seen. An article whose verdicts may change is marked as pending first: one that dies in between
        leaves a mark too many.
        """
        ends: dict[str, Written] = {}
        todo = {document["id"]: (document, at) for document, at in zip(documents, seen, strict=True)}
        text_of = {document["id"]: text for document, text in zip(documents, texts, strict=True)}
        marked: set[str] = set()  # for a state in which the article will not be, where somebody else was faster
        for _ in range(REWRITES):
            current = self._raw(list(todo))
            changes: dict[str, Change] = {}
            for identity, (document, at) in todo.items():
                found = change(
                    current[identity]["_source"] if identity in current else None, document, seen=at, now=now
                )
                if found:
                    if kept and found.outcome is Outcome.CREATED:
                        found.fields.update(kept.get(identity, {}))
                    changes[identity] = found
                else:
                    ends[identity] = Written(id=identity, outcome=Outcome.UNCHANGED, pending=identity in marked)
            states = {identity: state(current[identity]["_source"]) for identity in marked & current.keys()}
            states |= {identity: each.state for identity, each in changes.items() if each.state}
            marked |= states.keys()
            marks = self._pending.mark(states, now=now)
            actions = [_action(identity, each, current.get(identity)) for identity, each in changes.items()]
            conflicts, refused = set(), set()
            for item in bulk.send(self._client, self._write, actions):
                if item.ok:
                    done = changes[item.id]
                    ends[item.id] = Written(
                        id=item.id,
                        outcome=done.outcome,
                        pending=item.id in states,
                        created=_created(item, done, text_of[item.id], marks),
                    )
                elif item.conflict:
                    conflicts.add(item.id)
                else:
                    ends[item.id] = Written(id=item.id, outcome=Outcome.REJECTED, error=item.error)
                    refused.add(item.id)
            self._withdraw({identity: states[identity] for identity in refused & states.keys()})
            todo = {identity: each for identity, each in todo.items() if identity in conflicts}
            if not todo:
                break
        for identity in todo:
            ends[identity] = Written(id=identity, outcome=Outcome.REJECTED, error="changed by others at every try")
        return [ends[document["id"]] for document in documents]

    def _withdraw(self, states: Mapping[str, str]) -> None:
        """Take back the marks of articles that were refused."""
        if states:
            marks = self._pending.read(list(states)).values()
            self._pending.take_away(mark for mark in marks if mark.state == states[mark.id])

    # -- reposts -------------------------------------------------------------------------------------------

    def versions(self, ids: Sequence[str]) -> dict[str, Version]:
        """Read articles for their verdicts, in real time; ids that are gone are missing from the answer."""
        return {identity: version(identity, source) for identity, source in self._get(ids, VERDICT_FIELDS)}

    def stored(self, ids: Sequence[str]) -> dict[str, Stored]:
        """Read the same, and the place of each article's last write."""
        return {
            each["_id"]: Stored(
                version=version(each["_id"], each["_source"]), place=place_of(each["_seq_no"], each["_primary_term"])
            )
            for each in self._documents(ids, VERDICT_FIELDS)
        }

    def states(self, ids: Sequence[str]) -> dict[str, str]:
        """Give the state on which the verdicts of each article rest, in real time; see ``documents.state``."""
        return {identity: state(source) for identity, source in self._get(ids, STATE_FIELDS)}

    # -- sources -------------------------------------------------------------------------------------------

    def sources(self) -> dict[str, int]:
        """Count the articles of every source, by its domain; as of the last refresh."""
        found: dict[str, int] = {}
        after: dict[str, Any] = {}
        while True:
            keys = {"size": LOOKUP, "sources": [{"domain": {"terms": {"field": "source.domain"}}}], **after}
            answer = self.search({"size": 0, "aggs": {"sources": {"composite": keys}}})["aggregations"]["sources"]
            found |= {bucket["key"]["domain"]: bucket["doc_count"] for bucket in answer["buckets"]}
            if "after_key" not in answer:
                return found
            after = {"after": answer["after_key"]}

    def texts_of(self, domain: str) -> Iterator[tuple[str, str]]:
        """Yield ``(id, text)`` of the articles of a source, the latest first; as of the last refresh."""
        order = [{"effective": "desc"}, {"id": "asc"}]
        body = {"query": {"term": {"source.domain": domain}}, "sort": order, "source_includes": ["text"]}
        for hit in self.scan(body):
            yield hit["_id"], hit["_source"]["text"]

    def ids_of(self, domain: str) -> Iterator[str]:
        """Yield the ids of the articles of a source; as of the last refresh."""
        body = {"query": {"term": {"source.domain": domain}}, "source": False}
        for hit in self.scan(body, page=5_000):
            yield hit["_id"]

    # -- what is derived from pairs ------------------------------------------------------------------------

    def derived(self, ids: Sequence[str]) -> dict[str, Derived]:
        """Read what was derived from the pairs of each article, with its place in the sequence of writes."""
        found = {}
        for each in self._documents(ids, DERIVED_FIELDS):
            fields = {name: each["_source"].get(name) for name in DERIVED_FIELDS}
            found[each["_id"]] = Derived(fields, each["_seq_no"], each["_primary_term"])
        return found

    def derive(self, fields: Mapping[str, dict[str, Any]], read: Mapping[str, Derived]) -> None:
        """Write what is derived from pairs where it differs from what was ``read`` before the pairs were.

        What somebody wrote since, or removed, is left as it is: its pairs may be others by now.
        """
        actions: list[bulk.Action] = []
        for identity, new in fields.items():
            if identity in read and read[identity].fields != new:
                guard = {"if_seq_no": read[identity].seq_no, "if_primary_term": read[identity].primary_term}
                actions.append(("update", identity, guard, {"doc": new}))
        for item in bulk.send(self._client, self._write, actions):
            if not item.ok and not item.conflict and item.status != 404:
                raise StoreError(f"article {item.id}: {item.error}")

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

    def matching(self, query: dict[str, Any]) -> int:
        """Count the articles that a query matches; as of the last refresh."""
        with translated():
            return int(self._client.count(index=self._read, query=query)["count"])

    def nearest_words(self, words: Sequence[str]) -> dict[str, str]:
        """Give, of these words, those that no text has, each with the nearest that most texts have."""
        term = {"field": "text", "suggest_mode": "missing", "sort": "score", "size": 1, "min_word_length": 3}
        asked = {str(place): {"text": word, "term": term} for place, word in enumerate(words)}
        if not asked:
            return {}
        with translated():
            answer = self._client.search(index=self._read, size=0, suggest=asked)
        found = {}
        for place, word in enumerate(words):
            parts = answer["suggest"][str(place)]
            if len(parts) == 1 and parts[0]["options"]:
                found[word] = str(parts[0]["options"][0]["text"])
        return found

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
        for each in self._documents(ids, fields):
            yield each["_id"], each["_source"]

    def _documents(self, ids: Sequence[str], fields: Sequence[str]) -> Iterator[dict[str, Any]]:
        for part in parts(ids):
            with translated():
                answer = self._client.mget(index=self._write, ids=list(part), source_includes=list(fields))
            yield from (each for each in answer["docs"] if each.get("found"))


def _created(item: bulk.Item, done: Change, text: Shingled, marks: Mapping[str, int]) -> Created | None:
    """Give an article as it was written, where it is new."""
    if done.outcome is not Outcome.CREATED:
        return None
    written = version(item.id, done.fields, text)
    return Created(version=written, place=place_of(item.seq_no, item.primary_term), mark=marks[item.id])


def _action(identity: str, change: Change, current: dict[str, Any] | None) -> bulk.Action:
    return _update(identity, change.fields, current) if current else ("create", identity, {}, change.fields)


def _update(identity: str, fields: dict[str, Any], current: dict[str, Any]) -> bulk.Action:
    guard = {"if_seq_no": current["_seq_no"], "if_primary_term": current["_primary_term"]}
    return ("update", identity, guard, {"doc": fields})


def _known(identity: str, source: dict[str, Any]) -> Known:
    return Known(
        id=identity,
        urls=tuple(source["urls"]),
        entry_hash=source.get("entry_hash"),
        text_origin=(source.get("origins") or {}).get("text"),
    )
