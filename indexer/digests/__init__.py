"""Digests of saved searches: what is new since the last one, by mail, in a feed or in a file."""

from indexer.digests.outgoing import BusyError, Outcome, Sender, preview, run
from indexer.digests.text import headline, plain_text

__all__ = ["BusyError", "Outcome", "Sender", "headline", "plain_text", "preview", "run"]
