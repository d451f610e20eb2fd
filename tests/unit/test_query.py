"""The language of searches, without a server."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.query import QueryError, between, compiled, searched, span
from indexer.query.fields import FIELDS
from indexer.query.syntax import MOST

T0 = "T00:00:00.000Z"
EIGHT = "2026-09-01T08:00:00.000Z"
PIECES = [*'ab"()[]{}:-+!~^*?\\ «»“”<>', " AND ", " OR ", " NOT ", "title:", "seen:", "7d"]


def shape(clause: dict[str, Any]) -> Any:
    """Give a clause as briefly as one would write it down."""
    ((name, body),) = clause.items()
    if name == "multi_match":
        return f'"{body["query"]}"' if body["type"] == "phrase" else body["query"]
    if name == "query_string":
        return f"/{body['query']}/"
    if name == "bool":
        return {key: [shape(each) for each in value] for key, value in body.items() if isinstance(value, list)}
    if name in {"range", "term", "wildcard"}:
        ((path, value),) = body.items()
        return (name, path, value["value"] if isinstance(value, dict) and "value" in value else value)
    return name


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "match_all"),
        (" * ", "match_all"),
        ("storm", "storm"),
        ("storm harbour", {"must": ["storm", "harbour"]}),
        ("storm AND harbour", {"must": ["storm", "harbour"]}),
        ("storm && harbour || ship", {"should": [{"must": ["storm", "harbour"]}, "ship"]}),
        ("a OR b c", {"should": ["a", {"must": ["b", "c"]}]}),
        ("(a OR b) c", {"must": [{"should": ["a", "b"]}, "c"]}),
        ("a -b", {"must": ["a"], "must_not": ["b"]}),
        ("a NOT b", {"must": ["a"], "must_not": ["b"]}),
        ("NOT a", {"must_not": ["a"]}),
        ("NOT NOT a", "a"),
        ("+a !b", {"must": ["a"], "must_not": ["b"]}),
        ("a and or not", {"must": ["a", "and", "or", "not"]}),  # in small letters they are words
        ("ORANGE", "ORANGE"),
        ('"a b"', '"a b"'),
        ("“a b” «c d»", {"must": ['"a b"', '"c d"']}),
        (r'"a \" b"', '"a " b"'),
        ("a — b - c", {"must": ["a", "b", "c"]}),  # a dash between words is none
        ("e-mail", '"e-mail"'),
        ("l'école", "l'école"),
        ("日本語", '"日本語"'),
        ("ransom*", "/ransom*/"),
        ("why?", "why"),
        (r"wh\*y", '"wh*y"'),
        ("a:b", QueryError),
        (r"a\:b", '"a:b"'),
        ("12:30", '"12:30"'),
        ("tag:x a", {"must": ["a"], "filter": [("term", "any.tags", "x")]}),
        ("cve:CVE-2026-*", ("wildcard", "cves", "CVE-2026-*")),
        ("sent:yes", ("term", "sent", True)),
        ("stars:>2", ("range", "notes.stars", {"gt": 2})),
        ("stars:{1 TO 4]", ("range", "notes.stars", {"gt": 1, "lte": 4})),
        ("published:2026-09-30", ("range", "published", {"gte": f"2026-09-30{T0}", "lt": f"2026-10-01{T0}"})),
        ("published:2026-12", ("range", "published", {"gte": f"2026-12-01{T0}", "lt": f"2027-01-01{T0}"})),
        ("published:<=2026", ("range", "published", {"lt": "2027-01-01T00:00:00.000Z"})),
        ("published:{2026-09-01 TO *]", ("range", "published", {"gte": "2026-09-02T00:00:00.000Z"})),
        ("seen:7d", ("range", "seen", {"gte": "now-7d"})),
        ("seen:yesterday", ("range", "seen", {"gte": "now-1d/d", "lt": "now/d"})),
        ("seen:2026-09-01T10:00+02:00", ("range", "seen", {"gte": EIGHT, "lte": EIGHT})),
        ("title:*", "exists"),
    ],
)
def test_what_is_typed_becomes_what_is_meant(query: str, expected: Any) -> None:
    """Operators bind as documented, and every kind of value reaches its field."""
    if expected is QueryError:
        with pytest.raises(QueryError):
            compiled(query)
    else:
        assert shape(compiled(query)) == expected


@pytest.mark.parametrize(
    ("query", "at", "says"),
    [
        ('storm "harbour', 6, "quote is never closed"),
        ("a (b", 2, "bracket is never closed"),
        ("a) b", 1, "closes nothing"),
        ("AND a", 0, "nothing stands before this AND"),
        ("a OR OR b", 5, "nothing stands before this OR"),
        ("a AND OR b", 6, "between the two operators"),
        ("a NOT", 5, "must follow «NOT»"),
        ("a AND", 5, "must follow the AND"),
        ("(a OR )", 6, "must follow the OR"),
        ("title: storm", 6, "at once"),
        ("a titel:storm", 2, "Did you mean «title»"),
        ("storm colour:blue", 6, "no field «colour»"),
        ("published:soon", 10, "2026-09-01"),
        ("published:[2026-01-01 TO 2026-02-30]", 25, "2026-02-30"),
        ("published:[2026-01-01]", 10, "FROM TO UNTIL"),
        ("published:2026-13", 10, "2026-13"),
        ("stars:many", 6, "whole number"),
        ("sent:perhaps", 5, "yes or no"),
        ("title:[a TO b]", 6, "no ranges"),
        ("storm~7", 5, "~1 or ~2"),
        ("- —", 0, "nothing to look for"),
        ("(" * 30 + "a" + ")" * 30, 8, "deep"),
    ],
)
def test_the_place_of_an_error_is_shown(query: str, at: int, says: str) -> None:
    """The message names what is wrong, and a caret stands below its place."""
    with pytest.raises(QueryError) as raised:
        compiled(query)
    message, shown, caret = str(raised.value).splitlines()
    assert says in message
    assert shown[caret.index("^") :].startswith(query[at : at + 5].rstrip())
    assert len(caret) == at + 3


def test_the_caret_counts_columns() -> None:
    """Wide letters and long queries do not shift the caret from its place."""
    with pytest.raises(QueryError) as raised:
        compiled("日本 (a")
    assert str(raised.value).splitlines()[-1] == "       ^"
    with pytest.raises(QueryError) as raised:
        compiled("storm " * 40 + "(a")
    _, shown, caret = str(raised.value).splitlines()
    assert shown[caret.index("^") :] == "(a"


def test_too_many_words_are_refused() -> None:
    """What Elasticsearch would refuse later is refused at the word that is too many."""
    compiled(" ".join(["word"] * MOST))
    with pytest.raises(QueryError, match=f"character {MOST * 5 + 1}"):
        compiled(" ".join(["word"] * (MOST + 1)))


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_any_text_is_read_or_refused(query: str) -> None:
    """Nothing that can be typed raises anything but the error that says where."""
    with suppress(QueryError):
        compiled(query)


@given(st.text())
def test_any_date_is_read_or_none(text: str) -> None:
    """A date is a span or none, and never an error."""
    found = span(text)
    if found and not found.start.startswith("now"):
        assert found.start <= found.end


def test_open_ranges() -> None:
    """An end that is not given bounds nothing."""
    assert between(None, None) == {}
    assert between(span("2026"), None) == {"gte": "2026-01-01T00:00:00.000Z"}


def test_words_that_may_be_misspelt() -> None:
    """Words of titles and texts are offered for correction, not values, phrases, patterns or what is excluded."""
    found = searched('harbor title:strom "a phrase" wild* tag:x -not fuzzy~ (bridge OR source:y)')
    assert [each.text for each in found] == ["harbor", "strom", "bridge"]
    assert [each.at for each in found] == [0, 13, 55]


def test_every_field_is_one_of_the_index() -> None:
    """A query names no field that the mappings do not have."""
    from indexer.elastic.schema import definition  # noqa: PLC0415 only here

    def paths(properties: dict[str, Any], before: str = "") -> set[str]:
        found = set()
        for name, each in properties.items():
            found.add(before + name)
            for inner in ("properties", "fields"):
                found |= paths(each.get(inner, {}), f"{before}{name}.")
        return found

    known = paths(definition("articles")["mappings"]["properties"])
    for each in FIELDS.values():
        assert {*each.exact, *each.stems} <= known
