"""The records that the stages hand to one another.

Frozen, keyword-only, without I/O. Every datetime is aware (UTC by convention); a naive one is refused,
because a publication date without a zone decides wrongly who was first.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any


class CondensatError(Exception):
    """Base of every expected failure; its text tells the user what is wrong and what to do."""


class NaiveDatetimeError(CondensatError):
    """A datetime without a time zone reached a record."""


class _Aware:
    """Mixin that refuses naive datetimes in any field of a record."""

    __slots__ = ()

    def __post_init__(self) -> None:
        for each in fields(self):  # type: ignore[arg-type]
            value = getattr(self, each.name)
            if isinstance(value, datetime) and value.tzinfo is None:
                raise NaiveDatetimeError(f"{type(self).__name__}.{each.name} has no time zone: {value.isoformat()}")


class Reason(StrEnum):
    """Why a feed, entry, page or line was rejected. The values stand in reports: never rename one."""

    # the feed as a whole
    NOT_A_FEED = "not a feed"
    EMPTY_BODY = "empty body"
    # fetching
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    HTTP_STATUS = "http status"
    TOO_LARGE = "too large"
    FORBIDDEN_ADDRESS = "forbidden address"
    BAD_URL = "bad url"
    TOO_MANY_REDIRECTS = "too many redirects"
    WRONG_TYPE = "wrong content type"
    BAD_ENCODING = "bad content encoding"
    ROBOTS = "robots"
    INTERRUPTED = "interrupted"
    # parsing and extraction
    PARSE_TIMEOUT = "parse timeout"
    PARSE_CRASH = "parse crash"
    NO_TEXT = "no text"
    CHALLENGE_PAGE = "challenge page"
    CONSENT_PAGE = "consent page"
    PAYWALL_PAGE = "paywall page"
    # entries and lines
    NO_IDENTITY = "no link, id or title"
    REPEATED_IN_FEED = "repeated in feed"
    BAD_LINE = "broken line"
    MISSING_FIELD = "missing field"
    BAD_DATE = "bad date"
    # other people's archives, and our own
    BROKEN_RECORD = "broken record"
    # writing
    NOT_WRITTEN = "not written"
    REMOVED = "removed earlier"


class Failure(StrEnum):
    """How lasting a failure is, which decides when it is worth another try."""

    HARD = "hard"  # it is not there: 404, 410, a host without an address
    SOFT = "soft"  # it is there and does not work: 5xx, no feed, refused
    TEMPORARY = "temporary"  # it could not be asked: a time-out, a broken connection


class Kind(StrEnum):
    """How two articles relate, strongest first (the first three are reposts)."""

    EXACT = "exact"
    NEAR = "near"
    PARTIAL = "partial"
    PASSAGE = "passage"
    RELATED = "related"
    UNRELATED = "unrelated"

    @property
    def is_repost(self) -> bool:
        """Whether a later article of this kind repeats the earlier one."""
        return self in REPOST_KINDS


REPOST_KINDS = frozenset({Kind.EXACT, Kind.NEAR, Kind.PARTIAL})
STORED_KINDS = REPOST_KINDS | {Kind.PASSAGE}


class Precision(StrEnum):
    """How exactly a date was given."""

    SECOND = "second"
    DAY = "day"


@dataclass(frozen=True, kw_only=True, slots=True)
class Published(_Aware):
    """A publication date as far as it can be believed.

    ``at`` is None where nothing plausible was given; ``raw`` keeps the string, ``problem`` says what was wrong
    with it (absent, unparsable, future, too old, no zone).
    """

    at: datetime | None = None
    precision: Precision = Precision.SECOND
    raw: str | None = None
    origin: str | None = None  # feed, feed:updated, html, import
    problem: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejection:
    """One thing that was read and not indexed: ``what`` (an URL, a line number) and why."""

    what: str
    reason: Reason
    detail: str = ""

    def to_dict(self, *, named: str = "what") -> dict[str, str]:
        """Give the stable JSON form; ``named`` is the key of what was rejected."""
        return {named: self.what, "reason": self.reason.value, "detail": self.detail}


class RejectedError(CondensatError):
    """An expected failure of one feed, page, entry or line. It is counted and shown, never fatal."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason.value}: {detail}" if detail else reason.value)
        self.reason = reason
        self.detail = detail

    def __reduce__(self) -> tuple[type[RejectedError], tuple[Reason, str]]:
        """Cross a process boundary whole: extraction runs in worker processes."""
        return type(self), (self.reason, self.detail)


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One entry of a feed, cleaned: absolute URLs, plain-text title, body as plain text."""

    url: str  # the link, absolute, as published; where there is none: the feed's URL and "#" and the quoted guid
    guid: str | None = None
    has_link: bool = True
    title: str = ""
    authors: tuple[str, ...] = ()
    summary: str = ""
    text: str = ""  # the feed's own body, plain text; may be a teaser, may be empty
    published: Published = field(default_factory=Published)
    image: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ParsedFeed:
    """What a feed's bytes say. ``read`` counts its entries: ``len(entries) + len(rejected)``."""

    title: str = ""
    link: str | None = None
    icon: str | None = None
    language: str | None = None
    version: str = ""
    entries: tuple[Entry, ...] = ()
    rejected: tuple[Rejection, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def read(self) -> int:
        """Entries in the feed, accepted or not."""
        return len(self.entries) + len(self.rejected)


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetched:
    """An HTTP answer, decoded (gzip, br, zstd) and within the size cap.

    ``status`` 304 has an empty body. ``redirects`` are the URLs asked before ``final_url``, in order.
    """

    url: str
    final_url: str
    status: int
    body: bytes
    content_type: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    redirects: tuple[str, ...] = ()
    moved_permanently_to: str | None = None  # set when every redirect on the way was a 301 or 308
    max_age: float | None = None  # seconds for which the server says that the answer stays as it is
    headers: tuple[tuple[str, str], ...] = field(default=(), compare=False)  # as they came, for the archive


@dataclass(frozen=True, kw_only=True, slots=True)
class Extraction:
    """What a page says of itself. Weak next to the feed: it fills only what the feed left open."""

    title: str = ""
    text: str = ""
    authors: tuple[str, ...] = ()
    published: Published = field(default_factory=Published)
    language: str | None = None
    summary: str = ""
    image: str | None = None
    icon: str | None = None
    canonical: str | None = None  # absolute; whether it is an alias is decided by urls.is_alias
    site_name: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Who published an article."""

    name: str
    domain: str  # the registrable domain; two articles of one domain are of the same source
    feed: str | None = None
    icon: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Article(_Aware):
    """An article as ingest knows it, before Elasticsearch condenses it. Analysts' fields are not in it."""

    id: str
    url: str
    urls: tuple[str, ...]  # every normalised URL that leads to it, its own first
    source: Source
    title: str
    text: str
    language: str | None
    authors: tuple[str, ...] = ()
    summary: str = ""
    image: str | None = None
    published: Published = field(default_factory=Published)
    seen: datetime
    tags: tuple[str, ...] = ()
    stories: tuple[str, ...] = ()
    cves: tuple[str, ...] = ()
    origins: dict[str, str] = field(default_factory=dict)  # title, text, authors, published → feed, page, import
    canonical: str | None = None  # a canonical link to another domain: evidence, not an alias

    @property
    def effective(self) -> datetime:
        """The date that orders articles: the plausible publication date, else when it was first seen."""
        return self.published.at or self.seen


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair(_Aware):
    """One article that repeats another, with the evidence. ``earlier`` and ``later`` are article ids."""

    id: str
    earlier: str
    later: str
    earlier_url: str
    later_url: str
    earlier_title: str
    later_title: str
    earlier_source: str  # registrable domain
    later_source: str
    earlier_effective: datetime
    later_effective: datetime
    order_certain: bool
    kind: Kind
    update: bool
    coverage_earlier: float  # share of the earlier article's words that stand in 5-grams of the later one, 0 … 1
    coverage_later: float
    shared_tokens: int
    longest_run: int  # tokens
    longest_run_text: str
    lag_seconds: float
    same_source: bool
    rules: int  # version of the rules that judged it

    def to_dict(self) -> dict[str, Any]:
        """Give the stable JSON form of the design, plus the evidence."""
        return {
            "id": self.id,
            "earlier": self.earlier,
            "later": self.later,
            "earlier_url": self.earlier_url,
            "later_url": self.later_url,
            "earlier_title": self.earlier_title,
            "later_title": self.later_title,
            "earlier_source": self.earlier_source,
            "later_source": self.later_source,
            "earlier_effective": self.earlier_effective.isoformat(),
            "later_effective": self.later_effective.isoformat(),
            "order_certain": self.order_certain,
            "kind": self.kind.value,
            "update": self.update,
            "coverage_earlier": self.coverage_earlier,
            "coverage_later": self.coverage_later,
            "shared_tokens": self.shared_tokens,
            "longest_run": self.longest_run,
            "longest_run_text": self.longest_run_text,
            "lag_seconds": self.lag_seconds,
            "same_source": self.same_source,
            "rules": self.rules,
        }
