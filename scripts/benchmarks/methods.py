"""Ways to find copies that need no server: MinHash with two libraries, and SimHash; each as a ``Method``.

All get the same word 5-grams as the product (hashed once for all), so only what they do with them is compared.
"""

from __future__ import annotations

import pickle
import time
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import datasketch
import numpy as np
import numpy.typing as npt
import rensa
import xxhash

from indexer.shingles import shingle, tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from indexer.shingles import Hashes

PERMUTATIONS = 128  # as both libraries' examples have it
THRESHOLD = 0.5  # Jaccard for which the bands are laid out
RENSA_BANDS = 32  # of 4 rows: half of the pairs of Jaccard .42 meet; 16 of 8 would be .71
SEED = 1
SIMHASH_NEAR = 16  # of 64 bits: what is further is no candidate, whatever threshold is tuned


@dataclass(frozen=True, kw_only=True, slots=True)
class Method:
    """One way, with all articles in it; ``ask`` gives, for each article, its candidates with their scores."""

    name: str
    software: str
    sign: float  # seconds for all articles, grams included where they are used
    index: float  # seconds for all articles
    size: int  # bytes of what is kept
    ask: Callable[[Sequence[int]], list[dict[int, float]]]
    decides: bool = True  # whether a score says «repost»; ours only finds, and leaves that to the verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class Corpus:
    """The articles as every method gets them."""

    texts: Sequence[str]
    grams: Sequence[Hashes]  # in text order
    unique: Sequence[Hashes]
    text_hashes: Sequence[str]
    tokens: Sequence[int]
    seconds: float  # that hashing the grams took


def corpus(texts: Sequence[str]) -> Corpus:
    """Hash the grams of all articles."""
    began = time.perf_counter()
    found = [(each.grams, each.unique, each.text_hash, each.length) for each in map(shingle, texts)]
    seconds = time.perf_counter() - began
    grams, unique, text_hashes, counts = zip(*found, strict=True)
    return Corpus(texts=texts, grams=grams, unique=unique, text_hashes=text_hashes, tokens=counts, seconds=seconds)


def minhash_datasketch(given: Corpus) -> Method:
    """MinHash LSH as datasketch does it; the score is the estimated Jaccard."""
    began = time.perf_counter()
    hashes = [(each & np.uint64(0xFFFFFFFF)).tolist() for each in given.unique]
    signed = list(datasketch.MinHash.generator(hashes, num_perm=PERMUTATIONS, seed=SEED, hashfunc=_itself))
    sign = time.perf_counter() - began + given.seconds
    lsh = datasketch.MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)
    return _hashed(given, signed, lsh, sign=sign, library="datasketch")


def minhash_rensa(given: Corpus) -> Method:
    """MinHash LSH as rensa does it; the score is the estimated Jaccard."""
    began = time.perf_counter()
    signed = []
    for each in given.unique:
        made = rensa.RMinHash(num_perm=PERMUTATIONS, seed=SEED)
        made.update([gram.tobytes() for gram in each])
        signed.append(made)
    sign = time.perf_counter() - began + given.seconds
    lsh = rensa.RMinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS, num_bands=RENSA_BANDS)
    return _hashed(given, signed, lsh, sign=sign, library="rensa")


def _hashed(given: Corpus, signed: Sequence[Any], lsh: Any, *, sign: float, library: str) -> Method:
    """Index MinHash signatures and ask for them; both libraries name these steps alike."""
    began = time.perf_counter()
    for place, each in enumerate(signed):
        if len(given.unique[place]):
            lsh.insert(place, each)
    index = time.perf_counter() - began
    size = len(pickle.dumps(lsh)) + len(signed) * PERMUTATIONS * 4  # its values are 32 bits

    def ask(place: int) -> dict[int, float]:
        if not len(given.unique[place]):
            return {}
        return {other: signed[place].jaccard(signed[other]) for other in lsh.query(signed[place]) if other != place}

    software = f"{library} {version(library)}"
    return Method(name=f"MinHash LSH ({library})", software=software, sign=sign, index=index, size=size, ask=_each(ask))


def simhash(given: Corpus) -> Method:
    """SimHash of 64 bits over pairs of words, compared with all others; the score is the share of equal bits."""
    began = time.perf_counter()
    signed = np.array([_simhash(text) for text in given.texts], dtype=np.uint64)
    sign = time.perf_counter() - began

    def ask(place: int) -> dict[int, float]:
        apart = np.bitwise_count(signed ^ signed[place])
        near = np.flatnonzero(apart <= SIMHASH_NEAR)
        return {int(other): 1 - int(apart[other]) / 64 for other in near if other != place}

    return Method(name="SimHash, 64 bits", software="numpy", sign=sign, index=0.0, size=signed.nbytes, ask=_each(ask))


def _simhash(text: str) -> int:
    """Sum up the bits of every feature as +1 and -1 and keep the signs (Charikar 2002)."""
    hashes = _features(tokens(text))
    bits = np.unpackbits(hashes.view(np.uint8).reshape(-1, 8), axis=1).sum(axis=0, dtype=np.int64)
    return int.from_bytes(np.packbits(2 * bits > len(hashes)).tobytes())


def _features(words: tuple[str, ...]) -> npt.NDArray[np.uint64]:
    """Hash every two neighbouring words: single ones are the same in every article of a subject."""
    hashes = np.array([xxhash.xxh3_64_intdigest(word.encode()) for word in words], dtype=np.uint64)
    pairs = hashes[:-1] * np.uint64(0x9E3779B97F4A7C15) + hashes[1:] * np.uint64(0xC2B2AE3D27D4EB4F)
    mixed: npt.NDArray[np.uint64] = pairs ^ (pairs >> np.uint64(31))
    return mixed


def _each(ask: Callable[[int], dict[int, float]]) -> Callable[[Sequence[int]], list[dict[int, float]]]:
    return lambda places: [ask(place) for place in places]


def _itself(value: int) -> int:
    return value
