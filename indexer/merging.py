"""Make two sources one: the articles of one become the other's, now and whenever they come in."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from indexer.detect import detect
from indexer.elastic.corrections import Merge
from indexer.elastic.documents import content_hash, moment
from indexer.models import CondensatError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from indexer.elastic import Store
    from indexer.progress import Progress

BATCH = 500  # articles at once


class UnknownSourceError(CondensatError):
    """No article is of this source."""


def merge(
    store: Store,
    domains: Sequence[str],
    into: str,
    *,
    name: str | None = None,
    by: str,
    now: Callable[[], datetime],
    progress: Progress,
) -> int:
    """Make these sources one with ``into``, and give the number of articles that moved; ``name`` is what it is called.

    Their pairs are judged again, since a verdict depends on whether both sides have one source. A run that was stopped
    is ended by the same again. Raises UnknownSourceError where a source has no article and was never merged.
    """
    store.articles.refresh()
    found = store.sums.articles({"match_all": {}})
    known = {each.domain for each in store.corrections.merges()}
    for each in domains:
        if each == into:
            raise UnknownSourceError(f"«{each}» cannot be merged into itself.")
        if each not in found and each not in known:
            raise UnknownSourceError(f"No article is of the source «{each}»; see: condensat sources list")
    called = name or (found[into][0] if into in found else into)
    progress.start("moving articles", sum(found[each][1] for each in domains if each in found))
    count = 0
    for domain in domains:
        store.corrections.merge(Merge(domain=domain, into=into, name=called), by=by, now=now())
        ids = store.articles.ids_of(domain)
        while part := list(islice(ids, BATCH)):
            count += _move(store, part, into, called, now)
            progress.advance(len(part))
    store.articles.refresh()
    store.pairs.refresh()
    progress.finish()
    return count


def _move(store: Store, ids: Sequence[str], into: str, name: str, now: Callable[[], datetime]) -> int:
    """Move some articles: marked before they change, as every writer does whose change concerns verdicts."""
    states = {identity: f"{state.rpartition(' ')[0]} {into}" for identity, state in store.articles.states(ids).items()}
    store.pending.mark(states, now=now())
    at = moment(now())

    def moved(article: dict[str, Any]) -> dict[str, Any]:
        source = {**article["source"], "domain": into, "name": name}
        return {"source": source, "content_hash": content_hash({**article, "source": source}), "modified": at}

    done = store.edits.edit(ids, moved)
    detect(store, dict.fromkeys(ids), now=now)
    return len(done)
