"""Judge pairs again under other thresholds, from the evidence that was kept; pure: it has no texts and no index."""

from __future__ import annotations

import math
import random
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from indexer.models import CondensatError
from indexer.overlap import Measures, measure
from indexer.reposts import Rules, judge
from indexer.scores import Binary, Judged, badness, binary

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from indexer.labelled import Labelled
    from indexer.models import Pair
    from indexer.reposts import Version
    from indexer.shingles import Hashes

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
    pair: Pair  # as it is stored; where it is not itself, or in a dry run, as the two texts give it
    a_first: bool  # whether ``pair.earlier`` is the article of url_a
    stored: bool  # whether the index holds it, itself or by way of the earliest of many copies
    evidence: Evidence | None = None


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


def evidence(a: Version, b: Version, *, ignored: Hashes | None) -> Evidence:
    """Keep what a verdict on these two is made of; ``ignored`` grams count on neither side."""
    return Evidence(
        measures=measure(a.shingled, b.shingled, ignored=ignored),
        tokens_a=a.shingled.length,
        tokens_b=b.shingled.length,
        same_source=a.source == b.source,
    )


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


def sweep(cases: Sequence[Case], rules: Rules) -> Sweep:
    """Move each threshold down and up by ``SWEPT`` of its value, a whole number by 1 at least, and judge again.

    Needs cases with their evidence. What it gives rests on the texts alone, as a dry run does.
    """
    moved = []
    for name, value in thresholds(rules).items():
        step = max(round(value * SWEPT), 1) if isinstance(value, int) else value * SWEPT
        # the difference of two decimals is no short decimal: 0.6 - 0.06 is 0.5399999999999999
        lower, higher = (max(round(value + by, 6), 0) for by in (-step, step))
        ends = [_rejudged(cases, _with(rules, {name: each})) for each in (lower, higher)]
        moved.append(Moved(name=name, value=value, lower=lower, higher=higher, at_lower=ends[0], at_higher=ends[1]))
    return Sweep(base=_rejudged(cases, rules), moved=tuple(moved))


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


def half(cases: Sequence[Case], seed: int) -> list[Case]:
    """Draw a random half of the cases, the same for the same seed."""
    return random.Random(seed).sample(list(cases), len(cases) // 2)  # noqa: S311 - nothing here is secret


def worst(cases: Iterable[Case], count: int) -> list[Case]:
    """List the wrong verdicts, the worst first: see ``scores.badness``."""
    wrong = [case for case in cases if case.judged.wrong]
    return sorted(wrong, key=lambda case: (badness(case.judged), case.labelled.line))[:count]
