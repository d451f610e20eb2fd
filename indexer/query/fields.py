"""What a query may name before a colon, and the fields of the articles index that stand behind each name."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum, auto


class Kind(Enum):
    """How the values of a field are compared."""

    WORDS = auto()  # by their words
    SOURCE = auto()  # by the words of its name, or by its domain
    VALUE = auto()  # whole, whatever the case
    URL = auto()  # whole, or in its normalised form
    DATE = auto()
    NUMBER = auto()
    FLAG = auto()  # yes or no
    PRESENT = auto()  # yes where the field has a value


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One name: ``exact`` are the fields that hold what was written, ``stems`` those that fold forms of a word."""

    kind: Kind
    exact: tuple[str, ...]
    stems: tuple[str, ...] = ()


# The title counts more than the text, and a word as it was typed more than its stem.
ANYWHERE = Field(
    kind=Kind.WORDS, exact=("title^4", "text^1.5"), stems=("title.en^3", "title.fr^3", "text.en", "text.fr")
)
FIELDS: dict[str, Field] = {
    "title": Field(kind=Kind.WORDS, exact=("title",), stems=("title.en", "title.fr")),
    "text": Field(kind=Kind.WORDS, exact=("text",), stems=("text.en", "text.fr")),
    "summary": Field(kind=Kind.WORDS, exact=("summary",)),
    "author": Field(kind=Kind.WORDS, exact=("authors.text",)),
    "note": Field(kind=Kind.WORDS, exact=("notes.remark",)),
    "condensate": Field(kind=Kind.WORDS, exact=("condensate",)),
    "source": Field(kind=Kind.SOURCE, exact=("source.name.text",)),
    "domain": Field(kind=Kind.VALUE, exact=("source.domain",)),
    "tag": Field(kind=Kind.VALUE, exact=("any.tags",)),
    "story": Field(kind=Kind.VALUE, exact=("any.stories",)),
    "cve": Field(kind=Kind.VALUE, exact=("cves",)),
    "language": Field(kind=Kind.VALUE, exact=("language",)),
    "shelf": Field(kind=Kind.VALUE, exact=("shelf",)),
    "by": Field(kind=Kind.VALUE, exact=("notes.by",)),
    "id": Field(kind=Kind.VALUE, exact=("id",)),
    "url": Field(kind=Kind.URL, exact=("urls", "url")),
    "date": Field(kind=Kind.DATE, exact=("effective",)),
    "published": Field(kind=Kind.DATE, exact=("published",)),
    "seen": Field(kind=Kind.DATE, exact=("seen",)),
    "noted": Field(kind=Kind.DATE, exact=("notes.at",)),
    "stars": Field(kind=Kind.NUMBER, exact=("notes.stars",)),
    "reposts": Field(kind=Kind.NUMBER, exact=("reposts",)),
    "words": Field(kind=Kind.NUMBER, exact=("tokens",)),
    "sent": Field(kind=Kind.FLAG, exact=("sent",)),
    "repost": Field(kind=Kind.PRESENT, exact=("repost_of",)),
}
_OTHER_NAMES = {
    "tags": "tag",
    "stories": "story",
    "cves": "cve",
    "lang": "language",
    "authors": "author",
    "notes": "note",
    "remark": "note",
    "body": "text",
    "star": "stars",
    "site": "domain",
    "effective": "date",
}


def field(name: str) -> Field | None:
    """Give the field of that name, in any case; None where there is none."""
    return FIELDS.get(own_name(name))


def own_name(name: str) -> str:
    """Give the name by which a field stands among ``FIELDS``, if it is there, of any of its names."""
    lower = name.lower()
    return _OTHER_NAMES.get(lower, lower)


def near(name: str) -> str | None:
    """Give the known name that this one resembles most."""
    found = get_close_matches(name.lower(), [*FIELDS, *_OTHER_NAMES], n=1, cutoff=0.6)
    return _OTHER_NAMES.get(found[0], found[0]) if found else None
