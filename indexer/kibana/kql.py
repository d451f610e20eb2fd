"""Kibana's query language, as far as our dashboards use it: read into Elasticsearch's; what is beyond is refused.

``field: value``, ``field: *``, ``field: "a value"``, ``field: (a or b)``, ``field >= 3``, ``and``, ``or``, ``not`` and
parentheses.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from indexer.models import CondensatError

if TYPE_CHECKING:
    from collections.abc import Iterable

TOKEN = re.compile(r"\s*(?:(?P<mark>[()]|>=|<=|[<>:])|\"(?P<quoted>(?:[^\"\\]|\\.)*)\"|(?P<word>[^\s()<>:\"]+))")
RANGES = {">=": "gte", ">": "gt", "<=": "lte", "<": "lt"}


class KqlError(CondensatError):
    """A query is broken, or uses what is not read here."""


def to_query(text: str) -> dict[str, Any]:
    """Read a query; an empty one matches all."""
    return _Reader(text).read()


def fields(text: str) -> frozenset[str]:
    """Name the fields that a query asks."""
    return frozenset(_asked(to_query(text)))


def _asked(query: Any) -> Iterable[str]:
    if isinstance(query, list):
        for each in query:
            yield from _asked(each)
        return
    for name, inner in query.items():
        if name == "exists":
            yield inner["field"]
        elif name in {"match", "match_phrase", "range"}:
            yield from inner
        elif isinstance(inner, (dict, list)):
            yield from _asked(inner)


class _Reader:
    """One query, from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[tuple[str, str]] = []
        place = 0
        stripped = text.rstrip()
        while place < len(stripped):
            found = TOKEN.match(stripped, place)
            if not found:
                raise KqlError(f"cannot be read from «{stripped[place : place + 20]}» on: {text!r}")
            kind = str(found.lastgroup)
            self._tokens.append((kind, found[kind]))
            place = found.end()
        self._place = 0

    def read(self) -> dict[str, Any]:
        if not self._tokens:
            return {"match_all": {}}
        query = self._or()
        if self._place < len(self._tokens):
            raise KqlError(f"«{self._tokens[self._place][1]}» is not expected: {self._text!r}")
        return query

    def _or(self) -> dict[str, Any]:
        found = [self._and()]
        while self._next_is("or"):
            found.append(self._and())
        return found[0] if len(found) == 1 else {"bool": {"should": found, "minimum_should_match": 1}}

    def _and(self) -> dict[str, Any]:
        found = [self._not()]
        while self._next_is("and"):
            found.append(self._not())
        return found[0] if len(found) == 1 else {"bool": {"filter": found}}

    def _not(self) -> dict[str, Any]:
        if self._next_is("not"):
            return {"bool": {"must_not": [self._not()]}}
        if self._next_is("("):
            query = self._or()
            self._expect(")")
            return query
        return self._clause()

    def _clause(self) -> dict[str, Any]:
        kind, field = self._take()
        if kind != "word":
            raise KqlError(f"a field is expected in place of «{field}»: {self._text!r}")
        kind, mark = self._take()
        if mark in RANGES and kind == "mark":
            return {"range": {field: {RANGES[mark]: self._take()[1]}}}
        if mark != ":" or kind != "mark":
            raise KqlError(f"«:» is expected behind «{field}»: {self._text!r}")
        if not self._next_is("("):
            return self._value(field)
        values = [self._value(field)]
        while self._next_is("or"):
            values.append(self._value(field))
        self._expect(")")
        return {"bool": {"should": values, "minimum_should_match": 1}}

    def _value(self, field: str) -> dict[str, Any]:
        kind, value = self._take()
        if kind == "mark":
            raise KqlError(f"a value is expected in place of «{value}»: {self._text!r}")
        if kind == "quoted":
            return {"match_phrase": {field: re.sub(r"\\(.)", r"\1", value)}}
        if value == "*":
            return {"exists": {"field": field}}
        if "*" in value:
            raise KqlError(f"wildcards within a word are not read here: {self._text!r}")
        return {"match": {field: value}}

    def _take(self) -> tuple[str, str]:
        if self._place >= len(self._tokens):
            raise KqlError(f"ends too early: {self._text!r}")
        self._place += 1
        return self._tokens[self._place - 1]

    def _next_is(self, what: str) -> bool:
        if self._place < len(self._tokens):
            kind, value = self._tokens[self._place]
            if kind != "quoted" and value.lower() == what:
                self._place += 1
                return True
        return False

    def _expect(self, what: str) -> None:
        if not self._next_is(what):
            raise KqlError(f"«{what}» is missing: {self._text!r}")
