"""What is kept beside a raw page, so that its article can be made again without the network; it knows no files.

The feed's entry is kept as it was understood, not as a place in the feed's own record: with the page's body it is all
that ``articles`` was given, so that the same rules make the same article of it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from indexer.models import (
    CondensatError,
    Entry,
    Fetched,
    NaiveDatetimeError,
    Precision,
    Published,
    Reason,
    RejectedError,
)

FORMAT = 1  # of what ``to_json`` writes


class ArchiveError(CondensatError):
    """The archive cannot be written or read; the text says what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """What a feed says of a page, and what the feed says of itself."""

    entry: Entry
    source_name: str
    feed_url: str
    feed_icon: str | None = None
    feed_language: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """Everything that an article was made of, but for the page's body: ``page`` goes without.

    ``said`` is None for a page that no feed led to. ``page`` is None, and ``failure`` says why, where there was none
    to be had or none was asked for.
    """

    what: str  # names it in reports: its address, or the path of a saved page
    seen: datetime
    page: Fetched | None = None
    said: Said | None = None
    failure: RejectedError | None = None

    def __post_init__(self) -> None:
        if self.seen.tzinfo is None:
            raise NaiveDatetimeError(f"Kept.seen has no time zone: {self.seen.isoformat()}")
        if self.page is None and self.said is None:
            raise ValueError("neither a page nor what a feed says of it")

    @property
    def url(self) -> str:
        """The link by which the article is named."""
        if self.said is not None:
            return self.said.entry.url
        return self.page.url if self.page else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """What is to stand beside a page in the archive; ``page`` is the id of its record, None where there is no page."""

    kept: Kept
    page: str | None = None


def to_json(kept: Kept) -> bytes:
    """Write it, without the page's headers; in ASCII, so that no odd character in it can fail."""
    page, said, failure = kept.page, kept.said, kept.failure
    data: dict[str, Any] = {"format": FORMAT, "what": kept.what, "seen": kept.seen.isoformat()}
    if page is not None:
        data["page"] = {
            "url": page.url,
            "final_url": page.final_url,
            "status": page.status,
            "content_type": page.content_type,
            "redirects": page.redirects,
        }
    if said is not None:
        data["said"] = asdict(said)
    if failure is not None:
        data["failure"] = {"reason": failure.reason.value, "detail": failure.detail}
    return json.dumps(data, default=_plain).encode("ascii")


def from_json(data: bytes) -> Kept:
    """Read what ``to_json`` wrote; raises ArchiveError."""
    try:
        return _kept(json.loads(data))
    except (ValueError, KeyError, TypeError) as error:
        raise ArchiveError(f"what is kept beside a page cannot be read: {error!r}") from error


def _kept(data: dict[str, Any]) -> Kept:
    if data["format"] != FORMAT:
        raise ValueError(f"format {data['format']}, which another version wrote")
    page, said, failure = data.get("page"), data.get("said"), data.get("failure")
    return Kept(
        what=data["what"],
        seen=datetime.fromisoformat(data["seen"]),
        page=Fetched(**{**page, "redirects": tuple(page["redirects"])}, body=b"") if page else None,
        said=Said(**{**said, "entry": _entry(said["entry"])}) if said else None,
        failure=RejectedError(Reason(failure["reason"]), failure["detail"]) if failure else None,
    )


def _entry(data: dict[str, Any]) -> Entry:
    date = data["published"]
    at = datetime.fromisoformat(date["at"]) if date["at"] else None
    published = Published(**{**date, "at": at, "precision": Precision(date["precision"])})
    return Entry(**{**data, "authors": tuple(data["authors"]), "published": published})


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no plain form")
