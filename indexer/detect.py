"""Find and store the pairs of articles; the order of steps is the guarantee, the verdicts are those of ``reposts``.

Written articles are pending. For each: refresh, search both directions, judge, write pairs, read both sides again,
mark as done. Whoever writes two articles that repeat each other, and whenever, at least one of the two searches
comes after both refreshes, so no pair is missed; and a worker that dies leaves its articles pending.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

from indexer.models import STORED_KINDS, Pair
from indexer.reposts import RULES, Rules, Version, relate, worth_judging

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from indexer.elastic import Store
    from indexer.elastic.documents import Stored

BATCH = 500  # articles a round: a refresh costs 35 ms at this size
WINDOW_DAYS = 0  # ± days on the effective date in which candidates are looked for; 0: all
ROUNDS = 50  # rounds in which articles changed meanwhile: in a storm of edits the rest waits for the next run


def detect(
    store: Store,
    ids: Sequence[str] | None = None,
    *,
    now: Callable[[], datetime],
    window_days: int = WINDOW_DAYS,
    rules: Rules = RULES,
) -> Counter[str]:
    """Judge the articles named (None: all that are pending) and count the pairs that were written, by kind.

    Raises ``StoreError`` when Elasticsearch fails; what was not done is still pending then.
    """
    written: dict[str, str] = {}
    store.articles.refresh()
    todo = list(ids) if ids is not None else None
    fruitless = 0
    while fruitless < ROUNDS:
        batch = store.articles.pending(BATCH) if todo is None else todo[:BATCH]
        if not batch:
            break
        left = _round(store, batch, written, now=now, window_days=window_days, rules=rules)
        fruitless += bool(left)
        if todo is None:
            store.articles.refresh()
        else:
            todo = [*todo[BATCH:], *sorted(left)]
            if left:
                store.articles.refresh()
    store.articles.refresh()  # searches see repost_of and the counts from now on, not half a minute later
    return Counter(written.values())


def _round(
    store: Store,
    batch: Sequence[str],
    written: dict[str, str],
    *,
    now: Callable[[], datetime],
    window_days: int,
    rules: Rules,
) -> set[str]:
    """Judge one batch; give the ids that changed meanwhile and must be judged again."""
    stored = store.articles.stored(batch)
    subjects = [stored[identity] for identity in batch if identity in stored]
    candidates = store.articles.candidates([each.version for each in subjects], window_days=window_days)
    others = store.articles.stored(sorted(set().union(*candidates) - stored.keys())) if candidates else {}
    known = stored | others

    pairs = _judge(subjects, candidates, known, rules)
    store.pairs.refresh()
    before = {pair.id: pair for pair in store.pairs.naming([each.version.id for each in subjects])}
    gone = before.keys() - pairs.keys()
    store.pairs.write(
        [(pair, _hash(known, pair.earlier), _hash(known, pair.later)) for pair in pairs.values()],
        gone=sorted(gone),
        now=now(),
    )
    for identity in gone:
        written.pop(identity, None)
    written.update({pair.id: pair.kind.value for pair in pairs.values()})

    changed = _changed_since(store, known, pairs.values())
    again = _sides(pair for pair in pairs.values() if {pair.earlier, pair.later} & changed) & stored.keys()
    touched = _sides((*pairs.values(), *before.values()))
    judged = {each.version.id: each for each in subjects if each.version.id not in again}
    again |= summarise(store, touched, judged=judged)
    return again & stored.keys()


def _judge(
    subjects: Sequence[Stored],
    candidates: Sequence[set[str]],
    known: dict[str, Stored],
    rules: Rules,
) -> dict[str, Pair]:
    pairs: dict[str, Pair] = {}
    for subject, ids in zip(subjects, candidates, strict=True):
        for identity in ids:
            other = known.get(identity)
            if other is None or not worth_judging(subject.version.shingled, other.version.shingled, rules):
                continue  # removed between the search and the reading, or too little in common
            pair = relate(subject.version, other.version, rules=rules)
            if pair.kind in STORED_KINDS:
                pairs[pair.id] = pair
    return pairs


def _sides(pairs: Iterable[Pair]) -> set[str]:
    """Give every article that one of these pairs names."""
    return {side for pair in pairs for side in (pair.earlier, pair.later)}


def _changed_since(store: Store, known: dict[str, Stored], pairs: Iterable[Pair]) -> set[str]:
    """Give the sides of these pairs whose text or date is no longer the one that was judged."""
    sides = sorted(_sides(pairs))
    facts = store.articles.facts(sides)
    changed = set()
    for identity in sides:
        version: Version = known[identity].version
        fact = facts.get(identity)
        if (
            fact is None
            or fact[0] != version.shingled.text_hash
            or datetime.fromisoformat(fact[1]) != version.effective
        ):
            changed.add(identity)
    return changed


def _hash(known: dict[str, Stored], identity: str) -> str:
    return known[identity].version.shingled.text_hash


def summarise(store: Store, ids: Iterable[str], *, judged: Mapping[str, Stored] | None = None) -> set[str]:
    """Derive ``repost_of`` and the counts of articles from their pairs, until nobody was faster.

    ``repost_of`` is the earliest article that this one repeats (exact, near or partial); ``reposts`` counts the
    articles that repeat it, ``repeats`` those that it repeats. ``judged`` articles are marked as done in the same
    write, unless they changed since they were read: their ids are given back, to be judged again.
    """
    judged = judged or {}
    todo = set(ids) | judged.keys()
    done, again = judged, set[str]()
    for _ in range(ROUNDS):
        if not todo:
            break
        store.pairs.refresh()
        lost = store.articles.derive(_derived(sorted(todo), store.pairs.naming(sorted(todo))), judged=done)
        again |= lost & done.keys()
        todo, done = lost - again, {}
    return again


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
            "reposts": reposts[identity],
            "repeats": len({each for _, each in earlier}),
        }
        for identity, earlier in originals.items()
    }
