"""Make further pages out of real ones: the same markup, the words of each piece of text others, in another order."""

from __future__ import annotations

import random
import re
from string import ascii_lowercase

# Code is not text; what stands between two tags is.
_PIECE = re.compile(rb"<(script|style)\b.*?</\1\s*>|<!--.*?-->|>([^<>]{6,})<", re.DOTALL | re.IGNORECASE)
_LONG = 6  # bytes from which on a word is another in each variant
_UNSPACED = 24  # bytes from which on a word of other letters than ASCII is taken for a text without spaces


def vary(body: bytes, number: int) -> bytes:
    """Give the variant of this number; 0 is the page itself. Hardly a run of five words is left of it.

    With the words in another order alone, what stands in short pieces made pairs of a page and all its variants: the
    thousandth page had more to be compared with than the first.
    """
    if number == 0:
        return body
    chance = random.Random(number)  # noqa: S311 not for secrets
    mark = _letters(number)

    def varied(match: re.Match[bytes]) -> bytes:
        words = match[2].split() if match[2] is not None else []
        if not words:
            return match[0]
        chance.shuffle(words)
        text = b" ".join(_other(word, mark, chance) for word in words)
        # What parts the words of this piece from those beside it stays.
        before, after = (each if each.isspace() else b"" for each in (match[2][:1], match[2][-1:]))
        return b">" + before + text + after + b"<"

    return _PIECE.sub(varied, body)


def _other(word: bytes, mark: bytes, chance: random.Random) -> bytes:
    """Make another word of a long one; what is written without spaces is taken for one, and gets another order."""
    if len(word) >= _UNSPACED and not word.isascii():
        letters = list(word.decode("utf-8", "surrogateescape"))
        chance.shuffle(letters)
        word = "".join(letters).encode("utf-8", "surrogateescape")
    return word + mark if len(word) >= _LONG else word


def _letters(number: int) -> bytes:
    """Write a number with letters."""
    written = ""
    while number:
        number, digit = divmod(number, len(ascii_lowercase))
        written += ascii_lowercase[digit]
    return written.encode()
