from __future__ import annotations

import json

import pytest

from indexer.labelled import LabelsError, read
from indexer.models import Kind


def line(**values: object) -> bytes:
    """Write a good line with these values changed."""
    return json.dumps(
        {"url_a": "https://a.example/1", "url_b": "https://b.example/2", "label": "near"} | values
    ).encode()


def test_a_line_with_everything() -> None:
    """Kinds, the contained side, update and ambiguous are read; other keys are passed over."""
    (pair,) = read([line(label="near|partial", contained="b", update=True, ambiguous=True, reason="x")])
    assert pair.labels == {Kind.NEAR, Kind.PARTIAL}
    assert (pair.line, pair.url_a, pair.url_b) == (1, "https://a.example/1", "https://b.example/2")
    assert (pair.contained, pair.update, pair.ambiguous, pair.group) == ("b", True, True, None)


def test_a_line_with_the_least() -> None:
    """What is null or absent says nothing; empty lines are no lines, and still counted."""
    _, pair = read([line(), b" \n", line(contained=None, update=None, ambiguous=None)])
    assert (pair.line, pair.contained, pair.update, pair.ambiguous) == (3, None, None, False)


def test_a_key_groups_the_pairs() -> None:
    """Any value names a group; a line without the key is in one of its own."""
    pairs = read([line(change="light"), line(change=3), line()], by="change")
    assert [pair.group for pair in pairs] == ["light", "3", "–"]


def test_a_key_that_no_line_has_is_refused() -> None:
    """The keys that are there are offered."""
    with pytest.raises(LabelsError, match=r"No line has the key «chnage».*change"):
        read([line(change="light")], by="chnage")


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (b'{"url_a": ', "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[1]", "not a JSON object"),
        (b"[" * 100_000, "not JSON"),
        (line(url_a=""), "url_a is missing"),
        (line(url_b=7), "url_b is not a text"),
        (line(label=None), "label is missing"),
        (line(label="neer"), "«neer» is none of exact, near"),
        (line(label="near|"), "«» is none of"),
        (line(contained="c"), 'contained is "c"'),
        (line(contained=["a"]), "contained is"),
        (line(update="yes"), 'update is "yes"'),
        (line(ambiguous=1), "ambiguous is 1"),
        (line(url_b="https://a.example/1"), "the same"),
    ],
)
def test_a_bad_line_is_named_with_what_is_wrong(bad: bytes, says: str) -> None:
    """The line's number and its fault stand in the error; nothing is scored without it."""
    with pytest.raises(LabelsError, match="line 2: ") as caught:
        read([line(), bad, line()])
    assert says in str(caught.value)


def test_many_bad_lines_are_one_error() -> None:
    """The first are named, the rest counted."""
    with pytest.raises(LabelsError, match=r"(?s)line 1.*line 5.*and 3 lines more") as caught:
        read([b"x"] * 8)
    assert "line 6" not in str(caught.value)


def test_no_pair_at_all_is_refused() -> None:
    """An empty file is a mistake, not a perfect score."""
    with pytest.raises(LabelsError, match="no pair"):
        read([b"\n"])
