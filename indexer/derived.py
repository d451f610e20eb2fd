"""Derive what stands in an article of its pairs: which it repeats first, and how many repeat it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from indexer.elastic import Store

ROUNDS = 50  # rounds in which others were faster: each means that somebody made progress


def derive(store: Store, ids: Iterable[str], *, repeated: Iterable[str] = ()) -> None:
    """Derive ``repost_of`` and the counts of articles from their pairs, until nobody was faster.

    ``repost_of`` is the earliest article that this one repeats (exact, near or partial), ``repeats`` the number of
    those that it repeats, ``reposts`` that of the articles that repeat it. A repost has no ``reposts``: with each
    further copy all those before it would be written again, which was two thirds of all writing. So nothing changes in
    those that were only ``repeated`` once more, unless they are originals.

    The articles are read before their pairs, so that whoever derives from newer pairs meanwhile is noticed by what he
    writes. Who finds that all is right already writes nothing: so what was written is looked at once more.
    """
    todo = set(ids)
    asked = todo.union(repeated)
    for _ in range(ROUNDS):
        if not asked:
            break
        read = {
            identity: each
            for identity, each in store.articles.derived(sorted(asked)).items()
            if identity in todo or each.fields["repost_of"] is None
        }
        store.pairs.refresh()
        new = _derived(store, list(read))
        store.articles.derive(new, read)
        asked = {identity for identity, each in read.items() if each.fields != new[identity]}
        todo &= asked


def _derived(store: Store, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    originals: dict[str, list[tuple[str, str]]] = {identity: [] for identity in ids}
    for later, effective, earlier in store.pairs.originals(ids):
        originals[later].append((effective, earlier))
    reposts = store.pairs.reposts([identity for identity, earlier in originals.items() if not earlier])
    return {
        identity: {
            "repost_of": min(earlier)[1] if earlier else None,
            "reposts": reposts.get(identity, 0),
            "repeats": len(earlier),
        }
        for identity, earlier in originals.items()
    }
