"""Write what an analyst says of articles: who is named is found first, so that a mistyped one costs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from indexer.elastic.documents import moment
from indexer.notes import edited
from indexer.review import resolve

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from indexer.elastic import Store
    from indexer.notes import Edit


def edit(store: Store, references: Sequence[str], wanted: Edit, *, by: str, now: datetime) -> dict[str, bool]:
    """Change these articles; gives, by id, whether anything changed, and a search that follows sees it.

    Raises NotFoundError for the first that is not known, before any is changed.
    """
    ids = [resolve(store, each) for each in references]

    def decide(article: dict[str, Any]) -> dict[str, Any]:
        return edited(article, wanted, by=by, at=moment(now))

    done = store.edits.edit(ids, decide)
    store.articles.refresh()
    return done
