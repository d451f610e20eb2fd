"""Make articles of pages: fetch, extract, and combine with what a feed says; what is written it must not know."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from indexer import articles, extract
from indexer.indexing import Arrival
from indexer.ingest import decide
from indexer.models import Extraction, Fetched, RejectedError
from indexer.workers import PAGE_TIMEOUT, Workers

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from indexer.elastic.feeds import FeedRecord
    from indexer.fetch import Fetcher
    from indexer.ingest.decide import Task
    from indexer.models import ParsedFeed


@dataclass(frozen=True, slots=True)
class Made:
    """An article on its way, or none where the page that is there is better; ``failure`` is the page's own."""

    arrival: Arrival | None
    failure: RejectedError | None


class Pages:
    """Fetches and extracts pages."""

    def __init__(
        self, fetcher: Fetcher, workers: Workers, *, now: Callable[[], datetime], obey_robots: bool = True
    ) -> None:
        self._fetcher = fetcher
        self._workers = workers
        self._now = now
        self._obey_robots = obey_robots

    async def of_entry(self, feed: FeedRecord, parsed: ParsedFeed, task: Task) -> Made:
        """Make the article of a feed's entry; raises RejectedError where neither page nor feed has its text.

        What fails now shall not replace the text that was once taken from the page: then there is no arrival. Where
        the feed's text stands in for a page that may come yet, the entry stays unknown, so that it is tried again.
        """
        entry = task.entry
        page, extraction, failure = await self._page(entry.url) if entry.has_link else (None, None, None)
        article = articles.from_entry(
            entry,
            source_name=feed.name or parsed.title or feed.domain,
            feed_url=feed.url,
            feed_icon=parsed.icon,
            feed_language=parsed.language,
            page=page,
            extraction=extraction,
            failure=failure,
            seen=self._now(),
        )
        if task.has_page_text and article.origins["text"] != "page":
            return Made(None, failure)
        if article.origins["text"] == "feed":
            language = await self._workers.run(extract.detect_language, article.text, timeout=PAGE_TIMEOUT)
            article = replace(article, language=language or article.language)
        digest = None if failure is not None and decide.passes(failure) else task.digest
        return Made(Arrival(article=article, what=entry.url, entry_hash=digest), failure)

    async def of_url(self, url: str) -> Arrival:
        """Make the article of a single page; raises RejectedError."""
        async with self._fetcher.open(url, kind="page", obey_robots=self._obey_robots) as page:
            return self._alone(url, page, await self._extract(page))

    async def of_file(self, path: Path) -> Arrival:
        """Make the article of a saved page; raises RejectedError."""
        url, body = await asyncio.to_thread(lambda: (path.resolve().as_uri(), path.read_bytes()))
        page = Fetched(url=url, final_url=url, status=200, body=body)
        return self._alone(str(path), page, await self._extract(page))

    async def _page(self, url: str) -> tuple[Fetched | None, Extraction | None, RejectedError | None]:
        """Give the page, without its body, and what it says; and why it says nothing."""
        page = None
        try:
            async with self._fetcher.open(url, kind="page", obey_robots=self._obey_robots) as got:
                page = replace(got, body=b"")
                return page, await self._extract(got), None
        except RejectedError as error:
            return page, None, error

    async def _extract(self, page: Fetched) -> Extraction:
        return await self._workers.run(
            extract.extract,
            page.body,
            url=page.final_url,
            content_type=page.content_type,
            now=self._now(),
            timeout=PAGE_TIMEOUT,
        )

    def _alone(self, what: str, page: Fetched, extraction: Extraction) -> Arrival:
        return Arrival(article=articles.from_page(page, extraction, seen=self._now()), what=what)
