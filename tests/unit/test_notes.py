"""What an analyst changes on an article."""

from __future__ import annotations

from indexer.notes import Edit, edited

ARTICLE = {
    "shelf": "inbox",
    "notes": {"stars": 3, "remark": "ask", "tags": ["Old", "Both"], "by": "ann", "at": "then"},
}


def test_only_what_differs_is_written_with_who_and_when() -> None:
    """Values that stand already are not written again, and nothing at all where nothing differs."""
    assert edited(ARTICLE, Edit(stars=3, remark=" ask ", shelf="inbox", tags=("both",)), by="bob", at="now") == {}
    assert edited(ARTICLE, Edit(stars=4, remark="ask"), by="bob", at="now") == {
        "notes": {"stars": 4, "by": "bob", "at": "now"}
    }
    assert edited({"shelf": "inbox"}, Edit(shelf="kept"), by="bob", at="now") == {
        "shelf": "kept",
        "notes": {"by": "bob", "at": "now"},
    }


def test_what_is_taken_away_becomes_null() -> None:
    """No stars, no remark and no tag left are null: a partial update would keep them otherwise."""
    found = edited(ARTICLE, Edit(stars=0, remark="", untagged=("OLD", "both")), by="bob", at="now")
    assert found["notes"] == {"stars": None, "remark": None, "tags": None, "by": "bob", "at": "now"}


def test_tags_are_added_once_and_kept_in_order() -> None:
    """A tag in another case is the same tag."""
    found = edited(ARTICLE, Edit(tags=("New", "old", " New "), untagged=("Both",)), by="bob", at="now")
    assert found["notes"]["tags"] == ["Old", "New"]
