"""Lay a record out as one row of cells and put it together again: for CSV, and the columns of Parquet."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

LISTS = frozenset({"urls", "authors", "tags", "stories", "cves"})
OBJECTS = frozenset({"given", "origins", "notes", "revisions"})  # as JSON
NUMBERS = frozenset({"exported", "reposts", "repeats", "shared_tokens", "longest_run", "rules"})
SHARES = frozenset({"coverage_earlier", "coverage_later", "lag_seconds"})
FLAGS = frozenset({"sent", "update", "order_certain", "same_source"})
ARTICLE = (
    "id", "url", "title", "source_name", "source_domain", "source_feed", "source_icon", "published", "seen",
    "effective", "language", "authors", "tags", "stories", "cves", "summary", "text", "image", "canonical", "urls",
    "repost_of", "reposts", "repeats", "shelf", "sent", "sent_at", "notes", "published_raw", "published_origin",
    "published_precision", "published_problem", "origins", "created", "modified", "revisions", "entry_hash",
    "given", "vocabulary", "exported",
)  # fmt: skip
PAIR = (
    "id", "earlier", "later", "earlier_url", "later_url", "earlier_title", "later_title", "earlier_source",
    "later_source", "earlier_effective", "later_effective", "order_certain", "kind", "update", "coverage_earlier",
    "coverage_later", "shared_tokens", "longest_run", "longest_run_text", "lag_seconds", "same_source", "rules",
)  # fmt: skip
# A spreadsheet takes a cell that begins so for a formula, and runs it. The apostrophe is the mark for «this is text»;
# it is marked itself, so that reading takes exactly what writing added.
_FORMULA = tuple("=+-@\t\r\n'＝＋－＠")
_MARK = "'"


def row(record: dict[str, Any], columns: Sequence[str]) -> dict[str, Any]:
    """Give the values of the columns, with the fields of the source each in its own; None where there is none."""
    source = record.get("source")
    if isinstance(source, dict):
        record = {**record, **{f"source_{name}": value for name, value in source.items()}}
    found = {}
    for name in columns:
        value = record.get(name)
        found[name] = json.dumps(value, ensure_ascii=False) if name in OBJECTS and value is not None else value
    return found


def unrow(values: dict[str, Any]) -> dict[str, Any]:
    """Put the record together again; JSON that is none stays a string, which an import refuses."""
    record: dict[str, Any] = {}
    for name, value in values.items():
        if value is None:
            continue
        if name.startswith("source_"):
            record.setdefault("source", {})[name.removeprefix("source_")] = value
        elif name in OBJECTS and isinstance(value, str):
            record[name] = _loads(value)
        else:
            record[name] = value
    return record


def header(columns: Sequence[str]) -> bytes:
    """Give the first line of a CSV file."""
    return _line(columns)


def to_csv(record: dict[str, Any], columns: Sequence[str]) -> bytes:
    """Give one record as a line of CSV, in which no cell is a formula."""
    return _line([_cell(value) for value in row(record, columns).values()])


def from_csv(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Read the records of a CSV file; of one that nobody exported, cells are taken as they are."""
    csv.field_size_limit(2**31 - 1)  # an article is longer than the 131,072 characters that are the default
    for cells in csv.DictReader(lines):
        ours = bool(cells.get("exported"))
        yield unrow({name: _value(name, text, marked=ours) for name, text in cells.items() if name and text})


def _line(cells: Sequence[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None or value == []:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        plain = all(each and ";" not in each and each == each.strip() for each in value)
        text = "; ".join(value) if plain and not value[0].startswith("[") else json.dumps(value, ensure_ascii=False)
    else:
        text = str(value)
    return f"{_MARK}{text}" if text.startswith(_FORMULA) and not isinstance(value, (int, float)) else text


def _value(name: str, text: Any, *, marked: bool) -> Any:
    if not isinstance(text, str):  # cells beyond the header
        return None
    if marked:
        text = text.removeprefix(_MARK)
    if name in LISTS:
        return _loads(text) if text.startswith("[") else [each for each in text.split("; ") if each]
    if name in FLAGS:
        return {"true": True, "false": False}.get(text, text)
    if name in NUMBERS and text.isdecimal():
        return int(text)
    return text


def _loads(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
