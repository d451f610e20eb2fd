"""Read what a person types into a search box into a tree; it knows neither the fields nor Elasticsearch.

From loosest to tightest: ``a OR b``, ``a AND b`` (or side by side), ``NOT a`` (or ``-a``), then ``field:value``,
"phrases", ``(groups)`` and words. Every node knows its place, so that whoever refuses it can point at it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

from indexer.query.errors import QueryError, placed

DEEPEST = 8  # brackets within brackets: each may be three queries deep, of which Elasticsearch takes 30
MOST = 500  # words and phrases; Elasticsearch refuses somewhere above a thousand clauses, each word is several
CLOSING = {'"': '"', "“": '”"', "„": '“”"', "«": "»"}  # by what opens a phrase
FUZZY = -1  # as many changed letters as the length of a word bears


@dataclass(frozen=True, kw_only=True, slots=True)
class Name:
    """The field that stands before a colon."""

    text: str
    at: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Everything:
    """``*``, or nothing at all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    """A word, perhaps with wildcards: then ``raw`` is to be read, in which a backslash protects what follows it."""

    text: str  # without backslashes
    raw: str
    at: int
    end: int
    field: Name | None = None
    wild: bool = False
    fuzzy: int = 0  # changed letters, or ``FUZZY``


@dataclass(frozen=True, kw_only=True, slots=True)
class Phrase:
    """Words in quotes: as they were written, in this order, with at most ``slop`` others between them."""

    text: str
    at: int
    end: int
    field: Name | None = None
    slop: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Range:
    """``[low TO high]`` with, ``{low TO high}`` without its ends, or ``>=low``; None is open."""

    low: str | None
    high: str | None
    with_low: bool
    with_high: bool
    at: int
    end: int
    low_at: int
    high_at: int
    field: Name


@dataclass(frozen=True, kw_only=True, slots=True)
class Not:
    """What must not match."""

    node: Node


@dataclass(frozen=True, kw_only=True, slots=True)
class And:
    """All of these."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Or:
    """One of these at least."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Boost:
    """``node^2``: it counts so many times as much for the order."""

    node: Node
    factor: float


Node = Everything | Word | Phrase | Range | Not | And | Or | Boost

_SPACE = re.compile(r"\s*")
_FIELD = re.compile(r"([^\W\d][\w.-]*):(?!//)")
_AND = re.compile(r"(?:AND(?=[\s(\"“„«]|$)|&&)")
_OR = re.compile(r"(?:OR(?=[\s(\"“„«]|$)|\|\|)")
_NOT = re.compile(r"(?:NOT(?=[\s(\"“„«]|$)|[-!](?=[^\s)]))")
_PLUS = re.compile(r"\+(?=[^\s)])")
_WORD = re.compile(r"(?:\\.|[^\s()\"“”„«»\\])+|\\$", re.DOTALL)
_TAIL = re.compile(r"(?P<fuzzy>~(?P<by>\d*))?(?:\^(?P<boost>\d+(?:\.\d+)?))?$")
_AFTER_PHRASE = re.compile(r"(?:~(\d+))?(?:\^(\d+(?:\.\d+)?))?")
_BOOST = re.compile(r"\^(\d+(?:\.\d+)?)")
_COMPARISON = re.compile(r"[<>]=?")
_TO = re.compile(r"\s+TO\s+")
_WILD = re.compile(r"(?<!\\)(?:\\\\)*(\*|\?(?!$))")  # a question mark at the end of a word is one


def parse(query: str) -> Node:
    """Read a query; raises QueryError, which points at the place that cannot be read."""
    return _Reader(query).read()


class _Reader:
    def __init__(self, query: str) -> None:
        self._query = query
        self._at = 0
        self._depth = 0
        self._leaves = 0

    def read(self) -> Node:
        """Read all of it."""
        node = self._either(None)
        if self._at < len(self._query):
            self._refuse(self._at, f"this «{self._query[self._at]}» closes nothing")
        if node is None and self._query.strip():
            self._refuse(len(self._query) - len(self._query.lstrip()), "there is nothing to look for")
        return node or Everything()

    def _refuse(self, at: int, why: str) -> NoReturn:
        raise QueryError(placed(self._query, at, f"The query is malformed at character {at + 1}: {why}."))

    def _skip(self, what: re.Pattern[str] = _SPACE) -> bool:
        """Pass over what stands here, if it does."""
        found = what.match(self._query, self._at)
        if found:
            self._at = found.end()
        return bool(found)

    def _ends(self) -> bool:
        self._skip()
        return self._at >= len(self._query) or self._query[self._at] == ")"

    def _either(self, field: Name | None) -> Node | None:
        nodes = [self._all(field)]
        while not self._ends():
            at = self._at
            if not self._skip(_OR):
                break
            if nodes == [None]:
                self._refuse(at, "nothing stands before this OR")
            if self._ends():
                self._refuse(self._at, "its end comes too early, something must follow the OR")
            nodes.append(self._all(field))
        found = tuple(node for node in nodes if node is not None)
        return Or(nodes=found) if len(found) > 1 else found[0] if found else None

    def _all(self, field: Name | None) -> Node | None:
        found: list[Node] = []
        begun = False
        while not self._ends():
            at = self._at
            if _OR.match(self._query, at):
                if not begun:
                    self._refuse(at, "nothing stands before this OR")
                break
            if self._skip(_AND):
                if not begun:
                    self._refuse(at, "nothing stands before this AND")
                if self._ends():
                    self._refuse(self._at, "its end comes too early, something must follow the AND")
                if _OR.match(self._query, self._at) or _AND.match(self._query, self._at):
                    self._refuse(self._at, "a word must stand between the two operators")
            node = self._one(field)
            begun = True
            if node is not None:
                found.append(node)
        return And(nodes=tuple(found)) if len(found) > 1 else found[0] if found else None

    def _one(self, field: Name | None) -> Node | None:
        negated = False
        while True:
            at = self._at
            if self._skip(_NOT):
                negated = not negated
            elif not self._skip(_PLUS):
                break
            if self._ends():
                self._refuse(
                    self._at, f"its end comes too early, something must follow «{self._query[at : self._at].strip()}»"
                )
        if _OR.match(self._query, self._at) or _AND.match(self._query, self._at):
            self._refuse(self._at, "a word must stand between the two operators")
        node = self._value(field)
        return Not(node=node) if negated and node is not None else node

    def _value(self, field: Name | None) -> Node | None:
        at = self._at
        here = self._query[at]
        if here == "(":
            return self._group(field)
        if here in CLOSING:
            return self._phrase(field)
        named = _FIELD.match(self._query, at)
        if named:
            self._at = named.end()
            return self._of_field(Name(text=named.group(1), at=at))
        return self._word(field)

    def _of_field(self, name: Name) -> Node | None:
        if self._at >= len(self._query) or self._query[self._at].isspace() or self._query[self._at] == ")":
            self._refuse(self._at, f"a value must follow «{name.text}:» at once")
        here = self._query[self._at]
        if here in "[{":
            return self._range(name)
        if here in "<>":
            return self._comparison(name)
        if here == "(":
            return self._group(name)
        return self._phrase(name) if here in CLOSING else self._word(name)

    def _group(self, field: Name | None) -> Node | None:
        opened = self._at
        self._depth += 1
        if self._depth > DEEPEST:
            self._refuse(opened, f"brackets stand more than {DEEPEST} deep")
        self._at += 1
        node = self._either(field)
        if self._at >= len(self._query):
            self._refuse(opened, "this bracket is never closed")
        self._at += 1
        self._depth -= 1
        boost = _BOOST.match(self._query, self._at)
        if boost:
            self._at = boost.end()
        return _boosted(node, boost.group(1) if boost else None)

    def _phrase(self, field: Name | None) -> Node | None:
        opened = self._at
        closing = CLOSING[self._query[opened]]
        text, at = "", opened + 1
        while at < len(self._query) and self._query[at] not in closing:
            at += self._query[at] == "\\" and at + 1 < len(self._query)
            text += self._query[at]
            at += 1
        if at >= len(self._query):
            self._refuse(opened, "this quote is never closed")
        after = _AFTER_PHRASE.match(self._query, at + 1)
        self._at = after.end() if after else at + 1
        slop, boost = after.groups() if after else (None, None)
        self._count(opened)
        if not _means(text) and field is None:
            return None
        node = Phrase(text=text, at=opened, end=self._at, field=field, slop=int(slop or 0))
        return _boosted(node, boost)

    def _word(self, field: Name | None) -> Node | None:
        at = self._at
        found = _WORD.match(self._query, at)
        if not found:
            self._refuse(at, f"this «{self._query[at]}» closes nothing")
        self._at = found.end()
        raw = found.group()
        tail = _TAIL.search(raw)
        fuzzy, boost = 0, None
        if tail and tail.group() and raw[: tail.start()] and raw[tail.start() - 1] != "\\":
            if tail.group("fuzzy"):
                by = tail.group("by")
                fuzzy = int(by) if by else FUZZY
                if fuzzy > 2:
                    self._refuse(at + tail.start(), "a word may differ in 1 or 2 letters: ~1 or ~2")
            boost = tail.group("boost")
            raw = raw[: tail.start()]
        if raw == "*":
            return self._everything(field, at)
        self._count(at)
        text = re.sub(r"\\(.)", r"\1", raw, flags=re.DOTALL)
        if not _means(text) and field is None:
            return None  # a dash or a dot between words
        node = Word(
            text=text,
            raw=raw,
            at=at,
            end=self._at,
            field=field,
            wild=bool(_WILD.search(raw)) and not fuzzy,
            fuzzy=fuzzy,
        )
        return _boosted(node, boost)

    def _everything(self, field: Name | None, at: int) -> Node:
        if field is None:
            return Everything()
        return Word(text="*", raw="*", at=at, end=self._at, field=field, wild=True)

    def _range(self, name: Name) -> Node:
        opened = self._at
        closed = re.compile(r"[\]}]").search(self._query, opened)
        if not closed:
            self._refuse(opened, "this range is never closed; write [FROM TO UNTIL]")
        inside = self._query[opened + 1 : closed.start()]
        parts = _TO.split(inside)
        if len(parts) != 2 or not all(each.strip() for each in parts):
            self._refuse(opened, "a range is written [FROM TO UNTIL], with * for an open end")
        low, high = (each.strip().strip('"') for each in parts)
        self._at = closed.end()
        self._count(opened)
        return Range(
            low=None if low == "*" else low,
            high=None if high == "*" else high,
            with_low=self._query[opened] == "[",
            with_high=closed.group() == "]",
            at=opened,
            end=self._at,
            low_at=opened + 1 + inside.index(low),
            high_at=opened + 1 + inside.rindex(high),
            field=name,
        )

    def _comparison(self, name: Name) -> Node:
        at = self._at
        sign = _COMPARISON.match(self._query, at)
        assert sign is not None  # noqa: S101 the caller saw it
        value = _WORD.match(self._query, sign.end())
        if not value:
            self._refuse(sign.end(), f"a value must follow «{sign.group()}» at once")
        self._at = value.end()
        self._count(at)
        above, within = sign.group()[0] == ">", len(sign.group()) == 2
        return Range(
            low=value.group() if above else None,
            high=None if above else value.group(),
            with_low=within,
            with_high=within,
            at=at,
            end=self._at,
            low_at=value.start(),
            high_at=value.start(),
            field=name,
        )

    def _count(self, at: int) -> None:
        self._leaves += 1
        if self._leaves > MOST:
            self._refuse(at, f"a query may have {MOST} words and phrases")


def _means(text: str) -> bool:
    """Tell whether anything of it is left once it is taken apart into words."""
    return any(each.isalnum() for each in text)


def _boosted(node: Node | None, factor: str | None) -> Node | None:
    return Boost(node=node, factor=float(factor)) if node is not None and factor else node
