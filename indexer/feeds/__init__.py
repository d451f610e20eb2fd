"""Turn the bytes of a feed into entries; pure, and run in a worker: a hostile feed can hold the parser.

It must not fetch, and knows nothing of what is indexed. feedparser is known here and nowhere else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from indexer.encodings import unpack
from indexer.feeds import json_feed, syndication
from indexer.feeds.encoding import decode
from indexer.feeds.entries import TEXT_LIMIT
from indexer.models import ParsedFeed, Reason, RejectedError

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["TEXT_LIMIT", "parse"]


def parse(body: bytes, *, url: str, content_type: str | None, now: datetime) -> ParsedFeed:
    """Read RSS, Atom or JSON Feed; links are joined on ``url``, which is where the bytes came from in the end.

    Raises RejectedError for what is no feed. An entry that cannot be used, and one that stands twice in the feed,
    is in ``rejected``; ``read`` counts all of them.
    """
    text = decode(unpack(body), content_type)
    if not text.strip():
        raise RejectedError(Reason.EMPTY_BODY, "the server sent an empty body")
    read = json_feed.read if text.lstrip().startswith(("{", "[")) else syndication.read
    return read(text, url=url, now=now)
