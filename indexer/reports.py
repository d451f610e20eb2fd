"""The count of a run: what became of every entry that was read; pure, and blind to where entries come from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

from indexer.models import Reason, Rejection


@dataclass(frozen=True, kw_only=True, slots=True)
class Alarm:
    """A feed that does worse than before, which somebody should look at."""

    url: str
    state: str
    detail: str

    def to_dict(self) -> dict[str, str]:
        """Give the stable JSON form."""
        return {"url": self.url, "state": self.state, "detail": self.detail}


class Outcome(StrEnum):
    """What became of one entry that was read. Exactly one of these, always."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


@dataclass(kw_only=True, slots=True)
class Report:
    """The count of a run; the only record that changes while a run goes on.

    ``read`` is counted where entries come in, the outcomes where they end: ``check`` compares the two.
    """

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejections: list[Rejection] = field(default_factory=list)
    skipped: Counter[str] = field(
        default_factory=Counter
    )  # records of an archive that are no pages; not among ``read``
    pairs: Counter[str] = field(default_factory=Counter)  # kind → pairs written in this run
    feeds_failed: list[Rejection] = field(default_factory=list)  # whole feeds; they have no entries to count
    feeds_read: int = 0
    feeds_unchanged: int = 0
    warnings: list[str] = field(default_factory=list)
    feeds_skipped: int = 0  # another worker has them, or they asked to be left alone; the warnings say which
    alarms: list[Alarm] = field(default_factory=list)
    outages: int = 0  # times that Elasticsearch failed and ended the work early; the warnings say how
    failed_writes: int = 0  # entries among ``rejections`` that Elasticsearch did not take
    seconds: float = 0.0

    @property
    def rejected(self) -> Counter[str]:
        """Rejected entries by reason."""
        return Counter(each.reason.value for each in self.rejections)

    def count(self, outcome: Outcome, rejection: Rejection | None = None) -> None:
        """Count one entry's end; ``rejection`` goes with ``Outcome.REJECTED`` and with nothing else."""
        if (outcome is Outcome.REJECTED) != (rejection is not None):
            raise ValueError("a rejection goes with Outcome.REJECTED, and with nothing else")
        if outcome is Outcome.CREATED:
            self.created += 1
        elif outcome is Outcome.UPDATED:
            self.updated += 1
        elif outcome is Outcome.UNCHANGED:
            self.unchanged += 1
        elif rejection is not None:
            self.rejections.append(rejection)
            self.failed_writes += rejection.reason is Reason.NOT_WRITTEN

    def reject(self, rejection: Rejection) -> None:
        """Count the end of an entry that was rejected."""
        self.count(Outcome.REJECTED, rejection)

    @property
    def ended(self) -> int:
        """Entries that came to their end."""
        return self.created + self.updated + self.unchanged + len(self.rejections)

    def add(self, other: Report) -> None:
        """Count what another report counted as well; the seconds stay, since both may have run beside each other."""
        for each in fields(self):
            ours, theirs = getattr(self, each.name), getattr(other, each.name)
            if each.name == "seconds":
                continue
            if isinstance(ours, Counter):
                ours.update(theirs)
            elif isinstance(ours, list):
                ours.extend(theirs)
            else:
                setattr(self, each.name, ours + theirs)

    def check(self, *, before: int = 0) -> None:
        """Raise AssertionError when an entry was lost or counted twice: that is a bug, not bad input.

        ``before`` are entries that earlier reports of the same work have read and not seen the end of.
        """
        if self.ended != self.read + before:
            raise AssertionError(f"{self.read + before} entries were read, but {self.ended} were accounted for")

    def to_dict(self) -> dict[str, Any]:
        """Give the stable JSON form of the design."""
        return {
            "read": self.read,
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "rejected": dict(sorted(self.rejected.items())),
            "skipped": dict(sorted(self.skipped.items())),
            "rejections": [each.to_dict() for each in self.rejections],
            "pairs": dict(sorted(self.pairs.items())),
            "feeds": {
                "read": self.feeds_read,
                "unchanged": self.feeds_unchanged,
                "skipped": self.feeds_skipped,
                "failed": [each.to_dict(named="url") for each in self.feeds_failed],
            },
            "alarms": [each.to_dict() for each in self.alarms],
            "warnings": list(self.warnings),
            "seconds": round(self.seconds, 3),
        }
