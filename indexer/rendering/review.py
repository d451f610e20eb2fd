"""Write the review page of one article as one file that asks for nothing else; it reads no index."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote, urlsplit

from indexer.elastic.documents import parse_moment
from indexer.rendering.labels import LABELS
from indexer.rendering.templating import link, page
from indexer.text import strip_controls

if TYPE_CHECKING:
    from collections.abc import Iterable

    from indexer.differences import Hunk
    from indexer.models import Pair
    from indexer.rendering.labels import Labels, Language
    from indexer.review import Review

DIFFERENCES = 12  # of a pair; all of them are told by `condensat compare`
DIFFERENCE_WORDS = 12  # of one
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")

Row = dict[str, Any]


def review_page(review: Review, language: Language = "en") -> str:
    """Give the page: the article's fields in their order, who reposted it, and what it repeats."""
    labels = LABELS[language]
    article = review.article
    notes = article.get("notes") or {}
    return page(
        "review.html",
        "review.css",
        {
            "language": language,
            "labels": labels,
            "id": article["id"],
            "source": _source(article.get("source") or {}),
            "link": link(article.get("url")),
            "url": article.get("url") or "",
            "published": _published(article, labels),
            "seen": _moment(article.get("seen")),
            "problem": _problem(article),
            "title": " ".join((article.get("title") or "").split()),
            "authors": article.get("authors") or [],
            "spoken": _spoken(article.get("language")),
            "paragraphs": [line for line in map(str.strip, (article.get("text") or "").split("\n")) if line],
            "sent": bool(article.get("sent")),
            "sent_at": _moment(article.get("sent_at")),
            "condensate": article.get("condensate") or "",
            "tags": article.get("tags") or [],
            "stories": article.get("stories") or [],
            "cves": article.get("cves") or [],
            "notes": {
                "stars": int(notes.get("stars") or 0),
                "remark": notes.get("remark") or "",
                "labels": [*(notes.get("tags") or ()), *(notes.get("stories") or ())],
                "by": notes.get("by") or "",
                "at": _moment(notes.get("at")),
            },
            "shelf": labels.shelves.get(article.get("shelf") or "", article.get("shelf") or ""),
            "later": [_other(pair, review, "later", labels) for pair in review.later],
            "earlier": [_other(pair, review, "earlier", labels) for pair in review.earlier],
        },
    )


def _source(source: Row) -> Row:
    name, domain = source.get("name") or "", source.get("domain") or ""
    icon = source.get("icon") or ""
    try:
        file = unquote(urlsplit(icon).path).rpartition("/")[2] or urlsplit(icon).netloc
    except ValueError:
        file = icon
    # a page that asks for nothing cannot show a picture that lies elsewhere: the name's first letter stands for it
    letter = next((each for each in strip_controls(name or domain) if each.isalnum()), "?").upper()
    return {
        "name": name or domain,
        "domain": domain if domain.casefold() not in name.casefold() else "",
        "letter": letter[:1],
        "icon": file,
        "icon_link": link(icon),
    }


def _published(article: Row, labels: Labels) -> str:
    published = article.get("published")
    if published and article.get("published_precision") == "day":
        return f"{published[:10]}, {labels.day_only}"
    return _moment(published) or labels.unknown


def _problem(article: Row) -> str:
    problem, raw = article.get("published_problem") or "", article.get("published_raw") or ""
    return f"{problem}: {raw}" if problem and raw else problem


def _moment(stored: str | None) -> str:
    return parse_moment(stored).strftime("%Y-%m-%d %H:%M:%S") if stored else ""


def _spoken(language: str | None) -> str:
    return language if language and _LANGUAGE.fullmatch(language) else ""


def _other(pair: Pair, review: Review, other: Literal["earlier", "later"], labels: Labels) -> Row:
    """Give one row of a table: the other article and the evidence."""
    identity, url, title, domain, at = (
        (pair.earlier, pair.earlier_url, pair.earlier_title, pair.earlier_source, pair.earlier_effective)
        if other == "earlier"
        else (pair.later, pair.later_url, pair.later_title, pair.later_source, pair.later_effective)
    )
    shares = {"earlier": pair.coverage_earlier, "later": pair.coverage_later}
    this: Literal["earlier", "later"] = "later" if other == "earlier" else "earlier"
    name = review.names.get(identity) or domain
    return {
        "id": identity,
        "link": link(url),
        "title": " ".join(title.split()) or url,
        "source": name,
        "domain": domain if domain.casefold() not in name.casefold() else "",
        "date": at.strftime("%Y-%m-%d %H:%M"),
        "lag": labels.later.format(labels.span(pair.lag_seconds)) if pair.lag_seconds else labels.at_once,
        "certain": pair.order_certain,
        "kind": pair.kind.value,
        "kind_label": labels.kinds[pair.kind],
        "meaning": labels.meanings[pair.kind],
        "renewed": pair.update,  # a name that no dictionary has as a method
        "bars": [
            {"label": label, "share": labels.share(share), "width": max(round(share * 100, 1), 1.0) if share else 0}
            for label, share in ((labels.this_one, shares[this]), (labels.that_one, shares[other]))
        ],
        "run": labels.count_words(pair.longest_run) if pair.longest_run else "",
        "run_text": pair.longest_run_text,
        **_differences(review.differences.get(pair.id) or ()),
    }


def _differences(hunks: Iterable[Hunk]) -> Row:
    every = [segment for hunk in hunks for segment in hunk if not segment.same]
    shown = [{"earlier": _words(each.a), "later": _words(each.b)} for each in every[:DIFFERENCES]]
    return {"differences": shown, "differences_more": len(every) - len(shown)}


def _words(words: tuple[str, ...]) -> str:
    return " ".join(words[:DIFFERENCE_WORDS]) + (" …" if len(words) > DIFFERENCE_WORDS else "")
