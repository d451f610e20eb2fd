"""What a panel asks, in Elasticsearch's words, and what the answer says: pure, as Kibana would draw it.

Whatever is not translated is refused, never left out: a panel that seems to work here must work there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from indexer.kibana import kql
from indexer.kibana.meaning import Asked, Listed, PanelError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from indexer.kibana.panels import Json

MOST_BARS = 100  # as Kibana's own setting says
INTERVALS = tuple(
    timedelta(seconds=each)
    for each in (60, 300, 600, 1_800, 3_600, 10_800, 43_200, 86_400, 604_800, 2_592_000, 31_536_000)
)
LISTED = 50  # documents of a list
SIMPLE = {
    "unique_count": "cardinality",
    "sum": "sum",
    "min": "min",
    "max": "max",
    "average": "avg",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """From when to when a dashboard looks."""

    start: datetime
    end: datetime

    @property
    def interval(self) -> timedelta:
        """How wide a bar over this time is."""
        length = self.end - self.start
        return next((each for each in INTERVALS if length / each <= MOST_BARS), INTERVALS[-1])


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What a panel shows: rows of keys and measures, or of a document's columns."""

    labels: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    keys: int = 0  # of the labels, how many come first that are keys

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to be drawn."""
        return not any(any(value not in (None, 0, 0.0) for value in row[self.keys :]) for row in self.rows)


def to_search(asked: Asked | Listed, span: Span | None) -> Json:
    """Translate into the body of a search."""
    where = [_condition(each) for each in asked.filters]
    if asked.query and asked.query.get("expression"):
        where.append(_where(asked.query))
    if span and asked.time_field:
        where.append(
            {"range": {asked.time_field: {"gte": _moment(span.start), "lte": _moment(span.end)}}},
        )
    body: Json = {"query": {"bool": {"filter": where}}, "track_total_hits": True}
    if isinstance(asked, Listed):
        return {
            **body,
            "size": LISTED,
            "_source": False,
            "fields": list(_columns(asked)),
            "sort": [{name: {"order": direction}} for name, direction in asked.sort],
        }
    return {**body, "size": 0, "aggs": _split(asked, 0, span)}


def to_found(asked: Asked | Listed, answer: Mapping[str, Any]) -> Found:
    """Read the answer to such a search."""
    if isinstance(asked, Listed):
        rows = tuple(
            tuple(_cell(hit.get("fields", {}).get(column)) for column in _columns(asked))
            for hit in answer["hits"]["hits"]
        )
        return Found(labels=_columns(asked), rows=rows)
    whole = {**answer["aggregations"], "doc_count": answer["hits"]["total"]["value"]}
    return Found(labels=asked.labels, rows=tuple(_rows(asked, 0, whole, ())), keys=len(asked.splits))


def _columns(asked: Listed) -> tuple[str, ...]:
    """Give the columns that are shown: where there is a time, it stands before those that were chosen."""
    return (asked.time_field, *asked.columns) if asked.time_field else asked.columns


def _split(asked: Asked, depth: int, span: Span | None) -> Json:
    """Give the aggregations from one level on: at each of them the measures, for they may rank."""
    measures = {f"m{number}": _measure(each) for number, each in enumerate(asked.measures)}
    found = {name: each for name, each in measures.items() if each}
    if depth < len(asked.splits):
        inner = _split(asked, depth + 1, span)
        rank = asked.splits[depth].get("rank_by", {})
        if rank.get("type") == "custom":
            inner["rank"] = _measure({"operation": rank["operation"], "field": rank["field"]})
        found["split"] = {**_bucket(asked.splits[depth], asked, span), "aggs": inner}
    return found


def _bucket(split: Json, asked: Asked, span: Span | None) -> Json:
    kind = split["operation"]
    if kind == "terms":
        if len(split["fields"]) != 1:
            raise PanelError("terms of several fields are not understood")
        return {"terms": {"field": split["fields"][0], "size": split.get("limit", 5), "order": _order(split, asked)}}
    if kind == "date_histogram":
        seconds = int((span.interval if span else timedelta(days=1)).total_seconds())
        return {"date_histogram": {"field": split["field"], "fixed_interval": f"{seconds}s", "min_doc_count": 1}}
    if kind == "range":
        ranges = [
            {
                "key": each["label"],
                **({"from": each["gt"]} if "gt" in each else {}),
                **({"to": each["lte"]} if "lte" in each else {}),
            }
            for each in split["ranges"]
        ]
        return {"range": {"field": split["field"], "ranges": ranges}}
    if kind == "filters":
        cases = {each["label"]: _where(each["filter"]) for each in split["filters"]}
        return {"filters": {"filters": cases}}
    raise PanelError(f"splitting by «{kind}» is not understood")


def _order(split: Json, asked: Asked) -> list[dict[str, str]]:
    rank = split.get("rank_by", {"type": "metric", "direction": "desc"})
    if rank["type"] == "alphabetical":
        return [{"_key": rank["direction"]}]
    if rank["type"] == "custom" and rank["operation"] in SIMPLE:
        return [{"rank": rank["direction"]}, {"_key": "asc"}]
    if rank["type"] != "metric":
        raise PanelError(f"ranking by «{rank['type']}» is not understood")
    number = rank.get("metric_index", 0)
    return [{_path(number, asked.measures[number]): rank["direction"]}, {"_key": "asc"}]


def _path(number: int, measure: Json) -> str:
    """Name a measure as an order does."""
    if measure["operation"] == "count":
        return f"m{number}" if measure.get("filter") else "_count"
    inner = f"m{number}>value" if measure.get("filter") else f"m{number}"
    percent = _percent(measure)
    return inner if percent is None else f"{inner}.{percent:g}"


def _measure(measure: Json) -> Json | None:
    """Give a measure's aggregation; None where the number of documents is one already."""
    if measure.keys() & {"reduced_time_range", "time_shift", "time_scale"}:
        raise PanelError("measures over another time are not understood")
    kind = measure["operation"]
    where = _where(measure["filter"]) if measure.get("filter") else None
    if kind == "count":
        return {"filter": where} if where else None
    percent = _percent(measure)
    if percent is not None:
        inner: Json = {"percentiles": {"field": measure["field"], "percents": [percent]}}
    elif kind in SIMPLE:
        inner = {SIMPLE[kind]: {"field": measure["field"]}}
    else:
        raise PanelError(f"measuring by «{kind}» is not understood")
    return {"filter": where, "aggs": {"value": inner}} if where else inner


def _percent(measure: Json) -> float | None:
    if measure["operation"] == "median":
        return 50.0
    return float(measure.get("percentile", 95)) if measure["operation"] == "percentile" else None


def _rows(asked: Asked, depth: int, bucket: Mapping[str, Any], keys: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    if depth == len(asked.splits):
        yield (*keys, *(_number(number, each, bucket) for number, each in enumerate(asked.measures)))
        return
    buckets = bucket["split"]["buckets"]
    listed: Sequence[Mapping[str, Any]] = (
        [{"key": key, **each} for key, each in buckets.items()] if isinstance(buckets, dict) else buckets
    )
    for each in listed:
        yield from _rows(asked, depth + 1, each, (*keys, each.get("key_as_string", each["key"])))


def _number(number: int, measure: Json, bucket: Mapping[str, Any]) -> Any:
    if measure["operation"] == "count":
        return bucket[f"m{number}"]["doc_count"] if measure.get("filter") else bucket["doc_count"]
    found = bucket[f"m{number}"]
    found = found["value"] if measure.get("filter") else found
    if _percent(measure) is not None:
        return next(iter(found["values"].values()))
    return found.get("value_as_string", found["value"])


def _condition(condition: Json) -> Json:
    inner = condition["condition"]
    field, operator, value = inner["field"], inner["operator"], inner.get("value")
    if operator == "exists":
        query: Json = {"exists": {"field": field}}
    elif operator == "is":
        query = {"term": {field: value}}
    elif operator == "is_one_of":
        query = {"terms": {field: value}}
    elif operator == "range":
        query = {"range": {field: value}}
    else:
        raise PanelError(f"filters of «{operator}» are not understood")
    return {"bool": {"must_not": [query]}} if condition.get("negate") or inner.get("negate") else query


def _where(query: Json) -> Json:
    if query.get("language", "kql") != "kql":
        raise PanelError(f"queries in {query['language']} are not understood")
    return kql.to_query(query["expression"])


def _cell(values: Any) -> Any:
    if not values:
        return None
    return values[0] if len(values) == 1 else ", ".join(map(str, values))


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")
