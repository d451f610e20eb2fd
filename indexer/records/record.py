"""Turn a stored article into a record of all that cannot be computed again, and a record back into an article."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from indexer import urls
from indexer.models import Article, Precision, Published, Reason, RejectedError, Source
from indexer.text import strip_controls
from indexer.vocabulary import Given, given

EXPORTED = 1  # version of the form, under the key of that name in every record
# What is computed from the rest, by this version as by any other.
COMPUTED = frozenset(
    {"condensate", "condensate_hash", "signature", "signature_version", "sketch"}
    | {"text_hash", "content_hash", "tokens", "any"}
)
# What follows from the pairs: told for those who read an export, found again by an import.
DERIVED = ("repost_of", "reposts", "repeats")
# What is kept of an article that is new here; in one that is there already it stays as it is.
_DATES = ("created", "modified", "sent_at")
_SHELVES = frozenset({"inbox", "kept", "archived", "rejected"})
_NOTES: dict[str, type] = {"stars": int, "remark": str, "tags": list, "stories": list, "by": str, "at": str}


@dataclass(frozen=True, kw_only=True, slots=True)
class Restored:
    """An article of an export, and what else is to be written of it if it is new."""

    article: Article
    entry_hash: str | None
    kept: dict[str, Any]


def record(document: dict[str, Any]) -> dict[str, Any]:
    """Give the record of a stored article: its fields without what is computed, and without what is null."""
    fields = {key: value for key, value in document.items() if key not in COMPUTED and value is not None}
    source = {key: value for key, value in document["source"].items() if value is not None}
    return {"exported": EXPORTED, **fields, "source": source}


def restore(data: dict[str, Any]) -> Restored:
    """Read a record; raises RejectedError with what is wrong. Nothing is guessed or cleaned again."""
    if data.get("exported") != EXPORTED:
        raise RejectedError(Reason.BAD_LINE, f"exported in a form that is not known: {data.get('exported')!r}")
    url, text = _text(data, "url"), strip_controls(_text(data, "text"))
    for name, value in (("url", url), ("text", text.strip())):
        if not value:
            raise RejectedError(Reason.MISSING_FIELD, name)
    source = data.get("source") or {}
    seen = _moment(data, "seen")
    if not isinstance(source, dict) or seen is None:
        raise RejectedError(Reason.MISSING_FIELD, "source" if seen else "seen")
    domain = _text(source, "domain") or urls.registrable_domain(url)
    keys = [urls.normalise(url), *(urls.normalise(each) for each in _texts(data, "urls"))]
    article = Article(
        id=urls.article_id(url),
        url=url,
        urls=tuple(dict.fromkeys(keys)),
        source=Source(
            name=_text(source, "name") or domain,
            domain=domain,
            feed=_text(source, "feed") or None,
            icon=_text(source, "icon") or None,
        ),
        title=strip_controls(_text(data, "title")),
        text=text,
        language=_text(data, "language") or None,
        authors=_texts(data, "authors"),
        summary=strip_controls(_text(data, "summary")),
        image=_text(data, "image") or None,
        published=_published(data),
        seen=seen,
        **_given(data),
        origins=_origins(data),
        canonical=_text(data, "canonical") or None,
    )
    return Restored(article=article, entry_hash=_text(data, "entry_hash") or None, kept=_kept(data))


def _published(data: dict[str, Any]) -> Published:
    try:
        precision = Precision(_text(data, "published_precision") or Precision.SECOND)
    except ValueError as error:
        raise RejectedError(Reason.BAD_LINE, f"published_precision: {error}") from error
    return Published(
        at=_moment(data, "published"),
        precision=precision,
        raw=_text(data, "published_raw") or None,
        origin=_text(data, "published_origin") or None,
        problem=_text(data, "published_problem") or None,
    )


def _kept(data: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {name: _text(data, name) for name in _DATES if _moment(data, name)}
    shelf, sent, notes, revisions = (data.get(name) for name in ("shelf", "sent", "notes", "revisions"))
    if shelf is not None:
        _expect(shelf in _SHELVES, "shelf", "none that there is")
        kept["shelf"] = shelf
    if sent is not None:
        _expect(isinstance(sent, bool), "sent", "not true or false")
        kept["sent"] = sent
    if notes is not None:
        _expect(isinstance(notes, dict), "notes", "not an object")
        notes = {name: value for name, value in notes.items() if value is not None}
        for name, value in notes.items():
            _expect(name in _NOTES and isinstance(value, _NOTES[name]), f"notes.{name}", "not what an analyst writes")
        kept["notes"] = notes
    if revisions is not None:
        _expect(
            isinstance(revisions, list) and all(isinstance(each, dict) for each in revisions),
            "revisions",
            "not a list of objects",
        )
        kept["revisions"] = revisions
    return kept


def _given(data: dict[str, Any]) -> Given:
    """Give the tags that the article was given; what a vocabulary found is found again, by the one of this index."""
    own = data.get("given")
    _expect(own is None or isinstance(own, dict), "given", "not an object")
    for each in (data, own or {}):
        for name in ("tags", "stories", "cves"):
            _texts(each, name)
    _text(data, "vocabulary")
    return given(data)


def _origins(data: dict[str, Any]) -> dict[str, str]:
    found = data.get("origins") or {}
    _expect(
        isinstance(found, dict) and all(isinstance(each, str) for each in found.values()), "origins", "not an object"
    )
    return dict(found)


def _expect(holds: bool, name: str, otherwise: str) -> None:  # noqa: FBT001 it is the condition
    if not holds:
        raise RejectedError(Reason.BAD_LINE, f"{name} is {otherwise}")


def _text(data: dict[str, Any], name: str) -> str:
    value = data.get(name)
    _expect(value is None or isinstance(value, str), name, "not a string")
    return value or ""


def _texts(data: dict[str, Any], name: str) -> tuple[str, ...]:
    value = data.get(name) or ()
    _expect(
        isinstance(value, (list, tuple)) and all(isinstance(each, str) for each in value), name, "not a list of strings"
    )
    return tuple(value)


def _moment(data: dict[str, Any], name: str) -> datetime | None:
    value = _text(data, name)
    if not value:
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError as error:
        raise RejectedError(Reason.BAD_DATE, f"{name}: {value}") from error
    _expect(at.tzinfo is not None, name, "without a time zone")
    return at.astimezone(UTC)
