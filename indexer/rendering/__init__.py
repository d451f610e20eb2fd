"""Write pages and mails as HTML, the same words in English and French; it asks nobody and decides nothing."""

from indexer.rendering.labels import LANGUAGES, Language
from indexer.rendering.review import review_page

__all__ = ["LANGUAGES", "Language", "review_page"]
