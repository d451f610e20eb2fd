"""Find what Kibana's schema cannot see in a dashboard: fields, types, overlaps. It reads nothing: all comes in."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

from indexer.kibana import kql, meaning
from indexer.kibana.panels import COLUMNS
from indexer.models import CondensatError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from indexer.kibana.fields import Index
    from indexer.kibana.meaning import Asked, Listed
    from indexer.kibana.panels import Json

MOST_PANELS = 100
NEEDS_A_FIELD = frozenset({"range", "histogram", "date_histogram", "terms"})


class Views:
    """The data views, and the index behind each pattern."""

    def __init__(self, views: Sequence[Mapping[str, Any]], indices: Mapping[str, Index], *, prefix: str) -> None:
        self._views = list(views)
        self.indices = {f"{prefix}-{name}": each for name, each in indices.items()}
        self.by_id = {view["id"]: self.indices.get(view["title"]) for view in views}

    def problems(self) -> Iterator[str]:
        """Say what is wrong with the data views themselves."""
        ids = [view["id"] for view in self._views]
        for each in sorted({each for each in ids if ids.count(each) > 1}):
            yield f"data view {each}: there are several of this id"
        for view in self._views:
            index = self.by_id[view["id"]]
            if index is None:
                yield f"data view {view['id']}: {view['title']} is none of our indices"
            elif view.get("timeFieldName") != index.time_field:
                yield f"data view {view['id']}: its time field is {view.get('timeFieldName')}, not {index.time_field}"


def problems(body: Mapping[str, Any], views: Views) -> Iterator[str]:
    """Say what is wrong with a dashboard, each at its place."""
    panels: list[Json] = body.get("panels") or []
    controls: list[Json] = body.get("pinned_panels") or []
    if not body.get("title"):
        yield "it has no title"
    if len(panels) > MOST_PANELS:
        yield f"it has {len(panels)} panels, and {MOST_PANELS} is the most"
    yield from _ids([*panels, *controls])
    yield from _grid(panels)
    for control in controls:
        for each in _control(control, views):
            yield f"{control.get('id', 'a control')}: {each}"
    for panel in panels:
        name = panel.get("id", "a panel")
        try:
            asked = meaning.read(panel)
        except CondensatError as error:
            yield f"{name}: {error}"
            continue
        for one in asked:
            for each in _of_panel(one, controls, views):
                yield f"{name}: {each}"


def _ids(panels: Sequence[Json]) -> Iterator[str]:
    ids = [panel.get("id") for panel in panels]
    for each in sorted({str(each) for each in ids if ids.count(each) > 1}):
        yield f"{each}: there are several of this id" if each != "None" else "there are panels without an id"


def _grid(panels: Sequence[Json]) -> Iterator[str]:
    places = []
    for panel in panels:
        name, grid = panel.get("id", "a panel"), panel.get("grid", {})
        numbers = [grid.get(each) for each in ("x", "y", "w", "h")]
        if not all(isinstance(each, int) for each in numbers):
            yield f"{name}: its place is not x, y, w and h in whole numbers"
            continue
        x, y, w, h = (int(each) for each in numbers if each is not None)
        if x < 0 or y < 0 or w < 1 or h < 1 or x + w > COLUMNS:
            yield f"{name}: x {x}, y {y}, w {w}, h {h} do not fit on {COLUMNS} columns"
        places.append((name, x, y, w, h))
    for (one, x, y, w, h), (other, x2, y2, w2, h2) in combinations(places, 2):
        if x < x2 + w2 and x2 < x + w and y < y2 + h2 and y2 < y + h:
            yield f"{one}: it lies over {other}"


def _control(control: Json, views: Views) -> Iterator[str]:
    config = control.get("config", {})
    if config.get("data_view_id") not in views.by_id:
        yield f"there is no data view «{config.get('data_view_id')}»"
        return
    index = views.by_id[config["data_view_id"]]
    if index:
        yield from _some(index.problem(config.get("field_name", ""), "terms"))


def _of_panel(asked: Asked | Listed, controls: Sequence[Json], views: Views) -> Iterator[str]:
    index = views.indices.get(asked.pattern)
    if index is None:
        yield f"{asked.pattern} is none of our indices"
        return
    if asked.time_field not in {None, index.time_field}:
        yield f"its time field is {asked.time_field}, not {index.time_field}"
    for condition in asked.filters:
        yield from _filter(condition, index)
    yield from _query(asked.query, index)
    yield from _listing(asked, index) if isinstance(asked, meaning.Listed) else _chart(asked, index)
    if not asked.alone:
        for control in controls:
            field = control.get("config", {}).get("field_name", "")
            if index.problem(field, "filter"):
                yield f"the control on «{field}» would empty it: {index.name} has no such field"


def _listing(asked: Listed, index: Index) -> Iterator[str]:
    for column in dict.fromkeys([*asked.columns, *asked.names]):
        yield from _some(index.problem(column, None))
    for field, _ in asked.sort:
        yield from _some(index.problem(field, "sort"))


def _chart(asked: Asked, index: Index) -> Iterator[str]:
    for measure in asked.measures:
        yield from _operation(measure, index)
    for split in asked.splits:
        yield from _operation(split, index)
        yield from _rank(split, asked, index)


def _operation(operation: Json, index: Index) -> Iterator[str]:
    name = operation.get("operation", "")
    named = [*operation.get("fields", []), *([operation["field"]] if operation.get("field") else [])]
    if name in NEEDS_A_FIELD and not named:
        yield f"{name} needs a field"
    for field in named:
        yield from _some(index.problem(field, name))
    if operation.get("filter"):
        yield from _query(operation["filter"], index)
    for case in operation.get("filters", []):
        yield from _query(case["filter"], index)
    if name not in {"count", "filters"} and not named:
        yield f"the operation «{name}» is not understood without a field"


def _rank(split: Json, asked: Asked, index: Index) -> Iterator[str]:
    rank = split.get("rank_by", {})
    if rank.get("type") == "metric" and rank.get("metric_index", 0) >= len(asked.measures):
        yield f"it is ranked by measure {rank['metric_index']}, and there are {len(asked.measures)}"
    if rank.get("type") == "custom":
        yield from _some(index.problem(rank.get("field", ""), rank.get("operation")))


def _filter(condition: Json, index: Index) -> Iterator[str]:
    inner = condition.get("condition")
    if condition.get("type") != "condition" or not inner:
        yield f"filters of the type «{condition.get('type')}» are not understood"
        return
    yield from _some(index.problem(inner["field"], "filter"))


def _query(query: Json | None, index: Index) -> Iterator[str]:
    if not query or not query.get("expression"):
        return
    if query.get("language", "kql") != "kql":
        yield f"queries in {query['language']} are not understood"
        return
    try:
        asked = kql.fields(query["expression"])
    except CondensatError as error:
        yield f"its query {error}"
        return
    for field in sorted(asked):
        yield from _some(index.problem(field, "filter"))


def _some(problem: str | None) -> Iterator[str]:
    if problem:
        yield problem
