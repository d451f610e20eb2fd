"""All dashboards and their data views, from the mappings' own fields; it knows no Kibana and no article."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from indexer.kibana.boards import feeds, newsroom, reposts, threats
from indexer.kibana.fields import index
from indexer.kibana.sources import TIME_FIELDS, Sources

if TYPE_CHECKING:
    from collections.abc import Mapping

    from indexer.kibana.fields import Index
    from indexer.kibana.panels import Json
    from indexer.kibana.sources import Board

DEFAULT_PREFIX = "condensat"


def indices(definitions: Mapping[str, Mapping[str, Any]]) -> dict[str, Index]:
    """Give the indices that dashboards may ask, by name."""
    return {name: index(name, definitions[name], time_field=time) for name, time in TIME_FIELDS.items()}


def data_views(definitions: Mapping[str, Mapping[str, Any]], *, prefix: str = DEFAULT_PREFIX) -> list[Json]:
    """Give the data views, with fixed ids, as Kibana's API takes each."""
    sources = Sources(prefix, definitions)
    views = []
    for source in (sources.articles, sources.reposts, sources.feeds):
        view = {"id": sources.view(source), "title": source.pattern, "name": f"{prefix}: {source.index.name}"}
        if source.index.time_field:
            view["timeFieldName"] = source.index.time_field
        views.append({**view, "allowNoIndex": True})
    return views


def boards(definitions: Mapping[str, Mapping[str, Any]], *, prefix: str = DEFAULT_PREFIX) -> list[Board]:
    """Make all dashboards."""
    sources = Sources(prefix, definitions)
    return [each.made(sources) for each in (newsroom, reposts, feeds, threats)]
