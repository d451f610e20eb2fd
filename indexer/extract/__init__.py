"""Extract from a page's bytes its text and what it says of itself, or say why it is no article.

It must not fetch, and decides nothing about articles: what the feed knows better is the caller's to prefer.
trafilatura and py3langid are known here and nowhere else.
"""

from indexer.extract.language import detect_language
from indexer.extract.page import extract

__all__ = ["detect_language", "extract"]
