"""Derive what stands in an article of its pairs: which it repeats first, and how many repeat it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from indexer.elastic import Store
    from indexer.models import Pair

ROUNDS = 50  # rounds in which others were faster: each means that somebody made progress


def derive(store: Store, ids: Iterable[str]) -> None:
    """Derive ``repost_of`` and the counts of articles from their pairs, until nobody was faster.

    ``repost_of`` is the earliest article that this one repeats (exact, near or partial), ``repeats`` the number of
    those that it repeats, ``reposts`` that of the articles that repeat it. A repost has no ``reposts``: with each
    further copy all those before it would be written again, which was two thirds of all writing. The articles are
    read before their pairs, so that whoever derives from newer pairs meanwhile is noticed.
    """
    todo = sorted(ids)
    for _ in range(ROUNDS):
        if not todo:
            break
        read = store.articles.derived(todo)
        store.pairs.refresh()
        todo = sorted(store.articles.derive(_derived(todo, store.pairs.naming(todo)), read))


def _derived(ids: Sequence[str], pairs: Iterable[Pair]) -> dict[str, dict[str, Any]]:
    originals: dict[str, list[tuple[datetime, str]]] = {identity: [] for identity in ids}
    reposts: Counter[str] = Counter()
    for pair in pairs:
        if not pair.kind.is_repost:
            continue
        if pair.later in originals:
            originals[pair.later].append((pair.earlier_effective, pair.earlier))
        if pair.earlier in originals:
            reposts[pair.earlier] += 1
    return {
        identity: {
            "repost_of": min(earlier)[1] if earlier else None,
            "reposts": 0 if earlier else reposts[identity],
            "repeats": len({each for _, each in earlier}),
        }
        for identity, earlier in originals.items()
    }
