"""Write articles and pairs as documents and read them back; it talks to no server."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

from indexer.models import Article, Kind, Pair, Precision
from indexer.reposts import Version
from indexer.shingles import Shingled, shingle
from indexer.vocabulary import FIELDS, Tagger, assigned

if TYPE_CHECKING:
    from collections.abc import Mapping

# What a verdict needs of an article; nothing else is read for it.
VERDICT_FIELDS = (
    "url",
    "title",
    "text",
    "source.domain",
    "effective",
    "published_precision",
    "text_hash",
)


NOT_CONTENT = frozenset(
    # what may differ for the same content, and what ingest does not own
    {"urls", "entry_hash", "content_hash", "seen", "effective", "sent", "sent_at", "shelf", "notes", "revisions"}
    | {"repost_of", "reposts", "repeats", "created", "modified"}
    | {*FIELDS}  # compared by themselves, so that a change of the vocabulary can be applied without the rest
)
# What a verdict rests on: while these stay, its pairs stay.
STATE_FIELDS = ("text_hash", "effective", "source.domain")


def moment(at: datetime) -> str:
    """Write a time as the mappings want it: UTC, with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def parse_moment(text: str) -> datetime:
    """Read a time that ``moment`` wrote."""
    return datetime.fromisoformat(text)


def state(source: dict[str, Any]) -> str:
    """Name the state of an article's document on which its verdicts rest; needs ``STATE_FIELDS``."""
    return f"{source['text_hash']} {source['effective']} {source['source']['domain']}"


def state_of(judged: Version) -> str:
    """Name the state in which an article was judged."""
    return f"{judged.shingled.text_hash} {moment(judged.effective)} {judged.source}"


def text_fields(article: Article, shingled: Shingled, tagger: Tagger | None = None) -> dict[str, Any]:
    """Give the fields that are worked out of the title and the text alone; it takes longer than all the others.

    Without a ``tagger`` the article has the tags that it was given, and no other.
    """
    return {
        **assigned(
            tagger,
            title=article.title,
            text=article.text,
            given={"tags": article.tags, "stories": article.stories, "cves": article.cves},
        ),
        "text_hash": shingled.text_hash,
        "tokens": shingled.length,
    }


def article_document(
    article: Article, *, condensate: str, of_text: Mapping[str, Any], entry_hash: str | None
) -> dict[str, Any]:
    """Give the fields that ingest owns. Analysts' and derived fields are not among them.

    ``of_text`` are those of ``text_fields``.
    """
    published = article.published
    document: dict[str, Any] = {
        "id": article.id,
        "url": article.url,
        "urls": list(article.urls),
        "source": {
            "name": article.source.name,
            "domain": article.source.domain,
            "feed": article.source.feed,
            "icon": article.source.icon,
        },
        "published": moment(published.at) if published.at else None,
        "published_raw": published.raw,
        "published_origin": published.origin,
        "published_precision": published.precision.value if published.at else None,
        "published_problem": published.problem,
        "title": article.title,
        "text": article.text,
        "summary": article.summary or None,
        "language": article.language,
        "authors": list(article.authors),
        "image": article.image,
        "canonical": article.canonical,
        "origins": article.origins,
        "condensate": condensate,
        "condensate_hash": hashlib.sha256(condensate.encode()).hexdigest()[:32],
        **of_text,
        "entry_hash": entry_hash,
    }
    document["content_hash"] = content_hash(document)
    return document


def content_hash(document: dict[str, Any]) -> str:
    """Hash what a reader would see changed; equal hashes mean that nothing is to be written."""
    content = {key: value for key, value in document.items() if key not in NOT_CONTENT}
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


def version(identity: str, source: dict[str, Any], shingled: Shingled | None = None) -> Version:
    """Read an article's document as the verdict sees it; needs ``VERDICT_FIELDS``, or its text in ``shingled``."""
    return Version(
        id=identity,
        url=source["url"],
        title=source.get("title") or "",
        source=source["source"]["domain"],
        effective=parse_moment(source["effective"]),
        precision=Precision(source.get("published_precision") or Precision.SECOND),
        shingled=shingled or shingle(source["text"]),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """An article as verdicts see it, and the place of its last write among all writes: a later one has a higher."""

    version: Version
    place: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Created(Stored):
    """An article as it was created, and the place of its mark: while that stands nobody else has changed it."""

    mark: int


def place_of(seq_no: int, primary_term: int) -> int:
    """Give the place of a write among all writes of its document, in one number.

    Another primary shard may give a number of the sequence again that was never acknowledged, but under a higher term.
    """
    return primary_term << 40 | seq_no


def pair_document(pair: Pair, *, earlier_hash: str, later_hash: str, judged: datetime) -> dict[str, Any]:
    """Give the document of a pair."""
    return {
        **pair.to_dict(),
        "earlier_effective": moment(pair.earlier_effective),
        "later_effective": moment(pair.later_effective),
        "articles": [pair.earlier, pair.later],
        "earlier_hash": earlier_hash,
        "later_hash": later_hash,
        "judged": moment(judged),
    }


def pair(source: dict[str, Any]) -> Pair:
    """Read a pair's document."""
    known = {name: source[name] for name in Pair.__slots__ if name in source}
    known["earlier_effective"] = parse_moment(source["earlier_effective"])
    known["later_effective"] = parse_moment(source["later_effective"])
    known["kind"] = Kind(source["kind"])
    return Pair(**known)
