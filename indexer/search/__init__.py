"""Search the articles: a query in, hits with highlights out, or counts of them; it reads and never writes."""

from indexer.search.facets import FACETS, Facet, Facets, facets
from indexer.search.folding import Copy
from indexer.search.hits import MARK, UNMARK, Hit, Results, Sort, find, list_hits, segments
from indexer.search.spelling import Spelling, spelling
from indexer.search.wanted import Reposts, Wanted, date_range

__all__ = [
    "FACETS",
    "MARK",
    "UNMARK",
    "Copy",
    "Facet",
    "Facets",
    "Hit",
    "Reposts",
    "Results",
    "Sort",
    "Spelling",
    "Wanted",
    "date_range",
    "facets",
    "find",
    "list_hits",
    "segments",
    "spelling",
]
