"""Make further pages out of real ones: the same markup, the words of each piece of text in another order."""

from __future__ import annotations

import random
import re

# Code is not text; what stands between two tags is.
_PIECE = re.compile(rb"<(script|style)\b.*?</\1\s*>|<!--.*?-->|>([^<>]{20,})<", re.DOTALL | re.IGNORECASE)


def vary(body: bytes, number: int) -> bytes:
    """Give the variant of this number; 0 is the page itself. Hardly a run of five words is left of it."""
    if number == 0:
        return body
    chance = random.Random(number)  # noqa: S311 not for secrets

    def shuffled(match: re.Match[bytes]) -> bytes:
        if match[2] is None:
            return match[0]
        words = match[2].split()
        chance.shuffle(words)
        return b">" + b" ".join(words) + b"<"

    return _PIECE.sub(shuffled, body)
