"""Put the parts of extraction in order: bytes → characters → tree → metadata and text → kind → result."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from indexer import text as texts
from indexer.extract import body as body_of
from indexer.extract import kinds, metadata
from indexer.extract.decode import Form, decode
from indexer.extract.language import detect_language, two_letters
from indexer.models import Extraction, Reason, RejectedError

if TYPE_CHECKING:
    from datetime import datetime

    from lxml.html import HtmlElement  # type: ignore[import-untyped]

MIN_WORDS = 25  # fewer are a menu, a video's caption or an error; a real brief of the 181 pages has 60
SURE_LENGTH = 200  # characters from which the detected language is believed over the declared one

WORD = re.compile(r"[぀-ヿ㐀-鿿가-힣]|[^\W぀-ヿ㐀-鿿가-힣]+")
WIDE = re.compile(r"[぀-ヿ㐀-鿿가-힣]")


def extract(body: bytes, *, url: str, content_type: str | None, now: datetime, precision: bool = False) -> Extraction:
    """Extract title, text and metadata of a page.

    ``url`` is where the page was found in the end, ``content_type`` the header or None. ``precision`` leaves out
    more, for sources whose pages bring much along. Raises RejectedError: WRONG_TYPE, NO_TEXT (fewer than 25 words),
    CHALLENGE_PAGE, CONSENT_PAGE, PAYWALL_PAGE, TOO_LARGE or BAD_ENCODING (a compressed body).
    """
    characters, form = decode(body, content_type)
    if form is Form.TEXT:
        return _plain(characters)
    tree = body_of.load(characters)
    if tree is None:
        raise RejectedError(Reason.NO_TEXT, "no HTML")
    said = metadata.read(tree, url=url, now=now)
    text = body_of.take_text(tree, precision=precision)
    _refuse_what_is_no_article(text, tree, said.window_title, url, characters)
    declared = two_letters(said.language)
    detected = detect_language(text)
    return Extraction(
        title=said.title,
        text=text,
        authors=said.authors,
        published=said.published,
        language=(detected or declared) if len(text) >= SURE_LENGTH else (declared or detected),
        summary=said.summary,
        image=said.image,
        icon=said.icon,
        canonical=said.canonical,
        site_name=said.site_name,
    )


def _plain(characters: str) -> Extraction:
    """Take a text/plain body as it is."""
    text = texts.strip_controls(characters).strip()
    if (words := count_words(text)) < MIN_WORDS:
        raise RejectedError(Reason.NO_TEXT, f"{words} words")
    return Extraction(text=text, language=detect_language(text))


def _refuse_what_is_no_article(text: str, tree: HtmlElement, window_title: str, url: str, markup: str) -> None:
    words = count_words(text)
    if words > max(kinds.MAX_WORDS.values()):
        return
    shown = body_of.shown(tree)
    page = kinds.Page(
        title=window_title,
        host=urlsplit(url).hostname or "",
        # Where next to nothing was extracted, all that can be read is what there is.
        text=text if words >= MIN_WORDS else shown,
        shown=shown,
        markup=markup[: kinds.MAX_MARKUP],
    )
    if reason := kinds.recognise(page, words=words, words_shown=count_words(shown)):
        raise RejectedError(reason, window_title[:100])
    if words < MIN_WORDS:
        raise RejectedError(Reason.NO_TEXT, f"{words} words")


def count_words(text: str) -> int:
    """Count words; of scripts without word spaces, two characters count as one."""
    wide = len(WIDE.findall(text))
    return len(WORD.findall(text)) - wide + wide // 2
