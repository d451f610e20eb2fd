"""What dashboards draw from under a prefix, and the frame that all have; it knows none of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from indexer.kibana.fields import index
from indexer.kibana.panels import Source, control

if TYPE_CHECKING:
    from collections.abc import Mapping

    from indexer.kibana.panels import Json

# Which date a time range asks. Feeds have none: their state is what it is, whatever the range.
TIME_FIELDS: dict[str, str | None] = {"articles": "effective", "reposts": "later_effective", "feeds": None}


@dataclass(frozen=True, kw_only=True, slots=True)
class Board:
    """A dashboard: its name, which its id ends in, and what is sent to Kibana."""

    name: str
    body: Json


class Sources:
    """The indices that dashboards draw from, under one prefix."""

    def __init__(self, prefix: str, definitions: Mapping[str, Mapping[str, Any]]) -> None:
        self.prefix = prefix
        self.articles = self._source("articles", definitions)
        self.reposts = self._source("reposts", definitions)
        self.feeds = self._source("feeds", definitions)

    def _source(self, name: str, definitions: Mapping[str, Mapping[str, Any]]) -> Source:
        return Source(index(name, definitions[name], time_field=TIME_FIELDS[name]), f"{self.prefix}-{name}")

    def view(self, source: Source) -> str:
        """Give the id of the saved data view of an index: the name of its alias."""
        return source.pattern

    def control(self, source: Source, field: str, title: str) -> Json:
        """Let the reader choose among a field's values."""
        return control(self.view(source), source, field, title)


def board(sources: Sources, title: str, description: str, *, panels: list[Json], controls: list[Json]) -> Board:
    """Put panels and controls into a dashboard, with ids that its name begins."""
    name = title.lower()
    body: Json = {
        "title": f"{sources.prefix}: {title}",
        "description": description,
        "time_range": {"from": "now-30d", "to": "now"},
        "refresh_interval": {"pause": True, "value": 60_000},
        "query": {"language": "kql", "expression": ""},
        "filters": [],
        "options": {"use_margins": True, "sync_colors": True, "hide_panel_titles": False},
        "pinned_panels": [{"id": f"{name}-control-{number}", **each} for number, each in enumerate(controls, 1)],
        "panels": [{**each, "id": f"{name}-{each['id']}"} for each in panels],
    }
    return Board(name=name, body=body)
