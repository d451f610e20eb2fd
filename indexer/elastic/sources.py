"""Read and write what is known of each source: the narrow gateway to the sources index."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from elasticsearch import NotFoundError

from indexer.elastic import bulk, schema
from indexer.elastic.documents import moment, parse_moment
from indexer.elastic.errors import StoreError, translated
from indexer.elastic.paging import parts, scan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from elasticsearch import Elasticsearch

    from indexer.shingles import Hashes


@dataclass(frozen=True, kw_only=True, slots=True)
class Phrase:
    """A piece of text that a source repeats; ``articles`` of those that were read have it."""

    text: str
    tokens: int
    articles: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Boilerplate:
    """What one source repeats from article to article."""

    domain: str
    version: int  # 0: nothing was learnt; raised when the list changes
    learned: datetime | None = None
    articles: int = 0  # that it was learnt from
    hashes: Hashes = field(default_factory=lambda: np.empty(0, dtype=np.uint64))  # grams, ascending
    phrases: tuple[Phrase, ...] = ()  # the most frequent, to be looked at


class Sources:
    """The sources index: a document a registrable domain."""

    def __init__(self, client: Elasticsearch, prefix: str) -> None:
        self._client = client
        self._read = schema.read_alias(prefix, "sources")
        self._write = schema.write_alias(prefix, "sources")
        self._cached: dict[str, Boilerplate] = {}

    def versions(self, domains: Iterable[str]) -> dict[str, int]:
        """Give the version of each source's list, in real time; 0 where there is none."""
        found = dict.fromkeys(domains, 0)
        for each in self._get(list(found), ["boilerplate.version"]):
            found[each["_id"]] = each["_source"]["boilerplate"]["version"]
        return found

    def boilerplate(self, domains: Iterable[str]) -> dict[str, Boilerplate]:
        """Read the lists of these sources, in real time; those that did not change are not read again."""
        versions = self.versions(domains)
        outdated = [
            domain
            for domain, version in versions.items()
            if version and (domain not in self._cached or self._cached[domain].version != version)
        ]
        for each in self._get(outdated, ["domain", "boilerplate"]):
            self._cached[each["_id"]] = _boilerplate(each["_source"])
        return {
            domain: self._cached[domain] if version else Boilerplate(domain=domain, version=0)
            for domain, version in versions.items()
        }

    def write(self, learnt: Boilerplate) -> None:
        """Store a list; raises ``StoreError`` where it is not acknowledged."""
        document = {
            "domain": learnt.domain,
            "boilerplate": {
                "version": learnt.version,
                "learned": moment(learnt.learned) if learnt.learned else None,
                "articles": learnt.articles,
                "grams": len(learnt.hashes),
                "hashes": base64.b64encode(learnt.hashes.astype("<u8").tobytes()).decode("ascii"),
                "phrases": [
                    {"text": each.text, "tokens": each.tokens, "articles": each.articles} for each in learnt.phrases
                ],
            },
        }
        for item in bulk.send(self._client, self._write, [("index", learnt.domain, {}, document)]):
            if not item.ok:
                raise StoreError(f"source {item.id}: {item.error}")
        with translated():
            self._client.indices.refresh(index=self._write)

    def get(self, domain: str) -> Boilerplate | None:
        """Read what was learnt of one source, in real time."""
        with translated():
            try:
                found = self._client.get(index=self._write, id=domain)
            except NotFoundError:
                return None
        return _boilerplate(found["_source"])

    def list(self) -> Iterator[Boilerplate]:
        """Yield what was learnt, a source at a time, by domain."""
        for hit in scan(self._client, self._read, {"sort": [{"domain": "asc"}]}, page=100):
            yield _boilerplate(hit["_source"])

    def _get(self, domains: Sequence[str], fields: Sequence[str]) -> Iterator[dict[str, Any]]:
        for part in parts(domains):
            with translated():
                answer = self._client.mget(index=self._write, ids=list(part), source_includes=list(fields))
            yield from (each for each in answer["docs"] if each.get("found"))


def _boilerplate(source: dict[str, Any]) -> Boilerplate:
    stored = source["boilerplate"]
    return Boilerplate(
        domain=source["domain"],
        version=stored["version"],
        learned=parse_moment(stored["learned"]) if stored.get("learned") else None,
        articles=stored["articles"],
        hashes=np.frombuffer(base64.b64decode(stored["hashes"]), dtype="<u8").astype(np.uint64),
        phrases=tuple(Phrase(**each) for each in stored["phrases"]),
    )
