"""Turn a text into word 5-grams and a sampled signature; pure, and blind to what the signatures are used for.

A gram is five consecutive word tokens, hashed to 64 bits. A signature is the sample of an article's grams that
Elasticsearch indexes: the minimum of every window of ``WINDOW`` consecutive grams (winnowing; Schleimer, Wilkerson
and Aiken 2003), so two texts that share a run of 40 tokens share at least two sampled grams, of 58 three.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from collections import OrderedDict
from dataclasses import dataclass
from functools import update_wrapper
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import xxhash

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")

GRAM = 5  # tokens a gram: shorter ones are shared by chance, longer ones break at the first edit
WINDOW = 18  # grams a window: one hash in 9; N are sampled of every run of GRAM + N * WINDOW - 1 tokens
ALL = (
    100  # grams up to which all are kept: of 60 words with every seventh exchanged, samples share less than two in 27 %
)
SIGNATURE = 4  # version of what changes a hash here, or a sketch; kept beside every stored signature
CACHED = 512  # texts whose grams are kept (20 to 40 kB each): those that were met last, above all in hot stories

Hashes = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int32]

# Invisible characters stand inside words without changing them: soft hyphens, zero-width and directional marks.
_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_MODIFIER_APOSTROPHE = "\u02bc"  # the one apostrophe that counts as a letter
_TOKEN = re.compile(r"\w+")
# Scripts written without spaces between words: Thai, Lao, Khmer, Myanmar, kana and Han. Each character is a token
# of its own there, which makes the grams of such a text character grams.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")

# Odd multipliers, one a position in the gram: the order of the words counts.
_WEIGHTS = np.array(
    [0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93, 0xA0761D6478BD642F],
    dtype=np.uint64,
)
_MIX = np.uint64(0xFF51AFD7ED558CCD)


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class Shingled:
    """A text as its tokens and grams; ``grams[i]`` hashes the tokens from ``i`` to ``i + GRAM - 1``."""

    words: str  # the tokens, with a space between two of them: a tenth of what the strings take one by one
    length: int  # tokens
    grams: Hashes  # in text order, repeats kept
    order: Places  # the places of the grams, by hash and, of equal ones, in text order
    ascending: Hashes  # the grams in that order
    unique: Hashes  # the distinct grams, ascending
    text_hash: str  # of the normalised tokens: equal texts, equal hash

    @property
    def tokens(self) -> tuple[str, ...]:
        """The word tokens, normalised."""
        return tuple(self.words.split(" ")) if self.words else ()

    @property
    def distinct(self) -> bool:
        """Whether no gram comes twice."""
        return len(self.unique) == len(self.grams)


class Once(Generic[T]):
    """Work something out of a text once, and keep it for as long as the text is kept, but no longer.

    With a cache of its own, each function kept texts that nobody else knew any more: 300 MB after 100,000 articles.
    """

    def __init__(self, function: Callable[[Shingled], T]) -> None:
        self._function = function
        self._kept: WeakKeyDictionary[Shingled, T] = WeakKeyDictionary()
        update_wrapper(self, function)

    def __call__(self, shingled: Shingled) -> T:
        """Give what was kept, or work it out."""
        found = self._kept.get(shingled)
        if found is None:
            found = self._kept[shingled] = self._function(shingled)
        return found

    def remember(self, shingled: Shingled, found: T) -> None:
        """Keep what another process worked out."""
        self._kept[shingled] = found


def normalise(text: str) -> str:
    """Fold case, ligatures and width and drop invisible characters; quotes, dashes and spaces only part tokens."""
    if text.isascii():
        return text.lower()
    visible = _INVISIBLE.sub("", text).replace(_MODIFIER_APOSTROPHE, "'")
    return unicodedata.normalize("NFKC", visible).casefold()


def tokens(text: str) -> tuple[str, ...]:
    """List the word tokens of a text, normalised; a character each where words are not spaced."""
    folded = normalise(text)
    if not folded.isascii() and _UNSPACED.search(folded):
        folded = _UNSPACED.sub(lambda match: f" {match.group()} ", folded)
    return tuple(_TOKEN.findall(folded))


class _Recent:
    """What was made of the texts that were met last; threads share it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[str, Shingled] = OrderedDict()
        self._lock = Lock()

    def widen(self, most: int) -> None:
        self._most = max(self._most, most)

    def get(self, text: str) -> Shingled | None:
        with self._lock:
            found = self._kept.get(text)
            if found is not None:
                self._kept.move_to_end(text)
            return found

    def put(self, text: str, shingled: Shingled) -> None:
        with self._lock:
            self._kept[text] = shingled
            self._kept.move_to_end(text)
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)


_RECENT = _Recent(CACHED)


def shingle(text: str) -> Shingled:
    """Give the tokens and grams of a text; a text of fewer than ``GRAM`` tokens has no grams."""
    found = _RECENT.get(text)
    if found is None:
        found = _shingled(text)
        _RECENT.put(text, found)
    return found


def remember_more(texts: int) -> None:
    """Keep the grams of so many texts from now on, for who takes many at once."""
    _RECENT.widen(texts)


def _shingled(text: str) -> Shingled:
    found = tokens(text)
    words = " ".join(found)
    grams = hash_grams(found)
    order = np.argsort(grams, kind="stable").astype(np.int32)
    ascending = grams[order]
    return Shingled(
        words=words,
        length=len(found),
        grams=grams,
        order=order,
        ascending=ascending,
        unique=_distinct(ascending),  # the same array, where no gram comes twice
        text_hash=xxhash.xxh3_128_hexdigest(words.encode()),
    )


def hash_grams(words: Sequence[str]) -> Hashes:
    """Hash every run of ``GRAM`` tokens to 64 bits, in text order."""
    count = len(words) - GRAM + 1
    if count <= 0:
        return np.empty(0, dtype=np.uint64)
    encoded = " ".join(words).encode().split(b" ")  # one encoding for all: no token holds a space
    hashes = np.fromiter(map(xxhash.xxh3_64_intdigest, encoded), dtype=np.uint64, count=len(words))
    grams = np.zeros(count, dtype=np.uint64)
    for position, weight in enumerate(_WEIGHTS):
        grams += hashes[position : position + count] * weight
    grams ^= grams >> np.uint64(32)
    grams *= _MIX
    grams ^= grams >> np.uint64(29)
    return grams


def sampled_places(grams: Hashes) -> Places:
    """Winnow: the places of the minimum of every ``WINDOW`` consecutive grams, ascending; all of a short text.

    Of equal minima the last counts, so what is sampled inside a run depends on the run alone.
    """
    if len(grams) <= ALL:
        return np.arange(len(grams), dtype=np.int32)
    windows = np.lib.stride_tricks.sliding_window_view(grams, WINDOW)
    places = np.arange(WINDOW - 1, len(grams)) - windows[:, ::-1].argmin(axis=1)
    changes = np.flatnonzero(places[1:] != places[:-1])  # along a text they never go back
    found: Places = np.concatenate((places[:1], places[changes + 1])).astype(np.int32)
    return found


def sample(grams: Hashes) -> Hashes:
    """Give the sampled grams, distinct and ascending."""
    return _distinct(np.sort(grams[sampled_places(grams)]))


@Once
def sampled(shingled: Shingled) -> Places:
    """Give the places of the sampled grams of a text."""
    return sampled_places(shingled.grams)


def encode(hashes: Hashes) -> list[str]:
    """Write hashes as keywords of 8 characters (their upper 48 bits, base64url).

    48 bits keep the chance that one hash of a query meets a stranger's at one in ten million for 500,000 articles.
    """
    raw = hashes.astype(">u8").view(np.uint8).reshape(-1, 8)[:, :6].tobytes()
    text = base64.urlsafe_b64encode(raw).decode("ascii")
    return [text[start : start + 8] for start in range(0, len(text), 8)]


@Once
def signature(shingled: Shingled) -> tuple[str, ...]:
    """Give the keywords under which an article is found."""
    return tuple(encode(_distinct(np.sort(shingled.grams[sampled(shingled)]))))


def _distinct(ascending: Hashes) -> Hashes:
    """Drop repeats; in a fifth of the time of ``numpy.unique``, which does not know that they are in order."""
    if len(ascending) < 2:
        return ascending
    first = np.empty(len(ascending), dtype=np.bool_)
    first[0] = True
    np.not_equal(ascending[1:], ascending[:-1], out=first[1:])
    return ascending if first.all() else ascending[first]
