"""What can go wrong with Elasticsearch, in words that say what to do."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from elastic_transport import ConnectionError as TransportConnectionError
from elastic_transport import ConnectionTimeout, TlsError, TransportError
from elasticsearch import ApiError, AuthenticationException, AuthorizationException, BadRequestError, NotFoundError

from indexer.models import CondensatError

if TYPE_CHECKING:
    from collections.abc import Iterator


class StoreError(CondensatError):
    """Elasticsearch refused or failed a request."""


class UnavailableError(StoreError):
    """Elasticsearch does not answer, or does not let us in."""


class ForbiddenError(UnavailableError):
    """Elasticsearch knows us, and these credentials may not do this."""


class MissingIndexError(StoreError):
    """An alias of ours is not there."""


CLOSED = "index write (api)"  # the words of the block that a migration sets; a full disk has other ones
STUCK = "A migration has closed it and does not go on. Run: condensat migrate"


@contextmanager
def translated() -> Iterator[None]:
    """Raise the client's errors as ours, each with what to do."""
    try:
        yield
    except AuthenticationException as error:
        raise UnavailableError(
            "Elasticsearch refused the credentials (401). Check CONDENSAT_API_KEY, or CONDENSAT_USERNAME and "
            "CONDENSAT_PASSWORD."
        ) from error
    except AuthorizationException as error:
        if CLOSED in reason(error):
            raise StoreError(f"{reason(error)} {STUCK}") from error
        raise ForbiddenError(f"These credentials may not do this (403): {reason(error)}") from error
    except NotFoundError as error:
        raise MissingIndexError(f"{reason(error)}. Run: condensat init") from error
    except BadRequestError as error:
        raise StoreError(f"Elasticsearch refused the request (400): {reason(error)}") from error
    except TlsError as error:
        raise UnavailableError(
            f"Elasticsearch's certificate is not trusted ({brief(error.message)}). Name the authority that signed it "
            "in CONDENSAT_CA (a PEM file), or its own SHA-256 in CONDENSAT_FINGERPRINT."
        ) from error
    except (TransportConnectionError, ConnectionTimeout) as error:
        raise UnavailableError(
            f"Elasticsearch does not answer ({brief(error.message)}). Is it running? Try: condensat engine status"
        ) from error
    except (ApiError, TransportError) as error:
        raise StoreError(f"Elasticsearch failed: {error.message}") from error


def brief(message: str) -> str:
    """Drop the names of objects from a transport's message: they tell a user nothing."""
    return re.sub(r"<[^<>]* object at 0x[0-9a-f]+>(?:\([^()]*\))?[:,]?\s*", "", message)[:300]


# What lies below such a reason says no longer which value it is about.
_NAMES_THE_VALUE = "failed to parse date field"


def reason(error: ApiError) -> str:
    """Give the innermost reason that an answer states: that is where the place of a syntax error stands."""
    body = error.body
    if not isinstance(body, dict) or not isinstance(body.get("error"), dict):
        return str(error.message)
    return deepest(body["error"])


def deepest(cause: dict[str, object]) -> str:
    """Follow ``failed_shards`` and ``caused_by`` down to the last reason."""
    shards = cause.get("failed_shards")
    if (
        isinstance(shards, list)
        and shards
        and isinstance(shards[0], dict)
        and isinstance(shards[0].get("reason"), dict)
    ):
        return deepest(shards[0]["reason"])
    inner = cause.get("caused_by")
    if isinstance(inner, dict) and not str(cause.get("reason")).startswith(_NAMES_THE_VALUE):
        return deepest(inner)
    return str(cause.get("reason") or cause.get("type") or cause)
