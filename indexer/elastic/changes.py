"""Say what is to be written of an article, given what stands there; it talks to no server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from indexer.elastic.documents import moment

if TYPE_CHECKING:
    from datetime import datetime

PENDING, DONE = "pending", "done"  # of ``pairs``: still to be found, or found for the text that stands there


def created(document: dict[str, Any], *, seen: datetime, now: datetime) -> dict[str, Any]:
    """Complete a new article's document with what is decided once."""
    return {
        **document,
        "seen": moment(seen),
        "effective": document["published"] or moment(seen),
        "pairs": PENDING,
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
        if new["text_hash"] != old["text_hash"]:
            revision = {key: old.get(key) for key in ("title", "text", "text_hash", "modified")}
            changes["revisions"] = [*old.get("revisions", []), revision]
    effective = published or new["published"] or changes.get("seen", old["seen"])
    if effective != old["effective"]:
        changes["effective"] = effective
    if changes.keys() & {"effective", "revisions", "source"}:
        changes["pairs"] = PENDING
    if changes:
        changes["modified"] = moment(now)
    return changes
