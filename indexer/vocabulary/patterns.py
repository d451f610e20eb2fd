"""Regular expressions that take a time linear in the text, whoever wrote them: the only owner of RE2."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import re2

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LONGEST = 1_000  # characters of a pattern
MOST = 200  # matches of a pattern in one text: more say nothing new


class PatternError(ValueError):
    """A pattern cannot be used; the text says why."""


class Patterns:
    """Patterns that are looked for in one pass over a text, each in any case."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._each = [compiled(each) for each in patterns]
        self._all = re2.Set.SearchSet(_options())
        for each in patterns:
            self._all.Add(each)
        if self._each:
            self._all.Compile()
        self.are_ascii = all(each.isascii() for each in patterns)

    def met(self, text: str | bytes) -> list[int]:
        """Give the numbers of the patterns that match anywhere, by one pass over the text."""
        return sorted(self._all.Match(text) or ()) if self._each else []

    def found(self, text: str, numbers: Sequence[int] | None = None) -> Iterator[tuple[int, Any]]:
        """Yield, by the number of its pattern, the matches of these patterns, or of all."""
        for number in self.met(text) if numbers is None else numbers:
            for match in islice(self._each[number].finditer(text), MOST):
                if match.end() > match.start():
                    yield number, match


def compiled(pattern: str) -> Any:
    """Compile a pattern; raises PatternError. What RE2 cannot do in linear time it has no syntax for."""
    if len(pattern) > LONGEST:
        raise PatternError(f"it is longer than {LONGEST} characters")
    try:
        found = re2.compile(pattern, _options())
    except re2.error as error:
        said = error.args[0] if error.args else ""
        raise PatternError(said.decode(errors="replace") if isinstance(said, bytes) else str(said)) from error
    if found.match("") is not None:
        raise PatternError("it matches nothing at all, and so everywhere")
    return found


def _options() -> Any:
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = False
    return options
