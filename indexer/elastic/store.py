"""Open a connection and hand out the gateways to the indices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from elasticsearch import AuthorizationException

from indexer.elastic import schema
from indexer.elastic.articles import Articles
from indexer.elastic.client import open_client
from indexer.elastic.condition import Condition
from indexer.elastic.corrections import Corrections
from indexer.elastic.edits import Edits
from indexer.elastic.errors import translated
from indexer.elastic.feeds import Feeds
from indexer.elastic.leases import Leases
from indexer.elastic.migration import Migration
from indexer.elastic.outbox import Outbox
from indexer.elastic.pairs import Pairs
from indexer.elastic.pending import Pending
from indexer.elastic.rights import Rights
from indexer.elastic.searches import Searches
from indexer.elastic.signatures import Signatures
from indexer.elastic.snapshots import Snapshots
from indexer.elastic.sources import Sources
from indexer.elastic.sums import Sums

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType

    from elasticsearch import Elasticsearch

ANALYZE_BATCH = 50  # texts a request: more gain nothing (1,300 texts a second on 2 cores)


class Store:
    """A connection to one Elasticsearch and one set of indices, told apart by their prefix."""

    def __init__(self, client: Elasticsearch, prefix: str) -> None:
        self._client = client
        self.prefix = prefix
        self.pending = Pending(client, prefix)
        self.articles = Articles(client, prefix, self.pending)
        self.condition = Condition(client, prefix)
        self.corrections = Corrections(client, prefix)
        self.edits = Edits(client, prefix)
        self.migration = Migration(client, prefix)
        self.pairs = Pairs(client, prefix)
        self.feeds = Feeds(client, prefix)
        self.leases = Leases(client, prefix)
        self.rights = Rights(client, prefix)
        self.signatures = Signatures(client, prefix)
        self.snapshots = Snapshots(client, prefix)
        self.sources = Sources(client, prefix)
        self.searches = Searches(client, prefix)
        self.outbox = Outbox(client, prefix)
        self.sums = Sums(client, prefix)

    @classmethod
    def connect(
        cls,
        url: str,
        *,
        prefix: str = "condensat",
        username: str | None = None,
        password: str | None = None,
        api_key: str | None = None,
        ca: Path | None = None,
        fingerprint: str | None = None,
    ) -> Store:
        """Connect and see that Elasticsearch answers and lets us in; raises ``UnavailableError``.

        The arguments are those of ``client.open_client``.
        """
        with translated():
            client = open_client(
                url, username=username, password=password, api_key=api_key, ca=ca, fingerprint=fingerprint
            )
            try:
                client.cluster.health(wait_for_status="yellow", timeout="30s")
            except AuthorizationException:  # the cluster is none of a key's business: does it let us in at all?
                client.security.authenticate()
        return cls(client, prefix)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def init(self) -> list[str]:
        """Create the indices that are missing and give their names."""
        return schema.create(self._client, self.prefix)

    def copy_each(self) -> list[str]:
        """Let every index have a copy where there is a second node, as new ones do; name those that changed."""
        return schema.copy_each(self._client, self.prefix)

    def upgrade(self) -> list[str]:
        """Add the fields that a newer version brought, where that is possible in place; name the aliases."""
        return schema.upgrade(self._client, self.prefix)

    def missing(self) -> list[str]:
        """List the aliases that ``init`` would create."""
        return schema.missing(self._client, self.prefix)

    def lacks_signatures(self) -> bool:
        """Tell whether there are articles, or may be, and no index of their signatures."""
        lacking = self.missing()
        articles, signatures = (schema.write_alias(self.prefix, name) for name in ("articles", "signatures"))
        return signatures in lacking and articles not in lacking

    def outdated(self) -> list[str]:
        """List the aliases whose index was made from another version of its mappings than the shipped one."""
        return schema.outdated(self._client, self.prefix)

    def search(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        """Search one of the indices, by the name of its mappings; whole, or not at all."""
        with translated():
            answer = self._client.search(
                index=schema.read_alias(self.prefix, name), allow_partial_search_results=False, **body
            )
        return dict(answer)

    def drop(self) -> None:
        """Delete every index of this prefix: for tests and for leaving no trace."""
        with translated():
            found = self._client.indices.get(index=f"{self.prefix}-*-0*", ignore_unavailable=True)
            if found:
                self._client.indices.delete(index=list(found))

    def version(self) -> str | None:
        """Tell the version of Elasticsearch; None where these credentials may not ask.

        It is asked of a node, since the local one has no root page.
        """
        with translated():
            try:
                nodes: dict[str, Any] = self._client.nodes.info(filter_path="nodes.*.version")["nodes"]
            except AuthorizationException:
                return None
        return str(next(iter(nodes.values()))["version"])

    def condense(self, texts: Sequence[str]) -> list[str]:
        """Give the condensate of each text, as the shipped analyzer makes it.

        An empty text gives no token and would shift all that follow: where the numbers differ, the texts of
        that batch are asked one by one.
        """
        condensates: list[str] = []
        for start in range(0, len(texts), ANALYZE_BATCH):
            batch = list(texts[start : start + ANALYZE_BATCH])
            found = self._analyze(batch)
            if len(found) != len(batch):
                found = ["".join(self._analyze([text])) for text in batch]
            condensates += found
        return condensates

    def _analyze(self, texts: list[str]) -> list[str]:
        with translated():
            answer = self._client.indices.analyze(
                index=schema.write_alias(self.prefix, "articles"), analyzer="condensate", text=texts
            )
        return [token["token"] for token in answer["tokens"]]
