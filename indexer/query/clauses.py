"""Turn a query that was read into the query that Elasticsearch runs; pure, it asks no server."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn

from indexer import urls
from indexer.query import dates
from indexer.query.errors import QueryError, placed
from indexer.query.fields import ANYWHERE, FIELDS, Field, Kind, field, near, own_name
from indexer.query.syntax import FUZZY, And, Boost, Everything, Name, Node, Not, Or, Phrase, Range, Word, parse

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

Clause = dict[str, Any]
TIE = 0.3  # what stands in title and text comes before what stands in the text alone
SURE = 1  # letters at the beginning that fuzzy~ takes as they are: with 0 every word of the index is looked at
YES, NO = frozenset({"yes", "true", "1"}), frozenset({"no", "false", "0"})
# Letters, digits and what the standard tokenizer keeps inside a word. Others part a word in several, which then are
# wanted side by side; scripts without spaces are parted letter by letter.
_ONE_WORD = re.compile(r"[^\W\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u9fff\uac00-\ud7af]+(?:['’.][^\W]+)*")
_EDGES = re.compile(r"^\W+|\W+$")
_RESERVED = frozenset('+-=&|><!(){}[]^"~:/ ')  # of Elasticsearch's own query language


def compiled(query: str) -> Clause:
    """Give the Elasticsearch query of what a person typed; raises QueryError, which points at the place."""
    return _Compiler(query).clause(parse(query))


def valued(name: str, values: Iterable[str]) -> Clause:
    """Give the clause that a field, by its name in a query, has one of these values, whatever the case."""
    found = FIELDS[name]
    terms = [_term(path, value) for path in found.exact if found.kind is Kind.VALUE for value in values]
    return _any(terms)


def searched(query: str) -> list[Word]:
    """List the plain words that a query looks for in titles and texts, in order: those that may be misspelt."""
    return list(_words(parse(query)))


def named(query: str, fields: Container[str]) -> list[tuple[str, Word | Phrase]]:
    """List the whole values that a query asks of these fields, in order, each with the field's own name."""
    return list(_values(parse(query), fields))


def _values(node: Node, fields: Container[str]) -> Iterator[tuple[str, Word | Phrase]]:
    match node:
        case Word() | Phrase():
            name = own_name(node.field.text) if node.field else None
            if name in fields and not (isinstance(node, Word) and (node.wild or node.fuzzy or node.raw == "*")):
                yield str(name), node
        case And() | Or():
            for each in node.nodes:
                yield from _values(each, fields)
        case Boost():
            yield from _values(node.node, fields)


def _words(node: Node) -> Iterator[Word]:
    match node:
        case Word():
            if (
                not node.wild
                and not node.fuzzy
                and (node.field is None or node.field.text.lower() in {"title", "text"})
            ):
                yield node
        case And() | Or():
            for each in node.nodes:
                yield from _words(each)
        case Boost():
            yield from _words(node.node)


class _Compiler:
    def __init__(self, query: str) -> None:
        self._query = query

    def clause(self, node: Node) -> Clause:
        match node:
            case And():
                found = self._all(node)
            case Or():
                found = _any([self.clause(each) for each in node.nodes])
            case Not():
                found = {"bool": {"must_not": [self.clause(node.node)]}}
            case Boost():
                found = {"bool": {"must": [self.clause(node.node)], "boost": node.factor}}
            case Word():
                found = self._word(node)
            case Phrase():
                found = self._phrase(node)
            case Range():
                found = self._range(node)
            case Everything():
                found = {"match_all": {}}
        return found

    def _all(self, node: And) -> Clause:
        """Take apart what says how good a match is from what only says whether it is one."""
        parts: dict[str, list[Clause]] = {"must": [], "filter": [], "must_not": []}
        for each in node.nodes:
            if isinstance(each, Not):
                parts["must_not"].append(self.clause(each.node))
            else:
                parts["must" if self._scores(each) else "filter"].append(self.clause(each))
        return {"bool": {name: clauses for name, clauses in parts.items() if clauses}}

    def _scores(self, node: Node) -> bool:
        if isinstance(node, (Word, Phrase)):
            return self._field(node.field).kind in {Kind.WORDS, Kind.SOURCE}
        return not isinstance(node, Range)

    def _field(self, name: Name | None) -> Field:
        if name is None:
            return ANYWHERE
        found = field(name.text)
        if found is None:
            like = near(name.text)
            self._refuse(
                name.at,
                f"There is no field «{name.text}» (at character {name.at + 1})."
                + (f" Did you mean «{like}»?" if like else "")
                + f" Fields are: {', '.join(sorted(FIELDS))}. To search for a colon, put the words in quotes.",
            )
        return found

    def _refuse(self, at: int, says: str) -> NoReturn:
        raise QueryError(placed(self._query, at, says))

    def _refuse_value(self, at: int, name: Name, value: str, wanted: str) -> NoReturn:
        self._refuse(at, f"«{value}» (at character {at + 1}) is not what {name.text}: takes; {wanted}.")

    # -- words and phrases -----------------------------------------------------------------------------------

    def _word(self, node: Word) -> Clause:
        if node.field is None and re.match(r"https?://", node.text):
            return _url(FIELDS["url"], node.text)
        found = self._field(node.field)
        if node.raw == "*":
            return _any([{"exists": {"field": path}} for path in _paths(found.exact)])
        match found.kind:
            case Kind.WORDS | Kind.SOURCE:
                return self._by_words(found, node)
            case Kind.VALUE if node.wild:
                return _any([_wildcard(path, node.raw) for path in found.exact])
            case Kind.URL if node.raw.count("*"):
                return _any([_wildcard(path, node.raw.replace("?", "\\?")) for path in found.exact])
            case _:
                return self._value(found, node)

    def _by_words(self, found: Field, node: Word) -> Clause:
        text = _EDGES.sub("", node.text)  # a comma behind a word parts it from nothing
        if node.wild:
            words = {"query_string": {"query": _escaped(node.raw), "fields": list(found.exact)}}
        elif node.fuzzy:
            fuzziness = "AUTO" if node.fuzzy == FUZZY else node.fuzzy
            words = _match(text, found.exact, operator="and", fuzziness=fuzziness, prefix_length=SURE)
        elif _ONE_WORD.fullmatch(text):
            words = _match(text, (*found.exact, *found.stems), operator="and")
        else:
            words = _match(text, found.exact, type="phrase")
        return self._or_domain(words, found, node.raw if node.wild else node.text, wild=node.wild)

    def _or_domain(self, words: Clause, found: Field, value: str, *, wild: bool = False) -> Clause:
        if found.kind is not Kind.SOURCE:
            return words
        path = "source.domain"
        return _any([words, _wildcard(path, value) if wild else _term(path, value)])

    def _phrase(self, node: Phrase) -> Clause:
        found = self._field(node.field)
        if found.kind in {Kind.WORDS, Kind.SOURCE}:
            words = _match(node.text, found.exact, type="phrase", slop=node.slop)
            return self._or_domain(words, found, node.text)
        return self._value(found, node)

    # -- values and ranges -----------------------------------------------------------------------------------

    def _value(self, found: Field, node: Word | Phrase) -> Clause:
        name = node.field or Name(text="", at=node.at)
        path, lower = found.exact[0], node.text.lower()
        match found.kind:
            case Kind.URL:
                return _url(found, node.text)
            case Kind.DATE:
                low = self._span(name, node.text, node.at)
                # a length of time back from now means all since then
                high = None if low.start.startswith("now-") and low.is_moment else low
                return {"range": {path: dates.between(low, high)}}
            case Kind.NUMBER:
                return {"term": {path: self._number(name, node.text, node.at)}}
            case Kind.FLAG | Kind.PRESENT:
                if lower not in YES | NO:
                    self._refuse_value(node.at, name, node.text, "write yes or no")
                if found.kind is Kind.FLAG:
                    return {"term": {path: lower in YES}}
                exists = {"exists": {"field": path}}
                return exists if lower in YES else {"bool": {"must_not": [exists]}}
            case _:
                return _any([_term(path, node.text) for path in found.exact])

    def _range(self, node: Range) -> Clause:
        found = self._field(node.field)
        if found.kind is Kind.DATE:
            low = None if node.low is None else self._span(node.field, node.low, node.low_at)
            high = None if node.high is None else self._span(node.field, node.high, node.high_at)
            bounds: Clause = dates.between(low, high, with_low=node.with_low, with_high=node.with_high)
        elif found.kind is Kind.NUMBER:
            bounds = {}
            if node.low is not None:
                bounds["gte" if node.with_low else "gt"] = self._number(node.field, node.low, node.low_at)
            if node.high is not None:
                bounds["lte" if node.with_high else "lt"] = self._number(node.field, node.high, node.high_at)
        else:
            ranged = ", ".join(sorted(name for name, each in FIELDS.items() if each.kind in {Kind.DATE, Kind.NUMBER}))
            where = f"(at character {node.at + 1})"
            self._refuse(node.at, f"«{node.field.text}» has no ranges {where}; these have: {ranged}.")
        return {"range": {found.exact[0]: bounds}}

    def _span(self, name: Name, value: str, at: int) -> dates.Span:
        found = dates.span(value)
        if found is None:
            self._refuse_value(at, name, value, dates.HELP)
        return found

    def _number(self, name: Name, value: str, at: int) -> int:
        if not re.fullmatch(r"-?\d{1,9}", value, re.ASCII):
            self._refuse_value(at, name, value, "write a whole number")
        return int(value)


def _any(clauses: list[Clause]) -> Clause:
    return clauses[0] if len(clauses) == 1 else {"bool": {"should": clauses, "minimum_should_match": 1}}


def _paths(weighted: tuple[str, ...]) -> list[str]:
    return [each.partition("^")[0] for each in weighted]


def _match(text: str, fields: tuple[str, ...], **options: Any) -> Clause:
    # across fields it is the best of them that counts, and a little the others
    kind = {"type": "best_fields", "tie_breaker": TIE} if "type" not in options else {}
    return {"multi_match": {"query": text, "fields": list(fields), **kind, **options}}


def _term(path: str, value: str) -> Clause:
    return {"term": {path: {"value": value, "case_insensitive": True}}}


def _wildcard(path: str, raw: str) -> Clause:
    return {"wildcard": {path: {"value": raw, "case_insensitive": True}}}


def _url(found: Field, value: str) -> Clause:
    keys = list(dict.fromkeys([value, urls.normalise(value)]))
    return _any([{"terms": {path: keys}} for path in found.exact])


def _escaped(raw: str) -> str:
    """Protect all but the wildcards from being read as Elasticsearch's own query language."""
    escaped, protected = "", False
    for each in raw:
        if protected:
            escaped += f"\\{each}"
            protected = False
        elif each == "\\":
            protected = True
        elif each in _RESERVED:
            escaped += " " if each in "<>" else f"\\{each}"  # these two cannot be escaped
        else:
            escaped += each
    return escaped
