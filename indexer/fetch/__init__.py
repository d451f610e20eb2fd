"""Fetch feeds and pages over HTTP: bounded in size, time, redirects and connections, and from public addresses alone.

``Service`` asks, in JSON, what the user named, wherever that is. None of it must know what is in a body. The HTTP
library and the parser of robots.txt are known here and nowhere else.
"""

from indexer.fetch.client import DEFAULT_USER_AGENT, Fetcher
from indexer.fetch.errors import FetchError
from indexer.fetch.exchange import DEFAULT_LIMITS, Limits, decode
from indexer.fetch.pacing import DEFAULT_PACING, Pacing
from indexer.fetch.service import Login, Reply, Service, ServiceError

__all__ = [
    "DEFAULT_LIMITS",
    "DEFAULT_PACING",
    "DEFAULT_USER_AGENT",
    "FetchError",
    "Fetcher",
    "Limits",
    "Login",
    "Pacing",
    "Reply",
    "Service",
    "ServiceError",
    "decode",
]
