"""Compare the made-up articles with real ones, figure by figure: ``scripts/bench likeness``."""

from __future__ import annotations

import gzip
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import orjson

from benchmarks.common import REPOSTS
from benchmarks.corpus import articles
from indexer.shingles import Hashes, Shingled, sample, shingle

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

ARTICLES = 3_608  # as many of each: how much strangers share grows with their number
STRANGERS = 0.05  # share of the smaller one's grams under which two articles have nothing to do with one another


class Text(NamedTuple):
    """One article, for counting."""

    source: str
    text: str


def run() -> None:
    """Print the comparison as a table."""
    sets = {
        "made-up": [Text(made.article["source"], made.article["text"]) for made in articles(ARTICLES)],
        "real (of synthetic)": list(_real()),
        "Reuters 1987": _shuffled(_read(REPOSTS / "background-reuters.jsonl.gz")),
    }
    figures = {name: measure(texts) for name, texts in sets.items()}
    print("| | " + " | ".join(figures) + " |")
    print("| --- " * (len(figures) + 1) + "|")
    for row in next(iter(figures.values())):
        print(f"| {row} | " + " | ".join(each[row] for each in figures.values()) + " |")


def measure(texts: Sequence[Text]) -> dict[str, str]:
    """Give the figures of one set of articles."""
    shingled = [shingle(each.text) for each in texts]
    lengths = np.array([each.length for each in shingled])
    words = [word for each in shingled for word in each.tokens]
    counts = Counter(words)
    ranked = np.cumsum(sorted(counts.values(), reverse=True)) / len(words)
    distinct = [len(set(each.tokens)) / len(each.tokens) for each in shingled if len(each.tokens) >= 100]
    strange = strangers_share(shingled)
    candidates = candidate_counts([sample(each.grams) for each in shingled])
    repeated = source_repeats([each.source for each in texts], shingled)
    return {
        "articles": f"{len(texts):,}",
        "words an article, median, p5, p95": _spread(lengths, ".0f"),
        "letters a word, a distinct word": f"{_mean(map(len, words)):.1f}, {_mean(map(len, counts)):.1f}",
        "distinct words in 500,000": f"{len(set(words[:500_000])):,}" if len(words) >= 500_000 else "–",
        "share of the commonest 1, 10, 100, 1,000 words": ", ".join(
            f"{ranked[rank - 1]:.3f}" for rank in (1, 10, 100, 1_000)
        ),
        "numbers among the words": f"{_mean(word[0].isdigit() for word in words):.3f}",
        "distinct share of an article's words": f"{np.median(distinct):.2f}",
        "share of an article's grams that strangers have, mean, median, p95": (
            f"{strange.mean():.3f}, {np.median(strange):.3f}, {np.percentile(strange, 95):.3f}"
        ),
        "candidates an article, mean, median, p95": (
            f"{candidates.mean():.1f}, {np.median(candidates):.0f}, {np.percentile(candidates, 95):.0f}"
        ),
        "articles with 20 words that 5 of the source have": f"{repeated:.3f}",
    }


def strangers_share(shingled: Sequence[Shingled]) -> npt.NDArray[np.float64]:
    """Give, of each article, the share of its grams that an article has which shares hardly anything else."""
    one, other, gram = _meetings([each.unique for each in shingled])
    sizes = np.array([len(each.unique) for each in shingled])
    _, inverse, shared = np.unique(one * len(sizes) + other, return_inverse=True, return_counts=True)
    strange = (shared[inverse] / np.minimum(sizes[one], sizes[other])) < STRANGERS
    sides = np.concatenate((one[strange], other[strange])).astype(np.uint64)
    grams = np.concatenate((gram[strange], gram[strange]))
    met = np.unique(np.stack((sides, grams)), axis=1)
    counts = np.bincount(met[0].astype(np.int64), minlength=len(sizes))
    share: npt.NDArray[np.float64] = counts / np.maximum(1, sizes)
    return share


def candidate_counts(signatures: Sequence[Hashes]) -> npt.NDArray[np.int64]:
    """Count, for each article, the others with which it shares two sampled grams."""
    one, other, _ = _meetings(signatures)
    pairs, shared = np.unique(one * len(signatures) + other, return_counts=True)
    pairs = pairs[shared >= 2]
    sides = np.concatenate((pairs // len(signatures), pairs % len(signatures)))
    return np.bincount(sides, minlength=len(signatures))


def source_repeats(sources: Sequence[str], shingled: Sequence[Shingled]) -> float:
    """Give the share of articles with 20 words in a row of which each gram stands in five articles of their source."""
    run = 16  # grams in 20 words
    having = 0
    by_source: dict[str, list[Shingled]] = {}
    for source, each in zip(sources, shingled, strict=True):
        by_source.setdefault(source, []).append(each)
    for group in by_source.values():
        grams, counts = np.unique(np.concatenate([each.unique for each in group]), return_counts=True)
        common = grams[counts >= 5]
        for each in group:
            known = np.isin(each.grams, common).astype(np.int64)
            having += len(known) >= run and int(np.convolve(known, np.ones(run, dtype=np.int64)).max()) >= run
    return having / len(shingled)


def _meetings(
    hashes: Sequence[Hashes],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Hashes]:
    """List who meets whom in which hash: for every two articles that have it, (one, other, hash)."""
    values = np.concatenate(hashes)
    owners = np.repeat(np.arange(len(hashes)), [len(each) for each in hashes])
    order = np.lexsort((owners, values))
    values, owners = values[order], owners[order]
    starts = np.flatnonzero(np.concatenate(([True], values[1:] != values[:-1])))
    sizes = np.diff(np.concatenate((starts, [len(values)])))
    one, other, value = [], [], []
    for start, size in zip(starts[sizes > 1].tolist(), sizes[sizes > 1].tolist(), strict=True):
        first, second = np.triu_indices(size, 1)
        one.append(owners[start + first])
        other.append(owners[start + second])
        value.append(np.full(len(first), values[start]))
    return np.concatenate(one), np.concatenate(other), np.concatenate(value)


def _real() -> Iterable[Text]:
    """Give the articles of the synthetic set that were not made by its edits."""
    with gzip.open(REPOSTS / "synthetic" / "docs.jsonl.gz") as lines:
        for data in map(orjson.loads, lines):
            if ".example/" not in data["url"]:
                yield Text(data["source"], data["text"])


def _read(path: object) -> list[Text]:
    with gzip.open(str(path)) as lines:
        return [Text(data["source"], data["text"]) for data in map(orjson.loads, lines)]


def _shuffled(texts: list[Text]) -> list[Text]:
    order = np.random.default_rng(1).permutation(len(texts))[:ARTICLES]
    return [texts[place] for place in order]


def _spread(values: npt.NDArray[np.int64], form: str) -> str:
    return ", ".join(format(each, form) for each in np.percentile(values, (50, 5, 95)))


def _mean(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))
