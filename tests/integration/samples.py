"""Articles of our own for the tests that write to a real index."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from indexer import urls
from indexer.elastic.documents import article_document
from indexer.indexing import Arrival, aliases, take_in, work_out
from indexer.models import Article, Precision, Published, Source
from indexer.reports import Report
from indexer.search import Wanted, list_hits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from indexer.elastic import Store
    from indexer.elastic.articles import Written
    from indexer.search import Results, Sort

NOW = datetime(2026, 9, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SYLLABLES = ("ba", "do", "fi", "gu", "ke", "lo", "mi", "na", "po", "ra", "se", "tu", "vo", "wa", "xi", "zu")


def now() -> datetime:
    """Tell the time at which everything in these tests happens."""
    return NOW


def prose(seed: int, words: int) -> str:
    """Give a text of made-up words, the same for the same seed, that shares nothing with that of another."""
    chance = random.Random(seed)  # noqa: S311 nothing here is secret
    return " ".join("".join(chance.choices(SYLLABLES, k=4)) for _ in range(words))


def article(
    name: str,
    text: str,
    *,
    domain: str = "herald.example",
    published: datetime | None = NOW - HOUR,
    precision: Precision = Precision.SECOND,
    seen: datetime = NOW,
    title: str = "",
    further: Sequence[str] = (),
) -> Article:
    """Make an article; ``name`` is the last part of its URL, ``further`` other URLs that lead to it."""
    url = f"https://{domain}/{name}"
    return Article(
        id=urls.article_id(url),
        url=url,
        urls=aliases(url, *further),
        source=Source(name=domain.partition(".")[0].title(), domain=domain),
        title=title or name,
        text=text,
        language="en",
        published=Published(at=published, precision=precision, raw=str(published), origin="import")
        if published
        else Published(problem="absent"),
        seen=seen,
        origins={"title": "import", "text": "import", "authors": "import"},
    )


def take(store: Store, *articles: Article) -> Report:
    """Index articles as one batch and find their pairs."""
    report = Report(read=len(articles))
    take_in(store, [Arrival(article=each, what=each.url) for each in articles], report, now=now)
    store.articles.refresh()
    report.check()
    return report


def write(store: Store, *articles: Article) -> list[Written]:
    """Write articles and stop there, as a worker that dies before it looks for pairs."""
    worked = [work_out(each, None) for each in articles]
    documents = [
        article_document(each, condensate="", of_text=done.fields, entry_hash=None)
        for each, done in zip(articles, worked, strict=True)
    ]
    texts = [each.shingled for each in worked]
    return store.articles.write(documents, texts=texts, seen=[each.seen for each in articles], now=NOW)


def stored(store: Store, wanted: Article) -> dict[str, object]:
    """Read an article back, whole."""
    found = store.articles.get(wanted.id)
    assert found is not None
    return found


def search(store: Store, query: str, *, sort: Sort = "relevance", limit: int | None = 20, **filters: Any) -> Results:
    """Search articles; the filters are those of ``Wanted``."""
    return list_hits(store, Wanted(query=query, **filters), sort=sort, limit=limit)
