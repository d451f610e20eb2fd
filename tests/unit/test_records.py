"""Records as they are written to files and read back, without a server."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import feedparser
import orjson
import pytest
from defusedxml import ElementTree
from hypothesis import given
from hypothesis import strategies as st

from indexer.models import RejectedError
from indexer.records import atom, cells, parquet, record, restore

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = '=cmd|"/c calc"!A1\n</content>]]>&amp;<script> ; a, "b"\ttab\r\nend'
DOCUMENT: dict[str, Any] = {
    "id": "0123456789abcdef0123",
    "url": "https://herald.example/?a=1&b=<2>\"'",
    "urls": ["http://herald.example/?a=1&b=2"],
    "source": {"name": "-The; Herald", "domain": "herald.example", "feed": None, "icon": None},
    "title": HOSTILE,
    "text": HOSTILE,
    "published": None,
    "published_problem": "absent",
    "seen": "2026-09-01T08:00:00.000Z",
    "effective": "2026-09-01T08:00:00.000Z",
    "language": None,
    "authors": ["@ann", "[b]", "c; d", ""],
    "tags": ["Data Breach", "'quoted"],
    "stories": ["+1"],
    "cves": [],
    "origins": {"title": "feed", "text": "page", "authors": "feed"},
    "shelf": "kept",
    "sent": True,
    "sent_at": "2026-09-02T08:00:00.000Z",
    "notes": {"stars": 3, "remark": "=1+1", "tags": ["x"], "by": "ann", "at": "2026-09-02T08:00:00.000Z"},
    "revisions": [{"title": "a", "text": "b", "text_hash": "c", "modified": None}],
    "reposts": 2,
    "repeats": 0,
    "repost_of": None,
    "created": "2026-09-01T08:00:00.000Z",
    "modified": "2026-09-01T08:00:00.000Z",
    "entry_hash": "e",
    "signature": ["s"],
    "condensate": "c",
    "tokens": 3,
}
RECORD = record(DOCUMENT)


def bare(found: dict[str, Any]) -> dict[str, Any]:
    """Leave out what says nothing: absent, null, empty."""
    return {key: value for key, value in found.items() if value not in (None, [], "")}


def from_csv(*records: dict[str, Any]) -> list[dict[str, Any]]:
    """Write records as CSV and read them back, a line of the file at a time as it is done there."""
    data = cells.header(cells.ARTICLE) + b"".join(cells.to_csv(each, cells.ARTICLE) for each in records)
    return list(cells.from_csv(line.decode() for line in io.BytesIO(data)))


def from_atom(*records: dict[str, Any]) -> list[dict[str, Any]]:
    """Write records as a feed and read them back."""
    return list(atom.read(io.BytesIO(feed(*records))))


def feed(*records: dict[str, Any]) -> bytes:
    head = atom.head("name", 'search: "a" & <b>', "2026-09-03T08:00:00.000Z")
    return head + b"".join(atom.entry(each) for each in records) + atom.tail()


def test_a_record_has_all_that_cannot_be_computed() -> None:
    """What is computed is left out, and so are nulls."""
    assert {"condensate", "signature", "tokens", "published", "language"}.isdisjoint(RECORD)
    assert RECORD["notes"]["stars"] == 3


@pytest.mark.parametrize("way", [from_csv, from_atom], ids=["csv", "atom"])
def test_files_give_back_what_was_written(way: Any) -> None:
    """Hostile texts, lists and objects come back as they were, record after record."""
    other = {**RECORD, "id": "1" * 20, "title": "", "text": "plain"}
    assert [bare(each) for each in way(RECORD, other)] == [bare(RECORD), bare(other)]


def test_parquet_gives_back_what_was_written(tmp_path: Path) -> None:
    """The same for Parquet, also over several row groups."""
    path = tmp_path / "a.parquet"
    parquet.write(path, ({**RECORD, "reposts": number} for number in range(parquet.ROWS + 2)), cells.ARTICLE)
    found = list(parquet.read(path))
    assert [each["reposts"] for each in found] == list(range(parquet.ROWS + 2))
    assert bare(found[2]) == bare(RECORD)


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs"], blacklist_characters="\0")), st.data())
def test_any_text_survives_csv(text: str, data: st.DataObject) -> None:
    """No text is changed by being made harmless, and none is a formula."""
    tags = data.draw(st.lists(st.text(alphabet="a;[]\"'= ", min_size=1), max_size=3))
    given_ = {**RECORD, "text": text, "tags": tags}
    (found,) = from_csv(given_)
    assert (found.get("text", ""), found.get("tags", [])) == (text, tags)
    data = cells.header(["text"]) + cells.to_csv(given_, ["text"])
    (row,) = csv.DictReader(line.decode() for line in io.BytesIO(data))
    assert not row["text"].startswith(("=", "+", "-", "@", "\t", "\r"))


def test_a_feed_is_valid_and_readers_show_it() -> None:
    """A feed reader gets title, link, dates and content as text, in which no markup is alive."""
    data = feed(RECORD)
    ElementTree.fromstring(data)
    parsed = feedparser.parse(data)
    assert not parsed.bozo
    assert parsed.version == "atom10"
    (entry,) = parsed.entries
    assert entry.link == DOCUMENT["url"]
    assert entry.content[0].type == "text/plain"
    assert entry.updated == DOCUMENT["modified"]
    assert {each.term for each in entry.tags} == {"Data Breach", "'quoted", "+1"}
    assert "<script>" not in data.decode()


def test_what_xml_cannot_hold_costs_itself_alone() -> None:
    """A character that no XML may contain goes, the rest stays, and the feed can be read."""
    (found,) = from_atom({**RECORD, "text": "a\x0cb\ufffec"})
    assert found["text"] == "abc"


def test_a_record_is_restored_as_it_was() -> None:
    """Nothing is guessed again: dates, origins, and what an analyst wrote."""
    found = restore(RECORD)
    assert found.article.title == HOSTILE.replace("\r\n", "\n") or found.article.title == HOSTILE
    assert (found.article.published.at, found.article.published.problem) == (None, "absent")
    assert found.article.language is None
    assert found.entry_hash == "e"
    assert found.kept == {
        key: DOCUMENT[key] for key in ("shelf", "sent", "sent_at", "notes", "revisions", "created", "modified")
    }


@pytest.mark.parametrize(
    "broken",
    [
        {"exported": 2},
        {"url": ""},
        {"text": " "},
        {"seen": None},
        {"seen": "2026-09-01T08:00:00"},
        {"published": "soon"},
        {"published_precision": "hour"},
        {"source": "Herald"},
        {"shelf": "attic"},
        {"sent": "yes"},
        {"notes": {"stars": "many"}},
        {"notes": {"colour": "blue"}},
        {"revisions": "none"},
        {"authors": "Ann"},
        {"title": 3},
    ],
    ids=str,
)
def test_a_broken_record_is_refused(broken: dict[str, Any]) -> None:
    """What an export never wrote is one rejected line."""
    with pytest.raises(RejectedError):
        restore(orjson.loads(orjson.dumps({**RECORD, **broken})))
