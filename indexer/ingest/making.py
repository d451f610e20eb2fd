"""Make an article of what was kept of it: the one path for pages fetched now, read from a file or from an archive.

Where it came from, and where it goes, it must not know.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from indexer import articles, extract
from indexer.archive import ArchiveError, Note
from indexer.indexing import Arrival, entry_hash
from indexer.ingest import decide
from indexer.models import Reason, RejectedError
from indexer.workers import PAGE_TIMEOUT

if TYPE_CHECKING:
    from indexer.archive import Keeper, Kept
    from indexer.models import Article, Extraction
    from indexer.workers import Workers

T = TypeVar("T")


class Maker:
    """Extracts pages in workers, and keeps what it makes articles of."""

    def __init__(self, workers: Workers, keeper: Keeper) -> None:
        self._workers = workers
        self._keeper = keeper

    async def fetched(self, kept: Kept, body: bytes) -> tuple[Note, Extraction | RejectedError]:
        """Extract a page and keep it, both at once; gives what is to be noted of it, and what it says, or why nothing.

        Raises RejectedError where it cannot be kept: what is in the index shall be in the archive as well.
        """
        keeping = asyncio.create_task(asyncio.to_thread(self._keeper.page, kept, body))
        try:
            found = await self.extracted(kept, body)
        finally:
            record = await _kept(keeping)
        return Note(kept=kept, page=record), found

    async def rejected(self, note: Note) -> None:
        """Note a page that led to no article, for it may do so under other rules; raises RejectedError."""
        if note.page is not None:
            await _kept(asyncio.create_task(asyncio.to_thread(self._keeper.note, [note])))

    async def noted(self, note: Note, found: Extraction | RejectedError | None) -> Arrival:
        """Make an article as ``article`` does, and note the page where that fails."""
        try:
            return await self.article(note.kept, found)
        except RejectedError:
            await self.rejected(note)
            raise

    async def extracted(self, kept: Kept, body: bytes) -> Extraction | RejectedError:
        """Extract a page; gives what it says, or why it says nothing."""
        if kept.page is None:
            raise AssertionError("there is no page to extract")
        try:
            return await self._workers.run(
                extract.extract,
                body,
                url=kept.page.final_url,
                content_type=kept.page.content_type,
                now=kept.seen,
                timeout=PAGE_TIMEOUT,
            )
        except RejectedError as error:
            return error

    async def article(self, kept: Kept, found: Extraction | RejectedError | None) -> Arrival:
        """Combine a page and what a feed says of it; raises RejectedError where neither has the text.

        ``found`` is what the page says, or why it says nothing; None where none was asked for.
        """
        extraction = None if isinstance(found, RejectedError) else found
        failure = found if isinstance(found, RejectedError) else None
        if kept.said is None:
            if failure is not None:
                raise failure
            if kept.page is None or extraction is None:
                raise AssertionError("an article of nothing")
            article = articles.from_page(kept.page, extraction, seen=kept.seen)
            return Arrival(article=article, what=kept.what)
        said = kept.said
        article = articles.from_entry(
            said.entry,
            source_name=said.source_name,
            feed_url=said.feed_url,
            feed_icon=said.feed_icon,
            feed_language=said.feed_language,
            page=kept.page,
            extraction=extraction,
            failure=failure,
            seen=kept.seen,
        )
        if article.origins["text"] == "feed":
            article = await self._with_language(article)
        # Where the feed's text stands in for a page that may come yet, the entry stays unknown: it is tried again.
        passing = failure is not None and decide.passes(failure)
        return Arrival(article=article, what=kept.what, entry_hash=None if passing else entry_hash(said.entry))

    async def _with_language(self, article: Article) -> Article:
        language = await self._workers.run(extract.detect_language, article.text, timeout=PAGE_TIMEOUT)
        return replace(article, language=language or article.language)


async def _kept(keeping: asyncio.Task[T]) -> T:
    try:
        return await keeping
    except ArchiveError as error:
        raise RejectedError(Reason.NOT_WRITTEN, str(error)) from error
