"""Draw the review page of one article; it asks nobody and decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from rich.console import Group
from rich.table import Table
from rich.text import Text

from indexer.cli import comparison, output, tables
from indexer.elastic.documents import parse_moment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from indexer.models import Pair
    from indexer.review import Review

TEXT_CHARS = 1_200  # of the text without --full: a screen
CONDENSATE_WORDS = 200  # of the condensate: that of an article of 350 words is whole, a long one fills no screen
# Of the stored document, what is of no use outside the index.
INTERNAL = frozenset({"signature", "signature_version", "sketch", "entry_hash", "content_hash"})
NOT_REPOSTED = "This article does not seem to have been reposted after its publication."
NOT_A_REPEAT = "This article does not seem to repeat an earlier one."


def to_dict(review: Review) -> dict[str, Any]:
    """Give the JSON form: the stored article, and its pairs in both directions."""
    return {
        **{key: value for key, value in review.article.items() if key not in INTERNAL},
        "reposted_later": [_pair(pair, review) for pair in review.later],
        "repeats_earlier": [_pair(pair, review) for pair in review.earlier],
    }


def _pair(pair: Pair, review: Review) -> dict[str, Any]:
    """Give a pair with what differs, a the earlier text and b the later; null where that was not looked at."""
    found = review.differences.get(pair.id)
    return {**pair.to_dict(), "differences": None if found is None else comparison.differences(found)}


def draw(review: Review, *, full: bool) -> Group:
    """Draw the page: the article's fields, then who reposted it, then what it repeats."""
    fields = Table.grid(padding=(0, 2))
    fields.add_column(no_wrap=True, style="bold")
    fields.add_column(overflow="fold", ratio=1)
    for label, value in _fields(review.article, full=full):
        fields.add_row(label, value)
    parts: list[RenderableType] = [fields, Text()]
    if review.later:
        parts += [Text("Reposted later", "bold underline"), _others(review, "later")]
    else:
        parts.append(Text(NOT_REPOSTED))
    parts.append(Text())
    if review.earlier:
        parts += [Text("Repeats an earlier one", "bold underline"), _others(review, "earlier")]
    else:
        parts.append(Text(NOT_A_REPEAT))
    return Group(*parts)


def _others(review: Review, other: Literal["earlier", "later"]) -> Table:
    pairs = review.later if other == "later" else review.earlier
    return tables.others(pairs, other=other, names=review.names, differences=review.differences)


def _fields(article: dict[str, Any], *, full: bool) -> Iterator[tuple[str, Text]]:
    source = article.get("source") or {}
    yield "Source", tables.source_name(source.get("name"), source.get("domain") or "")
    yield "Identifier", Text(output.clean(str(article.get("id") or "")))
    yield "Link", output.line(article.get("url"))
    yield "Published", _dates(article)
    yield "Title", output.line(article.get("title"), "bold")
    if article.get("authors"):
        yield "Authors", _list(article["authors"])
    if article.get("language"):
        yield "Language", output.line(article["language"])
    yield "Text", _text(article.get("text") or "", full=full)
    sent = article.get("sent_at")
    yield "Sent", Text(f"yes, {_moment(sent)}" if sent else "yes" if article.get("sent") else "no")
    yield "Condensate", _condensate(article.get("condensate") or "", full=full)
    yield "Tags", _list(article.get("tags"))
    yield "Stories", _list(article.get("stories"))
    if article.get("cves"):
        yield "CVEs", _list(article["cves"])
    yield "Notes", _notes(article.get("notes"))
    yield "Shelf", output.line(article.get("shelf"))


def _dates(article: dict[str, Any]) -> Text:
    published, seen = article.get("published"), article.get("seen")
    day_only = article.get("published_precision") == "day"
    shown = Text(f"{published[:10]}, a day without a time" if published and day_only else _moment(published))
    if article.get("published_problem"):
        problem = f"  ({article['published_problem']}"
        problem += f": {article['published_raw']})" if article.get("published_raw") else ")"
        shown.append(output.clean(problem), "yellow")
    return shown.append(f"  (seen: {_moment(seen)})", "dim")


def _moment(stored: str | None) -> str:
    return f"{output.moment(parse_moment(stored), seconds=True)} UTC" if stored else output.DASH


def _text(text: str, *, full: bool) -> Text:
    text = output.clean(text).strip()
    if full or len(text) <= TEXT_CHARS:
        return output.safe(text)
    cut = text.rfind(" ", 0, TEXT_CHARS)
    shown = text[: cut if cut > 0 else TEXT_CHARS]
    return Text.assemble(shown, (f" … {len(text) - len(shown)} characters more: --full", "dim"))


def _condensate(condensate: str, *, full: bool) -> Text:
    words = condensate.split()
    if full or len(words) <= CONDENSATE_WORDS:
        return output.line(condensate)
    more = f" … {len(words) - CONDENSATE_WORDS} words more: --full"
    return output.line(" ".join(words[:CONDENSATE_WORDS])).append(more, "dim")


def _list(values: list[str] | None) -> Text:
    return output.line(", ".join(values or ()))


def _notes(notes: dict[str, Any] | None) -> Text:
    if not notes:
        return output.safe(None)
    labels = ", ".join([*(notes.get("tags") or ()), *(notes.get("stories") or ())])
    stars = "★" * int(notes.get("stars") or 0)
    shown = output.safe("  ".join(part for part in (stars, notes.get("remark") or "", labels) if part))
    who = " ".join(part for part in (notes.get("by"), _moment(notes["at"]) if notes.get("at") else None) if part)
    return shown.append(f"  ({output.clean(who)})", "dim") if who else shown
