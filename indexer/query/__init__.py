"""The language of searches: what a person types in, what Elasticsearch runs out; pure, and it asks no server."""

from indexer.query.clauses import Clause, compiled, named, searched, valued
from indexer.query.dates import HELP as DATES
from indexer.query.dates import Span, between, span
from indexer.query.errors import QueryError, placed

__all__ = [
    "DATES",
    "Clause",
    "QueryError",
    "Span",
    "between",
    "compiled",
    "named",
    "placed",
    "searched",
    "span",
    "valued",
]
