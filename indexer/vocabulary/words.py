"""Take a text apart into words as the vocabulary compares them; pure, and blind to what the words mean.

Case, accents, typography, plurals and hyphens make no difference: «Fuites de données», «fuite de donnees» and
«FUITE DE DONNÉES» are the same words, so are «zero-day» and «zero days», «APT28», «APT-28» and «Apt 28».
"""

from __future__ import annotations

import re
import unicodedata
from itertools import chain

# Inside words without changing them: soft hyphens, zero-width and directional marks.
_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_DASHES = dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-")
_QUOTES = dict.fromkeys("\u2018\u2019\u201b\u02bc\u00b4", "'")
# A run of letters, with what marks a possessive, or a run of digits: «APT28» is two words, as «APT-28» is.
_SIGNS = (*_DASHES.items(), *_QUOTES.items(), ("\u00a0", " "))
_WORD = re.compile(r"[^\W\d_]+(?:'[sS]\b)?|\d+")
_ADDRESS = re.compile(r"\bhttps?://[^\s<>\"')\]]+")  # what its path says is not what the text says
_SIBILANTS = ("ch", "sh", "x", "z", "ss")
_KEPT_S = ("ss", "us", "is")  # access, virus, analysis: no plurals
_SHORT = 3  # letters: words of so many are compared as they are
_MEMORY = 200_000  # words whose folded form is kept


class _Plain(dict[int, str]):
    """Gives for a character the one without accents, one for one, so that places in the text stay."""

    def __missing__(self, code: int) -> str:
        each = chr(code)
        bare = "".join(one for one in unicodedata.normalize("NFKD", each) if not unicodedata.combining(one))
        self[code] = bare if len(bare) == 1 else each
        return self[code]


class _Written(dict[str, tuple[str, ...]]):
    """Gives for what stands between two spaces its words, as they are written."""

    def __missing__(self, piece: str) -> tuple[str, ...]:
        if len(self) >= _MEMORY:
            self.clear()
        found = self[piece] = tuple(words(plain(piece)))
        return found


class _Folded(dict[str, str]):
    """Gives for what stands between two spaces its words, folded, with a space between them."""

    def __missing__(self, piece: str) -> str:
        if len(self) >= _MEMORY:
            self.clear()
        found = self[piece] = " ".join(stem(lower(each)) for each in _WRITTEN[piece])
        return found


_PLAIN = _Plain({ord(each): plain for each, plain in {**_DASHES, **_QUOTES, "\u00a0": " "}.items()})
_FOLDED = _Folded()
_WRITTEN = _Written()


def clean(text: str) -> str:
    """Compose a text and drop what is invisible in it: what places in it refer to."""
    if text.isascii():
        return text
    return _INVISIBLE.sub("", unicodedata.normalize("NFC", text))


def plain(cleaned: str) -> str:
    """Give a cleaned text without accents, typographic signs and addresses, of the same length."""
    bare = cleaned if cleaned.isascii() else cleaned.translate(_PLAIN)
    return _ADDRESS.sub(lambda address: " " * len(address.group()), bare) if "://" in bare else bare


def words(plain_text: str) -> list[str]:
    """List the words of a plain text, as they are written in it."""
    return _WORD.findall(plain_text)


def places(plain_text: str) -> list[tuple[int, int]]:
    """List where each of the words begins and ends."""
    return [each.span() for each in _WORD.finditer(plain_text)]


def fold(word: str) -> str:
    """Give the form of a word that its plural, its possessive and its capitals share."""
    return stem(lower(word))


def folded(cleaned: str) -> str:
    """Give all words of a cleaned text, folded, with one space between two: those of ``words(plain(cleaned))``.

    A text has few different pieces between its spaces, and most are known from other texts: that makes it fast.
    """
    return " ".join(filter(None, map(_FOLDED.__getitem__, cleaned.split())))


def written(cleaned: str) -> list[str]:
    """List the same words as they are written."""
    return list(chain.from_iterable(map(_WRITTEN.__getitem__, cleaned.split())))


def ascii_only(cleaned: str) -> bytes:
    """Give a cleaned text as far as it can be written in ASCII: faster than ``plain``, and of another length."""
    if cleaned.isascii():
        return cleaned.encode("ascii")
    for sign, simple in _SIGNS:
        cleaned = cleaned.replace(sign, simple)
    return unicodedata.normalize("NFKD", cleaned).encode("ascii", "ignore")


def lower(word: str) -> str:
    """Give a word in small letters, without the mark of a possessive."""
    small = word.casefold()
    return small.removesuffix("'s")


def stem(word: str) -> str:
    """Take the plural off a word in small letters, in English and in French; a singular stays what its plural gives."""
    if len(word) <= _SHORT:
        return word
    if word.endswith("s") and not word.endswith(_KEPT_S):
        word = word[:-1]
    if len(word) > _SHORT + 1 and word.endswith("ie"):
        return f"{word[:-2]}y"
    if word.endswith("e") and word[:-1].endswith(_SIBILANTS):
        return word[:-1]
    return word
