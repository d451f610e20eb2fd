"""Panels in the form of Kibana's Dashboards API, each field looked up in the mappings; it knows no dashboard.

Data sources stand in the panels themselves: there is no reference that could break.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from indexer.kibana import kql

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from indexer.kibana.fields import Index

Json = dict[str, Any]

ALPHABET = "alphabet"
COLUMNS = 48  # of Kibana's grid
WHOLE: Json = {"type": "number", "decimals": 0}
HOURS: Json = {"type": "duration", "from": "seconds", "to": "hours"}
# How fields of lists are shown, in the terms of Kibana's field formats.
FORMATS: dict[str, Json] = {
    "lag_seconds": {
        "type": "duration",
        "params": {"inputFormat": "seconds", "outputFormat": "asHours", "outputPrecision": 1, "showSuffix": True},
    },
    "coverage_later": {"type": "percent", "params": {"pattern": "0%"}},
}
BLUE, GREEN, AMBER, RED = "#1B6CA8", "#4C9F70", "#E0A030", "#C8414B"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a panel lies on the grid."""

    x: int
    y: int
    w: int
    h: int


class Source:
    """One index as the data of panels: every field that is named goes through the mappings."""

    def __init__(self, index: Index, pattern: str) -> None:
        self.index = index
        self.pattern = pattern

    def data(self, *, timed: bool = True) -> Json:
        """Give the data source; without time a dashboard's time range leaves it alone."""
        spec: Json = {"type": "data_view_spec", "index_pattern": self.pattern}
        if timed and self.index.time_field:
            spec["time_field"] = self.index.time_field
        return spec

    # -- what is measured ------------------------------------------------------------------------------------

    def count(self, label: str, *, where: str | None = None, **more: Any) -> Json:
        """Count documents, those that ``where`` (KQL) finds."""
        metric: Json = {"operation": "count", "label": label, "format": WHOLE, "empty_as_null": False}
        if where:
            metric["filter"] = self.where(where)
        return {**metric, **more}

    def unique(self, field: str, label: str, **more: Any) -> Json:
        """Count a field's different values."""
        return {**self._measure("unique_count", field, label), "format": WHOLE, **more}

    def total(self, field: str, label: str, **more: Any) -> Json:
        """Add a field up."""
        return {**self._measure("sum", field, label), "format": WHOLE, **more}

    def median(self, field: str, label: str, **more: Any) -> Json:
        """Give the middle value."""
        return {**self._measure("median", field, label), **more}

    def percentile(self, field: str, percent: int, label: str, **more: Any) -> Json:
        """Give the value that so many percent are under."""
        return {**self._measure("percentile", field, label), "percentile": percent, **more}

    def least(self, field: str, label: str, **more: Any) -> Json:
        """Give the smallest value, or the first time."""
        return {**self._measure("min", field, label), **more}

    def most(self, field: str, label: str, **more: Any) -> Json:
        """Give the largest value, or the last time."""
        return {**self._measure("max", field, label), **more}

    def _measure(self, operation: str, field: str, label: str) -> Json:
        return {"operation": operation, "field": self.index.field(field, operation), "label": label}

    # -- by what it is split ---------------------------------------------------------------------------------

    def terms(
        self,
        field: str,
        label: str,
        *,
        limit: int,
        by: int | str = 0,
        descending: bool = True,
        others: bool = False,
    ) -> Json:
        """Split by a field's values; what ranks them is a metric's number, the sum of a field, or the ``ALPHABET``."""
        direction = "desc" if descending else "asc"
        rank: Json = {"type": "alphabetical", "direction": "asc"}
        if isinstance(by, int):
            rank = {"type": "metric", "metric_index": by, "direction": direction}
        elif by != ALPHABET:
            summed = self.index.field(by, "sum")
            rank = {"type": "custom", "operation": "sum", "field": summed, "direction": direction}
        split: Json = {
            "operation": "terms",
            "fields": [self.index.field(field, "terms")],
            "label": label,
            "limit": limit,
            "rank_by": rank,
        }
        if others:
            split["other_bucket"] = {"include_documents_without_field": False}
        return split

    def over_time(self, label: str, field: str | None = None) -> Json:
        """Split by time, in steps that fit the time range."""
        name = self.index.field(field or self.index.time_field or "", "date_histogram")
        return {"operation": "date_histogram", "field": name, "label": label, "suggested_interval": "auto"}

    def ranges(self, field: str, label: str, steps: Sequence[tuple[float | None, float | None, str]]) -> Json:
        """Split by ranges, each ``(above, up to, label)``."""
        name = self.index.field(field, "range")
        listed = [
            {
                **({} if above is None else {"gt": above}),
                **({} if up_to is None else {"lte": up_to}),
                "label": called,
            }
            for above, up_to, called in steps
        ]
        return {"operation": "range", "field": name, "label": label, "ranges": listed}

    def cases(self, label: str, *cases: tuple[str, str]) -> Json:
        """Split by queries, each ``(KQL, label)``."""
        listed = [{"filter": self.where(query), "label": called} for query, called in cases]
        return {"operation": "filters", "label": label, "filters": listed}

    # -- what is left out ------------------------------------------------------------------------------------

    def where(self, query: str) -> Json:
        """Give a query in KQL."""
        for field in kql.fields(query):
            self.index.field(field, "filter")
        return {"language": "kql", "expression": query}

    def exists(self, field: str) -> Json:
        """Keep the documents that have a field."""
        condition = {"field": self.index.field(field, "filter"), "operator": "exists"}
        return {"type": "condition", "condition": condition}

    def equals(self, field: str, *values: str | bool) -> Json:
        """Keep the documents in which a field has one of these values."""
        name = self.index.field(field, "filter")
        condition: Json = (
            {"field": name, "operator": "is", "value": values[0]}
            if len(values) == 1
            else {"field": name, "operator": "is_one_of", "value": list(values)}
        )
        return {"type": "condition", "condition": condition}

    def above(self, field: str, least: int) -> Json:
        """Keep the documents in which a number is higher than that."""
        condition = {"field": self.index.field(field, "filter"), "operator": "range", "value": {"gt": least}}
        return {"type": "condition", "condition": condition}

    # -- panels ----------------------------------------------------------------------------------------------

    def metric(
        self, title: str, measure: Json, *, beside: Json | None = None, colour: str = BLUE, timed: bool = True
    ) -> Json:
        """Show one number, and another one smaller."""
        primary = {**measure, "type": "primary", "color": {"type": "static", "color": colour}}
        metrics = [primary, *([{**beside, "type": "secondary"}] if beside else [])]
        return self._vis("metric", title, metrics=metrics, data_source=self.data(timed=timed), hide_title=True)

    def chart(
        self,
        title: str,
        kind: str,
        *measures: Json,
        across: Json,
        by: Json | None = None,
        upwards: str = "",
        filters: Sequence[Json] = (),
        legend: bool = True,
        alone: bool = False,
        timed: bool = True,
        note: str | None = None,
    ) -> Json:
        """Draw bars, areas or lines; ``alone`` keeps the dashboard's filters away, for another index than its own."""
        layer: Json = {"type": kind, "data_source": self.data(timed=timed), "x": across, "y": list(measures)}
        if by:
            layer["breakdown_by"] = by
        if alone:
            layer["ignore_global_filters"] = True
        return self._vis(
            "xy",
            title,
            layers=[layer],
            legend={"visibility": "visible", "placement": "outside", "position": "right"}
            if legend
            else {"visibility": "hidden"},
            axis={
                "x": {"title": {"visible": False}},
                "y": {
                    "title": {"visible": bool(upwards), **({"text": upwards} if upwards else {})},
                    "domain": {"type": "full"},
                },
            },
            **_some(filters=list(filters), description=note),
        )

    def donut(self, title: str, measure: Json, by: Json, *, timed: bool = True) -> Json:
        """Draw shares of a whole."""
        return self._vis(
            "pie",
            title,
            data_source=self.data(timed=timed),
            metrics=[measure],
            group_by=[by],
            styling={"donut_hole": "m", "values": {"visible": True, "mode": "absolute"}},
            legend={"visibility": "visible"},
        )

    def table(
        self,
        title: str,
        *measures: Json,
        rows: Json,
        sort: tuple[int, str] = (0, "desc"),
        filters: Sequence[Json] = (),
        timed: bool = True,
        note: str | None = None,
    ) -> Json:
        """List values with measures beside them."""
        index, direction = sort
        return self._vis(
            "data_table",
            title,
            data_source=self.data(timed=timed),
            metrics=list(measures),
            rows=[rows],
            styling={
                "density": {"mode": "compact"},
                "paging": 10,
                "sort_by": {"column_type": "metric", "index": index, "direction": direction},
            },
            **_some(filters=list(filters), description=note),
        )

    def heatmap(
        self,
        title: str,
        measure: Json,
        *,
        across: Json,
        down: Json,
        names: tuple[str, str],
        filters: Sequence[Json] = (),
        note: str | None = None,
    ) -> Json:
        """Draw a matrix; ``names`` are those of its axes."""
        return self._vis(
            "heatmap",
            title,
            data_source=self.data(),
            metric=measure,
            x=across,
            y=down,
            axis={
                "x": {"title": {"text": names[0], "visible": True}, "scale": "ordinal"},
                "y": {"title": {"text": names[1], "visible": True}},
            },
            styling={"cells": {"labels": {"visible": True}}},
            legend={"visibility": "visible"},
            **_some(filters=list(filters), description=note),
        )

    def documents(
        self,
        title: str,
        columns: Mapping[str, str],
        *,
        sort: tuple[str, str],
        where: str = "",
        filters: Sequence[Json] = (),
        timed: bool = True,
        note: str | None = None,
    ) -> Json:
        """List documents; ``columns`` are fields and what they are called. A time stands before them by itself."""
        data = self.data(timed=timed)
        data["field_settings"] = {
            self.index.field(field): {"custom_label": called, **_some(format=FORMATS.get(field))}
            for field, called in columns.items()
        }
        tab: Json = {
            "column_order": [field for field in columns if field != data.get("time_field")],
            "sort": [{"name": self.index.field(sort[0], "sort"), "direction": sort[1]}],
            "density": "compact",
            "query": self.where(where),
            "filters": list(filters),
            "data_source": data,
            "rows_per_page": 25,
            "sample_size": 250,
            "view_mode": "documents",
        }
        return {"type": "discover_session", "config": {"title": title, **_some(description=note), "tabs": [tab]}}

    def _vis(self, kind: str, title: str, **config: Any) -> Json:
        return {"type": "vis", "config": {"type": kind, "title": title, **config}}


def markdown(text: str) -> Json:
    """Say something."""
    return {
        "type": "markdown",
        "config": {"content": text, "settings": {"open_links_in_new_tab": True}, "hide_title": True},
    }


def control(view: str, source: Source, field: str, title: str) -> Json:
    """Let the reader choose among a field's values; ``view`` is the id of the saved data view."""
    config = {"data_view_id": view, "field_name": source.index.field(field, "terms"), "title": title}
    return {"type": "options_list_control", "config": config, "width": "medium", "grow": True}


def placed(name: str, place: Place, panel: Json) -> Json:
    """Put a panel on the grid."""
    grid = {"x": place.x, "y": place.y, "w": place.w, "h": place.h}
    return {"id": name, "type": panel["type"], "grid": grid, "config": panel["config"]}


def _some(**values: Any) -> Json:
    return {name: value for name, value in values.items() if value}
