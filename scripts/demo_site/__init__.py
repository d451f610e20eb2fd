"""A small news world on loopback, for the demo and for the acceptance tests.

Six invented publishers with feeds in three formats, thirty-odd articles that repeat one another in every way
the index tells apart, and the kinds of breakage that real feeds show. It knows nothing of the indexer.
"""

from demo_site.content import Article, Source, load
from demo_site.server import Site, expected

__all__ = ["Article", "Site", "Source", "expected", "load"]
