"""Count how good verdicts are on labelled pairs; pure: it knows neither texts nor how a verdict is found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from indexer.models import REPOST_KINDS, STORED_KINDS, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NOT_FOUND = "not found"  # in place of a kind: the texts are a passage or better, and the index has no such pair
KINDS = tuple(Kind)  # strongest first
COLUMNS = (*(kind.value for kind in KINDS), NOT_FOUND)

Side = Literal["a", "b"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """A labelled pair beside its verdict: all that a score is made of.

    ``labels`` are the kinds that are right, any of them. ``verdict`` is None where the index has no pair although
    the texts are a passage or better: a miss of the search. What stands under ``is_`` is the verdict's, and None
    where there is no such pair; what stands under ``label_`` is the label's, and None where it says nothing.
    """

    labels: frozenset[Kind]
    verdict: Kind | None
    label_contained: Side | None = None
    is_contained: Side | None = None
    label_update: bool | None = None
    is_update: bool | None = None
    label_earlier: Side | None = None
    is_earlier: Side | None = None
    ambiguous: bool = False
    group: str | None = None

    @property
    def wanted(self) -> bool | None:
        """Whether the label is a repost; None where it leaves that open."""
        reposts = {label in REPOST_KINDS for label in self.labels}
        return reposts.pop() if len(reposts) == 1 else None

    @property
    def called(self) -> bool:
        """Whether the verdict is a repost."""
        return self.verdict in REPOST_KINDS

    @property
    def found(self) -> bool:
        """Whether the verdict is a passage or better."""
        return self.verdict in STORED_KINDS

    @property
    def distance(self) -> int:
        """How many kinds lie between the verdict and the nearest label; 0 where it is right."""
        verdict = KINDS.index(self.verdict or Kind.UNRELATED)
        return min(abs(KINDS.index(label) - verdict) for label in self.labels)

    @property
    def wrong(self) -> bool:
        """Whether the verdict's kind is none of the labels."""
        return self.verdict not in self.labels

    @property
    def label(self) -> str:
        """The label as it is shown, the strongest kind first."""
        return "|".join(kind.value for kind in KINDS if kind in self.labels)


@dataclass(frozen=True, kw_only=True, slots=True)
class Binary:
    """The counts of «is a repost»."""

    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int

    @property
    def precision(self) -> float:
        """Share of the pairs called reposts that are; 0 where none was called so."""
        return _share(self.true_positives, self.true_positives + self.false_positives)

    @property
    def recall(self) -> float:
        """Share of the reposts that are called so; 0 where there are none."""
        return _share(self.true_positives, self.true_positives + self.false_negatives)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return _share(2 * self.true_positives, 2 * self.true_positives + self.false_positives + self.false_negatives)


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """What became of the pairs of one label, or of one value of a key of the file."""

    pairs: int
    reposts: int  # called exact, near or partial
    found: int  # called a passage or better
    right: int  # of the kind that the label says


@dataclass(frozen=True, kw_only=True, slots=True)
class Right:
    """How often a detail of the verdict was right, of the pairs in which it counts."""

    right: int
    of: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Scores:
    """All that is counted over a set of labelled pairs.

    ``contained``, ``update`` and ``not_update`` count pairs whose label is a repost and says so: a repost that was
    missed is wrong there. ``direction`` counts the pairs that were found, a passage or better on both sides.
    """

    pairs: int
    kinds_right: int
    binary: Binary
    by_label: dict[str, Group]
    by_group: dict[str, Group]
    confusion: dict[str, dict[str, int]]  # label → verdict → pairs; every label has every column
    contained: Right
    update: Right  # where the label says that it is one
    not_update: Right  # where the label says that it is none
    direction: Right


def score(judged: Sequence[Judged]) -> Scores:
    """Count everything over these pairs."""
    labels = sorted({each.label for each in judged}, key=_place)
    groups = sorted({each.group for each in judged if each.group is not None})
    cells = Counter((each.label, each.verdict.value if each.verdict else NOT_FOUND) for each in judged)
    reposts = [each for each in judged if each.wanted]
    located = [each for each in judged if each.found and each.labels <= STORED_KINDS and each.label_earlier]
    return Scores(
        pairs=len(judged),
        kinds_right=sum(not each.wrong for each in judged),
        binary=binary(judged),
        by_label={label: _group(each for each in judged if each.label == label) for label in labels},
        by_group={name: _group(each for each in judged if each.group == name) for name in groups},
        confusion={label: {column: cells[label, column] for column in COLUMNS} for label in labels},
        contained=_right(
            each.called and each.is_contained == each.label_contained for each in reposts if each.label_contained
        ),
        update=_right(each.called and each.is_update is True for each in reposts if each.label_update is True),
        not_update=_right(each.called and each.is_update is False for each in reposts if each.label_update is False),
        direction=_right(each.is_earlier == each.label_earlier for each in located),
    )


def binary(judged: Iterable[Judged]) -> Binary:
    """Count «is a repost»; a label that leaves it open counts on neither side."""
    cells = Counter((each.wanted, each.called) for each in judged)
    return Binary(
        true_positives=cells[True, True],
        false_positives=cells[False, True],
        false_negatives=cells[True, False],
        true_negatives=cells[False, False],
    )


def badness(judged: Judged) -> tuple[int, int]:
    """Order wrong verdicts, the worst first: a repost missed or invented, then the farthest from its label."""
    misjudged = judged.wanted is not None and judged.wanted != judged.called
    return (0 if misjudged else 1), -judged.distance


def _group(judged: Iterable[Judged]) -> Group:
    pairs = list(judged)
    return Group(
        pairs=len(pairs),
        reposts=sum(each.called for each in pairs),
        found=sum(each.found for each in pairs),
        right=sum(not each.wrong for each in pairs),
    )


def _right(answers: Iterable[bool]) -> Right:
    given = list(answers)
    return Right(right=sum(given), of=len(given))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _place(label: str) -> list[int]:
    """Sort labels as their kinds are sorted."""
    return [KINDS.index(Kind(each)) for each in label.split("|")]
