"""Score the verdicts on labelled pairs, as they are stored or as other thresholds would give them; it never writes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from indexer import detect, urls
from indexer.elastic.paging import parts
from indexer.models import STORED_KINDS, Pair
from indexer.reposts import RULES, Rules, pair_id, relate
from indexer.scores import Judged, Side
from indexer.stars import CROWD
from indexer.trial import Case
from indexer.trial import evidence as keep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from indexer.elastic import Store
    from indexer.elastic.sources import Boilerplate
    from indexer.labelled import Labelled
    from indexer.progress import Progress
    from indexer.reposts import Version
    from indexer.shingles import Hashes

    Ignored = Callable[[Version, Version], Hashes | None]

BATCH = 500  # pairs whose texts are in memory at once: 1,000 articles at most


@dataclass(frozen=True, kw_only=True, slots=True)
class Missing:
    """A labelled pair that could not be judged, and why."""

    line: int
    urls: tuple[str, ...]  # what is not in the index; both where they lead to one article
    problem: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluation:
    """Every labelled pair, once: judged or missing."""

    rules: Rules
    dry_run: bool
    cases: tuple[Case, ...]
    missing: tuple[Missing, ...]
    pending: bool  # whether the index holds articles whose pairs are still to be found

    @property
    def judged(self) -> list[Judged]:
        """What is scored."""
        return [case.judged for case in self.cases]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Located:
    """A labelled pair and the ids of its articles."""

    labelled: Labelled
    a: str
    b: str

    @property
    def key(self) -> str:
        return pair_id(self.a, self.b)


def no_boilerplate(_one: Version, _other: Version) -> Hashes | None:
    """Ignore nothing: every gram counts."""
    return None


def learnt(store: Store) -> Ignored:
    """Give the grams that detection leaves out of a pair: what either source repeats, as it is learnt by now."""
    lists: dict[str, Boilerplate] = {}

    def ignored(one: Version, other: Version) -> Hashes | None:
        new = {one.source, other.source} - lists.keys()
        if new:
            lists.update(store.sources.boilerplate(new))
        return detect.ignored(one, other, lists)

    return ignored


def evaluate(
    store: Store,
    labelled: Sequence[Labelled],
    *,
    progress: Progress,
    rules: Rules | None = None,
    directed: bool = False,
    evidence: bool = False,
    ignored: Ignored = no_boilerplate,
) -> Evaluation:
    """Judge labelled pairs.

    Without ``rules`` the verdict is the stored one, so that a pair which detection did not find is missed; where
    none is stored the texts tell whether that is right (related or unrelated) or a miss. With ``rules`` it is what
    the two texts give under these. ``directed``: url_a is the earlier article. ``evidence`` keeps what ``sweep``
    needs. ``ignored`` gives the grams that count on neither side of a pair.
    """
    store.articles.refresh()
    store.pairs.refresh()
    located, missing = _locate(store, labelled)
    cases: list[Case] = []
    progress.start("judging pairs", len(located))
    for start in range(0, len(located), BATCH):
        batch = located[start : start + BATCH]
        stored = {} if rules else _stored(store, [each.key for each in batch])
        versions = _texts(store, [each for each in batch if evidence or each.key not in stored])
        unstored = [each for each in batch if each.key not in stored and {each.a, each.b} <= versions.keys()]
        starred = set() if rules else _starred(store, unstored)
        for each in batch:
            a, b = versions.get(each.a), versions.get(each.b)
            pair = stored.get(each.key)
            if pair is None:
                if a is None or b is None:
                    missing.append(_gone(each, versions))
                    continue
                pair = relate(a, b, rules=rules or RULES, ignored=ignored(a, b))
            held = each.key in stored or each.key in starred
            cases.append(
                Case(
                    labelled=each.labelled,
                    judged=_judged(each, pair, believed=bool(rules) or held, directed=directed),
                    pair=pair,
                    a_first=pair.earlier == each.a,
                    stored=held,
                    evidence=keep(a, b, ignored=ignored(a, b)) if evidence and a and b else None,
                )
            )
        progress.advance(len(batch))
    progress.finish()
    return Evaluation(
        rules=rules or RULES,
        dry_run=rules is not None,
        cases=tuple(cases),
        missing=tuple(sorted(missing, key=lambda each: each.line)),
        pending=next(store.pending.ids(), None) is not None,
    )


# -- looking up ------------------------------------------------------------------------------------------------


def _locate(store: Store, labelled: Sequence[Labelled]) -> tuple[list[_Located], list[Missing]]:
    """Find the articles of the pairs by their own link, else by any link that leads to them."""
    asked = sorted({url for each in labelled for url in (each.url_a, each.url_b)})
    known = store.articles.known([urls.article_id(url) for url in asked], [urls.normalise(url) for url in asked])
    ids = {
        url: known[key].id
        for url in asked
        for key in (urls.normalise(url), urls.article_id(url))  # the last that is known counts: its own link
        if key in known
    }
    located, missing = [], []
    for each in labelled:
        sides = (each.url_a, each.url_b)
        absent = tuple(url for url in sides if url not in ids)
        if absent:
            missing.append(Missing(line=each.line, urls=absent, problem="not in the index"))
        elif ids[each.url_a] == ids[each.url_b]:
            missing.append(Missing(line=each.line, urls=sides, problem="both lead to one article"))
        else:
            located.append(_Located(labelled=each, a=ids[each.url_a], b=ids[each.url_b]))
    return located, missing


def _stored(store: Store, keys: Sequence[str]) -> dict[str, Pair]:
    return {pair.id: pair for pair in store.pairs.find({"terms": {"id": list(keys)}})}


def _starred(store: Store, located: Iterable[_Located]) -> set[str]:
    """Give the keys of pairs that the index holds by way of the earliest of many copies; see ``stars``."""
    wanted = list(located)
    derived = store.articles.derived(sorted({side for each in wanted for side in (each.a, each.b)}))
    firsts = {identity: each.fields["repost_of"] or identity for identity, each in derived.items()}
    crowds = {
        identity
        for identity, each in store.articles.derived(sorted(set(firsts.values()))).items()
        if (each.fields["reposts"] or 0) >= CROWD
    }
    links: dict[str, set[str]] = {}
    for each in wanted:
        first_a, first_b = (firsts.get(side, side) for side in (each.a, each.b))
        if {first_a, first_b} <= crowds:
            steps = ((each.a, first_a), (first_a, first_b), (first_b, each.b))
            links[each.key] = {pair_id(one, other) for one, other in steps if one != other}
    held = {key for part in parts(sorted(set().union(*links.values()))) for key in _stored(store, part)}
    return {key for key, wanted in links.items() if wanted <= held}


def _texts(store: Store, located: Iterable[_Located]) -> dict[str, Version]:
    wanted = sorted({side for each in located for side in (each.a, each.b)})
    return store.articles.versions(wanted)


def _gone(located: _Located, versions: Mapping[str, Version]) -> Missing:
    sides = ((located.labelled.url_a, located.a), (located.labelled.url_b, located.b))
    absent = tuple(url for url, identity in sides if identity not in versions)
    return Missing(line=located.labelled.line, urls=absent, problem="removed meanwhile")


def _judged(located: _Located, pair: Pair, *, believed: bool, directed: bool) -> Judged:
    """Put a label beside the verdict; one that is not ``believed`` comes from the texts and is not stored."""
    labelled = located.labelled
    judged = Judged(
        labels=labelled.labels,
        verdict=None,
        label_contained=labelled.contained,
        label_update=labelled.update,
        label_earlier="a" if directed else None,
        ambiguous=labelled.ambiguous,
        group=labelled.group,
    )
    if not believed and pair.kind in STORED_KINDS:
        return judged
    sides: tuple[Side, Side] = ("a", "b") if pair.earlier == located.a else ("b", "a")
    earlier, later = sides
    contained: Side | None = None
    if pair.coverage_earlier != pair.coverage_later:
        contained = earlier if pair.coverage_earlier > pair.coverage_later else later
    return replace(judged, verdict=pair.kind, is_contained=contained, is_update=pair.update, is_earlier=earlier)
