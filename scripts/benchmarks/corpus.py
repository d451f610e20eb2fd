"""Make up a news archive for ``scripts/bench scale``: JSON lines that ``condensat import`` reads, and who repeats whom.

Nothing in it is anybody's text. It is a pure stream: the same seed gives the same articles, and the first N of a larger
run are the run of N. What its numbers come from (one by one in ``recipe.py``; compare with ``scripts/bench likeness``):

- lengths, frequencies of words, share of grams that strangers have in common: 3,608 real articles among
  ``reposts/synthetic``, looked at beside 275 of ``reposts/natural`` and 5,000 of ``background-reuters``;
- what an edit changes (how much of either side is covered, relative length): the 2,950 labelled pairs of
  ``reposts/synthetic``; number-changed bulletins: its templates, and those of ``natural`` (data/README.md);
- 500,000 articles a day and a fifth of them reposts: Media Cloud's day, and what the design asks to be measured.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson

from benchmarks import edits
from benchmarks.prose import Prose, Surfaces
from benchmarks.recipe import Recipe
from benchmarks.words import FORMS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BLOCK = 1_000  # articles that are drawn at once, each block with a generator of its own
_AT_ONCE = 8  # agency stories of a language that are being taken over
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
        self.prose = Prose(recipe, rng)
        ranks = np.arange(1, recipe.sources + 1)
        shares = ranks**-recipe.skew
        self.volumes = np.cumsum(shares) / shares.sum()
        self.language = (np.arange(recipe.sources) % recipe.french == recipe.french - 1).astype(np.int64)
        self.footers = {
            source: self.prose.fixed(int(self.language[source]), int(rng.integers(20, 46)), rng)
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
        surfaces, subjects = self.prose.texts(lengths, languages, rng)
        ends = np.cumsum(lengths)
        chances = rng.random((BLOCK, 8))
        titles = rng.integers(0, recipe.subject, size=(BLOCK, 8))
        for place in range(wanted):
            own = surfaces[ends[place] - lengths[place] : ends[place]]
            title = self.prose.written(self.prose.title(subjects[place], titles[place], own))
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
            "text": self.prose.written(words),
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
            if len(hot) < _AT_ONCE:
                least, most = recipe.agency_copies
                hot.append(_Hot(fresh, int(least * (most / least) ** rng.random())))
            at = int(chance[2] * _AT_ONCE) % len(hot)
            story = hot[at]
            story.left -= 1
            if not story.left:
                hot.pop(at)
            return story.root
        if chance[0] < recipe.agency + recipe.again and repeated:
            return repeated[-1 - int(chance[2] * min(len(repeated), recipe.remembered // 10))]
        _remember(repeated, fresh, recipe.remembered)
        return fresh

    def _template(self, language: int, rng: np.random.Generator) -> tuple[Surfaces, npt.NDArray[np.int64]]:
        """Make up a bulletin and the places of its numbers: every fifth to twelfth word."""
        words = self.prose.fixed(language, int(rng.integers(60, 141)), rng)
        share = rng.uniform(0.08, 0.22)
        return words, np.flatnonzero(rng.random(len(words)) < share)

    def _bulletin(self, source: int, url: str, rng: np.random.Generator) -> tuple[Surfaces, dict[str, str] | None]:
        which = int(rng.integers(0, 2))
        template, places = self.templates[source][which]
        words = template.copy()
        numerals = rng.integers(*self.prose.words.numerals, size=len(places), dtype=np.int32)
        words[places] = numerals * len(FORMS) + words[places] % len(FORMS)
        before = self.issued.get((source, which))
        self.issued[source, which] = url
        if before is None:
            return words, None
        return words, {"url_a": before, "url_b": url, "label": LABELS["template"], "change": "template"}


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
