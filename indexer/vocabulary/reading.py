"""Read a vocabulary from TOML and say all that is wrong with it, with line and remedy; it opens no file."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from indexer.vocabulary.entries import EXACT, LEAST, OPEN, Context, Entry, Sort, Vocabulary, VocabularyError, version
from indexer.vocabulary.patterns import PatternError, compiled
from indexer.vocabulary.words import clean, fold, plain, words

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

SHORTEST = 4  # letters of a term that is matched in any case: shorter ones are words of some language
SHORTEST_HINT = 3  # the same of what counts with its context only
SHORTEST_OPEN = 4  # letters before an open ending
LONGEST = 12  # words of a term
MANY = 200_000  # terms: a file of more was not meant to be one
_TABLES = {"tags": Sort.TAG, "stories": Sort.STORY}
_TOP = ("title", "cves", "contexts", *_TABLES)
_ENTRY = ("name", "terms", "words", "hints", "least", "context", "not", "patterns", "implies")
_CONTEXT = ("terms", "tags", "contexts")
_HEAD = re.compile(r"\s*\[\[?[\w. \"'-]+\]\]?\s*(?:#.*)?$")
_GROUP = re.compile(r"\{(\d)\}")


def read(text: str, *, name: str) -> Vocabulary:
    """Read a vocabulary; ``name`` is what its errors call it. Raises VocabularyError with everything that is wrong."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise VocabularyError([f"{name}: not valid TOML: {error}"]) from error
    reader = _Reader(text, name)
    found = reader.vocabulary(data)
    if reader.problems:
        raise VocabularyError(reader.problems)
    return replace(found, version=version(found))


class _Reader:
    """Reads one file and gathers what is wrong with it."""

    def __init__(self, text: str, name: str) -> None:
        self.problems: list[str] = []
        self._lines = text.splitlines()
        self._name = name
        self._at = 0  # index of the line at which the entry that is being read begins
        self._what = ""
        self._contexts_at: dict[str, int] = {}
        self._read: list[tuple[Entry, str, int]] = []  # each with what ``_place`` is given for it

    # -- problems --------------------------------------------------------------------------------------------

    def _wrong(self, says: str, value: str | None = None) -> None:
        """Note a problem at the entry that is being read, at the line in which a value stands if one is given."""
        line = self._at
        if value:
            within = range(self._at, self._end())
            forms = (f'"{value}"', f"'{value}'", value)
            line = next((at for form in forms for at in within if form in self._lines[at]), self._at)
        where = f"{self._name}, line {line + 1}"
        self.problems.append(f"{where}: {self._what}{says}")

    def _end(self) -> int:
        """Give the line at which the next table begins."""
        following = range(self._at + 1, len(self._lines))
        return next((at for at in following if _HEAD.match(self._lines[at])), len(self._lines))

    def _heads(self, table: str) -> list[int]:
        head = re.compile(rf"\s*\[\[\s*{table}\s*\]\]")
        return [at for at, line in enumerate(self._lines) if head.match(line)]

    def _place(self, what: str, at: int | None) -> None:
        self._what, self._at = what, at or 0

    # -- reading ---------------------------------------------------------------------------------------------

    def vocabulary(self, data: dict[str, Any]) -> Vocabulary:
        self._place("", 0)
        self._keys(data, _TOP)
        title = self._typed(data, "title", str, "")
        cves = self._typed(data, "cves", bool, False)  # noqa: FBT003 - it is the value of a missing key
        contexts = tuple(self._contexts(data))
        entries = tuple(self._entries(data))
        found = Vocabulary(title=title, cves=cves, entries=entries, contexts=contexts)
        self._place("", 0)
        if not entries and not cves and not self.problems:
            self._wrong("it holds nothing. Write [[tags]] or [[stories]] with a name and terms, or cves = true")
        if found.words > MANY:
            self._wrong(f"{found.words:,} terms are more than {MANY:,}")
        self._references(found)
        self._duplicates()
        return found

    def _contexts(self, data: dict[str, Any]) -> Iterator[Context]:
        given = self._typed(data, "contexts", dict, {})
        for name, fields in given.items():
            head = re.compile(rf"\s*\[\s*contexts\s*\.\s*[\"']?{re.escape(name)}[\"']?\s*\]")
            self._place(
                f"[contexts.{name}]: ", next((at for at, each in enumerate(self._lines) if head.match(each)), 0)
            )
            if not isinstance(fields, dict):
                self._wrong("write it as a table, with terms = [ … ]")
                continue
            self._keys(fields, _CONTEXT)
            context = Context(
                name=name,
                terms=self._terms(fields, "terms"),
                tags=self._strings(fields, "tags"),
                contexts=self._strings(fields, "contexts"),
            )
            self._contexts_at[name] = self._at
            if not (context.terms or context.tags or context.contexts):
                self._wrong("it is empty: give terms = [ … ], tags = [ … ] or contexts = [ … ]")
            yield context

    def _entries(self, data: dict[str, Any]) -> Iterator[Entry]:
        for table, sort in _TABLES.items():
            given = self._typed(data, table, list, [])
            heads = self._heads(table)
            for number, fields in enumerate(given):
                at = heads[number] if number < len(heads) else 0
                self._place(f"[[{table}]] number {number + 1}: ", at)
                if not isinstance(fields, dict):
                    self._wrong("write it as a table, with a name and terms = [ … ]")
                    continue
                entry = self._entry(fields, table, sort, at)
                if entry is not None:
                    self._read.append((entry, self._what, at))
                    yield entry

    def _entry(self, fields: dict[str, Any], table: str, sort: Sort, at: int) -> Entry | None:
        name = " ".join(self._typed(fields, "name", str, "").split())
        if not name:
            self._wrong('it has no name: give name = "…", which is what articles get')
            return None
        self._place(f"[[{table}]] «{name}»: ", at)
        self._keys(fields, _ENTRY)
        entry = Entry(
            name=name,
            sort=sort,
            terms=self._terms(fields, "terms"),
            words=self._terms(fields, "words"),
            hints=self._terms(fields, "hints"),
            least=self._typed(fields, "least", int, LEAST),
            context=self._typed(fields, "context", str, None),
            excluded=self._terms(fields, "not", short=True),
            patterns=self._patterns(fields, name),
            implies=self._strings(fields, "implies"),
        )
        if not {"terms", "words", "hints", "patterns"} & fields.keys():
            self._wrong("nothing makes it: give terms, words, hints or patterns")
        if not 1 <= entry.least <= 100:
            self._wrong(f"least = {entry.least}: write a number from 1 to 100", "least")
        if entry.context and not entry.hints:
            self._wrong("context is for hints, of which there are none; terms and words need none", "context")
        if "least" in fields and not entry.hints and not entry.words:
            self._wrong("least is for words and hints, of which there are none; terms count always", "least")
        return entry

    # -- values ----------------------------------------------------------------------------------------------

    def _keys(self, fields: dict[str, Any], known: Collection[str]) -> None:
        for key in fields:
            if key not in known:
                like = get_close_matches(key, known, n=1)
                meant = f" Did you mean «{like[0]}»?" if like else ""
                self._wrong(f"there is no key «{key}».{meant} Keys are: {', '.join(known)}", key)

    def _typed(self, fields: dict[str, Any], key: str, kind: type, otherwise: Any) -> Any:
        value = fields.get(key, otherwise)
        if value is otherwise or (isinstance(value, kind) and not (kind is int and isinstance(value, bool))):
            return value
        names = {str: "a string", bool: "true or false", int: "a whole number", list: "a list", dict: "a table"}
        self._wrong(f"{key} is not {names[kind]}", key)
        return otherwise

    def _strings(self, fields: dict[str, Any], key: str) -> tuple[str, ...]:
        given = self._typed(fields, key, list, [])
        if not all(isinstance(each, str) for each in given):
            self._wrong(f"{key} is not a list of strings", key)
            return ()
        if not given and key in fields:
            self._wrong(f"{key} is empty: leave it out, or write something into it", key)
        return tuple(given)

    def _terms(self, fields: dict[str, Any], key: str, *, short: bool = False) -> tuple[str, ...]:
        found = [each for each in self._strings(fields, key) if self._is_term(each, key, short=short)]
        return tuple({identity(each): each for each in reversed(found)}.values())[::-1]  # a plural is no other term

    def _is_term(self, term: str, key: str, *, short: bool) -> bool:
        exact, bare, is_open = parts(term)
        found = words(plain(clean(bare)))
        letters = sum(map(len, found))
        before = len(self.problems)
        if not found:
            self._wrong(f"«{term}» in {key} has no letter or digit", term)
        elif OPEN in bare or EXACT in bare:
            self._wrong(f"«{term}» in {key}: {OPEN} stands at the end of a term only, {EXACT} at its beginning", term)
        elif len(found) > LONGEST:
            self._wrong(f"«{term}» in {key} has more than {LONGEST} words", term)
        elif is_open and (exact or len(found[-1]) < SHORTEST_OPEN):
            rule = f"{OPEN} needs {SHORTEST_OPEN} letters before it, and no {EXACT}"
            self._wrong(f"«{term}» in {key}: {rule}, or it begins half a language", term)
        elif not (exact or short or is_open) and letters < (SHORTEST_HINT if key == "hints" else SHORTEST):
            self._wrong(
                f"«{term}» in {key} is too short to be matched in any case: write «{EXACT}{term}», which takes it in "
                "these letters only, or a longer term",
                term,
            )
        return len(self.problems) == before

    def _patterns(self, fields: dict[str, Any], name: str) -> tuple[str, ...]:
        found = self._strings(fields, "patterns")
        groups = [int(each) for each in _GROUP.findall(name)]
        if groups and (not found or {"terms", "words", "hints"} & fields.keys()):
            self._wrong("a name with {1} takes it from a pattern: give patterns, and no terms, words or hints")
        for each in found:
            try:
                has = compiled(each).groups
            except PatternError as error:
                self._wrong(f"the pattern «{each}» cannot be used: {error}. Patterns are RE2, which has no look-around "
                            "and no back-references", each)  # fmt: skip
                continue
            if groups and max(groups) > has:
                self._wrong(f"the name asks for group {max(groups)}, the pattern «{each}» has {has}", each)
        return found

    # -- across entries --------------------------------------------------------------------------------------

    def _each(self) -> Iterator[Entry]:
        """Go through the entries, each being the one that is read."""
        for entry, what, at in self._read:
            self._place(what, at)
            yield entry

    def _references(self, found: Vocabulary) -> None:
        tags = {each.name for each in found.entries if each.sort is Sort.TAG}
        contexts = {each.name for each in found.contexts}
        for context in found.contexts:
            self._place(f"[contexts.{context.name}]: ", self._contexts_at[context.name])
            self._known(context.tags, tags, "tag")
            self._known(context.contexts, contexts, "context")
        for entry in self._each():
            self._known(entry.implies, tags, "tag")
            self._known([entry.context] if entry.context else [], contexts, "context")

    def _known(self, names: Collection[str], known: Collection[str], what: str) -> None:
        for each in names:
            if each not in known:
                like = get_close_matches(each, known, n=1)
                meant = f" Did you mean «{like[0]}»?" if like else ""
                self._wrong(f"there is no {what} «{each}».{meant}", each)

    def _duplicates(self) -> None:
        names: dict[tuple[Sort, str], str] = {}
        terms: dict[str, tuple[Entry, str]] = {}
        for entry in self._each():
            key = (entry.sort, entry.name.casefold())
            if key in names:
                self._wrong(f"there is another {entry.sort.value} of this name; put both into one")
            names.setdefault(key, entry.name)
            for term in entry.listed:
                other, written = terms.setdefault(identity(term), (entry, term))
                if other is not entry:
                    self._wrong(
                        f"«{term}» is also «{written}» of «{other.name}»: a term makes one entry; "
                        "for a tag that comes with a story there is implies = [ … ]",
                        term,
                    )


def parts(term: str) -> tuple[bool, str, bool]:
    """Give whether a term is taken in these letters only, the term itself, and whether its ending is open."""
    bare = term.strip()
    exact = bare.startswith(EXACT)
    bare = bare.removeprefix(EXACT)
    is_open = bare.endswith(OPEN)
    return exact, bare.removesuffix(OPEN), is_open


def identity(term: str) -> str:
    """Give what two terms have in common that would match the same words."""
    exact, bare, is_open = parts(term)
    found = words(plain(clean(bare)))
    joined = " ".join(found if exact else map(fold, found))
    return f"{EXACT if exact else ''}{joined}{OPEN if is_open else ''}"
