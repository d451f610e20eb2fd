"""The dashboards as they are shipped in ``mappings/dashboards``: written there, read from there, put under a prefix."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from indexer.kibana.dashboards import DEFAULT_PREFIX, boards, data_views
from indexer.kibana.sources import Board

if TYPE_CHECKING:
    from collections.abc import Mapping

    from indexer.kibana.panels import Json

VIEWS = "data-views"
NAMES_AN_INDEX = frozenset({"index_pattern", "data_view_id"})


def folder() -> Path:
    """Find the folder: inside the installed package, or at the top of a checkout."""
    package = Path(__file__).resolve().parents[1]
    for place in (package / "mappings" / "dashboards", package.parent / "mappings" / "dashboards"):
        if place.is_dir():
            return place
    raise FileNotFoundError("mappings/dashboards is neither in the package nor in the checkout")


def generated(definitions: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Give every file of the folder, as its text."""
    found = {board.name: board.body for board in boards(definitions)}
    return {
        f"{name}.json": json.dumps(each, indent=2, ensure_ascii=False) + "\n"
        for name, each in {VIEWS: data_views(definitions), **found}.items()
    }


def views(prefix: str = DEFAULT_PREFIX) -> list[Json]:
    """Read the data views, for the indices of a prefix."""
    return [
        {**each, **{name: _renamed(each[name], prefix) for name in ("id", "title", "name")}} for each in _read(VIEWS)
    ]


def dashboards(prefix: str = DEFAULT_PREFIX) -> list[Board]:
    """Read the dashboards, for the indices of a prefix."""
    names = sorted(each.stem for each in folder().glob("*.json") if each.stem != VIEWS)
    found = []
    for name in names:
        body = _prefixed(_read(name), prefix)
        found.append(Board(name=name, body={**body, "title": _renamed(body["title"], prefix)}))
    return found


def dashboard_id(name: str, prefix: str = DEFAULT_PREFIX) -> str:
    """Give the id of a dashboard in Kibana: another one for each prefix, so that they stand side by side."""
    return f"{prefix}-{name}"


def _read(name: str) -> Any:
    return json.loads((folder() / f"{name}.json").read_text(encoding="utf-8"))


def _prefixed(value: Any, prefix: str) -> Any:
    """Name the indices of a prefix wherever one is named."""
    if isinstance(value, dict):
        return {
            name: _renamed(each, prefix) if name in NAMES_AN_INDEX else _prefixed(each, prefix)
            for name, each in value.items()
        }
    return [_prefixed(each, prefix) for each in value] if isinstance(value, list) else value


def _renamed(name: str, prefix: str) -> str:
    if not name.startswith(DEFAULT_PREFIX):
        raise ValueError(f"{name} does not begin with {DEFAULT_PREFIX}")
    return prefix + name.removeprefix(DEFAULT_PREFIX)
