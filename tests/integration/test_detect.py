"""Finding pairs: nothing missed, and the same pairs whatever the order of arrival."""

from __future__ import annotations

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from samples import HOUR, NOW, article, now, prose, stored, take, write

from indexer.derived import derive
from indexer.detect import detect, mark_again, search
from indexer.elastic import candidates
from indexer.elastic.documents import moment
from indexer.models import Article, Kind, Pair, Precision
from indexer.review import pairs
from indexer.stars import CROWD, MANY, Likeness, count_earlier

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pytest

    from indexer.elastic import Store
    from indexer.elastic.documents import Created

TEXT = prose(1, 120)
ORIGINAL = article("original", TEXT, published=NOW - 3 * HOUR)
COPY = article("copy", TEXT, domain="mirror.example", published=NOW - 2 * HOUR)


def everything(store: Store, articles: Sequence[Article]) -> tuple[set[Pair], list[tuple[object, ...]]]:
    """Give all pairs, and what was derived from them for every article."""
    fields = ("repost_of", "reposts", "repeats")
    derived = [
        (each.id, *(stored(store, each).get(field) for field in fields))
        for each in sorted(articles, key=lambda each: each.id)
    ]
    assert list(store.pending.ids()) == []
    return set(pairs(store)), derived


def written(store: Store, *articles: Article) -> dict[str, Created | None]:
    """Write new articles, and give them as those that are to be judged."""
    return {each.id: each.created for each in write(store, *articles)}


def test_two_copies_in_one_batch(store: Store) -> None:
    """Two copies that come together are a pair, with the evidence, and both articles know."""
    report = take(store, ORIGINAL, COPY)
    assert report.pairs == {"exact": 1}
    (pair,) = pairs(store)
    assert (pair.earlier, pair.later, pair.kind) == (ORIGINAL.id, COPY.id, Kind.EXACT)
    assert (pair.coverage_earlier, pair.coverage_later, pair.longest_run) == (1.0, 1.0, 120)
    assert (pair.lag_seconds, pair.order_certain, pair.same_source, pair.update) == (3600, True, False, False)
    assert stored(store, COPY)["repost_of"] == ORIGINAL.id
    assert stored(store, COPY)["repeats"] == stored(store, ORIGINAL)["reposts"] == 1
    assert stored(store, ORIGINAL).get("repost_of") is None


def test_older_original_that_comes_last(store: Store) -> None:
    """An older original that is filled in later is what all its copies point to."""
    second = article("second", TEXT, domain="echo.example")
    take(store, COPY)
    take(store, second)
    assert stored(store, second)["repost_of"] == COPY.id
    take(store, ORIGINAL)
    assert stored(store, second)["repost_of"] == stored(store, COPY)["repost_of"] == ORIGINAL.id
    assert stored(store, ORIGINAL)["reposts"] == 2


def test_edited_article_loses_its_pairs(store: Store) -> None:
    """When a copy is rewritten from scratch the pair is gone, and both articles know."""
    take(store, ORIGINAL, COPY)
    take(store, replace(COPY, text=prose(2, 120)))
    assert list(pairs(store)) == []
    assert stored(store, COPY)["repost_of"] is None
    assert stored(store, ORIGINAL)["reposts"] == stored(store, COPY)["repeats"] == 0


def test_edited_article_gains_pairs(store: Store) -> None:
    """An article that becomes a copy by an edit is found."""
    take(store, ORIGINAL, replace(COPY, text=prose(2, 120)))
    report = take(store, COPY)
    assert report.pairs == {"exact": 1}
    assert stored(store, COPY)["repost_of"] == ORIGINAL.id


def test_weakened_pair_changes_its_kind(store: Store) -> None:
    """An edit that leaves less in common leaves one pair, of the weaker kind."""
    take(store, ORIGINAL, COPY)
    half = " ".join([*TEXT.split()[:60], *prose(2, 60).split()])
    take(store, replace(COPY, text=half))
    (pair,) = pairs(store)
    assert (pair.kind, pair.longest_run) == (Kind.PASSAGE, 60)
    assert stored(store, COPY)["repost_of"] is None  # a passage is no repost


def test_equal_dates_order_by_id(store: Store) -> None:
    """Where the dates are equal the order is kept, by id, and marked as uncertain."""
    twins = [replace(each, published=ORIGINAL.published) for each in (ORIGINAL, COPY)]
    take(store, *twins)
    (pair,) = pairs(store)
    assert not pair.order_certain
    assert (pair.earlier, pair.later) == tuple(sorted(each.id for each in twins))


def test_day_only_dates_are_uncertain_within_the_day(store: Store) -> None:
    """A date without a time says nothing of the order within its day, and says it between days."""
    midnight = NOW.replace(hour=0)
    same_day = article("day", TEXT, published=midnight, precision=Precision.DAY)
    day_before = article("before", TEXT, published=midnight - timedelta(days=1), precision=Precision.DAY)
    take(store, COPY, same_day, day_before)
    certain = {frozenset((pair.earlier, pair.later)): pair.order_certain for pair in pairs(store)}
    assert certain[frozenset((COPY.id, same_day.id))] is False
    assert certain[frozenset((COPY.id, day_before.id))] is True


def test_own_article_again_is_an_update(store: Store) -> None:
    """A source that publishes its article again in changed form publishes an update."""
    take(store, ORIGINAL, article("again", f"{TEXT} {prose(3, 10)}"))
    (pair,) = pairs(store)
    assert (pair.kind, pair.update, pair.same_source) == (Kind.NEAR, True, True)


def test_interrupted_run_is_taken_up(store: Store) -> None:
    """Articles whose worker died before it looked for pairs are judged by the next run."""
    write(store, ORIGINAL)
    write(store, COPY)
    assert detect(store, now=now) == {"exact": 1}
    assert stored(store, COPY)["repost_of"] == ORIGINAL.id
    assert list(store.pending.ids()) == []
    assert not detect(store, now=now)


def test_article_that_was_changed_before_it_was_judged(store: Store) -> None:
    """An article is judged as it is, not as it was written, where somebody else changed it in between."""
    rewritten = prose(2, 120)
    take(store, ORIGINAL, article("other", rewritten, domain="echo.example", published=NOW - 4 * HOUR))
    pending = written(store, COPY)
    assert pending[COPY.id] is not None
    write(store, replace(COPY, text=rewritten))
    detect(store, pending, now=now)
    (pair,) = pairs(store)
    assert (pair.earlier_source, pair.later) == ("echo.example", COPY.id)
    assert list(store.pending.ids()) == []


def test_article_that_was_changed_and_back_before_it_was_judged(store: Store) -> None:
    """An article that others edited, judged, and edited back keeps no pair of the text that it had meanwhile."""
    rewritten = prose(2, 120)
    take(store, ORIGINAL, article("other", rewritten, domain="echo.example", published=NOW - 4 * HOUR))
    pending = written(store, COPY)
    take(store, replace(COPY, text=rewritten))
    write(store, COPY)
    detect(store, pending, now=now)
    (pair,) = pairs(store)
    assert (pair.earlier, pair.later) == (ORIGINAL.id, COPY.id)
    assert list(store.pending.ids()) == []


def test_a_batch_that_is_searched_while_another_is_not_yet_judged(store: Store) -> None:
    """Searches may run ahead of verdicts: pairs within either batch and between them are found, each once."""
    second = article("second", TEXT, domain="echo.example")
    first = search(store, written(store, ORIGINAL, COPY), now=now)
    behind = search(store, written(store, second), now=now)
    found = first.settle() + behind.settle()
    assert found == {"exact": 3}
    assert len(list(pairs(store))) == 3
    assert stored(store, second)["repost_of"] == stored(store, COPY)["repost_of"] == ORIGINAL.id
    assert list(store.pending.ids()) == []


def test_a_pair_that_another_finds_behind_a_search_stays(store: Store) -> None:
    """Whoever judges an article again drops the pairs that stood before its search, not those found since."""
    take(store, ORIGINAL)
    write(store, replace(ORIGINAL, text=f"{TEXT} again"))
    behind = search(store, {ORIGINAL.id: None}, now=now)
    assert take(store, COPY).pairs == {"near": 1}
    behind.settle()
    (pair,) = pairs(store)
    assert (pair.earlier, pair.later) == (ORIGINAL.id, COPY.id)
    assert stored(store, COPY)["repost_of"] == ORIGINAL.id
    assert list(store.pending.ids()) == []


def test_a_pair_that_comes_back_behind_a_search_stays(store: Store) -> None:
    """Nor does it drop a pair that stood before and was written again since: an edit that was taken back."""
    take(store, ORIGINAL, COPY)
    write(store, replace(COPY, text=prose(2, 120)))
    mark_again(store, [ORIGINAL.id], now=NOW)
    behind = [search(store, {each: None}, now=now) for each in (COPY.id, ORIGINAL.id)]
    take(store, COPY)
    for each in behind:
        each.settle()
    (pair,) = pairs(store)
    assert (pair.earlier, pair.later, pair.kind) == (ORIGINAL.id, COPY.id, Kind.EXACT)
    assert stored(store, COPY)["repost_of"] == ORIGINAL.id
    assert list(store.pending.ids()) == []


def test_what_is_to_be_judged_again_while_it_is_judged_stays_marked(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever finds that an article is to be judged again may come when its verdicts are already written."""
    take(store, ORIGINAL)
    write(store, COPY)

    def derived_late(*arguments: Any, **named: Any) -> None:
        mark_again(store, [COPY.id], now=NOW)
        derive(*arguments, **named)

    with monkeypatch.context() as patched:
        patched.setattr("indexer.detect.derive", derived_late)
        assert detect(store, {COPY.id: None}, now=now) == {"exact": 1}
    assert list(store.pending.ids()) == [COPY.id]
    detect(store, now=now)
    assert list(store.pending.ids()) == []


def test_a_pair_of_an_older_state_that_is_written_again_behind_a_search_goes(store: Store) -> None:
    """What stood and was written since, by a slow writer or a migration, is not left standing for it."""
    take(store, ORIGINAL, COPY)
    (stood,) = pairs(store)
    write(store, replace(COPY, text=prose(2, 120)))
    behind = search(store, {COPY.id: None}, now=now)
    text_hash = stored(store, ORIGINAL)["text_hash"]
    store.pairs.write([(stood, text_hash, text_hash)], gone=(), now=NOW)
    behind.settle()
    assert list(pairs(store)) == []
    assert stored(store, COPY)["repost_of"] is None
    assert list(store.pending.ids()) == []


def test_short_texts_pair_only_when_equal(store: Store) -> None:
    """Texts of fewer than five words have no grams: equal ones are found, others are not."""
    one = article("a", "Harbour closed tonight")
    same = article("b", "harbour closed, tonight!", domain="mirror.example")
    other = article("c", "Harbour open tonight", domain="echo.example")
    assert take(store, one, same, other).pairs == {"exact": 1}


def test_passage_in_a_long_article(store: Store) -> None:
    """A run of 60 words is found inside articles whose signature takes several queries."""
    run = prose(50, 60)
    long = article("long", f"{prose(51, 9_000)} {run} {prose(52, 9_000)}", published=NOW - 2 * HOUR)
    other = article("other", f"{prose(53, 400)} {run} {prose(54, 400)}", domain="mirror.example")
    assert take(store, long, other).pairs == {"passage": 1}


def samples() -> list[Article]:
    """Give ten articles: copies, part-copies, an update, equal dates, a missing date, and two strangers."""
    words = TEXT.split()
    most = " ".join([*words[:110], *prose(4, 10).split()])
    part = " ".join(words[:60])
    passage = f"{prose(5, 150)} {' '.join(words[20:85])} {prose(6, 150)}"
    return [
        ORIGINAL,
        COPY,
        replace(article("twin", TEXT, domain="twin.example"), published=ORIGINAL.published),
        article("most", most, domain="echo.example", published=NOW - 5 * HOUR),
        article("update", f"{TEXT} {prose(7, 12)}"),
        article("part", part, domain="short.example"),
        article("passage", passage, domain="long.example", published=NOW - 4 * HOUR),
        article("undated", TEXT, domain="undated.example", published=None, seen=NOW - 90 * HOUR),
        article("stranger", prose(8, 100)),
        article("other", prose(9, 3), domain="tiny.example"),
    ]


def test_order_of_arrival_does_not_matter(new_store: Callable[[], Store]) -> None:
    """Six orders, each in batches of another size, end in the same pairs and derived fields."""
    articles = samples()
    ends = []
    for seed, size in enumerate((10, 1, 2, 3, 4, 7)):
        shuffled = list(articles)
        random.Random(seed).shuffle(shuffled)  # noqa: S311 nothing here is secret
        store = new_store()
        for start in range(0, len(shuffled), size):
            take(store, *shuffled[start : start + size])
        ends.append(everything(store, articles))
    assert {each.kind for each in ends[0][0]} == {Kind.EXACT, Kind.NEAR, Kind.PARTIAL, Kind.PASSAGE}
    for found in ends[1:]:
        assert found == ends[0]


def test_two_writers_at_once(connect: Callable[[str], Store], store: Store) -> None:
    """Two writers, each with one side of every pair, miss none, and leave nothing pending."""
    pairs_of = [(prose(200 + number, 60), f"a{number}", f"b{number}") for number in range(30)]
    originals = [article(name, text, published=NOW - 2 * HOUR) for text, name, _ in pairs_of]
    copies = [article(name, text, domain="mirror.example") for text, _, name in reversed(pairs_of)]

    def writing(mine: list[Article]) -> None:
        with connect(store.prefix) as further:
            for start in range(0, len(mine), 5):
                take(further, *mine[start : start + 5])

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(writing, (originals, copies)))
    expected = {(one.id, two.id) for one, two in zip(originals, reversed(copies), strict=True)}
    assert {(pair.earlier, pair.later) for pair in pairs(store)} == expected
    store.articles.refresh()
    assert list(store.pending.ids()) == []
    assert all(stored(store, two)["repost_of"] == one.id for one, two in zip(originals, reversed(copies), strict=True))
    assert all(stored(store, one)["reposts"] == 1 for one in originals)


def test_all_pages_of_candidates_are_read(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are on a page, each candidate is found once; also of an article that takes several queries."""
    long = prose(3, 400)
    copies = [article(f"c{n}", f"{long} {prose(10 + n, 9 * n)}", domain=f"d{n}.example") for n in range(24)]
    take(store, *copies)
    versions = list(store.articles.versions([each.id for each in copies]).values())

    def found() -> list[set[object]]:
        given = store.signatures.candidates(versions, window_days=0)
        assert all(len({each.id for each in one}) == len(one) for one in given)
        return [set(each) for each in given]

    whole = found()
    assert {len(each) for each in whole} == {len(copies) - 1}
    for clauses in (candidates.CLAUSES, 20):
        monkeypatch.setattr(candidates, "CLAUSES", clauses)
        for page in (1, 7, len(copies) - 1, len(copies)):
            monkeypatch.setattr(candidates, "PAGE", page)
            assert found() == whole, (clauses, page)


def test_strangers_are_left_out_but_where_copies_are_counted(store: Store) -> None:
    """Who shares a phrase alone is met and left out; where copies are many he is there, since a count has him too."""
    phrase = prose(1008, 20)  # of which two hashes are sampled
    texts = [f"{prose(300 + n, 90)} {phrase} {prose(400 + n, 70)}" for n in range(3)]
    articles = [article(f"one{n}", text, domain=f"one{n}.example") for n, text in enumerate(texts)]
    take(store, *articles)
    (asked,) = store.articles.versions([articles[0].id]).values()
    assert store.signatures.candidates([asked], window_days=0) == [[]]
    take(store, *(article(f"copy{n}", texts[0], domain=f"paper{n}.example") for n in range(MANY)))
    (found,) = store.signatures.candidates([asked], window_days=0)
    assert Counter(each.likeness for each in found) == {Likeness.COPY: MANY, Likeness.STRANGE: 2}
    counted = store.signatures.count_earlier([asked], window_days=0)
    assert counted == [count_earlier((moment(asked.effective), asked.id), found)]


def test_many_copies_are_a_star_around_the_earliest(store: Store) -> None:
    """More than a hundred copies are paired with the earliest alone; as these go, a square comes back."""
    copies = [
        article(f"copy{n}", TEXT, domain=f"paper{n}.example", published=NOW - timedelta(minutes=n))
        for n in range(CROWD + 4)
    ]
    random.Random(5).shuffle(copies)  # noqa: S311 nothing here is secret
    resembling = article("like", f"{TEXT} {prose(4, 20)}", published=NOW - 9 * HOUR)
    take(store, *copies[:60])
    take(store, resembling)
    take(store, *copies[60:])
    by_age = sorted(copies, key=lambda each: str(each.published.at))

    def shape() -> list[int]:
        found = Counter(pair.later for pair in pairs(store))
        return [found[each.id] for each in (resembling, *by_age)]

    # each is paired with all that are earlier, until these are too many
    assert shape() == [*range(CROWD), *[1] * 5]
    assert {pair.earlier for pair in pairs(store) if pair.later == by_age[-1].id} == {resembling.id}
    assert stored(store, by_age[-1])["repost_of"] == resembling.id

    take(store, replace(resembling, text=prose(5, 120)))  # the middle of the star goes
    assert shape() == [0, *range(CROWD), *[1] * 4]
    assert stored(store, by_age[-1])["repost_of"] == by_age[0].id

    take(store, *(replace(each, text=prose(20 + n, 120)) for n, each in enumerate(by_age[:4])))
    assert sorted(shape()) == [*[0] * 5, *range(CROWD)]
    assert list(store.pending.ids()) == []
