"""Find the tags, stories and CVE ids of a text in one pass over it, and explain each; it knows no index and no file.

All terms stand in one automaton (Aho-Corasick), so that a text is read once, whatever their number. It runs over the
folded words with a space between two, and a term is looked for with a space on either side: so it begins and ends
where words do.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property
from typing import TYPE_CHECKING, Any

import ahocorasick

from indexer.vocabulary.entries import BRIEF, Sort
from indexer.vocabulary.patterns import Patterns
from indexer.vocabulary.reading import identity, parts
from indexer.vocabulary.words import ascii_only, clean, fold, folded, lower, places, plain, words, written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from indexer.vocabulary.entries import Vocabulary

AROUND = 40  # characters that are shown on either side of a mention
BETWEEN = "\x1f"  # stands between title and text, so that no term reaches from one into the other
_CVE = re.compile(r"\bCVE[-\s_]{0,2}((?:1999|20\d\d))[-\s_]{1,2}(\d{4,7})(?!\d)", re.IGNORECASE)
_CVE_TERM = "cve"


class _Role(Enum):
    TERM = auto()
    WORD = auto()
    HINT = auto()
    CONTEXT = auto()
    EXCLUDED = auto()
    CVE = auto()


@dataclass(frozen=True, slots=True)
class _Rule:
    """One term, in the one place in which the vocabulary names it."""

    role: _Role
    owner: int | str  # number of the entry, or name of the context
    written: str  # as it stands in the file
    exact: tuple[str, ...]  # the words in the letters that are asked for; empty where any case will do
    length: int  # words


@dataclass(frozen=True, slots=True)
class _Hit:
    """A rule that was met, at the words from ``start`` on; ``right`` is false where only the case was another."""

    rule: _Rule
    start: int
    right: bool

    @property
    def end(self) -> int:
        return self.start + self.rule.length


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


@dataclass(frozen=True, slots=True)
class _Noted:
    """A mention as it decides: at these words, or of a pattern at these characters of the whole."""

    hit: _Hit | None
    entry: int
    name: str
    title: bool
    counts: bool
    why: str
    pattern: tuple[str, int, int] | None = None


class _Compiled:
    """A vocabulary as texts are read with it."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.entries = vocabulary.entries
        self.contexts = vocabulary.contexts
        self.automaton: Any = ahocorasick.Automaton()
        rules: dict[str, list[_Rule]] = defaultdict(list)
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

    def hits(self, joined: str, listed: Callable[[], Sequence[str]]) -> Iterator[_Hit]:
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
                yield _Hit(rule, start, right)


class Tagger:
    """A vocabulary that is ready to be applied; making it takes longer than applying it, so keep it."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self._compiled = _Compiled(vocabulary)

    @property
    def version(self) -> str:
        """The version of the vocabulary: equal versions give equal tags."""
        return self.vocabulary.version

    def spelt(self, sort: Sort, name: str) -> str:
        """Give a name as the vocabulary writes it, if it has it in another case."""
        return self._compiled.names.get((sort, name.casefold()), name)

    def found(self, title: str, text: str) -> Found:
        """Find what a text is about."""
        return _Reading(self._compiled, title, text).found

    def explained(self, title: str, text: str) -> Explanation:
        """Find the same, and say of every mention why it counts or does not."""
        return _Reading(self._compiled, title, text).explanation()


class _Reading:
    """One text, read once."""

    def __init__(self, compiled: _Compiled, title: str, text: str) -> None:
        self._compiled = compiled
        self._entries = compiled.entries
        self._cleaned = clean(title), clean(text)
        self._folded = folded(self._cleaned[0]), folded(self._cleaned[1])
        self._titled = _count(self._folded[0])
        self._noted: list[_Noted] = []
        self.verdicts: dict[tuple[Sort, str], Verdict] = {}
        self._read()
        self.found = self._sum_up()

    @cached_property
    def _plain(self) -> tuple[str, str]:
        return plain(self._cleaned[0]), plain(self._cleaned[1])

    @cached_property
    def _words(self) -> list[str]:
        return [*written(self._cleaned[0]), BETWEEN, *written(self._cleaned[1])]

    # -- what is mentioned -----------------------------------------------------------------------------------

    def _read(self) -> None:
        roles: dict[_Role, list[_Hit]] = defaultdict(list)
        joined = f" {' '.join(filter(None, (self._folded[0], BETWEEN, self._folded[1])))} "
        for hit in self._compiled.hits(joined, lambda: self._words):
            roles[hit.rule.role].append(hit)
        self._cves = _cves(self._plain) if roles[_Role.CVE] else {}
        excluded = {
            (hit.rule.owner, place): hit
            for hit in roles[_Role.EXCLUDED]
            if hit.right
            for place in range(hit.start, hit.end)
        }
        self._note(roles[_Role.TERM], excluded)
        self._note_patterns()
        self._decide_terms()
        self._note(roles[_Role.WORD], excluded)
        self._decide_words()
        self._imply()
        self._note(roles[_Role.HINT], excluded)
        contexts: dict[str, list[_Hit]] = defaultdict(list)
        for hit in roles[_Role.CONTEXT]:
            if hit.right:
                contexts[str(hit.rule.owner)].append(hit)
        for sort in (Sort.STORY, Sort.TAG):  # a name that is known makes a context
            self._decide_hints(sort, contexts)
            self._imply()
        for each in self._noted:
            if not each.counts:
                self._give(self._entries[each.entry].sort, each.name, each.why, given=False)

    def _note(self, hits: Iterable[_Hit], excluded: Mapping[tuple[int | str, int], _Hit]) -> None:
        """Note mentions, and which of them do not count: stronger ones of other entries are noted already."""
        longest: dict[int, _Hit] = {}
        for hit in sorted((each.hit for each in self._noted if each.counts and each.hit), key=_length):
            longest |= dict.fromkeys(range(hit.start, hit.end), hit)
        for hit in hits:
            number = int(hit.rule.owner)
            why = ""
            within = next((excluded[number, at] for at in range(hit.start, hit.end) if (number, at) in excluded), None)
            other = longest.get(hit.start)
            if not hit.right:
                why = f"it is written otherwise than «{hit.rule.written.lstrip('=')}»"
            elif within:
                why = f"it stands in «{within.rule.written}»"
            elif other and _is_within(hit, other):
                why = f"it is part of «{other.rule.written}» of {self._entries[int(other.rule.owner)].name}"
            self._noted.append(_Noted(hit, number, self._entries[number].name, hit.start < self._titled, not why, why))

    def _note_patterns(self) -> None:
        patterns = self._compiled.patterns
        numbers = patterns.met(ascii_only("\n".join(self._cleaned))) if patterns.are_ascii else None
        if numbers == []:
            return
        title, text = self._plain
        for number, match in patterns.found(f"{title}\n{text}", numbers):
            entry = self._compiled.pattern_of[number]
            name = self._entries[entry].name
            why = ""
            if "{" in name:
                name = _named(name, match)
                other = self._compiled.by_term.get(identity(name))
                why = f"{name} is a name of {other}" if other and other != name else ""
            place = (match.re.pattern, match.start(), match.end())
            self._noted.append(_Noted(None, entry, name, match.start() < len(title), not why, why, place))

    # -- what follows from it --------------------------------------------------------------------------------

    def _give(self, sort: Sort, name: str, why: str, *, given: bool = True) -> None:
        before = self.verdicts.get((sort, name))
        if before is None or (given and not before.given):
            self.verdicts[sort, name] = Verdict(sort=sort, name=name, given=given, why=why)

    def _decide_terms(self) -> None:
        for each in self._noted:
            entry = self._entries[each.entry]
            if each.counts:
                how = "a pattern" if each.pattern else f"«{each.hit.rule.written}»" if each.hit else ""
                self._give(entry.sort, each.name, f"{how} is mentioned")
        for identifier in self._cves:
            self._give(Sort.CVE, identifier, "it is mentioned")

    def _of(self, *roles: _Role) -> dict[int, list[_Hit]]:
        """Give the mentions that count of words or hints, by entry."""
        found: dict[int, list[_Hit]] = defaultdict(list)
        for each in self._noted:
            if each.hit and each.hit.rule.role in roles and each.counts:
                found[each.entry].append(each.hit)
        return found

    def _enough(self, hits: Sequence[_Hit], least: int, what: str) -> tuple[bool, str]:
        """Say whether a text is about what these mention, and how that is known."""
        count = _apart(hits)
        if any(hit.start < self._titled for hit in hits):
            return True, f"a {what} stands in the title"
        if count >= least:
            return True, f"{count} mentions of its {what}s"
        return False, f"only {count} of {least} mentions of its {what}s, none in the title"

    def _decide_words(self) -> None:
        for number, hits in self._of(_Role.WORD).items():
            entry = self._entries[number]
            given, why = self._enough(hits, entry.least, "word")
            if not given and _count(self._folded[1]) < BRIEF:
                given, why = True, f"«{hits[0].rule.written}» is mentioned in a short text"
            self._give(entry.sort, entry.name, why, given=given)

    def _decide_hints(self, sort: Sort, mentioned: Mapping[str, list[_Hit]]) -> None:
        words = self._of(_Role.WORD)
        for number, hits in self._of(_Role.HINT).items():
            entry = self._entries[number]
            if entry.sort is not sort:
                continue
            context = self._context(entry.context, mentioned, hits) if entry.context else ""
            given, why = self._enough([*words.get(number, ()), *hits], entry.least, "hint")
            if context is None:
                given, why = False, f"hints alone, and nothing else of the context «{entry.context}» is mentioned"
            elif given and context:
                why += f", and {context}"
            self._give(entry.sort, entry.name, why, given=given)

    def _context(self, name: str, mentioned: Mapping[str, list[_Hit]], hints: Sequence[_Hit]) -> str | None:
        """Say what makes a context hold, other than the hints themselves; None where nothing does."""
        own = {place for hint in hints for place in range(hint.start, hint.end)}
        for hit in mentioned.get(name, ()):
            if own.isdisjoint(range(hit.start, hit.end)):
                return f"«{hit.rule.written}» is mentioned"
        tags = next(each.tags for each in self._compiled.contexts if each.name == name)
        tag = next((each for each in tags if self._is_given(each)), None)
        return f"the tag {tag} is given" if tag else None

    def _is_given(self, tag: str) -> bool:
        found = self.verdicts.get((Sort.TAG, tag))
        return found is not None and found.given

    def _imply(self) -> None:
        todo = [each for each in self.verdicts.values() if each.given]
        implied = self._compiled.implied
        patterned = {each.name: self._entries[each.entry].implies for each in self._noted if each.pattern}
        while todo:
            each = todo.pop()
            for tag in implied.get((each.sort, each.name), ()) or patterned.get(each.name, ()):
                if not self._is_given(tag):
                    self._give(Sort.TAG, tag, f"it comes with {each.name}")
                    todo.append(self.verdicts[Sort.TAG, tag])

    def _sum_up(self) -> Found:
        order = self._compiled.order
        given: dict[Sort, list[str]] = {sort: [] for sort in Sort}
        for each in self.verdicts.values():
            if each.given:
                given[each.sort].append(each.name)
        for sort, names in given.items():
            names.sort(key=lambda name, sort=sort: (order.get((sort, name), len(order)), name))  # type: ignore[misc]
        return Found(tags=tuple(given[Sort.TAG]), stories=tuple(given[Sort.STORY]), cves=tuple(given[Sort.CVE]))

    # -- explained -------------------------------------------------------------------------------------------

    def explanation(self) -> Explanation:
        """Give everything that was noted, with its place."""
        spans = [*places(self._plain[0]), (0, 0), *places(self._plain[1])]
        mentions = [self._mention(each, spans) for each in self._noted]
        for identifier, (in_title, start, end) in self._cves.items():
            where = "title" if in_title else "text"
            mentions.append(self._at(Sort.CVE, identifier, ("rule", "CVE id"), where, (start, end)))
        order = self._compiled.order
        verdicts = sorted(
            self.verdicts.values(),
            key=lambda each: (not each.given, [*Sort].index(each.sort), order.get((each.sort, each.name), 0)),
        )
        mentions.sort(key=lambda each: (each.where != "title", each.at, each.name))
        return Explanation(found=self.found, verdicts=tuple(verdicts), mentions=tuple(mentions))

    def _mention(self, each: _Noted, spans: Sequence[tuple[int, int]]) -> Mention:
        entry = self._entries[each.entry]
        where = "title" if each.title else "text"
        if each.pattern:
            pattern, start, end = each.pattern
            before = 0 if each.title else len(self._plain[0]) + 1
            rule, span = ("pattern", pattern), (start - before, end - before)
        elif each.hit:
            rule = each.hit.rule.role.name.lower(), each.hit.rule.written
            span = spans[each.hit.start][0], spans[each.hit.end - 1][1]
        else:
            raise AssertionError("a mention of nothing")
        return self._at(entry.sort, each.name, rule, where, span, why=each.why)

    def _at(
        self, sort: Sort, name: str, rule: tuple[str, str], where: str, span: tuple[int, int], *, why: str = ""
    ) -> Mention:
        text = self._cleaned[0 if where == "title" else 1]
        start, end = span
        return Mention(
            sort=sort,
            name=name,
            rule=rule[0],
            written=rule[1],
            where=where,
            at=start,
            text=text[start:end],
            before=text[max(0, start - AROUND) : start],
            after=text[end : end + AROUND],
            counts=not why,
            why=why,
        )


def _rules(vocabulary: Vocabulary) -> Iterator[tuple[_Rule, str]]:
    """Give every rule with what the automaton looks for."""
    for number, entry in enumerate(vocabulary.entries):
        roles = {
            _Role.TERM: entry.terms,
            _Role.WORD: entry.words,
            _Role.HINT: entry.hints,
            _Role.EXCLUDED: entry.excluded,
        }
        for role, terms in roles.items():
            for term in terms:
                yield _rule(role, number, term)
    for context in vocabulary.contexts:
        for term in context.terms:
            yield _rule(_Role.CONTEXT, context.name, term)
    if vocabulary.cves:
        yield _rule(_Role.CVE, _CVE_TERM, _CVE_TERM)


def _rule(role: _Role, owner: int | str, term: str) -> tuple[_Rule, str]:
    exact, bare, is_open = parts(term)
    listed = words(plain(clean(bare)))
    folded = [fold(each) for each in listed]
    if is_open:
        folded[-1] = lower(listed[-1])
    key = f" {' '.join(folded)}{'' if is_open else ' '}"
    return _Rule(role, owner, term, tuple(listed) if exact else (), len(listed)), key


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


def _count(joined: str) -> int:
    return joined.count(" ") + 1 if joined else 0


def _apart(hits: Iterable[_Hit]) -> int:
    """Count mentions, those that overlap once: a «critical flaw» is one flaw."""
    count, end = 0, 0
    for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end)):
        if hit.start >= end:
            count, end = count + 1, hit.end
    return count


def _length(hit: _Hit) -> int:
    return hit.rule.length


def _is_within(hit: _Hit, other: _Hit) -> bool:
    return (
        other.rule.owner != hit.rule.owner
        and other.start <= hit.start
        and hit.end <= other.end
        and other.rule.length > hit.rule.length
    )


def _named(name: str, match: Any) -> str:
    return re.sub(r"\{(\d)\}", lambda group: (match.group(int(group.group(1))) or "").upper(), name)


def _cves(texts: Sequence[str]) -> dict[str, tuple[bool, int, int]]:
    """Find CVE ids, each with where it stands first: whether in the title, and from where to where."""
    found: dict[str, tuple[bool, int, int]] = {}
    for text, in_title in zip(texts, (True, False), strict=True):
        for match in _CVE.finditer(text):
            found.setdefault(f"CVE-{match.group(1)}-{match.group(2)}", (in_title, *match.span()))
    return found
