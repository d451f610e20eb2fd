"""Write by what articles are found as candidates, and find them: the narrow gateway to the signatures index.

A signature stands beside its article instead of in it. Each hash of a query is looked up in every segment, so their
number is what a search costs; of a kilobyte an article they stay few for the same work of merging, and an article that
gets a ``repost_of`` leaves its signature as it is.

A signature is written by whoever finds the pairs of its article, before it searches. It carries the article's place in
the sequence of writes as its version: of two who write it, the one that saw the later article wins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from indexer.elastic import bulk, candidates, schema
from indexer.elastic.documents import moment
from indexer.elastic.errors import StoreError, translated
from indexer.elastic.facts import pack
from indexer.elastic.paging import parts
from indexer.shingles import SIGNATURE, signature

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from elasticsearch import Elasticsearch

    from indexer.elastic.documents import Stored
    from indexer.reposts import Version
    from indexer.stars import Like


@dataclass(frozen=True, kw_only=True, slots=True)
class Signed:
    """A signature that is there, as it was when it was looked for."""

    id: str
    seq_no: int
    primary_term: int


class Signatures:
    """The signatures index: a document an article."""

    def __init__(self, client: Elasticsearch, prefix: str) -> None:
        self._client = client
        self._read = schema.read_alias(prefix, "signatures")
        self._write = schema.write_alias(prefix, "signatures")

    def refresh(self) -> None:
        """Make every acknowledged write visible to searches."""
        bulk.refresh(self._client, self._write)

    def write(self, articles: Iterable[Stored]) -> None:
        """Write the signatures of articles, but where that of a later state is there."""
        self._send(
            [
                (
                    "index",
                    each.version.id,
                    {"version": each.place, "version_type": "external_gte"},
                    _document(each.version),
                )
                for each in articles
            ]
        )

    def there(self, ids: Sequence[str]) -> dict[str, Signed]:
        """Tell which of these articles have a signature, in real time."""
        found = {}
        for part in parts(ids):
            with translated():
                answer = self._client.mget(index=self._write, ids=list(part), source=False)
            for each in answer["docs"]:
                if each.get("found"):
                    found[each["_id"]] = Signed(
                        id=each["_id"], seq_no=each["_seq_no"], primary_term=each["_primary_term"]
                    )
        return found

    def delete(self, signed: Iterable[Signed]) -> None:
        """Delete the signatures of articles that are gone, but those that were written since they were looked for."""
        self._send(
            [
                ("delete", each.id, {"if_seq_no": each.seq_no, "if_primary_term": each.primary_term}, None)
                for each in signed
            ]
        )

    def candidates(self, versions: Sequence[Version], *, window_days: int) -> list[list[Like]]:
        """Find, for each article, those that may repeat it or that it may repeat; as of the last refresh."""
        return candidates.find(self._client, self._read, versions, window_days=window_days)

    def count_earlier(self, versions: Sequence[Version], *, window_days: int) -> list[int | None]:
        """Count, for each article, its earlier candidates, where one query can; as of the last refresh."""
        return candidates.count_earlier(self._client, self._read, versions, window_days=window_days)

    def shared_by(self, keywords: Iterable[str], *, but: str, least: int) -> frozenset[str]:
        """Give those of these sampled hashes that articles of ``least`` sources other than ``but`` have."""
        return candidates.shared_by(self._client, self._read, sorted(keywords), but=but, least=least)

    def _send(self, actions: Sequence[bulk.Action]) -> None:
        for item in bulk.send(self._client, self._write, actions):
            if not item.ok and not item.conflict and item.status != 404:
                raise StoreError(f"signature of article {item.id}: {item.error}")


def _document(signed: Version) -> dict[str, Any]:
    return {
        "id": signed.id,
        "domain": signed.source,
        "effective": moment(signed.effective),
        "text_hash": signed.shingled.text_hash,
        "tokens": signed.shingled.length,
        "signature": signature(signed.shingled),
        "signature_version": SIGNATURE,
        "facts": pack(signed),
    }
