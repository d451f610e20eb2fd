"""What an analyst writes on an article: stars, a remark, own tags and stories, a shelf; pure, with who and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

STARS = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Edit:
    """What is to be changed; None and empty leave as it is."""

    stars: int | None = None  # 0 takes them away
    remark: str | None = None  # empty takes it away
    shelf: str | None = None
    tags: tuple[str, ...] = ()
    untagged: tuple[str, ...] = ()
    stories: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()  # stories to be taken away


def edited(article: Mapping[str, Any], edit: Edit, *, by: str, at: str) -> dict[str, Any]:
    """Give the fields of the article that change, with who changed them and when; none where all is so already.

    ``article`` is its stored document, ``at`` a date as the mappings want it. Tags are equal whatever the case.
    """
    old = article.get("notes") or {}
    new: dict[str, Any] = {
        "tags": _listed(old.get("tags"), edit.tags, edit.untagged),
        "stories": _listed(old.get("stories"), edit.stories, edit.untold),
    }
    if edit.stars is not None:
        new["stars"] = edit.stars or None
    if edit.remark is not None:
        new["remark"] = edit.remark.strip() or None
    changes: dict[str, Any] = {}
    notes = {name: value for name, value in new.items() if value != (old.get(name) or None)}
    if edit.shelf is not None and edit.shelf != article.get("shelf"):
        changes["shelf"] = edit.shelf
    if notes or changes:
        changes["notes"] = {**notes, "by": by, "at": at}
    return changes


def _listed(old: Iterable[str] | None, more: Iterable[str], less: Iterable[str]) -> list[str] | None:
    kept = {each.casefold(): each for each in old or ()}
    for each in more:
        kept.setdefault(each.strip().casefold(), each.strip())
    for each in less:
        kept.pop(each.strip().casefold(), None)
    return list(kept.values()) or None
