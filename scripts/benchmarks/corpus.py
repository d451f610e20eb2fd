"""Make up a news archive for ``scripts/bench scale``: JSON lines that ``condensat import`` reads, and who repeats whom.

Nothing in it is anybody's text. It is a pure stream: the same seed gives the same articles, and the first N of a larger
run are the run of N. What its numbers come from (one by one in ``Recipe``; compare with ``scripts/bench likeness``):

- lengths, frequencies of words, share of grams that strangers have in common: 3,608 real articles among
  ``reposts/synthetic``, looked at beside 275 of ``reposts/natural`` and 5,000 of ``background-reuters``;
- what an edit changes (how much of either side is covered, relative length): the 2,950 labelled pairs of
  ``reposts/synthetic``; number-changed bulletins: its templates, and those of ``natural`` (data/README.md);
- 500,000 articles a day and a fifth of them reposts: Media Cloud's day, and what the design asks to be measured.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson

from benchmarks import edits
from benchmarks.words import BREAK, CAPITAL, COMMA, FORMS, PLAIN, STOP, Vocabulary, vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Surfaces = npt.NDArray[np.int32]  # words as written: word * len(FORMS) + form
_COMMAS = 0.05  # share of the words
_PARAGRAPHS = 0.3  # share of the sentences that end one
BLOCK = 1_000  # articles that are drawn at once, each block with a generator of its own


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """What the archive is like."""

    seed: int = 20260302
    begins: datetime = datetime(2026, 3, 2, tzinfo=UTC)
    a_day: int = 500_000
    # words of an article: log-normal; real news has a median of 465 (Reuters of 1987: 95), feeds bring shorter ones
    median: float = 350.0
    spread: float = 0.75  # p95 of about 1,200
    shortest: int = 30
    longest: int = 6_000
    # words: fitted to the share of the commonest 1, 10, 100, 1,000 and 10,000 (.061 .224 .445 .703 .943)
    sizes: tuple[int, int] = (42_000, 18_000)  # English, French
    flatness: float = 1.2
    exponent: float = 1.13
    numerals: float = 0.018  # share of the words (real: .018)
    topical: float = 0.16  # share of words that belong to the article's own subject, and come again in it
    subject: int = 24  # such words an article
    # stock phrases of 3 to 8 words: until strangers share 4 % of an article's grams, as real ones do
    phrases: int = 6_000
    phrase_flatness: float = 60.0  # the first 60 are about as frequent as one another: none stands in every article
    stock: float = 0.16  # share of the words
    sentence: float = 21.0  # words
    # sources
    sources: int = 400
    skew: float = 0.8  # share of the source of rank r: r ** -skew; the first has 8 %
    french: int = 5  # one source in so many is French
    footed: int = 8  # one source in so many, but not the largest, ends its articles with boilerplate of 20 to 45 words
    footer_share: float = 0.7  # of its articles
    bulletins: int = 12  # one source in so many publishes templates in which numbers change
    bulletin_share: float = 0.4  # of its articles
    # reposts
    reposts: float = 0.20
    passages: float = 0.03
    edits: tuple[tuple[str, float], ...] = (
        ("exact", 0.40), ("light", 0.25), ("framed", 0.08), ("expanded", 0.07), ("excerpt", 0.10), ("heavy", 0.10),
    )  # fmt: skip
    agency: float = 0.25  # share of the reposts that repeat an agency's story
    agency_copies: tuple[int, int] = (50, 400)
    again: float = 0.25  # share that repeat what was repeated lately, so that some clusters grow
    same_title: float = 0.6  # of the reposts
    repeatable: int = 80  # words that an original has at least
    remembered: int = 20_000  # articles of a language that can still be repeated: an hour
    youngest: int = 30  # articles between the two: about five seconds, so that the dates tell who was first


LABELS = {
    "exact": "exact", "light": "near", "heavy": "near", "excerpt": "partial", "framed": "near|partial",
    "expanded": "partial|near", "passage": "passage", "template": "related",
}  # fmt: skip  # as the labelled pairs of reposts/synthetic call them


class Made(NamedTuple):
    """One article, and the pair with the earlier one that it repeats, if it does."""

    article: dict[str, Any]
    pair: dict[str, str] | None


class _Root(NamedTuple):
    """An original that can be repeated."""

    words: Surfaces
    url: str
    title: str


@dataclass(slots=True)
class _Hot:
    """An agency's story that many are taking over."""

    root: _Root
    left: int


def articles(count: int, recipe: Recipe | None = None) -> Iterator[Made]:
    """Make up articles, in the order of their dates."""
    maker = _Maker(recipe or Recipe())
    for number in range(-(-count // BLOCK)):
        yield from maker.block(number, min(BLOCK, count - number * BLOCK))


def write(out: BinaryIO, count: int, *, pairs: Path | None = None) -> None:
    """Write articles as JSON lines, and beside them who repeats whom, as ``condensat evaluate`` reads it."""
    with pairs.open("wb") if pairs else nullcontext() as truth:
        for made in articles(count):
            out.write(orjson.dumps(made.article, option=orjson.OPT_APPEND_NEWLINE))
            if truth and made.pair:
                truth.write(orjson.dumps(made.pair, option=orjson.OPT_APPEND_NEWLINE))


class _Maker:
    """The sources and the memory of what was published; one block after the other."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        rng = np.random.default_rng([recipe.seed])
        self.words: Vocabulary = vocabulary(
            rng,
            sizes=recipe.sizes,
            flatness=recipe.flatness,
            exponent=recipe.exponent,
            numerals=recipe.numerals,
        )
        self.phrases = [self._phrases(language, rng) for language in range(2)]
        ranks = np.arange(1, recipe.sources + 1)
        shares = ranks**-recipe.skew
        self.volumes = np.cumsum(shares) / shares.sum()
        self.language = (np.arange(recipe.sources) % recipe.french == recipe.french - 1).astype(np.int64)
        self.footers = {
            source: self._fixed(int(self.language[source]), int(rng.integers(20, 46)), rng)
            for source in range(recipe.footed + 3, recipe.sources, recipe.footed)
        }
        self.templates = {
            source: [self._template(int(self.language[source]), rng) for _ in range(2)]
            for source in range(5, recipe.sources, recipe.bulletins)
        }
        self.memory: list[list[_Root]] = [[], []]
        self.repeated: list[list[_Root]] = [[], []]
        self.hot: list[list[_Hot]] = [[], []]
        self.issued: dict[tuple[int, int], str] = {}  # the last bulletin of a template

    def block(self, number: int, wanted: int) -> Iterator[Made]:
        """Draw a whole block, whatever is wanted of it, so that what follows does not depend on it."""
        recipe = self.recipe
        rng = np.random.default_rng([recipe.seed, number])
        sources = np.searchsorted(self.volumes, rng.random(BLOCK))
        languages = self.language[sources]
        lengths = np.exp(rng.normal(np.log(recipe.median), recipe.spread, BLOCK))
        lengths = lengths.astype(np.int64).clip(recipe.shortest, recipe.longest)
        surfaces, subjects = self._texts(lengths, languages, rng)
        ends = np.cumsum(lengths)
        chances = rng.random((BLOCK, 8))
        titles = rng.integers(0, recipe.subject, size=(BLOCK, 8))
        for place in range(wanted):
            own = surfaces[ends[place] - lengths[place] : ends[place]]
            title = self._written(self._title(subjects[place], titles[place], own))
            made = self._publish(number * BLOCK + place, int(sources[place]), own, title, chances[place], rng)
            yield made

    def _publish(  # noqa: PLR0917 all of them are about one article
        self,
        index: int,
        source: int,
        own: Surfaces,
        title: str,
        chance: npt.NDArray[np.float64],
        rng: np.random.Generator,
    ) -> Made:
        """Make one article out of its own words, or of an earlier one's."""
        recipe = self.recipe
        language = int(self.language[source])
        url = f"https://source{source:03}.example/{'ab'[index % 2]}/{index}"
        words, pair, change = own, None, ""
        memory = self.memory[language]
        if source in self.templates and chance[0] < recipe.bulletin_share:
            words, pair = self._bulletin(source, url, rng)
            change = "template"
        elif len(memory) > recipe.youngest and chance[1] < recipe.reposts + recipe.passages:
            change = "passage"
            if chance[1] < recipe.reposts:
                change = _choose(recipe.edits, chance[2])
            root = self._root(language, chance[3:6], repost=change != "passage", rng=rng)
            words = edits.EDITS[change](root.words, own, rng)
            pair = {"url_a": root.url, "url_b": url, "label": LABELS[change], "change": change}
            if change != "passage" and chance[6] < recipe.same_title:
                title = root.title
        if source in self.footers and change not in {"exact", "template"} and chance[7] < recipe.footer_share:
            words = np.concatenate((words, self.footers[source]))
        if not change and len(words) >= recipe.repeatable:
            _remember(memory, _Root(words, url, title), recipe.remembered)
        published = recipe.begins + timedelta(seconds=index * 86_400 / recipe.a_day)
        article = {
            "url": url,
            "source": f"Source {source:03}",
            "published": published.isoformat(timespec="milliseconds"),
            "title": title,
            "text": self._written(words),
            "language": ("en", "fr")[language],
        }
        return Made(article, pair)

    def _root(self, language: int, chance: npt.NDArray[np.float64], *, repost: bool, rng: np.random.Generator) -> _Root:
        """Choose what is repeated: an agency's story, what was repeated lately, or any of the last hour."""
        recipe, memory, repeated = self.recipe, self.memory[language], self.repeated[language]
        fresh = memory[-recipe.youngest - int((len(memory) - recipe.youngest) ** chance[1])]
        if not repost:
            return fresh
        hot = self.hot[language]
        if chance[0] < recipe.agency:
            if len(hot) < 8:
                least, most = recipe.agency_copies
                hot.append(_Hot(fresh, int(least * (most / least) ** rng.random())))
            at = int(chance[2] * 8) % len(hot)
            story = hot[at]
            story.left -= 1
            if not story.left:
                hot.pop(at)
            return story.root
        if chance[0] < recipe.agency + recipe.again and repeated:
            return repeated[-1 - int(chance[2] * min(len(repeated), recipe.remembered // 10))]
        _remember(repeated, fresh, recipe.remembered)
        return fresh

    def _texts(
        self, lengths: npt.NDArray[np.int64], languages: npt.NDArray[np.int64], rng: np.random.Generator
    ) -> tuple[Surfaces, npt.NDArray[np.int32]]:
        """Draw the words of a whole block, punctuated, and the words of each article's subject."""
        recipe = self.recipe
        total, guide = int(lengths.sum()), self.words.drawn.shape[1]
        article = np.repeat(np.arange(len(lengths)), lengths)
        ids = self.words.drawn[languages[article], rng.integers(0, guide, total, dtype=np.int32)]
        # a subject has no function words, and the commoner of its words come more often
        subjects = self.words.drawn[
            languages[:, None], rng.integers(int(self.words.head * guide), guide, size=(len(lengths), recipe.subject))
        ]
        topical = np.flatnonzero(rng.random(total, dtype=np.float32) < recipe.topical)
        column = (recipe.subject * rng.random(len(topical)) ** 2).astype(np.int64)
        ids[topical] = subjects[article[topical], column]
        self._insert_phrases(ids, languages[article], rng)
        return _punctuate(ids, lengths, recipe.sentence, rng), subjects

    def _insert_phrases(self, ids: Surfaces, languages: npt.NDArray[np.int64], rng: np.random.Generator) -> None:
        """Write stock phrases over the drawn words; frequent ones far more often than rare ones."""
        at = np.flatnonzero(rng.random(len(ids), dtype=np.float32) < self.recipe.stock / 5.5)
        at = at[at < len(ids) - 8]
        flat, count = self.recipe.phrase_flatness, self.recipe.phrases
        chosen = (flat * ((count / flat + 1) ** rng.random(len(at)) - 1)).astype(np.int64)
        for language in range(2):
            table, sizes = self.phrases[language]
            here = languages[at] == language
            starts, which = at[here], chosen[here]
            for offset in range(table.shape[1]):
                longer = sizes[which] > offset
                ids[starts[longer] + offset] = table[which[longer], offset]

    def _phrases(self, language: int, rng: np.random.Generator) -> tuple[Surfaces, npt.NDArray[np.int64]]:
        """Make up the stock phrases of a language: mostly common words."""
        sizes = rng.integers(3, 9, size=self.recipe.phrases)
        common = int(0.8 * self.words.drawn.shape[1])
        return self.words.drawn[language, rng.integers(0, common, size=(self.recipe.phrases, 8))], sizes

    def _fixed(self, language: int, length: int, rng: np.random.Generator) -> Surfaces:
        ids = self.words.drawn[language, rng.integers(0, self.words.drawn.shape[1], size=length)]
        return _punctuate(ids, np.array([length]), self.recipe.sentence, rng)

    def _template(self, language: int, rng: np.random.Generator) -> tuple[Surfaces, npt.NDArray[np.int64]]:
        """Make up a bulletin and the places of its numbers: every fifth to twelfth word."""
        words = self._fixed(language, int(rng.integers(60, 141)), rng)
        share = rng.uniform(0.08, 0.22)
        return words, np.flatnonzero(rng.random(len(words)) < share)

    def _bulletin(self, source: int, url: str, rng: np.random.Generator) -> tuple[Surfaces, dict[str, str] | None]:
        which = int(rng.integers(0, 2))
        template, places = self.templates[source][which]
        words = template.copy()
        numerals = rng.integers(*self.words.numerals, size=len(places), dtype=np.int32)
        words[places] = numerals * len(FORMS) + words[places] % len(FORMS)
        before = self.issued.get((source, which))
        self.issued[source, which] = url
        if before is None:
            return words, None
        return words, {"url_a": before, "url_b": url, "label": LABELS["template"], "change": "template"}

    def _title(self, subject: Surfaces, columns: npt.NDArray[np.int64], own: Surfaces) -> Surfaces:
        """Give a headline of 8 words of the subject and of the beginning, without punctuation."""
        words = subject[columns]
        words[1::3] = own[1:9:3] // len(FORMS)
        headline = words * len(FORMS) + PLAIN
        headline[0] += CAPITAL
        return headline

    def _written(self, words: Surfaces) -> str:
        return "".join(self.words.surfaces[words].tolist()).rstrip()


def _punctuate(ids: Surfaces, lengths: npt.NDArray[np.int64], sentence: float, rng: np.random.Generator) -> Surfaces:
    """Part words into sentences and paragraphs; the last word of an article ends both."""
    total = len(ids)
    spans = rng.normal(sentence, sentence / 2.5, int(total / sentence * 1.5) + 8).clip(5, 3 * sentence)
    ends = np.cumsum(spans.astype(np.int64))
    last = np.zeros(total, dtype=bool)
    last[ends[ends < total]] = True
    last[np.cumsum(lengths) - 1] = True
    form = np.zeros(total, dtype=np.int32)
    chance = rng.random(total, dtype=np.float32)
    form[chance < _COMMAS] = COMMA
    form[0] = CAPITAL
    form[1:][last[:-1]] = CAPITAL
    form[last] = np.where(chance[last] < _PARAGRAPHS, BREAK, STOP)
    punctuated: Surfaces = ids * np.int32(len(FORMS)) + form
    return punctuated


def _remember(memory: list[_Root], root: _Root, most: int) -> None:
    memory.append(root)
    if len(memory) > 2 * most:
        del memory[:-most]


def _choose(shares: tuple[tuple[str, float], ...], chance: float) -> str:
    for name, share in shares:
        if chance < share:
            return name
        chance -= share
    return shares[-1][0]
