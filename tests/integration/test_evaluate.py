"""Scoring the verdicts on labelled pairs, end to end through a real index."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from command import run
from samples import HOUR, NOW, article, prose, take, write

from indexer.evaluate import evaluate
from indexer.labelled import Labelled, read
from indexer.models import Article, Kind
from indexer.progress import Silent
from indexer.reposts import RULES
from indexer.scores import score
from indexer.shingles import shingle
from indexer.stars import CROWD
from indexer.trial import changed, sweep

if TYPE_CHECKING:
    from pathlib import Path

    from indexer import engine as local
    from indexer.elastic import Store
    from indexer.reposts import Version
    from indexer.shingles import Hashes

TEXT = prose(1, 120)
WORDS = TEXT.split()
ORIGINAL = article("original", TEXT, published=NOW - 5 * HOUR)
COPY = article("copy", TEXT, domain="mirror.example", further=["https://mirror.example/print/copy"])
AGAIN = article("again", f"{TEXT} {prose(2, 12)}", published=NOW - 3 * HOUR)  # an update
EXCERPT = article("excerpt", " ".join(WORDS[:60]), domain="short.example")
PASSAGE = article("passage", f"{prose(3, 200)} {' '.join(WORDS[20:85])} {prose(4, 200)}", domain="long.example")
STRANGER = article("stranger", prose(5, 100), domain="other.example")
ALL = (ORIGINAL, COPY, AGAIN, EXCERPT, PASSAGE, STRANGER)


def line(a: Article | str, b: Article | str, label: str, **more: object) -> bytes:
    """Write a labelled pair."""
    urls = [each if isinstance(each, str) else each.url for each in (a, b)]
    return json.dumps({"url_a": urls[0], "url_b": urls[1], "label": label} | more).encode()


LINES = [
    line(ORIGINAL, COPY, "exact", kind="copy"),
    line(ORIGINAL, AGAIN, "near", update=True, kind="edit"),
    line(EXCERPT, ORIGINAL, "partial", contained="a", update=False, kind="edit"),
    line(ORIGINAL, PASSAGE, "passage", kind="quote"),
    line(ORIGINAL, STRANGER, "unrelated", kind="none"),
]


@pytest.fixture
def filled(store: Store) -> Store:
    """Give an index with a copy, an update, an excerpt, a passage and a stranger."""
    take(store, *ALL)
    return store


def pairs(*lines: bytes) -> list[Labelled]:
    return read(lines, by="kind" if any(b'"kind"' in each for each in lines) else None)


def test_what_the_index_holds_is_scored(filled: Store) -> None:
    """Kinds, the contained side, updates and groups are those of the stored pairs."""
    done = evaluate(filled, pairs(*LINES), progress=Silent())
    scores = score(done.judged)
    assert (scores.kinds_right, scores.pairs, done.missing, done.pending) == (5, 5, (), False)
    assert (scores.binary.f1, scores.binary.true_positives, scores.binary.true_negatives) == (1.0, 3, 2)
    for right in (scores.contained, scores.update, scores.not_update):
        assert (right.right, right.of) == (1, 1)
    assert {name: group.reposts for name, group in scores.by_group.items()} == {
        "copy": 1,
        "edit": 2,
        "none": 0,
        "quote": 0,
    }


def test_a_pair_that_detection_did_not_find_is_missed(store: Store) -> None:
    """Equal texts whose pair is not stored are not found, and the evaluation says that work is pending."""
    write(store, ORIGINAL, COPY, STRANGER)
    done = evaluate(store, pairs(LINES[0], LINES[4]), progress=Silent())
    assert [each.verdict for each in done.judged] == [None, Kind.UNRELATED]
    assert (done.judged[0].called, done.cases[0].pair.kind, done.pending) == (False, Kind.EXACT, True)
    tried = evaluate(store, pairs(LINES[0]), progress=Silent(), rules=RULES)
    assert [each.verdict for each in tried.judged] == [Kind.EXACT]


def test_who_was_first_is_judged_where_the_lines_say_it(filled: Store) -> None:
    """With directed pairs url_a must be the earlier one."""
    for lines, right in ((LINES[:2], 2), ([line(COPY, ORIGINAL, "exact")], 0)):
        scores = score(evaluate(filled, pairs(*lines), progress=Silent(), directed=True).judged)
        assert (scores.direction.right, scores.direction.of) == (right, len(lines))
    assert score(evaluate(filled, pairs(*LINES), progress=Silent()).judged).direction.of == 0


def test_articles_are_found_by_any_of_their_links(filled: Store) -> None:
    """A link written in another way, and one that only leads there, name the same article."""
    ways = ("http://www.herald.example/original/?utm_source=x#top", "https://mirror.example/print/copy")
    (case,) = evaluate(filled, pairs(line(*ways, "exact")), progress=Silent()).cases
    assert (case.stored, case.judged.verdict) == (True, Kind.EXACT)
    assert (case.a_first, case.pair.earlier, case.pair.later) == (True, ORIGINAL.id, COPY.id)


def test_what_is_not_in_the_index_is_listed_and_in_no_score(filled: Store) -> None:
    """A pair without its article, and one whose links lead to one article, are named by their line."""
    nowhere = "https://nowhere.example/1"
    lines = [
        line(ORIGINAL, COPY, "exact"),
        line(ORIGINAL, nowhere, "exact"),
        line(COPY, "https://mirror.example/print/copy", "exact"),
    ]
    done = evaluate(filled, pairs(*lines), progress=Silent())
    assert len(done.cases) == 1
    assert [(each.line, each.problem, len(each.urls)) for each in done.missing] == [
        (2, "not in the index", 1),
        (3, "both lead to one article", 2),
    ]
    assert done.missing[0].urls == (nowhere,)


def test_a_dry_run_judges_the_texts_and_writes_nothing(filled: Store) -> None:
    """With other thresholds the verdict changes, and what is stored does not."""
    strict = changed(RULES, ["partial_coverage=0.99", "near_coverage=0.99"])
    done = evaluate(filled, pairs(*LINES), progress=Silent(), rules=strict)
    assert done.judged[1].verdict is not Kind.NEAR
    assert (done.judged[0].verdict, done.dry_run) == (Kind.EXACT, True)
    again = evaluate(filled, pairs(*LINES), progress=Silent())
    assert score(again.judged).kinds_right == 5


def test_a_sweep_begins_with_what_the_texts_give(filled: Store) -> None:
    """With everything found, the scores of the texts are those of the index."""
    done = evaluate(filled, pairs(*LINES), progress=Silent(), evidence=True)
    assert all(case.evidence for case in done.cases)
    assert sweep(done.cases, done.rules).base == score(done.judged).binary


def test_boilerplate_can_be_handed_in(filled: Store) -> None:
    """Grams that are ignored make no verdict."""

    def everything(one: Version, other: Version) -> Hashes:
        assert {one.id, other.id} == {ORIGINAL.id, AGAIN.id}
        return shingle(TEXT).unique

    done = evaluate(filled, pairs(LINES[1]), progress=Silent(), rules=RULES, ignored=everything)
    assert done.judged[0].verdict not in {Kind.NEAR, Kind.PARTIAL, Kind.PASSAGE}


def test_pairs_in_many_batches_are_each_judged_once(store: Store) -> None:
    """1,100 pairs are more than one batch; each ends in one case."""
    copies = [article(f"c{number}", TEXT, domain=f"d{number}.example") for number in range(12)]
    take(store, *copies)
    lines = [line(a, b, "exact") for a in copies for b in copies if a.id != b.id] * 9
    done = evaluate(store, pairs(*lines), progress=Silent())
    assert [case.labelled.line for case in done.cases] == list(range(1, len(lines) + 1))
    assert score(done.judged).binary.recall == 1.0


def test_copies_in_a_crowd_are_found_by_way_of_the_earliest(store: Store) -> None:
    """Of many copies only the pairs with the earliest are stored; two others, and what is near them, are found."""
    copies = [
        article(f"c{number}", TEXT, domain=f"d{number}.example", published=NOW - (200 - number) * HOUR)
        for number in range(CROWD + 2)
    ]
    take(store, *copies, AGAIN, STRANGER)
    lines = [line(copies[3], copies[70], "exact"), line(AGAIN, copies[5], "near"), line(copies[0], copies[9], "exact")]
    done = evaluate(store, pairs(*lines, line(copies[4], STRANGER, "unrelated")), progress=Silent(), directed=True)
    assert [each.verdict for each in done.judged] == [Kind.EXACT, Kind.NEAR, Kind.EXACT, Kind.UNRELATED]
    assert [case.stored for case in done.cases] == [True, True, True, False]
    assert [each.is_earlier for each in done.judged[:3]] == ["a", "b", "a"]


def test_the_command_prints_everything_in_80_columns(engine: local.Running, filled: Store, tmp_path: Path) -> None:
    """Scores, groups, matrix, sweep and the worst pairs stand in the table, within the terminal."""
    file = tmp_path / "pairs.jsonl"
    file.write_bytes(b"\n".join([*LINES, line(ORIGINAL, AGAIN, "exact")]))
    done = run(
        engine, filled, "evaluate", str(file), "--by", "kind", "--sweep", "--half", "7", "--worst", "3", "--directed"
    )
    assert done.returncode == 0, done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 80
    for words in ("precision 1.000", "half, seed 7", "4 of 5 right", "near_coverage", "line 6  exact → near"):
        assert words in done.stdout
    assert ORIGINAL.url in done.stdout


def test_the_command_as_json(engine: local.Running, filled: Store, tmp_path: Path) -> None:
    """A program gets one value with the scores, what was tried, and both sides of what is wrong."""
    file = tmp_path / "pairs.jsonl"
    file.write_bytes(b"\n".join([*LINES, line(AGAIN, ORIGINAL, "exact")]))
    options = ("--set", "passage_run=61", "--worst", "5", "--by", "kind", "--sweep", "--half", "1", "--format", "json")
    done = run(engine, filled, "evaluate", str(file), *options)
    found = json.loads(done.stdout)
    assert (done.returncode, found["judged"], found["pairs"]) == (0, "texts", 6)
    assert found["changed"] == {"passage_run": [RULES.passage_run, 61]}
    assert (found["repost"]["f1"], found["kinds_right"], found["half"]["pairs"]) == (1.0, 5, 3)
    assert found["confusion"]["exact"]["near"] == 1
    assert found["by"]["groups"]["edit"]["pairs"] == 2
    (bad,) = found["worst"]
    assert (bad["line"], bad["label"], bad["verdict"], bad["earlier"]) == (6, "exact", "near", "b")
    assert bad["coverage_b"] == 1.0 > bad["coverage_a"]


def test_the_exit_code_tells_of_missing_articles_and_bad_lines(
    engine: local.Running, filled: Store, tmp_path: Path
) -> None:
    """1 where an article is not there, unless that is allowed, and where a line is no pair."""
    file = tmp_path / "pairs.jsonl"
    file.write_bytes(b"\n".join([LINES[0], line(ORIGINAL, "https://nowhere.example/1", "exact")]))
    done = run(engine, filled, "evaluate", str(file))
    assert done.returncode == 1
    assert "line 2: not in the index: https://nowhere.example/1" in done.stderr
    assert run(engine, filled, "evaluate", str(file), "--allow-missing").returncode == 0
    file.write_bytes(b"\n".join([LINES[0], b"{}"]))
    done = run(engine, filled, "evaluate", str(file))
    assert (done.returncode, done.stdout) == (1, "")
    assert "line 2: url_a is missing" in done.stderr
