"""Tell in which words two texts differ; pure. Words are compared as verdicts compare them, and shown as written."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from indexer.shingles import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTEXT = 3  # words kept on either side of a difference; nearer ones are shown together
LEAST_EQUAL = 3  # words in a row: fewer between two differences (an «and», an «of the») are no common ground
# difflib takes quadratic time at worst: beyond this many words it may overlook frequent words.
EXACT_DIFF_WORDS = 3_000


class Block(NamedTuple):
    """Equal tokens: ``size`` of them from ``a`` on and from ``b`` on."""

    a: int
    b: int
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """Words of a and of b at one place; ``same`` where they are equal but for case, quotes and the like."""

    a: tuple[str, ...]
    b: tuple[str, ...]
    same: bool
    at_a: int  # place of the first word, from 0
    at_b: int


Range = tuple[int, int]  # of words or tokens, half-open
Hunk = tuple[Segment, ...]  # neighbouring differences, with the words around and between them


class Words:
    """A text as the words that a reader sees, each with the tokens that a verdict sees."""

    def __init__(self, text: str) -> None:
        self.words: list[str] = []
        self.tokens: list[str] = []
        self._word_of: list[int] = []  # token → word
        for word in text.split():
            found = tokens(word)
            if not found and self.words:
                self.words[-1] += f" {word}"  # a dash of its own is no word: it stays with the one before
                continue
            self._word_of += [len(self.words)] * len(found)
            self.tokens += found
            self.words.append(word)

    def starts(self, token: int) -> bool:
        """Tell whether a word begins with this token; so it does after the last one."""
        return token in {0, len(self.tokens)} or self._word_of[token - 1] != self._word_of[token]

    def span(self, start: int, end: int) -> Range:
        """Give the words that hold the tokens from ``start`` to ``end``, as a half-open range."""
        if start < end:
            return self._word_of[start], self._word_of[end - 1] + 1
        place = self._word_of[start] if start < len(self.tokens) else len(self.words)
        return place, place

    def text(self, start: int, count: int) -> str:
        """Give the words that hold ``count`` tokens from ``start`` on, as they were written."""
        first, last = self.span(start, min(start + count, len(self.tokens)))
        return " ".join(self.words[first:last])


def hunks(a: Words, b: Words, *, context: int = CONTEXT) -> list[Hunk]:
    """List where two texts differ, in order, each with up to ``context`` words before and after it."""
    found: list[Hunk] = []
    current: list[Segment] = []
    end_a, end_b = 0, 0
    for (start_a, next_a), (start_b, next_b) in _places(a, b):
        if current and max(start_a - end_a, start_b - end_b) <= 2 * context:
            current.append(_segment(a, b, (end_a, start_a), (end_b, start_b), same=True))
        else:
            if current:
                found.append(
                    _closed(
                        a, b, current, (end_a, min(end_a + context, start_a)), (end_b, min(end_b + context, start_b))
                    )
                )
            current = []
            before_a, before_b = max(start_a - context, end_a), max(start_b - context, end_b)
            if before_a < start_a or before_b < start_b:
                current.append(_segment(a, b, (before_a, start_a), (before_b, start_b), same=True))
        current.append(_segment(a, b, (start_a, next_a), (start_b, next_b), same=False))
        end_a, end_b = next_a, next_b
    if current:
        found.append(_closed(a, b, current, (end_a, end_a + context), (end_b, end_b + context)))
    return found


def _closed(a: Words, b: Words, segments: list[Segment], after_a: Range, after_b: Range) -> Hunk:
    after = _segment(a, b, after_a, after_b, same=True)
    return (*segments, *([after] if after.a or after.b else []))


def _segment(a: Words, b: Words, in_a: Range, in_b: Range, *, same: bool) -> Segment:
    return Segment(
        a=tuple(a.words[slice(*in_a)]), b=tuple(b.words[slice(*in_b)]), same=same, at_a=in_a[0], at_b=in_b[0]
    )


def _places(a: Words, b: Words) -> Iterator[tuple[Range, Range]]:
    """Yield the ranges of words that differ, in a and in b: what lies between the equal ones."""
    end_a, end_b = 0, 0
    for block in (*_equal(a, b), Block(len(a.tokens), len(b.tokens), 0)):
        if block.a > end_a or block.b > end_b:
            yield a.span(end_a, block.a), b.span(end_b, block.b)
        end_a, end_b = block.a + block.size, block.b + block.size


def _equal(a: Words, b: Words) -> Iterator[Block]:
    """Yield runs of equal tokens, cut to whole words on both sides: part of a word is not shown apart from it."""
    autojunk = max(len(a.tokens), len(b.tokens)) > EXACT_DIFF_WORDS
    matcher = difflib.SequenceMatcher(None, a.tokens, b.tokens, autojunk=autojunk)
    for start_a, start_b, size in matcher.get_matching_blocks():
        whole = [at for at in range(size + 1) if a.starts(start_a + at) and b.starts(start_b + at)]
        if not whole or whole[0] == whole[-1]:
            continue
        block = Block(start_a + whole[0], start_b + whole[0], whole[-1] - whole[0])
        begins = block.a == block.b == 0
        ends = (block.a + block.size, block.b + block.size) == (len(a.tokens), len(b.tokens))
        if block.size >= LEAST_EQUAL or begins or ends:
            yield block
