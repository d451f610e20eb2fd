"""Pack what is read of every candidate into one value, and unpack it; it talks to no server.

Read as fields of their own, five values a candidate cost Elasticsearch and the reader as much again as one.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, NamedTuple

import orjson

from indexer.elastic.documents import moment
from indexer.sketch import sketch

if TYPE_CHECKING:
    from indexer.reposts import Version

_END = b"\n"  # of all but the sketch: JSON on one line has none


class Facts(NamedTuple):
    """What is known of an article before its text is read."""

    order: tuple[str, str]  # the total order of articles: effective date, as it sorts, and id
    source: str
    tokens: int
    text_hash: str
    sketch: bytes | None

    @property
    def id(self) -> str:
        """The article's id."""
        return self.order[1]


def pack(signed: Version) -> str:
    """Write the facts of an article as base64."""
    own = sketch(signed.shingled)
    known = (
        moment(signed.effective),
        signed.id,
        signed.source,
        signed.shingled.length,
        signed.shingled.text_hash,
        own is not None,
    )
    return b64encode(orjson.dumps(known) + _END + (own or b"")).decode("ascii")


def unpack(packed: str) -> Facts:
    """Read them."""
    known, _, written = b64decode(packed).partition(_END)
    effective, identity, source, tokens, text_hash, sketched = orjson.loads(known)
    return Facts((effective, identity), source, tokens, text_hash, written if sketched else None)
