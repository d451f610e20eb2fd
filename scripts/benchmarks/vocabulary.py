"""Measure how fast texts are tagged, by one pass and by one expression a term, and how well the labels are met."""

from __future__ import annotations

import gzip
import json
import re
import statistics
import time
from collections import Counter
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks.common import DATA, ROOT, AbsentError
from benchmarks.labels import score
from indexer.text import plain, title
from indexer.vocabulary import Entry, Sort, Tagger, Vocabulary, read, shipped
from indexer.vocabulary.reading import identity

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ENTRIES = DATA / "scale" / "security-entries-2023.jsonl.gz"
HEADLINES = ROOT / "tests" / "data" / "headlines.jsonl"
NAIVE = 100  # entries that are also read by one expression a term
WORDS = 566  # of an article, as in the other measurements: as many texts are joined until there are so many
_NAME = re.compile(r"\b[A-Z][a-z]{2,}(?: [A-Z][a-z]{2,}){1,2}\b")

Text = tuple[str, str]  # title and text


def run(terms: int, rounds: int) -> None:
    """Print entries and articles a second with the shipped vocabulary and a large one, and what naive ways take."""
    texts = entries()
    own = read(shipped(), name="shipped")
    whole = articles(texts)
    print(f"{len(texts):,} entries ({_mean(texts):.0f} characters), {len(whole):,} articles of {WORDS} words or more "
          f"joined from them ({_mean(whole):.0f} characters); seconds of one processor")  # fmt: skip
    for name, vocabulary in (("shipped", own), (f"{terms:,} terms", grown(own, texts, terms))):
        began = time.process_time()
        tagger = Tagger(vocabulary)
        print(f"{name}: {vocabulary.words:,} terms, hints and patterns, made ready in "
              f"{1000 * (time.process_time() - began):.0f} ms")  # fmt: skip
        of_entries = [_rate(partial(_tag, tagger, texts), len(texts)) for _ in range(rounds)]
        of_articles = [_rate(partial(_tag, tagger, whole), len(whole)) for _ in range(rounds)]
        print(f"  one pass: {_said(of_entries)} entries a second; {_said(of_articles)} articles a second, "
              f"{1000 / statistics.median(of_articles):.2f} ms each")  # fmt: skip
        few = texts[:: max(1, len(texts) // NAIVE)]
        one = _rate(partial(_tag, tagger, few), len(few))
        naive = _rate(_by_expressions(vocabulary, few), len(few))
        print(f"  one expression a term, {len(few)} of the entries: {naive:,.1f} a second; one pass is "
              f"{one / naive:,.0f} times as fast")  # fmt: skip
    _tell_labels(Tagger(own), texts)


def entries() -> list[Text]:
    """Read the entries, as plain text."""
    if not ENTRIES.is_file():
        raise AbsentError(f"{ENTRIES} is not there: nothing to measure on")
    with gzip.open(ENTRIES) as file:
        rows = map(json.loads, file)
        return [(title(each.get("title") or ""), plain(each.get("description") or "")) for each in rows]


def articles(texts: Sequence[Text]) -> list[Text]:
    """Join entries to texts of the length of an article."""
    joined: list[Text] = []
    parts: list[str] = []
    for headline, text in texts:
        parts.append(text)
        if sum(map(len, parts)) > 6 * WORDS:
            joined.append((headline, " ".join(parts)))
            parts = []
    return joined


def grown(vocabulary: Vocabulary, texts: Sequence[Text], terms: int) -> Vocabulary:
    """Add the commonest names of these texts as stories, until there are so many terms."""
    names: Counter[str] = Counter()
    for headline, text in texts:
        names.update(_NAME.findall(headline))
        names.update(_NAME.findall(text))
    known = {identity(term) for each in vocabulary.entries for term in (*each.terms, *each.hints)}
    more: dict[str, Entry] = {}
    for name, _ in names.most_common():
        if vocabulary.words + len(more) >= terms:
            break
        if identity(name) not in known:
            more.setdefault(identity(name), Entry(name=name, sort=Sort.STORY, terms=(name,)))
    return replace(vocabulary, entries=(*vocabulary.entries, *more.values()))


def _by_expressions(vocabulary: Vocabulary, texts: Sequence[Text]) -> Callable[[], Any]:
    """Give what anybody would write first: a search for each term in turn."""
    terms = [term.strip("=*") for each in vocabulary.entries for term in (*each.terms, *each.hints)]
    expressions = [re.compile(rf"(?<!\w){re.escape(term)}(?:s|es|'s)?(?!\w)", re.IGNORECASE) for term in terms]

    def search() -> int:
        return sum(
            expression.search(whole) is not None
            for whole in (f"{headline}\n{text}" for headline, text in texts)
            for expression in expressions
        )

    return search


def _tag(tagger: Tagger, texts: Sequence[Text]) -> int:
    return sum(len(tagger.found(headline, text).tags) for headline, text in texts)


def _rate(work: Callable[[], Any], count: int) -> float:
    began = time.process_time()
    work()
    return count / (time.process_time() - began)


def _said(rates: Sequence[float]) -> str:
    return f"{statistics.median(rates):,.0f} ({min(rates):,.0f} to {max(rates):,.0f})"


def _mean(texts: Sequence[Text]) -> float:
    return statistics.mean(len(headline) + len(text) for headline, text in texts)


def _tell_labels(tagger: Tagger, texts: Sequence[Text]) -> None:
    found = [tagger.found(*each) for each in texts]
    tagged = sum(bool(each.tags) for each in found) / len(found)
    named = sum(bool(each.stories) for each in found) / len(found)
    tags = Counter(tag for each in found for tag in each.tags)
    stories = Counter(story for each in found for story in each.stories)
    print(f"of the entries {tagged:.0%} have a tag, {named:.0%} a story")
    print("  " + ", ".join(f"{name} {number:,}" for name, number in tags.most_common(12)))
    print("  " + ", ".join(f"{name} {number:,}" for name, number in stories.most_common(12)))
    rows = [json.loads(line) for line in HEADLINES.read_text(encoding="utf-8").splitlines()]
    counts = score(tagger, rows)
    print(f"{len(rows)} labelled headlines")
    for name in ("tags", "stories", "cves", *sorted(counts.keys() - {"tags", "stories", "cves"})):
        each = counts[name]
        print(f"  {name:24} precision {each.precision:.3f}  recall {each.recall:.3f}  "
              f"(right {each.right}, wrong {each.wrong}, missed {each.missed})")  # fmt: skip
