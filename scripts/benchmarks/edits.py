"""Repeat an article as others do: each edit takes the original's words and words of one's own, and gives the copy.

Pure; words are numbers in which the form (what follows the word) is kept: ``words.FORMS``. How much each changes was
fitted to the labelled pairs of ``reposts/synthetic``: median coverage of the original, of the copy, and the relative
length are light .81 .88 .92, heavy .53 .69 .76, excerpt .40 .96 .41, framed 1 .71 1.41, expanded 1 .57 1.75.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.words import FORMS, STOP

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.prose import Surfaces

_DROPPED = 0.24  # share of the sentences that a heavy edit leaves out
_PASSAGE = (60, 150)  # words that a passage takes over


def _exact(root: Surfaces, _: Surfaces, __: np.random.Generator) -> Surfaces:
    return root


def _light(root: Surfaces, own: Surfaces, rng: np.random.Generator) -> Surfaces:
    """Cut the end and change one word in forty."""
    kept = root[: _sentence_end(root, int(len(root) * rng.uniform(0.78, 1.0)))]
    return _replaced(kept, own, 0.025, rng)


def _heavy(root: Surfaces, own: Surfaces, rng: np.random.Generator) -> Surfaces:
    """Drop a quarter of the sentences, wherever they are, and change one word in twenty."""
    sentence = np.cumsum(np.concatenate(([False], root[:-1] % len(FORMS) >= STOP)))
    kept = rng.random(int(sentence[-1]) + 1) >= _DROPPED
    kept[0] = True
    return _replaced(root[kept[sentence]], own, 0.055, rng)


def _excerpt(root: Surfaces, own: Surfaces, rng: np.random.Generator) -> Surfaces:
    """Take the first quarter to half, at least 60 words, and say in a few where it comes from."""
    least = min(len(root), 60)
    taken = root[: max(least, _sentence_end(root, int(len(root) * rng.uniform(0.25, 0.55))))]
    return np.concatenate((taken, own[:6]))


def _framed(root: Surfaces, own: Surfaces, rng: np.random.Generator) -> Surfaces:
    """Put the whole between words of one's own."""
    size = int(len(root) * rng.uniform(0.15, 0.7))
    frame = np.resize(own, size)
    return np.concatenate((frame[: size // 3], root, frame[size // 3 :]))


def _expanded(root: Surfaces, own: Surfaces, rng: np.random.Generator) -> Surfaces:
    """Put two pieces of one's own between sentences of the whole."""
    added = own[: max(30, int(len(root) * rng.uniform(0.4, 1.3)))]
    first, second = sorted(_sentence_end(root, int(each)) for each in rng.uniform(0.2, 0.95, 2) * len(root))
    half = len(added) // 2
    return np.concatenate((root[:first], added[:half], root[first:second], added[half:], root[second:]))


def _passage(root: Surfaces, own: Surfaces, rng: np.random.Generator) -> Surfaces:
    """Quote 60 to 150 words within an article of one's own."""
    size = min(len(root), int(rng.integers(*_PASSAGE)))
    start = int(rng.integers(0, len(root) - size + 1))
    at = _sentence_end(own, len(own) // 2)
    return np.concatenate((own[:at], root[start : start + size], own[at:]))


EDITS: dict[str, Callable[[Surfaces, Surfaces, np.random.Generator], Surfaces]] = {
    "exact": _exact,
    "light": _light,
    "heavy": _heavy,
    "excerpt": _excerpt,
    "framed": _framed,
    "expanded": _expanded,
    "passage": _passage,
}


def _replaced(words: Surfaces, own: Surfaces, share: float, rng: np.random.Generator) -> Surfaces:
    """Write other words over a share of them; punctuation stays."""
    places = np.flatnonzero(rng.random(len(words), dtype=np.float32) < share)
    changed = words.copy()
    changed[places] = own[places % len(own)] // len(FORMS) * len(FORMS) + words[places] % len(FORMS)
    return changed


def _sentence_end(words: Surfaces, near: int) -> int:
    """Give the place behind the first sentence that ends at ``near`` or later."""
    behind = np.flatnonzero(words[near:] % len(FORMS) >= STOP)
    return near + int(behind[0]) + 1 if len(behind) else len(words)
