from __future__ import annotations

import copy
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from stand_in_kibana import SCHEMA

from indexer.cli import main
from indexer.elastic.schema import definition
from indexer.kibana import check, kql, meaning, queries, shipped
from indexer.kibana.api_schema import ApiSchema, SchemaError
from indexer.kibana.boards.feeds import ENTRY_REASONS
from indexer.kibana.dashboards import boards, indices
from indexer.kibana.fields import FieldError
from indexer.kibana.panels import Source
from indexer.kibana.sources import TIME_FIELDS
from indexer.models import Reason

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DEFINITIONS = {name: definition(name) for name in TIME_FIELDS}
INDICES = indices(DEFINITIONS)
NAMES = ["feeds", "newsroom", "reposts", "threats"]
WEEK = queries.Span(start=datetime(2026, 9, 1, tzinfo=UTC), end=datetime(2026, 9, 8, tzinfo=UTC))
needs_schema = pytest.mark.skipif(not SCHEMA.exists(), reason="the schema of Kibana's API is not at ../shared/kibana")


def views(prefix: str = "condensat") -> check.Views:
    return check.Views(shipped.views(prefix), INDICES, prefix=prefix)


def body(name: str) -> dict[str, Any]:
    return next(copy.deepcopy(each.body) for each in shipped.dashboards() if each.name == name)


def panel(board: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in board["panels"] if each["id"].endswith(f"-{name}"))
    return found


# -- made from the mappings --------------------------------------------------------------------------------


def test_the_shipped_files_are_what_is_made_from_the_mappings() -> None:
    """Byte for byte, and no file is left over; scripts/dashboards writes them."""
    there = {each.name: each.read_text(encoding="utf-8") for each in shipped.folder().glob("*")}
    assert there == shipped.generated(DEFINITIONS)


def test_a_field_that_is_gone_breaks_the_making() -> None:
    """Mappings without a field that a dashboard uses do not give a dashboard with a broken panel."""
    without = copy.deepcopy(DEFINITIONS)
    del without["reposts"]["mappings"]["properties"]["lag_seconds"]
    with pytest.raises(FieldError, match=r"mappings/reposts.json has no field «lag_seconds»"):
        boards(without)


@pytest.mark.parametrize(
    ("field", "operation", "said"),
    [
        ("title", "terms", "is text"),
        ("title.keyword", "median", "is keyword"),
        ("entry_hash", "terms", "has no doc values"),
        ("image", "filter", "is not indexed"),
        ("revisions", None, "has no field"),
        ("colour", None, "has no field"),
        ("effective", "sum", "is date"),
        ("tokens", "dance", "nothing is known"),
    ],
)
def test_a_field_of_the_wrong_kind(field: str, operation: str | None, said: str) -> None:
    """An operation that Elasticsearch would refuse on this field is refused here, and why."""
    with pytest.raises(FieldError, match=said):
        INDICES["articles"].field(field, operation)


def test_rejects_of_every_reason_can_be_added_up() -> None:
    """The mappings have a number for each reason, by the name under which it is written."""
    named = set(definition("feeds")["mappings"]["properties"]["rejects"]["properties"])
    assert named == {reason.name.lower() for reason in Reason} | {"all"}
    assert len(set(ENTRY_REASONS)) == len(ENTRY_REASONS)


# -- they fit the mappings ---------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["condensat", "demo-2"])
@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_wrong_with_the_shipped_dashboards(name: str, prefix: str) -> None:
    """Grid, ids, fields, types, queries and controls, under any prefix."""
    board = next(each for each in shipped.dashboards(prefix) if each.name == name)
    assert list(check.problems(board.body, views(prefix))) == []
    assert list(views(prefix).problems()) == []


def test_a_prefix_names_every_index() -> None:
    """Nothing of the default prefix is left under another one."""
    for board in shipped.dashboards("demo"):
        assert "condensat" not in json.dumps(board.body)
    assert "condensat" not in json.dumps(shipped.views("demo"))


def spoil_grid(board: dict[str, Any]) -> None:
    board["panels"][1]["grid"]["x"] = 11


def spoil_width(board: dict[str, Any]) -> None:
    board["panels"][3]["grid"]["w"] = 13


def spoil_id(board: dict[str, Any]) -> None:
    board["panels"][1]["id"] = board["panels"][0]["id"]


def spoil_number(board: dict[str, Any]) -> None:
    board["panels"] = [
        {"id": str(n), "type": "markdown", "grid": {"x": 0, "y": n, "w": 1, "h": 1}, "config": {}} for n in range(101)
    ]


def spoil_field(board: dict[str, Any]) -> None:
    panel(board, "lag")["config"]["metrics"][0]["field"] = "lag_hours"


def spoil_type(board: dict[str, Any]) -> None:
    panel(board, "lag")["config"]["metrics"][0]["field"] = "later_source"


def spoil_time(board: dict[str, Any]) -> None:
    panel(board, "lag")["config"]["data_source"]["time_field"] = "judged"


def spoil_index(board: dict[str, Any]) -> None:
    panel(board, "lag")["config"]["data_source"]["index_pattern"] = "condensat-articles-000001"


def spoil_query(board: dict[str, Any]) -> None:
    panel(board, "reposted")["config"]["metrics"][0]["filter"]["expression"] = "kind exact"


def spoil_query_field(board: dict[str, Any]) -> None:
    panel(board, "reposted")["config"]["metrics"][0]["filter"]["expression"] = "sort: exact"


def spoil_filter(board: dict[str, Any]) -> None:
    panel(board, "copied")["config"]["filters"][0]["condition"]["field"] = "same"


def spoil_rank(board: dict[str, Any]) -> None:
    panel(board, "fastest")["config"]["rows"][0]["rank_by"]["metric_index"] = 3


def spoil_column(board: dict[str, Any]) -> None:
    panel(board, "latest")["config"]["tabs"][0]["column_order"].append("colour")


def spoil_name(board: dict[str, Any]) -> None:
    settings = panel(board, "latest")["config"]["tabs"][0]["data_source"]["field_settings"]
    settings["size"] = {"custom_label": "Size"}


def spoil_sort(board: dict[str, Any]) -> None:
    panel(board, "latest")["config"]["tabs"][0]["sort"][0]["name"] = "later_title"


def spoil_control(board: dict[str, Any]) -> None:
    board["pinned_panels"][0]["config"]["field_name"] = "later_title"


def spoil_view(board: dict[str, Any]) -> None:
    board["pinned_panels"][0]["config"]["data_view_id"] = "condensat-pairs"


def spoil_alone(board: dict[str, Any]) -> None:
    del panel(board, "share")["config"]["layers"][0]["ignore_global_filters"]


def spoil_reference(board: dict[str, Any]) -> None:
    panel(board, "lag")["config"]["data_source"] = {"type": "data_view_reference", "ref_id": "condensat-reposts"}


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (spoil_grid, "reposts-pairs: it lies over reposts-reposted"),
        (spoil_width, "do not fit on 48 columns"),
        (spoil_id, "reposts-pairs: there are several of this id"),
        (spoil_number, "it has 101 panels"),
        (spoil_field, "reposts-lag: mappings/reposts.json has no field «lag_hours»"),
        (spoil_type, "reposts-lag: «later_source» of reposts is keyword, and median takes"),
        (spoil_time, "reposts-lag: its time field is judged"),
        (spoil_index, "reposts-lag: condensat-articles-000001 is none of our indices"),
        (spoil_query, "«:» is expected behind «kind»"),
        (spoil_query_field, "has no field «sort»"),
        (spoil_filter, "has no field «same»"),
        (spoil_rank, "it is ranked by measure 3"),
        (spoil_column, "has no field «colour»"),
        (spoil_name, "has no field «size»"),
        (spoil_sort, "has no doc values, so sort cannot use it"),
        (spoil_control, "reposts-control-1: «later_title» of reposts has no doc values"),
        (spoil_view, "there is no data view «condensat-pairs»"),
        (spoil_alone, "reposts-share: the control on «earlier_source» would empty it"),
        (spoil_reference, "its data view stands elsewhere"),
    ],
)
def test_what_is_wrong_is_found(spoil: Callable[[dict[str, Any]], None], said: str) -> None:
    """Each rule finds what breaks it, and names the panel."""
    board = body("reposts")
    spoil(board)
    found = list(check.problems(board, views()))
    assert any(said in each for each in found), found


# -- they fit Kibana's API ---------------------------------------------------------------------------------


@needs_schema
@pytest.mark.parametrize("name", NAMES)
def test_the_schema_of_kibanas_api_accepts_them(name: str) -> None:
    """Every dashboard is what PUT /api/dashboards/{id} takes."""
    assert list(ApiSchema.read(SCHEMA).problems(body(name))) == []


def give_colour(board: dict[str, Any]) -> None:
    board["colour"] = "blue"


def give_access(board: dict[str, Any]) -> None:
    board["access_control"] = {"access_mode": "default"}


def give_operation(board: dict[str, Any]) -> None:
    panel(board, "articles")["config"]["metrics"][0]["operation"] = "mean"


def give_key(board: dict[str, Any]) -> None:
    panel(board, "volume")["config"]["layers"][0]["y"][0]["feld"] = "tokens"


def give_limit(board: dict[str, Any]) -> None:
    panel(board, "volume")["config"]["layers"][0]["breakdown_by"]["limit"] = "ten"


def give_height(board: dict[str, Any]) -> None:
    panel(board, "fresh")["config"]["tabs"][0]["row_height"] = 99


def give_chart(board: dict[str, Any]) -> None:
    panel(board, "volume")["config"]["type"] = "line"


def give_panel(board: dict[str, Any]) -> None:
    panel(board, "volume")["type"] = "lens"


@needs_schema
@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (give_colour, "[request body]: Additional properties are not allowed ('colour' was unexpected)"),
        (give_access, "'access_control' was unexpected"),
        (give_operation, "[request body.panels.0.config.metrics.0.operation]: 'mean' is not one of"),
        (give_key, "[request body.panels.4.config.layers.0.y.0]: Additional properties are not allowed ('feld'"),
        (give_limit, "[request body.panels.4.config.layers.0.breakdown_by.limit]: 'ten' is not of type 'number'"),
        (give_height, "[request body.panels.8.config.tabs.0.row_height]: 99 is greater than the maximum of 20"),
        (give_chart, "[request body.panels.4.config.type]: there is no chart of the type 'line'"),
        (give_panel, "[request body.panels.4.type]: there is no panel of the type 'lens'"),
    ],
)
def test_what_the_schema_refuses_is_named_at_its_place(spoil: Callable[[dict[str, Any]], None], said: str) -> None:
    """One objection, about the form that was meant, and where."""
    board = body("newsroom")
    spoil(board)
    (found,) = ApiSchema.read(SCHEMA).problems(board)
    assert said in found


def test_something_else_is_no_schema(tmp_path: Path) -> None:
    """A file that is broken, or describes another API, is told as that."""
    for number, text in enumerate(("{", "[]", '{"paths": {}}')):
        path = tmp_path / f"{number}.json"
        path.write_text(text)
        with pytest.raises(SchemaError):
            ApiSchema.read(path)


# -- what they ask -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("", {"match_all": {}}),
        ("shelf: inbox", {"match": {"shelf": "inbox"}}),
        ('source.name: "The \\"Herald\\""', {"match_phrase": {"source.name": 'The "Herald"'}}),
        ("repost_of: *", {"exists": {"field": "repost_of"}}),
        ("not repost_of: *", {"bool": {"must_not": [{"exists": {"field": "repost_of"}}]}}),
        ("notes.stars >= 3", {"range": {"notes.stars": {"gte": "3"}}}),
        (
            "kind: (exact or near)",
            {
                "bool": {
                    "should": [{"match": {"kind": "exact"}}, {"match": {"kind": "near"}}],
                    "minimum_should_match": 1,
                }
            },
        ),
        (
            "a: 1 or b: 2 and not c: 3",
            {
                "bool": {
                    "should": [
                        {"match": {"a": "1"}},
                        {"bool": {"filter": [{"match": {"b": "2"}}, {"bool": {"must_not": [{"match": {"c": "3"}}]}}]}},
                    ],
                    "minimum_should_match": 1,
                }
            },
        ),
        (
            "(a: 1 or b: 2) AND c: 3",
            {
                "bool": {
                    "filter": [
                        {"bool": {"should": [{"match": {"a": "1"}}, {"match": {"b": "2"}}], "minimum_should_match": 1}},
                        {"match": {"c": "3"}},
                    ]
                }
            },
        ),
    ],
)
def test_kibanas_query_language(text: str, query: dict[str, Any]) -> None:
    """What our dashboards use of it means in Elasticsearch what Kibana's documentation says."""
    assert kql.to_query(text) == query


@pytest.mark.parametrize(
    "text", ["kind", "kind:", "kind: (a or b", "a: 1 b: 2", ": 1", "kind: ex*", "a: 1 )", '"a": 1 (']
)
def test_what_is_not_read_of_it_is_refused(text: str) -> None:
    """Nothing is left out in silence: what cannot be read is an error."""
    with pytest.raises(kql.KqlError):
        kql.to_query(text)


def test_fields_of_a_query() -> None:
    """All of them, wherever they stand."""
    assert kql.fields("(a: * or b >= 1) and not c: (x or y)") == {"a", "b", "c"}


def test_a_chart_is_asked_as_kibana_does() -> None:
    """The largest series of all, each over time: not the largest of every day; the time range is of the time field."""
    (asked,) = meaning.read(panel(body("newsroom"), "volume"))
    search = queries.to_search(asked, WEEK)
    outer = search["aggs"]["split"]
    assert outer["terms"] == {"field": "source.name", "size": 9, "order": [{"_count": "desc"}, {"_key": "asc"}]}
    assert outer["aggs"]["split"]["date_histogram"]["fixed_interval"] == "10800s"
    assert list(search["query"]["bool"]["filter"][0]["range"]) == ["effective"]


def test_a_table_is_ranked_by_its_measure() -> None:
    """The fastest come first: terms are ordered by the median, upwards."""
    (asked,) = meaning.read(panel(body("reposts"), "fastest"))
    terms = queries.to_search(asked, None)["aggs"]["split"]["terms"]
    assert terms["order"] == [{"m0.50": "asc"}, {"_key": "asc"}]


def test_feeds_are_not_asked_for_a_time() -> None:
    """A dashboard's time range does not hide the state of a feed."""
    for each in body("feeds")["panels"]:
        for asked in meaning.read(each):
            timed = queries.to_search(asked, WEEK)["query"] != queries.to_search(asked, None)["query"]
            assert timed == asked.pattern.endswith("articles")


@pytest.mark.parametrize(
    ("days", "interval"), [(1, timedelta(minutes=30)), (30, timedelta(hours=12)), (365, timedelta(days=7))]
)
def test_bars_fit_the_time(days: int, interval: timedelta) -> None:
    """There are never more than a hundred of them."""
    assert queries.Span(start=WEEK.start, end=WEEK.start + timedelta(days=days)).interval == interval


@pytest.mark.parametrize(
    "measure",
    [
        {"operation": "formula", "formula": "count() / 2"},
        {"operation": "count", "time_shift": "1d"},
        {"operation": "last_value", "field": "tokens"},
    ],
)
def test_what_is_not_translated_is_refused(measure: dict[str, Any]) -> None:
    """A measure that would be left out here might be wrong there."""
    asked = Source(INDICES["articles"], "condensat-articles").metric("One", measure)
    (one,) = meaning.read(asked)
    with pytest.raises(meaning.PanelError):
        queries.to_search(one, None)


def test_the_four_dashboards_hold_what_was_promised() -> None:
    """Every kind of panel that is named in the documentation is there, each with a title of its own."""
    titles = {each.name: [one["config"]["title"] for one in each.body["panels"]] for each in shipped.dashboards()}
    assert all(max(Counter(each).values()) == 1 for each in titles.values())
    assert {"Articles by source, over time", "Tags, over time", "Top stories", "Languages", "Fresh articles"} <= set(
        titles["newsroom"]
    )
    assert {"Who copies whom", "How much later", "Fastest copiers", "Most copied articles"} <= set(titles["reposts"])
    assert "Share of reposts by source" in titles["reposts"]
    assert {"Health", "Silent feeds", "Rejected entries by reason"} <= set(titles["feeds"])
    assert {"CVEs, over time", "Actors and campaigns, over time"} <= set(titles["threats"])


# -- the command -------------------------------------------------------------------------------------------


@needs_schema
def test_check_asks_nobody(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """`kibana check --schema` needs neither Kibana nor Elasticsearch."""
    monkeypatch.setenv("CONDENSAT_URL", "http://127.0.0.1:9")
    with pytest.raises(SystemExit) as ended:
        main(["kibana", "check", "--schema", str(SCHEMA), "--format", "json"])
    assert not ended.value.code
    found = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in found] == ["data-views", *NAMES]
    assert all(each["problems"] == [] for each in found)


def test_check_fails_on_what_is_wrong(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A dashboard that does not fit ends it with 1, and is named."""
    for each in shipped.folder().glob("*.json"):
        (tmp_path / each.name).write_bytes(each.read_bytes())
    broken = (tmp_path / "reposts.json").read_text(encoding="utf-8").replace('"lag_seconds"', '"lag_years"')
    (tmp_path / "reposts.json").write_text(broken, encoding="utf-8")
    monkeypatch.setattr(shipped, "folder", lambda: tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(["kibana", "check"])
    assert ended.value.code == 1
    assert "«lag_years»" in capsys.readouterr().out
