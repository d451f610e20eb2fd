"""The records that the stages hand on."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from indexer.models import Article, Kind, NaiveDatetimeError, Published, Reason, RejectedError, Rejection, Source
from indexer.reports import Outcome, Report

AT = datetime(2026, 9, 1, 12, tzinfo=UTC)
NAIVE = AT.replace(tzinfo=None)
ARTICLE = Article(
    id="a",
    url="https://herald.example/a",
    urls=("http://herald.example/a",),
    source=Source(name="Herald", domain="herald.example"),
    title="A",
    text="words",
    language=None,
    seen=AT,
)
REJECTION = Rejection(what="line 1", reason=Reason.BAD_LINE)


def test_naive_datetimes_are_refused() -> None:
    """A time without a zone enters no record, and the message names the field."""
    with pytest.raises(NaiveDatetimeError, match=r"Published\.at"):
        Published(at=NAIVE)
    with pytest.raises(NaiveDatetimeError, match=r"Article\.seen"):
        replace(ARTICLE, seen=NAIVE)


def test_effective_date() -> None:
    """The publication date orders articles; where there is none, the first sight."""
    assert ARTICLE.effective == AT
    earlier = AT.replace(day=2)
    assert replace(ARTICLE, published=Published(at=earlier)).effective == earlier


def test_report_checks_its_sums() -> None:
    """An entry that was lost, or counted twice, is a bug and raised."""
    report = Report(read=4)
    report.count(Outcome.CREATED)
    report.count(Outcome.UPDATED)
    report.count(Outcome.UNCHANGED)
    with pytest.raises(AssertionError, match="4 entries were read, but 3"):
        report.check()
    report.count(Outcome.REJECTED, REJECTION)
    report.check()
    report.count(Outcome.CREATED)
    with pytest.raises(AssertionError, match="but 5"):
        report.check()


def test_rejections_need_a_reason() -> None:
    """A rejection goes with its outcome and with no other."""
    with pytest.raises(ValueError, match="REJECTED"):
        Report().count(Outcome.REJECTED)
    with pytest.raises(ValueError, match="REJECTED"):
        Report().count(Outcome.CREATED, REJECTION)


def test_report_as_json() -> None:
    """The stable form of a report: reasons and kinds with their numbers."""
    report = Report(read=2, seconds=1.23456)
    report.count(Outcome.REJECTED, REJECTION)
    report.count(Outcome.REJECTED, Rejection(what="b", reason=Reason.NOT_WRITTEN))
    report.pairs.update({"near": 2, "exact": 1})
    report.feeds_failed.append(Rejection(what="https://a.example", reason=Reason.TIMEOUT, detail="10 s"))
    found = report.to_dict()
    assert (found["read"], found["created"], found["updated"], found["unchanged"]) == (2, 0, 0, 0)
    assert found["rejected"] == {"broken line": 1, "not written": 1}
    assert found["pairs"] == {"exact": 1, "near": 2}
    assert found["feeds"]["failed"] == [{"url": "https://a.example", "reason": "timeout", "detail": "10 s"}]
    assert found["seconds"] == 1.235
    assert report.failed_writes == 1


def test_rejections_cross_processes_whole() -> None:
    """An error that was raised in a worker arrives with its reason and detail."""
    error = pickle.loads(pickle.dumps(RejectedError(Reason.NO_TEXT, "empty")))  # noqa: S301 pickled here
    assert (error.reason, error.detail, str(error)) == (Reason.NO_TEXT, "empty", "no text: empty")


def test_kinds_of_reposts() -> None:
    """Exact, near and partial repeat an article; a passage does not."""
    assert [kind for kind in Kind if kind.is_repost] == [Kind.EXACT, Kind.NEAR, Kind.PARTIAL]
