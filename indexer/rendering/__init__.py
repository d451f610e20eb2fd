"""Write pages and mails as HTML, the same words in English and French; it asks nobody and decides nothing."""

from indexer.rendering.digest import digest_page, item_html
from indexer.rendering.labels import LABELS, LANGUAGES, Labels, Language, spoken
from indexer.rendering.review import review_page

__all__ = ["LABELS", "LANGUAGES", "Labels", "Language", "digest_page", "item_html", "review_page", "spoken"]
