"""The failures of the local engine; it knows nothing of how they are shown."""

from __future__ import annotations

from indexer.models import CondensatError


class EngineError(CondensatError):
    """The local Elasticsearch cannot be had, started or stopped; the text says why and what to do."""
