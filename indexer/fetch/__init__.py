"""Fetch feeds and pages over HTTP: bounded in size, time, redirects and connections, and from public addresses alone.

It must not know what is in a body. The HTTP library is known here and nowhere else.
"""

from indexer.fetch.client import DEFAULT_USER_AGENT, Fetcher, Limits

__all__ = ["DEFAULT_USER_AGENT", "Fetcher", "Limits"]
