"""Lines of an import: read here or in a process of their own, each ends once, in its order."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import orjson
import pytest
import worker_tasks

from indexer import importing, indexing
from indexer import lines as lines_of_import
from indexer.indexing import Arrival, work_out
from indexer.models import Reason, Rejection
from indexer.shingles import signature
from indexer.sketch import sketch
from indexer.vocabulary import Tagger, shipped
from indexer.vocabulary import read as read_vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from indexer.lines import Line

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
TAGGER = Tagger(read_vocabulary(shipped(), name="shipped"))


def line(number: int, text: str = "") -> bytes:
    """Write an article that the vocabulary knows something about."""
    said = (
        text or f"Patch {number} closes CVE-2026-{10_000 + number}, a vulnerability in a router of the town of Aldmoor."
    )
    return orjson.dumps({"url": f"https://news.example/{number}", "title": f"Patch {number}", "text": said})


def read(lines: Iterator[Line] | list[Line]) -> list[Arrival | Rejection]:
    """Read lines as an import does."""
    with importing._Reader(now=lambda: NOW, tagger=TAGGER) as reader:  # noqa: SLF001 - the part that has no server
        return list(reader.read(lines))


def test_each_line_ends_in_its_order_wherever_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [(f"line {n}", b"{broken" if n % 7 == 3 else line(n)) for n in range(1, 36)]
    monkeypatch.setattr(importing, "READS_APART", False)
    here = read(lines)
    monkeypatch.setattr(importing, "READS_APART", True)
    monkeypatch.setattr(importing, "PIECE", 5)
    apart = read(lines)
    assert [each.what for each in apart] == [what for what, _ in lines] == [each.what for each in here]
    assert [type(each) for each in apart] == [type(each) for each in here]
    for one, other in zip(apart, here, strict=True):
        if isinstance(one, Rejection):
            assert one == other
            assert one.reason is Reason.BAD_LINE
        else:
            assert isinstance(other, Arrival)
            assert one.article == other.article
            assert one.worked is not None
            assert one.worked.fields == work_out(other.article, TAGGER).fields
            assert one.worked.fields["cves"]


def test_a_line_that_takes_its_process_with_it_costs_itself_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "READS_APART", True)
    monkeypatch.setattr(importing, "PIECE", 4)
    monkeypatch.setattr(lines_of_import, "read_apart", worker_tasks.read_or_die)
    lines = [(f"line {n}", line(n, "A deadly line." if n == 6 else "")) for n in range(1, 11)]
    found = read(lines)
    assert [each.what for each in found] == [what for what, _ in lines]
    (rejected,) = [each for each in found if isinstance(each, Rejection)]
    assert (rejected.what, rejected.reason) == ("line 6", Reason.PARSE_CRASH)


def test_few_lines_start_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "Workers", None)
    assert len(read([(f"line {n}", line(n)) for n in range(importing.PIECE)])) == importing.PIECE


@pytest.mark.parametrize("count", [0, 1])
def test_an_import_of_nothing_or_of_one(count: int) -> None:
    assert len(read([(f"line {n}", line(n)) for n in range(count)])) == count


def test_what_was_worked_out_apart_is_not_worked_out_again() -> None:
    """Of a text that another process read, the signature and the sketch are those that it gave."""
    arrival = lines_of_import.parse(line(1), what="line 1", now=NOW)
    worked = pickle.loads(pickle.dumps(work_out(arrival.article, None)))  # noqa: S301 our own
    strange = replace(worked, signature=("AAAAAAAA",), sketch=b"AAAA")
    assert indexing._worked(replace(arrival, worked=strange), None) is strange  # noqa: SLF001 - what write does first
    assert signature(strange.shingled) == ("AAAAAAAA",)
    assert sketch(strange.shingled) == b"AAAA"
