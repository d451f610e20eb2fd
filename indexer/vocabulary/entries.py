"""What a vocabulary holds: tags and stories, each with the words that make it. Records, without a rule of their own."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum

from indexer.models import CondensatError

MATCHING = 1  # version of how words are compared and rules decide; part of every vocabulary's version
LEAST = 2  # mentions of words and hints without which a text is not about them
BRIEF = 100  # words of a text under which one mention of a word is enough: a teaser says nothing in passing
EXACT, OPEN = "=", "*"  # before a term: in these letters only; behind it: any ending


class VocabularyError(CondensatError):
    """A vocabulary cannot be used; the text says where it is wrong and what to do."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Sort(StrEnum):
    """What an entry gives to an article."""

    TAG = "tag"
    STORY = "story"
    CVE = "cve"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One tag or story.

    A term makes it wherever it is mentioned once; words where the text is about them: in the title, ``least`` times in
    all, or in a text of under ``BRIEF`` words; hints in the title or so often, and only with their context.
    """

    name: str  # with {1} for what the first group of a pattern holds
    sort: Sort
    terms: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    least: int = LEAST
    context: str | None = None  # what else must be mentioned for a hint to count
    excluded: tuple[str, ...] = ()  # phrases within which a mention is none
    patterns: tuple[str, ...] = ()  # RE2, on the text without accents, in any case
    implies: tuple[str, ...] = ()  # tags that come with it

    @property
    def listed(self) -> tuple[str, ...]:
        """Every term, word and hint."""
        return (*self.terms, *self.words, *self.hints)


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """What makes a hint count: one of these terms, one of these tags, or what makes one of these contexts."""

    name: str
    terms: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    contexts: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Vocabulary:
    """Everything that a file says, in its order."""

    title: str = ""
    cves: bool = False  # whether CVE ids are found
    entries: tuple[Entry, ...] = ()
    contexts: tuple[Context, ...] = ()
    version: str = field(default="", compare=False)  # hash of what is above and of how it is matched

    @property
    def words(self) -> int:
        """How many terms, words, hints and patterns there are."""
        return sum(len(each.listed) + len(each.patterns) for each in self.entries)


def version(vocabulary: Vocabulary) -> str:
    """Hash what decides which articles get what: equal versions give equal tags."""
    content = {**asdict(vocabulary), "title": "", "version": "", "matching": MATCHING}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
