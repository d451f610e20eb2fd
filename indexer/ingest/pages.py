"""Get pages, from the web or from files, and make articles of them; what is written it must not know."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from indexer.archive import Kept, Note, Said
from indexer.models import Fetched, RejectedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from indexer.elastic.feeds import FeedRecord
    from indexer.fetch import Fetcher
    from indexer.indexing import Arrival
    from indexer.ingest.decide import Task
    from indexer.ingest.making import Maker
    from indexer.models import Extraction, ParsedFeed


@dataclass(frozen=True, slots=True)
class Made:
    """An article on its way, or none where the page that is there is better; ``failure`` is the page's own."""

    arrival: Arrival | None
    note: Note
    failure: RejectedError | None = None


class Pages:
    """Fetches pages and makes articles of them."""

    def __init__(
        self, fetcher: Fetcher, maker: Maker, *, now: Callable[[], datetime], obey_robots: bool = True
    ) -> None:
        self._fetcher = fetcher
        self._maker = maker
        self._now = now
        self._obey_robots = obey_robots

    async def of_entry(self, feed: FeedRecord, parsed: ParsedFeed, task: Task) -> Made:
        """Make the article of a feed's entry; raises RejectedError where neither page nor feed has its text.

        What fails now shall not replace the text that was once taken from the page: then there is no arrival. Where
        the feed's text stands in for a page that may come yet, the entry stays unknown, so that it is tried again.
        """
        said = Said(
            entry=task.entry,
            source_name=feed.name or parsed.title or feed.domain,
            feed_url=feed.url,
            feed_icon=parsed.icon,
            feed_language=parsed.language,
        )
        note, found = await self._page_of(said)
        arrival = await self._maker.noted(note, found)
        failure = found if isinstance(found, RejectedError) else None
        if task.has_page_text and arrival.article.origins["text"] != "page":
            await self._maker.rejected(note)
            return Made(None, note, failure)
        return Made(arrival, note, failure)

    async def of_url(self, url: str) -> Made:
        """Make the article of a single page; raises RejectedError."""
        async with self._fetcher.open(url, kind="page", obey_robots=self._obey_robots) as got:
            kept = Kept(what=url, seen=self._now(), page=replace(got, body=b""))
            note, found = await self._maker.fetched(kept, got.body)
        return Made(await self._maker.noted(note, found), note)

    async def of_file(self, path: Path) -> Made:
        """Make the article of a saved page; raises RejectedError."""
        url, body = await asyncio.to_thread(lambda: (path.resolve().as_uri(), path.read_bytes()))
        kept = Kept(what=str(path), seen=self._now(), page=Fetched(url=url, final_url=url, status=200, body=b""))
        note, found = await self._maker.fetched(kept, body)
        return Made(await self._maker.noted(note, found), note)

    async def _page_of(self, said: Said) -> tuple[Note, Extraction | RejectedError | None]:
        """Fetch, extract and keep the page of an entry; gives what is to be noted of it, and what it says.

        Raises RejectedError where it cannot be kept.
        """
        url = said.entry.url
        if not said.entry.has_link:
            return Note(kept=Kept(what=url, seen=self._now(), said=said)), None
        async with AsyncExitStack() as connection:
            try:
                got = await connection.enter_async_context(
                    self._fetcher.open(url, kind="page", obey_robots=self._obey_robots)
                )
            except RejectedError as error:
                return Note(kept=Kept(what=url, seen=self._now(), said=said, failure=error)), error
            kept = Kept(what=url, seen=self._now(), page=replace(got, body=b""), said=said)
            return await self._maker.fetched(kept, got.body)
