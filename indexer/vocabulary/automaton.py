"""All terms of a vocabulary in one automaton (Aho-Corasick), so that a text is read once, whatever their number.

It runs over the folded words with a space between two, and a term is looked for with a space on either side: so it
begins and ends where words do. What a mention means it does not know. The only owner of pyahocorasick.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

import ahocorasick

from indexer.vocabulary.patterns import Patterns
from indexer.vocabulary.reading import identity, parts
from indexer.vocabulary.words import clean, fold, lower, plain, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from indexer.vocabulary.entries import Context, Vocabulary

_CVE_TERM = "cve"


class Role(Enum):
    """What a term is for in its entry; the automaton treats all alike."""

    TERM = auto()
    WORD = auto()
    HINT = auto()
    CONTEXT = auto()
    EXCLUDED = auto()
    CVE = auto()


@dataclass(frozen=True, slots=True)
class Rule:
    """One term, in the one place in which the vocabulary names it."""

    role: Role
    owner: int | str  # number of the entry, or name of the context
    written: str  # as it stands in the file
    exact: tuple[str, ...]  # the words in the letters that are asked for; empty where any case will do
    length: int  # words


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that was met, at the words from ``start`` on; ``right`` is false where only the case was another."""

    rule: Rule
    start: int
    right: bool

    @property
    def end(self) -> int:
        """The number of the word behind it."""
        return self.start + self.rule.length


class Compiled:
    """A vocabulary as texts are read with it."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.entries = vocabulary.entries
        self.contexts = _closed({each.name: each for each in vocabulary.contexts})
        self.automaton: Any = ahocorasick.Automaton()
        rules: dict[str, list[Rule]] = defaultdict(list)
        for rule, key in _rules(vocabulary):
            rules[key].append(rule)
        for key, each in rules.items():
            self.automaton.add_word(key, tuple(each))
        self.is_empty = not rules
        if rules:
            self.automaton.make_automaton()
        patterns = [(pattern, number) for number, each in enumerate(self.entries) for pattern in each.patterns]
        self.pattern_of = [number for _, number in patterns]
        self.patterns = Patterns([pattern for pattern, _ in patterns])
        self.names = {(each.sort, each.name.casefold()): each.name for each in self.entries}
        self.by_term = {identity(term): each.name for each in self.entries for term in (*each.terms, *each.words)}
        self.implied = {(each.sort, each.name): each.implies for each in self.entries if each.implies}
        self.order = {(each.sort, each.name): place for place, each in enumerate(self.entries)}

    def hits(self, joined: str, listed: Callable[[], Sequence[str]]) -> Iterator[Hit]:
        """Yield every rule that folded words meet; ``listed`` are the same words as they are written."""
        if self.is_empty:
            return
        after, counted = 0, 0
        for end, rules in self.automaton.iter(joined):
            after += joined.count(" ", counted, end)  # words that begin before the end of what was met
            counted = end
            for rule in rules:
                start = after - rule.length
                right = not rule.exact or _is_written(listed()[start:after], rule.exact)
                yield Hit(rule, start, right)


def _closed(contexts: Mapping[str, Context]) -> dict[str, list[Context]]:
    """Give each context with all that make it hold, itself first."""
    closed: dict[str, list[Context]] = {}
    for name in contexts:
        names = [name]
        for each in names:
            names += [other for other in contexts[each].contexts if other not in names]
        closed[name] = [contexts[each] for each in names]
    return closed


def _rules(vocabulary: Vocabulary) -> Iterator[tuple[Rule, str]]:
    """Give every rule with what the automaton looks for."""
    for number, entry in enumerate(vocabulary.entries):
        roles = {
            Role.TERM: entry.terms,
            Role.WORD: entry.words,
            Role.HINT: entry.hints,
            Role.EXCLUDED: entry.excluded,
        }
        for role, terms in roles.items():
            for term in terms:
                yield _rule(role, number, term)
    for context in vocabulary.contexts:
        for term in context.terms:
            yield _rule(Role.CONTEXT, context.name, term)
    if vocabulary.cves:
        yield _rule(Role.CVE, _CVE_TERM, _CVE_TERM)


def _rule(role: Role, owner: int | str, term: str) -> tuple[Rule, str]:
    exact, bare, is_open = parts(term)
    listed = words(plain(clean(bare)))
    folded = [fold(each) for each in listed]
    if is_open:
        folded[-1] = lower(listed[-1])
    key = f" {' '.join(folded)}{'' if is_open else ' '}"
    return Rule(role, owner, term, tuple(listed) if exact else (), len(listed)), key


def _is_written(found: Sequence[str], wanted: Sequence[str]) -> bool:
    """Tell whether words are in the letters that are asked for; capitals throughout, and a plural, are."""
    *first, last = found
    last = last[:-2] if last[-2:] in {"'s", "'S"} else last
    plural = last.removesuffix("s")
    capitals = [each.upper() for each in wanted]
    ends = {wanted[-1], capitals[-1] if len(wanted[-1]) > 1 else wanted[-1]}
    if last not in ends and plural not in ends:
        return False
    return first == list(wanted[:-1]) or first == capitals[:-1]
