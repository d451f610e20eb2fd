"""Find, for a value that no article has, the nearest that some have: of a tag, story, source, CVE id or language."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from indexer.search.facets import MOST
from indexer.text import without_accents

if TYPE_CHECKING:
    from collections.abc import Mapping

    from indexer.elastic import Store

# The fields of the articles index in which the values stand, by the name of the field in a query.
FIELDS: dict[str, tuple[str, ...]] = {
    "tag": ("any.tags",),
    "story": ("any.stories",),
    "source": ("source.name", "source.domain"),
    "domain": ("source.domain",),
    "cve": ("cves",),
    "language": ("language",),
}
ALIKE = 0.7  # share of letters in common, as difflib counts it; of CVE ids most are common to all
ALIKE_CVE = 0.9
LANGUAGE = 2  # letters of a language: «french» begins with its own
BEGINS = 3  # letters with which a value may be meant that begins so


def nearest(store: Store, wanted: Mapping[str, set[str]]) -> dict[tuple[str, str], str]:
    """Give, by field and value, the nearest value that articles have, for those of ``wanted`` that none has."""
    asked = {name: values for name, values in wanted.items() if values}
    if not asked:
        return {}
    counted = _values(store, {field for name in asked for field in FIELDS[name]})
    found = {}
    for name, values in asked.items():
        known = _keys(name, [value for field in FIELDS[name] for value in counted[field]])
        for value in values:
            near = _near(name, _key(value), known)
            if near is not None:
                found[name, value] = near
    return found


def _values(store: Store, fields: set[str]) -> dict[str, list[str]]:
    """List the values of fields, the most frequent first."""
    order = [{"_count": "desc"}, {"_key": "asc"}]
    terms: dict[str, Any] = {field: {"terms": {"field": field, "size": MOST, "order": order}} for field in fields}
    answer = store.articles.search({"size": 0, "track_total_hits": False, "aggs": terms})
    return {field: [str(each["key"]) for each in answer["aggregations"][field]["buckets"]] for field in fields}


def _keys(name: str, values: list[str]) -> dict[str, str]:
    """Give what each value may be called by: itself, and of a source the words of its name."""
    known = {_key(value): value for value in reversed(values)}
    if name == "source":
        for value in values:
            for word in re.findall(r"\w+", value):
                if len(word) >= BEGINS:
                    known.setdefault(_key(word), word)
    return known


def _near(name: str, key: str, known: Mapping[str, str]) -> str | None:
    if key in known:
        return None
    if name == "language":
        return known.get(key[:LANGUAGE])
    close = get_close_matches(key, known, n=1, cutoff=ALIKE_CVE if name == "cve" else ALIKE)
    begins = next((each for each in known if len(key) >= BEGINS and each.startswith(key)), None)
    best = close[0] if close else begins
    return known[best] if best else None


def _key(value: str) -> str:
    return without_accents(value).casefold()
