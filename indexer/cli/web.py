"""Make of the settings how the web is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from indexer.cli import settings

if TYPE_CHECKING:
    from indexer.ingest import Web


def load() -> Web:
    """Read the settings that fetching has."""
    from indexer.fetch import DEFAULT_USER_AGENT, Pacing
    from indexer.ingest import Web

    chosen = settings.load()
    return Web(
        allow_private=chosen.allow_private,
        user_agent=chosen.user_agent or DEFAULT_USER_AGENT,
        pacing=Pacing(delay=chosen.host_delay, per_host=chosen.host_connections, connections=chosen.connections),
    )
