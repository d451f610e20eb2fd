"""Put what a vocabulary finds together with what an article was given, and keep the two apart for the next time.

An import may bring tags of its own. They stay whatever the vocabulary finds, so it is kept which they were.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from indexer.vocabulary.entries import Sort

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from indexer.vocabulary.matching import Tagger

LISTS = {"tags": Sort.TAG, "stories": Sort.STORY, "cves": Sort.CVE}
FIELDS = (*LISTS, "given", "vocabulary")  # of an article's document, that are written here and nowhere else

Given = dict[str, tuple[str, ...]]  # by the names of ``LISTS``


def assigned(tagger: Tagger | None, *, title: str, text: str, given: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Give the fields of an article's document: what was given first, then what is found, each once in any case."""
    if tagger is None:
        return {**{name: _once(given.get(name, ())) for name in LISTS}, "given": None, "vocabulary": None}
    found = tagger.found(title, text)
    fields: dict[str, Any] = {
        name: _once([*(tagger.spelt(sort, each) for each in given.get(name, ())), *getattr(found, name)])
        for name, sort in LISTS.items()
    }
    kept = {name: list(given.get(name, ())) for name in LISTS}
    return {**fields, "given": kept if any(kept.values()) else None, "vocabulary": tagger.version}


def given(document: Mapping[str, Any]) -> Given:
    """Give what a stored or exported article was given, without what a vocabulary found; all of it where none did."""
    if document.get("given"):
        return {name: tuple(document["given"].get(name) or ()) for name in LISTS}
    if document.get("vocabulary"):
        return dict.fromkeys(LISTS, ())
    return {name: tuple(document.get(name) or ()) for name in LISTS}


def changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Give the fields that are to be written where ``new`` are assigned; none where an article has the same already.

    That another vocabulary found the same is no change.
    """
    lists = any(sorted(old.get(name) or ()) != sorted(new[name]) for name in LISTS)
    if lists or (old.get("given") or None) != new["given"]:
        return {name: new[name] for name in FIELDS}
    return {}


def _once(names: Iterable[str]) -> list[str]:
    kept: dict[str, str] = {}
    for each in names:
        kept.setdefault(each.casefold(), each)
    return list(kept.values())
