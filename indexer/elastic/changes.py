"""Say what is to be written of an article, given what stands there; it talks to no server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from indexer.elastic.documents import moment, state
from indexer.reports import Outcome
from indexer.vocabulary import changed as changed_labels

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What is to be written of one article."""

    fields: dict[str, Any]  # the whole document of a new article, else what differs
    outcome: Outcome
    state: str | None  # in which it will be, where its pairs are to be found; see ``documents.state``


# A change of these alone is not one that a reader would see.
UNSEEN = frozenset({"urls", "entry_hash", "seen", "effective", "modified"})


def change(old: dict[str, Any] | None, new: dict[str, Any], *, seen: datetime, now: datetime) -> Change | None:
    """Say what is to be written of an article, given its document as it stands (None: it is new)."""
    if old is None:
        document = created(new, seen=seen, now=now)
        return Change(fields=document, outcome=Outcome.CREATED, state=state(document))
    fields = changed(old, new, seen=seen, now=now)
    if not fields:
        return None
    after = state({**old, **fields})
    return Change(
        fields=fields,
        outcome=Outcome.UPDATED if fields.keys() - UNSEEN else Outcome.UNCHANGED,
        state=after if after != state(old) else None,
    )


def created(document: dict[str, Any], *, seen: datetime, now: datetime) -> dict[str, Any]:
    """Complete a new article's document with what is decided once."""
    return {
        **document,
        "seen": moment(seen),
        "effective": document["published"] or moment(seen),
        "sent": False,
        "shelf": "inbox",
        "reposts": 0,
        "repeats": 0,
        "created": moment(now),
        "modified": moment(now),
    }


def changed(old: dict[str, Any], new: dict[str, Any], *, seen: datetime, now: datetime) -> dict[str, Any]:
    """Give the partial document that brings ``old`` up to ``new``; empty when there is nothing to write.

    ``seen`` never moves later, and the first plausible publication date that was recorded stays: an article
    that is edited does not become a later one.
    """
    changes: dict[str, Any] = {}
    urls = list(dict.fromkeys([*old["urls"], *new["urls"]]))
    if urls != old["urls"]:
        changes["urls"] = urls
    if new["entry_hash"] and new["entry_hash"] != old.get("entry_hash"):
        changes["entry_hash"] = new["entry_hash"]
    if moment(seen) < old["seen"]:
        changes["seen"] = moment(seen)
    published = old.get("published")
    if new["content_hash"] != old["content_hash"]:
        changes |= {key: value for key, value in new.items() if key not in {"id", "urls", "entry_hash"}}
        if published:
            changes |= {key: old.get(key) for key in changes if key.startswith("published")}
        if new["text_hash"] != old["text_hash"] and not _stood_in(old, new):
            revision = {key: old.get(key) for key in ("title", "text", "text_hash", "modified")}
            changes["revisions"] = [*old.get("revisions", []), revision]
    else:
        changes |= changed_labels(old, new)
    effective = published or new["published"] or changes.get("seen", old["seen"])
    if effective != old["effective"]:
        changes["effective"] = effective
    if changes:
        changes["modified"] = moment(now)
    return changes


def _stood_in(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Tell whether the feed's text stood in for a page that failed, and now comes: nobody edited the article."""
    origins = old["origins"]["text"], new["origins"]["text"]
    return origins == ("feed", "page") and not old.get("entry_hash")
