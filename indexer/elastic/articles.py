"""Read and write articles: the narrow gateway to the articles index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from indexer.elastic import bulk, schema
from indexer.elastic.documents import VERDICT_FIELDS, Stored, moment, version
from indexer.elastic.errors import StoreError, translated
from indexer.models import Outcome
from indexer.shingles import signature

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from elasticsearch import Elasticsearch

    from indexer.reposts import Version

PENDING, DONE = "pending", "done"
CLAUSES = 1_000  # sampled hashes a query: the clause limit is 2,621 on a machine of 16 cores with a small heap
CANDIDATE_PAGE = 500  # candidates a page; all pages are read
LOOKUP = 1_000  # identifiers a look-up
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
        for part in _parts(ids):
            for identity, source in self._get(part, fields):
                found[identity] = _known(identity, source)
        wanted = set(urls)
        for part in _parts(list(wanted)):
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
        for part in _parts(ids):
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
            for part in _parts(ids)
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
        """Find, for each article, the ids that share two sampled grams with it, or its whole text."""
        plans = [(index, query) for index, each in enumerate(versions) for query in _queries(each, window_days)]
        found: list[set[str]] = [set() for _ in versions]
        after: dict[int, Any] = {}
        scores: list[dict[str, int]] = [{} for _ in versions]
        open_plans = list(range(len(plans)))
        while open_plans:
            searches: list[dict[str, Any]] = []
            for number in open_plans:
                body = {
                    "query": plans[number][1],
                    "size": CANDIDATE_PAGE,
                    "_source": False,
                    "track_total_hits": False,
                    "sort": [{"_score": "desc"}, {"id": "asc"}],
                }
                if number in after:
                    body["search_after"] = after[number]
                searches += [{"index": self._read, "allow_partial_search_results": False}, body]
            with translated():
                answer = self._client.msearch(searches=searches)
            still = []
            for number, response in zip(open_plans, answer["responses"], strict=True):
                if "error" in response or response.get("timed_out"):
                    raise StoreError(f"a candidate search failed: {response.get('error', 'timed out')}")
                hits = response["hits"]["hits"]
                index = plans[number][0]
                for hit in hits:
                    scores[index][hit["_id"]] = scores[index].get(hit["_id"], 0) + int(hit["_score"])
                if len(hits) == CANDIDATE_PAGE:
                    after[number] = hits[-1]["sort"]
                    still.append(number)
            open_plans = still
        for index, each in enumerate(versions):
            least = min(2, len(signature(each.shingled)))
            found[index] = {identity for identity, score in scores[index].items() if score >= least}
            found[index].discard(each.id)
        return found

    def derive(self, derived: Mapping[str, dict[str, Any]], *, judged: Mapping[str, Stored]) -> set[str]:
        """Write derived fields where they differ, and mark the ``judged`` as done, in one write an article.

        A judged article is written only as it was when it was read. Gives the ids that changed meanwhile.
        """
        current = {}
        for part in _parts(list(derived)):
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
        for part in _parts(ids):
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


def created(document: dict[str, Any], *, seen: datetime, now: datetime) -> dict[str, Any]:
    """Complete a new article's document with what is decided once."""
    return {
        **document,
        "seen": moment(seen),
        "effective": document["published"] or moment(seen),
        "pairs": PENDING,
        "sent": False,
        "shelf": "inbox",
        "reposts": 0,
        "repeats": 0,
        "created": moment(now),
        "modified": moment(now),
    }


def changed(old: dict[str, Any], new: dict[str, Any], *, seen: datetime, now: datetime) -> dict[str, Any]:
    """Give the partial document that brings ``old`` up to ``new``; empty when there is nothing to write.

    ``seen`` never moves later, and the first plausible publication date that was recorded stays: an article
    that is edited does not become a later one.
    """
    changes: dict[str, Any] = {}
    urls = list(dict.fromkeys([*old["urls"], *new["urls"]]))
    if urls != old["urls"]:
        changes["urls"] = urls
    if new["entry_hash"] and new["entry_hash"] != old.get("entry_hash"):
        changes["entry_hash"] = new["entry_hash"]
    if moment(seen) < old["seen"]:
        changes["seen"] = moment(seen)
    published = old.get("published")
    if new["content_hash"] != old["content_hash"]:
        changes |= {key: value for key, value in new.items() if key not in {"id", "urls", "entry_hash"}}
        if published:
            changes |= {key: old.get(key) for key in changes if key.startswith("published")}
        if new["text_hash"] != old["text_hash"]:
            revision = {key: old.get(key) for key in ("title", "text", "text_hash", "modified")}
            changes["revisions"] = [*old.get("revisions", []), revision]
    effective = published or new["published"] or changes.get("seen", old["seen"])
    if effective != old["effective"]:
        changes["effective"] = effective
    if changes.keys() & {"effective", "revisions", "source"}:
        changes["pairs"] = PENDING
    if changes:
        changes["modified"] = moment(now)
    return changes


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
        with translated():
            client.close_point_in_time(id=point)


def _queries(each: Version, window_days: int) -> Iterator[dict[str, Any]]:
    """Ask for at most ``CLAUSES`` hashes at a time; the scores of a long article are added by id."""
    hashes = signature(each.shingled)
    parts = list(_parts(hashes, CLAUSES))
    least = min(2, len(hashes)) if len(parts) == 1 else 1
    window = []
    if window_days:
        span = f"||-{window_days}d", f"||+{window_days}d"
        base = moment(each.effective)
        window = [{"range": {"effective": {"gte": base + span[0], "lte": base + span[1]}}}]
    equal = {"constant_score": {"filter": {"term": {"text_hash": each.shingled.text_hash}}, "boost": 2}}
    for part in parts or [()]:
        terms = [{"constant_score": {"filter": {"term": {"signature": hash_}}}} for hash_ in part]
        shoulds: list[dict[str, Any]] = [equal]
        if terms:
            shoulds.append({"bool": {"should": terms, "minimum_should_match": least}})
        yield {
            "bool": {
                "should": shoulds,
                "minimum_should_match": 1,
                "filter": window,
                "must_not": [{"term": {"id": each.id}}],
            }
        }


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


def _parts(items: Sequence[str], size: int = LOOKUP) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
