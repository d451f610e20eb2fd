"""Elasticsearch: the only package that imports its client. It decides nothing about articles."""

from indexer.elastic.errors import StoreError, UnavailableError
from indexer.elastic.store import Store

__all__ = ["Store", "StoreError", "UnavailableError"]
