"""What a panel asks, whatever it looks like: of which index, split by what, measuring what. It asks nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from indexer.models import CondensatError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from indexer.kibana.panels import Json

SILENT = frozenset({"markdown", "image"})  # panels that ask nothing


class PanelError(CondensatError):
    """A panel is not of a form that is understood here."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A chart, or one layer of it."""

    kind: str  # of the chart; of the layer for xy
    pattern: str
    time_field: str | None
    splits: tuple[Json, ...]  # from the outside to the inside
    measures: tuple[Json, ...]
    filters: tuple[Json, ...]
    query: Json | None
    alone: bool  # the dashboard's filters and controls are kept away

    @property
    def labels(self) -> tuple[str, ...]:
        """Name the splits and the measures."""
        return tuple(str(each.get("label") or each.get("operation")) for each in (*self.splits, *self.measures))


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """A list of documents."""

    pattern: str
    time_field: str | None
    columns: tuple[str, ...]
    sort: tuple[tuple[str, str], ...]
    filters: tuple[Json, ...]
    query: Json | None
    names: Mapping[str, str]  # what fields are called
    alone: bool = False  # such a panel always follows the controls


def read(panel: Mapping[str, Any]) -> list[Asked | Listed]:
    """Understand a panel; raises PanelError."""
    kind, config = panel["type"], panel["config"]
    if kind in SILENT:
        return []
    try:
        if kind == "discover_session":
            return [_listed(tab) for tab in config["tabs"]]
        if kind == "vis":
            return list(_charts(config))
    except (KeyError, TypeError, IndexError) as error:
        raise PanelError(f"it lacks {error}") from error
    raise PanelError(f"panels of the type «{kind}» are not understood")


def _charts(config: Mapping[str, Any]) -> Iterator[Asked]:
    chart = config["type"]
    if chart == "xy":
        for layer in config["layers"]:
            yield _asked(layer, config, splits=_ordered(layer), measures=layer["y"])
    elif chart == "metric":
        by = config.get("breakdown_by")
        yield _asked(config, config, splits=[by] if by else [], measures=config["metrics"])
    elif chart == "data_table":
        yield _asked(config, config, splits=config.get("rows", []), measures=config["metrics"])
    elif chart == "pie":
        yield _asked(config, config, splits=config.get("group_by", []), measures=config["metrics"])
    elif chart == "heatmap":
        down = config.get("y")
        yield _asked(config, config, splits=[*([down] if down else []), config["x"]], measures=[config["metric"]])
    else:
        raise PanelError(f"charts of the type «{chart}» are not understood")


def _ordered(layer: Mapping[str, Any]) -> list[Json]:
    """Put what ranks before what is ranked within it: the ten largest of all, not the ten largest of each day."""
    across, by = layer["x"], layer.get("breakdown_by")
    if not by:
        return [across]
    return [across, by] if across["operation"] == "terms" else [by, across]


def _asked(layer: Mapping[str, Any], config: Mapping[str, Any], *, splits: list[Json], measures: list[Json]) -> Asked:
    pattern, time_field = _source(layer["data_source"])
    return Asked(
        kind=layer["type"],
        pattern=pattern,
        time_field=time_field,
        splits=tuple(splits),
        measures=tuple(measures),
        filters=tuple(config.get("filters", ())),
        query=config.get("query"),
        alone=bool(layer.get("ignore_global_filters")),
    )


def _listed(tab: Mapping[str, Any]) -> Listed:
    pattern, time_field = _source(tab["data_source"])
    return Listed(
        pattern=pattern,
        time_field=time_field,
        columns=tuple(tab.get("column_order", ())),
        sort=tuple((each["name"], each["direction"]) for each in tab.get("sort", ())),
        filters=tuple(tab.get("filters", ())),
        query=tab.get("query"),
        names={
            field: str(each.get("custom_label") or field)
            for field, each in tab["data_source"].get("field_settings", {}).items()
        },
    )


def _source(source: Mapping[str, Any]) -> tuple[str, str | None]:
    if source["type"] != "data_view_spec":
        raise PanelError("its data view stands elsewhere: a reference can break, so let it stand in the panel")
    return source["index_pattern"], source.get("time_field")
