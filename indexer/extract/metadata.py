"""Read what a page says of itself in its markup: title, authors, date, canonical link and the like.

All of it is weak next to the feed, which fills these fields first. What is not there stays empty: dates above all are
taken where the page names one as its publication date, never guessed from its text.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from trafilatura.metadata import extract_title

from indexer import text, times, urls
from indexer.extract import byline
from indexer.models import Published

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from lxml.html import HtmlElement  # type: ignore[import-untyped]

MAX_SUMMARY = 2000  # characters
MAX_URL = 2000
MAX_AUTHORS = 20
MAX_AUTHOR = 80
MAX_JSON = 500_000  # characters of one JSON-LD script
MAX_NODES = 2000  # of all JSON-LD of a page

# Names in <meta>, likelier first. Compared in lower case, whether they stand in property, name or itemprop.
TITLES = ("og:title", "twitter:title", "dc.title", "citation_title", "parsely-title")
AUTHORS = (
    "author",
    "article:author",
    "parsely-author",
    "sailthru.author",
    "dc.creator",
    "dcterms.creator",
    "byl",
    "citation_author",
)
SUMMARIES = ("og:description", "description", "twitter:description", "dc.description")
IMAGES = ("og:image", "og:image:secure_url", "og:image:url", "twitter:image", "twitter:image:src")
SITES = ("og:site_name", "application-name", "apple-mobile-web-app-title")
DATES = (
    "article:published_time",
    "og:article:published_time",
    "og:published_time",
    "datepublished",
    "parsely-pub-date",
    "sailthru.date",
    "cxenseparse:recs:publishtime",
    "citation_publication_date",
    "publish-date",
    "publish_date",
    "publishdate",
    "publication_date",
    "pubdate",
    "dc.date.issued",
    "dcterms.issued",
    "dcterms.created",
    "dc.date",
    "date",
)
LANGUAGES = ("content-language", "og:locale", "dc.language")

ARTICLE_TYPE = re.compile(r"(\w*Article|BlogPosting|Report|SocialMediaPosting|LiveBlogPosting)", re.IGNORECASE)
PAGE_TYPE = re.compile(r"(\w*WebPage|ItemPage)", re.IGNORECASE)

MARKED_AS_PUBLISHED = re.compile(r"publish|entry-date|post-date|date-posted|pubdate", re.IGNORECASE)
MARKED_AS_CHANGED = re.compile(r"updat|modif", re.IGNORECASE)

BEFORE_SITE_NAME = tuple("-–—|·•:»")
BY = re.compile(r"^(?:(?:written|posted|words|story|text)\s+)?(?:by|par|author|auteur)\b[\s:]+", re.IGNORECASE)
BETWEEN_AUTHORS = re.compile(r"\s*[;|&•]\s*|\s+(?:(?i:and|et|und)|y|e)\s+")  # "John E Smith" is one
ADDRESS = re.compile(r"\S+@\S+|\([^)]*\)|<[^>]*>")
ROLE = re.compile(
    r"\b(?:writer|reporter|correspondent|editor|staff|media|news|agency|press|for|of|at)\b", re.IGNORECASE
)
NO_AUTHOR = frozenset(
    {
        "admin",
        "administrator",
        "anonymous",
        "author",
        "editor",
        "guest",
        "none",
        "null",
        "staff",
        "unknown",
        "webmaster",
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Metadata:
    """What the markup of a page says; the fields are those of ``models.Extraction``."""

    title: str
    window_title: str  # <title> as it is, by which challenge pages are known
    authors: tuple[str, ...]
    published: Published
    language: str | None  # a tag as written, not checked
    summary: str
    image: str | None
    icon: str | None
    canonical: str | None
    site_name: str | None


@dataclass(frozen=True, slots=True)
class _Marks:
    """The markup that is read more than once."""

    meta: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    articles: list[dict[str, Any]] = field(default_factory=list)  # JSON-LD objects
    pages: list[dict[str, Any]] = field(default_factory=list)

    def named(self, names: Iterable[str]) -> Iterator[str]:
        for name in names:
            yield from self.meta.get(name, ())


def read(tree: HtmlElement, *, url: str, now: datetime) -> Metadata:
    """Read the metadata of the page at ``url``; links come out absolute."""
    marks = _collect(tree)
    base = urls.absolute(tree.xpath("string(.//base/@href)").strip() or url, url) or url
    site_name = _first(_clean(each) for each in (*marks.named(SITES), *_json_texts(marks.articles, "publisher")))
    window_title = _clean(tree.xpath("string(.//title)"))
    return Metadata(
        title=_title(tree, marks, site_name),
        window_title=window_title,
        authors=_authors(tree, marks, site_name),
        published=_published(tree, marks, now),
        language=_first((*tree.xpath("/html/@lang | /html/@xml:lang"), *marks.named(LANGUAGES))) or None,
        summary=_first(_clean(each) for each in (*marks.named(SUMMARIES), *_json_texts(marks.articles, "description")))[
            :MAX_SUMMARY
        ],
        image=_link((*marks.named(IMAGES), *_json_texts(marks.articles, "image")), base),
        icon=_icon(tree, base),
        canonical=_canonical(tree, base),
        site_name=site_name or None,
    )


def _collect(tree: HtmlElement) -> _Marks:
    marks = _Marks()
    for element in tree.iter("meta"):
        content = (element.get("content") or "").strip()
        for attribute in ("property", "name", "itemprop", "http-equiv"):
            name = element.get(attribute)
            if name and content:
                marks.meta[name.strip().lower()].append(content)
    for node in _json_nodes(tree):
        kinds = " ".join(each for each in _listed(node.get("@type")) if isinstance(each, str))
        if ARTICLE_TYPE.search(kinds):
            marks.articles.append(node)
        elif PAGE_TYPE.search(kinds):
            marks.pages.append(node)
    return marks


def _json_nodes(tree: HtmlElement) -> Iterator[dict[str, Any]]:
    """Give the objects of all JSON-LD, those at the top before those within; broken scripts are left out."""
    waiting: list[Any] = []
    for script in tree.xpath(".//script[contains(@type, 'ld+json')]/text()"):
        try:
            waiting.append(json.loads(script[:MAX_JSON].strip().rstrip(";"), strict=False))
        except (ValueError, RecursionError):
            continue
    for _ in range(MAX_NODES):
        if not waiting:
            return
        node = waiting.pop(0)
        if isinstance(node, list):
            waiting[:0] = node[:MAX_NODES]
        elif isinstance(node, dict):
            yield node
            waiting.extend(node[name] for name in ("@graph", "mainEntity", "mainEntityOfPage") if name in node)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _json_texts(nodes: list[dict[str, Any]], name: str) -> Iterator[str]:
    """Give the texts under ``name``: JSON-LD has a text there, or an object with a name or URL, or a list of them."""
    for node in nodes:
        for value in _listed(node.get(name)):
            inner = (value.get("name") or value.get("url")) if isinstance(value, dict) else value
            for each in _listed(inner):
                if isinstance(each, str) and each.strip():
                    yield each


def _title(tree: HtmlElement, marks: _Marks, site_name: str) -> str:
    given = _first(_clean(each) for each in (*_json_texts(marks.articles, "headline"), *marks.named(TITLES)))
    given = given or _clean(extract_title(tree) or "")
    # "Something happened | The Daily News"
    if site_name and given[-len(site_name) :].casefold() == site_name.casefold():
        head = given[: -len(site_name)].rstrip()
        if head[-1:] in BEFORE_SITE_NAME:
            return head[:-1].rstrip() or given
    return given


def _authors(tree: HtmlElement, marks: _Marks, site_name: str) -> tuple[str, ...]:
    for source in (_json_texts(marks.articles, "author"), marks.named(AUTHORS)):
        if found := split_authors(source, site_name):
            return found
    return split_authors((byline.find(tree),), site_name)


def split_authors(raw: Iterable[str], site_name: str = "") -> tuple[str, ...]:
    """Give single names out of author strings, without «By», addresses, roles, repetitions and the site itself."""
    names: dict[str, str] = {}
    for each in raw:
        for part in BETWEEN_AUTHORS.split(_clean(each)):
            for piece in _without_roles(ADDRESS.sub("", part)):
                name = BY.sub("", piece).strip(" ,.-–—@")
                if _is_name(name) and name.casefold() != site_name.casefold():
                    names.setdefault(name.casefold(), name)
    return tuple(names.values())[:MAX_AUTHORS]


def _without_roles(part: str) -> list[str]:
    """Split at commas: «Ann Smith, Bo Jones» are two; «Ann Smith, Reuters», with her house, and «Smith, Ann» one."""
    first, *others = (piece.strip() for piece in part.split(","))
    if " " not in first:
        return [part]
    return [first, *(each for each in others if " " in each and not ROLE.search(each))]


def _is_name(name: str) -> bool:
    return (
        1 < len(name) <= MAX_AUTHOR
        and any(map(str.isalpha, name))
        and "://" not in name
        and not name.lower().startswith("www.")
        and name.casefold() not in NO_AUTHOR
    )


def _published(tree: HtmlElement, marks: _Marks, now: datetime) -> Published:
    """Give the first plausible of the dates that are named as such; else the first with what is wrong with it."""
    candidates = (
        *_json_texts(marks.articles, "datePublished"),
        *marks.named(DATES),
        *_json_texts(marks.pages, "datePublished"),
        *_times(tree),
    )
    read = [times.published(each, now=now, origin="html") for each in dict.fromkeys(candidates)]
    return next((each for each in read if each.at is not None), read[0] if read else Published())


def _times(tree: HtmlElement) -> list[str]:
    """Give the values of <time> elements that say when this page was published."""
    marked: list[str] = []
    plain: list[str] = []
    for element in tree.iterfind(".//time[@datetime]"):
        signs = " ".join((element.get("class") or "", element.get("itemprop") or "", *element.attrib))
        if not MARKED_AS_CHANGED.search(signs):
            (marked if MARKED_AS_PUBLISHED.search(signs) else plain).append(element.get("datetime"))
    # Unmarked ones stand beside comments and other articles too, so one alone is believed.
    return marked[:1] or (plain if len(set(plain)) == 1 else [])


def _canonical(tree: HtmlElement, base: str) -> str | None:
    """Give the canonical link of the head; of several that contradict each other, none."""
    links = {
        _link((each.get("href") or "",), base)
        for each in tree.iterfind(".//head//link[@href]")
        if "canonical" in _rel(each)
    }
    return links.pop() if len(links) == 1 else None


def _icon(tree: HtmlElement, base: str) -> str | None:
    links = [(each.get("href") or "", _rel(each)) for each in tree.iterfind(".//link[@href]")]
    icons = [href for href, rel in links if "icon" in rel]
    return _link((*icons, *(href for href, rel in links if "apple-touch-icon" in rel)), base)


def _rel(element: HtmlElement) -> list[str]:
    return (element.get("rel") or "").lower().split()


def _link(candidates: Iterable[str], base: str) -> str | None:
    """Give the first candidate that is a web address, absolute."""
    for each in candidates:
        link = urls.absolute(each.strip(), base) if each.strip() else None
        if link and len(link) <= MAX_URL:
            return link
    return None


def _clean(raw: str) -> str:
    return text.title(raw)


def _first(candidates: Iterable[str]) -> str:
    return next(filter(None, candidates), "")
