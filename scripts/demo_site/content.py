"""Read the publishers and their articles from the files beside this module.

An article is a file ``pages/<source>/<slug>.md``: ``key: value`` lines, an empty line, blocks of text parted by
empty lines. ``<<source/slug 2-4>>`` stands for blocks 2 to 4 of another article, and each ``edit: old => new`` line
changes the text after that, so a file shows what was copied and what was altered. ``<slug>.v2.md`` is what an article
becomes when its publisher edits it. It must not know how any of this is shown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

HERE = Path(__file__).parent
PAGES = HERE / "pages"
INCLUDE = re.compile(r"<<(?P<key>[\w/-]+) (?P<first>\d+)(?:-(?P<last>\d+))?>>")
ESCAPED_CONTROL = re.compile(r"\\x([0-9a-f]{2})")


class ContentError(Exception):
    """A file of the site contradicts itself or another one; the text names it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A publisher: how its pages look, which feed it has, and how much of an article it puts into that feed."""

    key: str
    name: str
    language: str
    template: str  # templates/<template>.html
    feed: str  # path of its feed
    form: str  # rss, atom
    body: str  # full, teaser, excerpt: what of the text stands in the feed
    footer: str = ""  # a paragraph that it puts under each article, inside the text


# In the order of the OPML list, so of polling: Copperline, which mostly repeats others, is asked first and
# Sextant, whose originals are the oldest, last. Who was first must not depend on that.
SOURCES = (
    Source(
        key="copper",
        name="Copperline Reader",
        language="en",
        template="magazine",
        feed="/copper/feed.xml",
        form="rss",
        body="full",
    ),
    Source(
        key="wire",
        name="Tidewater Wire",
        language="en",
        template="news",
        feed="/wire/feed.xml",
        form="rss",
        body="full",
    ),
    Source(
        key="digue",
        name="La Digue",
        language="fr",
        template="news",
        feed="/digue/rss.xml",
        form="rss",
        body="teaser",
    ),
    Source(
        key="cert",
        name="CERT Estuaire",
        language="fr",
        template="blog",
        feed="/cert/avis.xml",
        form="rss",
        body="teaser",
    ),
    Source(
        key="gazette",
        name="Northgate Gazette",
        language="en",
        template="magazine",
        feed="/gazette/feed/",
        form="rss",
        body="excerpt",
        footer="The Northgate Gazette is read in eleven parishes. Articles from partner publications appear here under "
        "our syndication agreement; write to the desk about reuse.",
    ),
    Source(
        key="lab",
        name="Sextant Labs",
        language="en",
        template="blog",
        feed="/lab/atom.xml",
        form="atom",
        body="full",
    ),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Article:
    """One article in one version, its blocks put together."""

    source: str
    slug: str
    title: str
    blocks: tuple[str, ...]  # a block that begins with "> " is a quotation
    published: datetime | None = None
    updated: datetime | None = None
    author: str = ""
    summary: str = ""
    tags: tuple[str, ...] = ()
    canonical: str | None = None  # key of the article that the page names as its rel=canonical
    links: tuple[str, ...] = ("plain",)  # the ways the feed links to it: plain, utm, redirect
    page: str = "article"  # article, short, challenge, missing
    held: bool = False  # not published before Site.release

    @property
    def key(self) -> str:
        """Name it within the site: ``source/slug``."""
        return f"{self.source}/{self.slug}"

    @property
    def path(self) -> str:
        """Give the path of its page."""
        return f"/{self.source}/2026/09/{self.slug}.html"

    @property
    def text(self) -> str:
        """Give its text as a reader sees it, a block a line."""
        return "\n".join(block.removeprefix("> ") for block in self.blocks)


def load(folder: Path = PAGES) -> tuple[dict[str, Article], dict[str, Article]]:
    """Read all articles; the first mapping has what is published, the second the edited versions, both by key."""
    raw = {
        f"{path.parent.name}/{path.name.removesuffix('.md')}": _split(path) for path in sorted(folder.glob("*/*.md"))
    }
    articles = {name: _article(name, raw) for name in raw}
    return (
        {name: article for name, article in articles.items() if not name.endswith(".v2")},
        {article.key: article for name, article in articles.items() if name.endswith(".v2")},
    )


@dataclass(frozen=True, slots=True)
class _Raw:
    head: dict[str, str]
    edits: tuple[tuple[str, str], ...]
    blocks: tuple[str, ...]


def _split(path: Path) -> _Raw:
    top, _, body = path.read_text(encoding="utf-8").partition("\n\n")
    head: dict[str, str] = {}
    edits: list[tuple[str, str]] = []
    for line in top.splitlines():
        name, colon, value = line.partition(": ")
        if not colon:
            raise ContentError(f"{path}: not a header line: {line!r}")
        if name == "edit":
            old, arrow, new = value.partition(" => ")
            if not arrow:
                raise ContentError(f"{path}: an edit needs ' => ': {line!r}")
            edits.append((old, new))
        else:
            head[name] = value
    return _Raw(head, tuple(edits), tuple(block.replace("\n", " ") for block in body.strip().split("\n\n")))


def _article(name: str, raw: dict[str, _Raw]) -> Article:
    source, _, slug = name.partition("/")
    head = raw[name].head
    published = head.get("published")
    updated = head.get("updated")
    return Article(
        source=source,
        slug=slug.removesuffix(".v2"),
        title=ESCAPED_CONTROL.sub(lambda match: chr(int(match[1], 16)), head["title"]),
        blocks=_blocks(name, raw),
        published=datetime.fromisoformat(published) if published else None,
        updated=datetime.fromisoformat(updated) if updated else None,
        author=head.get("author", ""),
        summary=head.get("summary", ""),
        tags=tuple(head["tags"].split(", ")) if "tags" in head else (),
        canonical=head.get("canonical"),
        links=tuple(head.get("links", "plain").split(", ")),
        page=head.get("page", "article"),
        held=head.get("held") == "true",
    )


def _blocks(name: str, raw: dict[str, _Raw]) -> tuple[str, ...]:
    blocks: list[str] = []
    for block in raw[name].blocks:
        match = INCLUDE.fullmatch(block.removeprefix("> "))
        if match is None:
            blocks.append(block)
            continue
        first, last = int(match["first"]), int(match["last"] or match["first"])
        included = _blocks(match["key"], raw)[first - 1 : last]
        if len(included) != last - first + 1:
            raise ContentError(f"{name}: {match['key']} has no block {last}")
        blocks += [f"> {each}" if block.startswith("> ") else each for each in included]
    text = "\n".join(blocks)
    for old, new in raw[name].edits:
        if old not in text:
            raise ContentError(f"{name}: nothing to edit reads {old!r}")
        text = text.replace(old, new)
    return tuple(text.split("\n"))
