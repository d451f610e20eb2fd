"""What was found in a text, and why: records, without a rule of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from indexer.vocabulary.entries import Sort


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What a text is about, in the order of the vocabulary."""

    tags: tuple[str, ...] = ()
    stories: tuple[str, ...] = ()
    cves: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Mention:
    """One place at which a term, hint or pattern of an entry stands, and whether it counts."""

    sort: Sort
    name: str
    rule: str  # term, hint, pattern
    written: str  # the term, hint or pattern as it stands in the vocabulary
    where: str  # title, text
    at: int  # characters before it there
    text: str  # as it stands in the article
    before: str  # what stands around it
    after: str
    counts: bool
    why: str  # it does not count; empty where it does


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """Whether an entry that was mentioned, or came with another, is given, and why."""

    sort: Sort
    name: str
    given: bool
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """What was found in a text, with every mention of what was not as well."""

    found: Found
    verdicts: tuple[Verdict, ...]
    mentions: tuple[Mention, ...]
