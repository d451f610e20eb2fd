"""Draw running text in two made-up languages: words, stock phrases, subjects, sentences; it knows of no articles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from benchmarks.words import BREAK, CAPITAL, COMMA, FORMS, PLAIN, STOP, Vocabulary, vocabulary

if TYPE_CHECKING:
    from benchmarks.recipe import Recipe

Surfaces = npt.NDArray[np.int32]  # words as written: word * len(FORMS) + form
_COMMAS = 0.05  # share of the words
_PARAGRAPHS = 0.3  # share of the sentences that end one


class Prose:
    """The vocabulary and the stock phrases; the same generator makes the same ones."""

    def __init__(self, recipe: Recipe, rng: np.random.Generator) -> None:
        self.recipe = recipe
        self.words: Vocabulary = vocabulary(
            rng,
            sizes=recipe.sizes,
            flatness=recipe.flatness,
            exponent=recipe.exponent,
            numerals=recipe.numerals,
        )
        self.phrases = [self._phrases(language, rng) for language in range(2)]

    def texts(
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

    def fixed(self, language: int, length: int, rng: np.random.Generator) -> Surfaces:
        """Draw a text by itself: boilerplate, a template."""
        ids = self.words.drawn[language, rng.integers(0, self.words.drawn.shape[1], size=length)]
        return _punctuate(ids, np.array([length]), self.recipe.sentence, rng)

    def title(self, subject: Surfaces, columns: npt.NDArray[np.int64], own: Surfaces) -> Surfaces:
        """Give a headline of 8 words of the subject and of the beginning, without punctuation."""
        words = subject[columns]
        words[1::3] = own[1:9:3] // len(FORMS)
        headline = words * len(FORMS) + PLAIN
        headline[0] += CAPITAL
        return headline

    def written(self, words: Surfaces) -> str:
        """Write the words down."""
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
