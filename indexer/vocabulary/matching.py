"""Find the tags, stories and CVE ids of a text in one pass over it, and explain each; it knows no index and no file."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any

from indexer.vocabulary.automaton import Compiled, Hit, Role
from indexer.vocabulary.entries import BRIEF, Sort
from indexer.vocabulary.reading import identity
from indexer.vocabulary.results import Explanation, Found, Mention, Verdict
from indexer.vocabulary.words import ascii_only, clean, folded, places, plain, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from indexer.vocabulary.entries import Vocabulary

AROUND = 40  # characters that are shown on either side of a mention
BETWEEN = "\x1f"  # stands between title and text, so that no term reaches from one into the other
_CVE = re.compile(r"\bCVE[-\s_]{0,2}((?:1999|20\d\d))[-\s_]{1,2}(\d{4,7})(?!\d)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Noted:
    """A mention as it decides: at these words, or of a pattern at these characters of the whole."""

    hit: Hit | None
    entry: int
    name: str
    title: bool
    counts: bool
    why: str
    pattern: tuple[str, int, int] | None = None


class Tagger:
    """A vocabulary that is ready to be applied; making it takes longer than applying it, so keep it."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self._compiled = Compiled(vocabulary)

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

    def __init__(self, compiled: Compiled, title: str, text: str) -> None:
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
        roles: dict[Role, list[Hit]] = defaultdict(list)
        joined = f" {' '.join(filter(None, (self._folded[0], BETWEEN, self._folded[1])))} "
        for hit in self._compiled.hits(joined, lambda: self._words):
            roles[hit.rule.role].append(hit)
        self._cves = _cves(self._plain) if roles[Role.CVE] else {}
        excluded = {
            (hit.rule.owner, place): hit
            for hit in roles[Role.EXCLUDED]
            if hit.right
            for place in range(hit.start, hit.end)
        }
        self._note(roles[Role.TERM], excluded)
        self._note_patterns()
        self._decide_terms()
        self._note(roles[Role.WORD], excluded)
        self._decide_words()
        self._imply()
        self._note(roles[Role.HINT], excluded)
        contexts: dict[str, list[Hit]] = defaultdict(list)
        for hit in roles[Role.CONTEXT]:
            if hit.right:
                contexts[str(hit.rule.owner)].append(hit)
        for sort in (Sort.STORY, Sort.TAG):  # a name that is known makes a context
            self._decide_hints(sort, contexts)
            self._imply()
        for each in self._noted:
            if not each.counts:
                self._give(self._entries[each.entry].sort, each.name, each.why, given=False)

    def _note(self, hits: Iterable[Hit], excluded: Mapping[tuple[int | str, int], Hit]) -> None:
        """Note mentions, and which of them do not count: stronger ones of other entries are noted already."""
        longest: dict[int, Hit] = {}
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

    def _of(self, *roles: Role) -> dict[int, list[Hit]]:
        """Give the mentions that count of words or hints, by entry."""
        found: dict[int, list[Hit]] = defaultdict(list)
        for each in self._noted:
            if each.hit and each.hit.rule.role in roles and each.counts:
                found[each.entry].append(each.hit)
        return found

    def _enough(self, hits: Sequence[Hit], least: int, what: str) -> tuple[bool, str]:
        """Say whether a text is about what these mention, and how that is known."""
        count = _apart(hits)
        if any(hit.start < self._titled for hit in hits):
            return True, f"a {what} stands in the title"
        if count >= least:
            return True, f"{count} mentions of its {what}s"
        return False, f"only {count} of {least} mentions of its {what}s, none in the title"

    def _decide_words(self) -> None:
        for number, hits in self._of(Role.WORD).items():
            entry = self._entries[number]
            given, why = self._enough(hits, entry.least, "word")
            if not given and _count(self._folded[1]) < BRIEF:
                given, why = True, f"«{hits[0].rule.written}» is mentioned in a short text"
            self._give(entry.sort, entry.name, why, given=given)

    def _decide_hints(self, sort: Sort, mentioned: Mapping[str, list[Hit]]) -> None:
        words = self._of(Role.WORD)
        for number, hits in self._of(Role.HINT).items():
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

    def _context(self, name: str, mentioned: Mapping[str, list[Hit]], hints: Sequence[Hit]) -> str | None:
        """Say what makes a context hold, other than the hints themselves; None where nothing does."""
        own = {place for hint in hints for place in range(hint.start, hint.end)}
        contexts = self._compiled.contexts[name]
        for hit in chain.from_iterable(mentioned.get(each.name, ()) for each in contexts):
            if own.isdisjoint(range(hit.start, hit.end)):
                return f"«{hit.rule.written}» is mentioned"
        tag = next((tag for each in contexts for tag in each.tags if self._is_given(tag)), None)
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


def _count(joined: str) -> int:
    return joined.count(" ") + 1 if joined else 0


def _apart(hits: Iterable[Hit]) -> int:
    """Count mentions, those that overlap once: a «critical flaw» is one flaw."""
    count, end = 0, 0
    for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end)):
        if hit.start >= end:
            count, end = count + 1, hit.end
    return count


def _length(hit: Hit) -> int:
    return hit.rule.length


def _is_within(hit: Hit, other: Hit) -> bool:
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
