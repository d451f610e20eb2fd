"""Score the verdicts on labelled pairs, as they are stored or as other thresholds would give them; it never writes."""

from __future__ import annotations

import math
import random
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from indexer import detect, urls
from indexer.models import STORED_KINDS, CondensatError, Pair
from indexer.overlap import Measures, measure
from indexer.reposts import RULES, Rules, judge, pair_id, relate
from indexer.scores import Binary, Judged, Side, badness, binary

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
SWEPT = 0.10  # of a threshold, by which a sweep moves it each way
VERSION = "version"  # the field of the rules that is no threshold


class RulesError(CondensatError):
    """A threshold that was asked for does not exist, or cannot have this value."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """What a verdict is made of: other thresholds judge it again without the texts."""

    measures: Measures
    tokens_a: int
    tokens_b: int
    same_source: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One labelled pair with its verdict."""

    labelled: Labelled
    judged: Judged
    pair: Pair  # as it is stored; where it is not, or in a dry run, as the two texts give it
    a_first: bool  # whether ``pair.earlier`` is the article of url_a
    stored: bool
    evidence: Evidence | None = None


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
class Moved:
    """One threshold moved down and up, and what then becomes of «is a repost»."""

    name: str
    value: float
    lower: float
    higher: float
    at_lower: Binary
    at_higher: Binary


@dataclass(frozen=True, kw_only=True, slots=True)
class Sweep:
    """What moving each threshold does, beside what the texts give with all of them in their place."""

    base: Binary
    moved: tuple[Moved, ...]


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
        stored = {} if rules else _stored(store, batch)
        versions = _texts(store, [each for each in batch if evidence or each.key not in stored])
        for each in batch:
            a, b = versions.get(each.a), versions.get(each.b)
            pair = stored.get(each.key)
            if pair is None:
                if a is None or b is None:
                    missing.append(_gone(each, versions))
                    continue
                pair = relate(a, b, rules=rules or RULES, ignored=ignored(a, b))
            cases.append(
                Case(
                    labelled=each.labelled,
                    judged=_judged(each, pair, believed=bool(rules) or each.key in stored, directed=directed),
                    pair=pair,
                    a_first=pair.earlier == each.a,
                    stored=each.key in stored,
                    evidence=_evidence(a, b, ignored) if evidence and a and b else None,
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


# -- other thresholds ------------------------------------------------------------------------------------------


def thresholds(rules: Rules) -> dict[str, int | float]:
    """Give the thresholds of the rules by name: every number but the version."""
    return {
        name: value
        for name, value in asdict(rules).items()
        if name != VERSION and isinstance(value, (int, float)) and not isinstance(value, bool)
    }


def changed(rules: Rules, settings: Iterable[str]) -> Rules:
    """Give rules with other thresholds, each as ``name=value``; raises RulesError that says what can be set."""
    known = thresholds(rules)
    wanted: dict[str, int | float] = {}
    for setting in settings:
        name, equals, text = (part.strip() for part in setting.partition("="))
        if name not in known:
            raise RulesError(f"There is no threshold «{name}». Thresholds are: {', '.join(known)}.")
        if not equals:
            raise RulesError(f"Write a threshold with its value, such as {name}={known[name]}.")
        wanted[name] = _number(name, text, known[name])
    return _with(rules, wanted)


def _with(rules: Rules, values: Mapping[str, Any]) -> Rules:
    return replace(rules, **values)


def _number(name: str, text: str, present: float) -> int | float:
    """Read a value of the kind that a threshold has: a whole number, or a share or other real number."""
    try:
        value = int(text) if isinstance(present, int) else float(text)
    except ValueError:
        value = -1
    if value < 0 or not math.isfinite(value):
        kind = "a whole number" if isinstance(present, int) else "a number"
        raise RulesError(f"{name} cannot be «{text}»; it is {kind} from 0 up, now {present}.")
    return value


def sweep(evaluation: Evaluation) -> Sweep:
    """Move each threshold down and up by ``SWEPT`` of its value, a whole number by 1 at least, and judge again.

    Needs an evaluation with ``evidence``. What it gives rests on the texts alone, as a dry run does.
    """
    rules = evaluation.rules
    moved = []
    for name, value in thresholds(rules).items():
        step = max(round(value * SWEPT), 1) if isinstance(value, int) else value * SWEPT
        # the difference of two decimals is no short decimal: 0.6 - 0.06 is 0.5399999999999999
        lower, higher = (max(round(value + by, 6), 0) for by in (-step, step))
        ends = [_rejudged(evaluation.cases, _with(rules, {name: each})) for each in (lower, higher)]
        moved.append(Moved(name=name, value=value, lower=lower, higher=higher, at_lower=ends[0], at_higher=ends[1]))
    return Sweep(base=_rejudged(evaluation.cases, rules), moved=tuple(moved))


def _rejudged(cases: Iterable[Case], rules: Rules) -> Binary:
    """Count «is a repost» as these rules see it, from the evidence that the cases keep."""
    return binary(
        replace(
            case.judged,
            verdict=judge(
                case.evidence.measures,
                tokens_a=case.evidence.tokens_a,
                tokens_b=case.evidence.tokens_b,
                same_source=case.evidence.same_source,
                rules=rules,
            ),
        )
        for case in cases
        if case.evidence
    )


# -- a part of the cases ---------------------------------------------------------------------------------------


def half(cases: Sequence[Case], seed: int) -> list[Case]:
    """Draw a random half of the cases, the same for the same seed."""
    return random.Random(seed).sample(list(cases), len(cases) // 2)  # noqa: S311 - nothing here is secret


def worst(cases: Iterable[Case], count: int) -> list[Case]:
    """List the wrong verdicts, the worst first: see ``scores.badness``."""
    wrong = [case for case in cases if case.judged.wrong]
    return sorted(wrong, key=lambda case: (badness(case.judged), case.labelled.line))[:count]


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


def _stored(store: Store, located: Iterable[_Located]) -> dict[str, Pair]:
    query = {"terms": {"id": [each.key for each in located]}}
    return {pair.id: pair for pair in store.pairs.find(query)}


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


def _evidence(a: Version, b: Version, ignored: Ignored) -> Evidence:
    return Evidence(
        measures=measure(a.shingled, b.shingled, ignored=ignored(a, b)),
        tokens_a=len(a.shingled.tokens),
        tokens_b=len(b.shingled.tokens),
        same_source=a.source == b.source,
    )
