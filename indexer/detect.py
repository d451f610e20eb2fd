"""Find and store the pairs of articles; the order of steps is the guarantee, the verdicts are those of ``reposts``.

Written articles are marked as pending. For each: write its signature, refresh, read the pairs that name it, search
both directions, judge, write pairs, read both sides again, take the mark away. Whoever writes two articles that repeat
each other, and whenever, at least one of the two searches comes after both refreshes, so no pair is missed. Pairs that
stood before a search and are no longer found are deleted as they were read: what others wrote since rests on what is
newer. And a worker that dies leaves the marks behind.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from indexer.derived import derive
from indexer.elastic.documents import moment, state_of
from indexer.models import STORED_KINDS, Kind, Pair
from indexer.reposts import RULES, Rules, Version, as_pair, compare, worth_judging
from indexer.stars import MANY, Likeness, are_many, count_earlier, is_crowded, kept

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from indexer.elastic import Store
    from indexer.elastic.documents import Created
    from indexer.elastic.pairs import Standing
    from indexer.elastic.pending import Mark
    from indexer.elastic.sources import Boilerplate
    from indexer.shingles import Hashes
    from indexer.stars import Like

BATCH = 2_000  # articles a round: one refresh, and copies of one story in it are read once
WINDOW_DAYS = 0  # ± days on the effective date in which candidates are looked for; 0: all
ROUNDS = 50  # rounds in which articles changed meanwhile: in a storm of edits the rest waits for the next run
# A mark whose article is in another state belongs to a writer that is about to write it; after this, to a dead one.
ABANDONED = timedelta(minutes=10)


def detect(
    store: Store,
    ids: Mapping[str, Created | None] | None = None,
    *,
    now: Callable[[], datetime],
    window_days: int = WINDOW_DAYS,
    rules: Rules = RULES,
) -> Counter[str]:
    """Judge those of the articles that are pending (None: all that are) and count the new pairs, by kind.

    ``ids`` gives of each, if it was just created, how it was written: no pair of an older state names it then, and it
    is not read again, unless others have marked it since. Searches see the new ``repost_of`` after the next refresh of
    the articles. Raises ``StoreError`` when Elasticsearch fails; what was not done is still pending then.
    """
    return search(store, ids, now=now, window_days=window_days, rules=rules).settle()


def search(
    store: Store,
    ids: Mapping[str, Created | None] | None = None,
    *,
    now: Callable[[], datetime],
    window_days: int = WINDOW_DAYS,
    rules: Rules = RULES,
) -> Searched:
    """Do the first half of ``detect``, which mostly waits: another thread may judge what was searched before."""
    created = {identity: stored for identity, stored in ids.items() if stored} if ids is not None else {}
    run = _Run(store, now=now, window_days=window_days, rules=rules, created=created)
    todo = list(ids) if ids is not None else list(store.pending.ids())
    return Searched(run, run.search(todo[:BATCH]) if todo else None, todo[BATCH:])


@dataclass(frozen=True, slots=True)
class Searched:
    """Articles of which the first ``BATCH`` are searched."""

    _run: _Run
    _first: _Batch | None  # None: there are none
    _todo: list[str]

    def settle(self) -> Counter[str]:
        """Do the rest of ``detect``."""
        run, todo = self._run, list(self._todo)
        again = run.settle(self._first) if self._first else set()
        rounds = ROUNDS
        while again or todo:
            if again:
                rounds -= 1
                if not rounds:
                    break
                todo += sorted(again.difference(todo))
                for identity in again:
                    run.created.pop(identity, None)
            batch, todo = todo[:BATCH], todo[BATCH:]
            again = run.settle(run.search(batch))
        return Counter(kind.value for kind in run.new.values())


@dataclass(frozen=True, kw_only=True, slots=True)
class _Batch:
    """What one search found."""

    ready: dict[str, Mark]  # those that are judged
    marked: dict[str, Version]  # of these, the articles that are there
    stale: set[str]  # of these, what may have pairs of an older state
    before: list[Standing]  # the pairs that named these before their candidates were looked for
    found: dict[str, list[Like]]  # the candidates of each of these


def mark_again(store: Store, ids: Sequence[str], *, now: datetime) -> None:
    """Have these articles judged again by the next ``detect``: what their verdicts rest on changed elsewhere."""
    if ids:
        store.pending.mark_again(store.articles.states(ids), now=now)


@dataclass(slots=True)
class _Run:
    """One call, and the pairs that are new in it."""

    store: Store
    now: Callable[[], datetime]
    window_days: int
    rules: Rules
    created: dict[str, Created]  # articles that were not judged before, as they were written
    new: dict[str, Kind] = field(default_factory=dict)  # by the pair's id

    def search(self, ids: Sequence[str]) -> _Batch:
        """Read what of one batch is ready, sign it, and find its candidates."""
        store = self.store
        marks = store.pending.read(ids)
        given_up = moment(self.now() - ABANDONED)
        abandoned = {identity for identity, mark in marks.items() if moment(mark.since) < given_up}
        # Before the articles are read: the signature of one that comes back in between is not taken for an old one.
        signed = store.signatures.there(sorted(abandoned))
        # Whoever changes an article marks it anew before; in the end it may be in the same state, and have been judged.
        written = {identity: self.created[identity] for identity in marks.keys() & self.created.keys()}
        new = {identity: each for identity, each in written.items() if marks[identity].place == each.mark}
        stored = new | store.articles.stored([identity for identity in marks if identity not in new])
        ready = {
            identity: mark
            for identity, mark in marks.items()
            if identity in abandoned or (identity in stored and mark.state == state_of(stored[identity].version))
        }
        found = {identity: stored[identity] for identity in ready if identity in stored}
        store.signatures.write(found.values())
        store.signatures.delete(each for identity, each in signed.items() if identity not in stored)
        store.signatures.refresh()
        marked = {identity: each.version for identity, each in found.items()}
        stale = ready.keys() - new.keys()
        before = self._before(stale)
        return _Batch(ready=ready, marked=marked, stale=stale, before=before, found=self._candidates(marked))

    def settle(self, batch: _Batch) -> set[str]:
        """Judge one batch; give the ids that are to be judged again, or for the first time."""
        store = self.store
        ready, marked, stale, found = batch.ready, batch.marked, batch.stale, dict(batch.found)
        beside, every = self._copies_beside(marked, found, stale)
        found |= self._candidates(beside)
        kept_by = {identity: kept(_order(each), found[identity]) for identity, each in (marked | beside).items()}
        # Of these only the pairs with their earlier copies may be others; a new copy changes nothing else.
        shifted = {
            identity
            for identity in beside
            if identity in every or is_crowded(_order(beside[identity]), found[identity])
        }
        wanted = {identity: _partners(each, found[identity], kept_by) for identity, each in marked.items()}
        wanted |= {identity: kept_by[identity] for identity in shifted}
        before = {each.pair.id: each for each in [*self._before_shifted(shifted, found), *batch.before]}
        others = set().union(*wanted.values()) - marked.keys() - beside.keys()
        known = marked | beside | store.articles.versions(sorted(others))
        lists = store.sources.boilerplate({each.source for each in known.values()})
        pairs = _judge(wanted, known, lists, self.rules)

        gone = [each for identity, each in before.items() if identity not in pairs]
        went = [each.pair for each in gone]
        left = self._left_behind(went, found, stale)
        mark_again(store, sorted(left), now=self.now())
        # Marked before the pairs go: who dies here leaves them to be summed up again, for nothing else names them.
        aside, waiting = self._set_aside(_sides(went) - marked.keys() - left)
        contested = self._write(pairs, gone, known)

        settled = [*pairs.values(), *went]
        outdated = self._outdated(_sides(settled) & known.keys(), known, lists)
        again = (marked.keys() | shifted) & _sides(
            pair for pair in settled if pair.earlier in outdated or pair.later in outdated
        )
        again |= (ready.keys() | shifted) & contested
        again |= self._changed_crowds(marked | beside, found)
        # Who changed them may have judged them meanwhile, and taken their marks away.
        mark_again(store, sorted(again), now=self.now())
        derive(
            store,
            {pair.later for pair in pairs.values()}.union(_sides(each.pair for each in before.values()), stale),
            repeated={pair.earlier for pair in pairs.values()},
        )
        store.pending.take_away([*aside, *(mark for identity, mark in ready.items() if identity not in again)])
        return again | left | waiting

    def _set_aside(self, ids: set[str]) -> tuple[list[Mark], set[str]]:
        """Mark articles of which pairs are about to go.

        Gives the marks that are to be taken away when all is summed up, and the articles that are to be judged again
        because they were marked already.
        """
        states = self.store.articles.states(sorted(ids))
        if not states:
            return [], set()
        placed = self.store.pending.mark_again(states, now=self.now())
        return list(self.store.pending.read(sorted(placed)).values()), states.keys() - placed

    def _candidates(self, versions: Mapping[str, Version]) -> dict[str, list[Like]]:
        found = self.store.signatures.candidates(list(versions.values()), window_days=self.window_days)
        return dict(zip(versions, found, strict=True))

    def _copies_beside(
        self, marked: Mapping[str, Version], found: Mapping[str, list[Like]], stale: set[str]
    ) -> tuple[dict[str, Version], set[str]]:
        """Read the copies whose pairs may be others because of these articles: the later side of a pair decides.

        These are the later copies; of an article that is judged again, which may have changed its text or date, all
        where they are many: their ids are given as well.
        """
        ids: set[str] = set()
        every: set[str] = set()
        for identity, version in marked.items():
            copies = [each for each in found[identity] if each.likeness.in_star]
            if identity in stale and len(copies) >= MANY:
                every.update(each.id for each in copies)
            order = _order(version)
            ids |= {each.id for each in copies if each.order > order}
        beside = self.store.articles.versions(sorted((ids | every) - marked.keys()))
        return beside, every & beside.keys()

    def _changed_crowds(self, judged: Mapping[str, Version], found: Mapping[str, list[Like]]) -> set[str]:
        """Give those of many copies of which others came in while they were judged, so that they keep other pairs."""
        many = {
            identity: version
            for identity, version in judged.items()
            if are_many(each.likeness for each in found[identity])
        }
        counts = self.store.signatures.count_earlier(list(many.values()), window_days=self.window_days)
        changed = {
            identity: version
            for (identity, version), count in zip(many.items(), counts, strict=True)
            if count != count_earlier(_order(version), found[identity])
        }
        now = self._candidates(changed)
        return {
            identity
            for identity, version in changed.items()
            if kept(_order(version), now[identity]) != kept(_order(version), found[identity])
        }

    def _before(self, ids: Iterable[str]) -> list[Standing]:
        """Read the pairs that name these articles."""
        asked = sorted(ids)
        if not asked:
            return []
        self.store.pairs.refresh()
        return list(self.store.pairs.standing(asked))

    def _before_shifted(self, shifted: Iterable[str], found: Mapping[str, list[Like]]) -> list[Standing]:
        """Read the pairs of articles with their earlier copies."""
        copies = {identity: {each.id for each in found[identity] if each.likeness.in_star} for identity in shifted}
        return [each for each in self._before(copies) if each.pair.earlier in copies.get(each.pair.later, ())]

    def _write(self, pairs: Mapping[str, Pair], gone: Sequence[Standing], known: Mapping[str, Version]) -> set[str]:
        """Write pairs, and give the sides of those that others have written since they were read."""
        documents = [
            (pair, known[pair.earlier].shingled.text_hash, known[pair.later].shingled.text_hash)
            for pair in pairs.values()
        ]
        written = self.store.pairs.write(documents, gone=gone, now=self.now())
        for each in gone:
            self.new.pop(each.pair.id, None)
        for identity, pair in pairs.items():
            if identity in written.created or identity in self.new:
                self.new[identity] = pair.kind
        return _sides(each.pair for each in gone if each.pair.id in written.left)

    def _outdated(
        self, sides: Iterable[str], known: Mapping[str, Version], lists: Mapping[str, Boilerplate]
    ) -> set[str]:
        """Give the articles on which no verdict rests any more as they were read: text, date or boilerplate changed."""
        sides = sorted(sides)
        states = self.store.articles.states(sides)
        versions = self.store.sources.versions({known[identity].source for identity in sides})
        return {
            identity
            for identity in sides
            if states.get(identity) != state_of(known[identity])
            or versions[known[identity].source] != lists[known[identity].source].version
        }

    def _left_behind(self, gone: Iterable[Pair], found: Mapping[str, list[Like]], stale: set[str]) -> set[str]:
        """Give the many copies of a text that an article no longer has: each has one earlier copy less, or another."""
        former = set()
        for pair in gone:
            for identity, other in ((pair.earlier, pair.later), (pair.later, pair.earlier)):
                copies = {each.id for each in found.get(identity, ()) if each.likeness.in_star}
                if identity in stale and pair.kind.is_repost and other not in copies:
                    former.add(other)
        remaining = self._candidates(self.store.articles.versions(sorted(former)))
        members = {
            identity: {each.id for each in found if each.likeness.in_star} for identity, found in remaining.items()
        }
        return {one for identity, copies in members.items() if len(copies) >= MANY for one in (identity, *copies)}


def _order(version: Version) -> tuple[str, str]:
    """Give the place of an article in the total order, as stars know it."""
    return moment(version.effective), version.id


def _partners(subject: Version, found: Iterable[Like], kept_by: Mapping[str, set[str]]) -> set[str]:
    """Give those with which an article is to be compared: of its copies, those that the later side keeps."""
    each_way = {each.id for each in found if each.likeness is Likeness.LOOSE or subject.id in kept_by.get(each.id, ())}
    return each_way | kept_by[subject.id]


def _judge(
    wanted: Mapping[str, set[str]],
    known: Mapping[str, Version],
    lists: Mapping[str, Boilerplate],
    rules: Rules,
) -> dict[str, Pair]:
    # in a fixed order, and once where both sides are in the batch
    asked = {tuple(sorted((identity, other))) for identity, others in wanted.items() for other in others}
    pairs: dict[str, Pair] = {}
    for one, other in ((known.get(first), known.get(second)) for first, second in sorted(asked)):
        if one is None or other is None or not worth_judging(one.shingled, other.shingled, rules):
            continue  # removed between the search and the reading, or too little in common
        verdict = compare(one, other, rules=rules, ignored=ignored(one, other, lists))
        if verdict.kind in STORED_KINDS:
            pair = as_pair(verdict, rules=rules)
            pairs[pair.id] = pair
    return pairs


def ignored(one: Version, other: Version, lists: Mapping[str, Boilerplate]) -> Hashes | None:
    """Give the grams that count on neither side of a pair: what either source repeats."""
    hashes = [lists[domain].hashes for domain in {one.source, other.source} if len(lists[domain].hashes)]
    if len(hashes) > 1:
        return np.union1d(*hashes)
    return hashes[0] if hashes else None


def _sides(pairs: Iterable[Pair]) -> set[str]:
    """Give every article that one of these pairs names."""
    return {side for pair in pairs for side in (pair.earlier, pair.later)}
