from __future__ import annotations

import pytest

from indexer.models import Kind
from indexer.scores import Judged, badness, binary, score


def judged(label: str, verdict: Kind | None, **details: object) -> Judged:
    """Make a pair of this label and verdict."""
    return Judged(labels=frozenset(Kind(each) for each in label.split("|")), verdict=verdict, **details)  # type: ignore[arg-type]


SET = [
    judged("exact", Kind.EXACT),
    judged("near", Kind.PARTIAL),  # another kind, and still a repost
    judged("near|partial", Kind.PARTIAL),
    judged("partial", Kind.PASSAGE),  # missed by the verdict
    judged("near", None),  # missed by the search
    judged("passage", Kind.PARTIAL),  # called a repost, and is none
    judged("related", Kind.UNRELATED),
    judged("unrelated", Kind.UNRELATED),
]


def test_precision_recall_and_f1_of_reposts() -> None:
    """Three of five reposts are called so, and one that is none."""
    counts = binary(SET)
    assert (counts.true_positives, counts.false_positives) == (3, 1)
    assert (counts.false_negatives, counts.true_negatives) == (2, 2)
    assert counts.precision == pytest.approx(0.75)
    assert counts.recall == pytest.approx(0.6)
    assert counts.f1 == pytest.approx(2 * 0.75 * 0.6 / 1.35)


def test_nothing_to_score_is_no_division() -> None:
    """An empty set, and one without reposts, score 0."""
    for empty in (binary([]), binary([judged("related", Kind.RELATED)])):
        assert (empty.precision, empty.recall, empty.f1) == (0.0, 0.0, 0.0)


def test_a_label_that_leaves_reposts_open_counts_on_neither_side() -> None:
    """«passage or partial» is right either way, and says nothing of reposts."""
    open_label = judged("passage|partial", Kind.PASSAGE)
    assert open_label.wanted is None
    assert not open_label.wrong
    assert binary([open_label]).f1 == binary([]).f1
    assert score([open_label]).kinds_right == 1


def test_the_matrix_has_every_pair_once() -> None:
    """Rows are labels, the strongest first, whatever order they were written in; columns are verdicts."""
    matrix = score([*SET, judged("partial|near", Kind.EXACT)]).confusion
    assert list(matrix) == ["exact", "near", "near|partial", "partial", "passage", "related", "unrelated"]
    assert sum(sum(row.values()) for row in matrix.values()) == len(SET) + 1
    assert {verdict: count for verdict, count in matrix["near"].items() if count} == {"partial": 1, "not found": 1}
    assert {verdict: count for verdict, count in matrix["near|partial"].items() if count} == {"exact": 1, "partial": 1}


def test_what_became_of_a_label_and_of_a_group() -> None:
    """Called reposts, found as a passage or better, and of the right kind are three counts."""
    near = score(SET).by_label["near"]
    assert (near.pairs, near.reposts, near.found, near.right) == (2, 1, 1, 0)
    groups = score(
        [judged("passage", Kind.PASSAGE, group="x"), judged("passage", Kind.RELATED, group="x"), judged("near", None)]
    ).by_group
    assert list(groups) == ["x"]
    assert (groups["x"].pairs, groups["x"].reposts, groups["x"].found, groups["x"].right) == (2, 0, 1, 1)


def test_contained_and_update_count_where_the_label_is_a_repost() -> None:
    """A repost that was missed has them wrong; a pair that is no repost, or says nothing, does not count."""
    said = {"label_contained": "a", "label_update": True}
    scores = score(
        [
            judged("partial", Kind.PARTIAL, **said, is_contained="a", is_update=True),
            judged("partial", Kind.PARTIAL, **said, is_contained="b", is_update=False),
            judged("partial", None, **said),
            judged("passage", Kind.PASSAGE, **said, is_contained="a", is_update=True),
            judged("near", Kind.NEAR, is_contained="a", label_update=False, is_update=False),
            judged("near", Kind.NEAR),
        ]
    )
    assert (scores.contained.right, scores.contained.of) == (1, 3)
    assert (scores.update.right, scores.update.of) == (1, 3)
    assert (scores.not_update.right, scores.not_update.of) == (1, 1)


def test_direction_counts_pairs_that_were_found() -> None:
    """Who was first is right or wrong only where the pair is a passage or better on both sides."""
    scores = score(
        [
            judged("exact", Kind.EXACT, label_earlier="a", is_earlier="a"),
            judged("passage", Kind.PASSAGE, label_earlier="a", is_earlier="b"),
            judged("related", Kind.PASSAGE, label_earlier="a", is_earlier="b"),
            judged("exact", None, label_earlier="a"),
            judged("exact", Kind.EXACT, is_earlier="b"),
        ]
    )
    assert (scores.direction.right, scores.direction.of) == (1, 2)


def test_the_worst_is_a_repost_missed_or_invented_then_the_farthest() -> None:
    """A related pair called near is worse than a related pair called passage, and an exact one called near."""
    ordered = [
        judged("unrelated", Kind.EXACT),
        judged("exact", None),
        judged("related", Kind.NEAR),
        judged("partial", Kind.PASSAGE),
        judged("exact", Kind.PARTIAL),
        judged("exact", Kind.NEAR),
    ]
    assert ordered[0].distance == 5
    assert [badness(each) for each in ordered] == sorted(badness(each) for each in ordered)
