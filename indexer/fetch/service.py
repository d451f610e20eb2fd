"""Ask a service that the user named, in JSON, with the user's credentials; what it is asked, others know.

Unlike pages and feeds it may be anywhere: whoever runs this wrote its address into the settings. No proxy and no
credentials are taken from the environment, and redirects are not followed, so that a login goes nowhere else.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import httpx2

from indexer.models import CondensatError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

CONNECT, READ = 10.0, 60.0  # seconds
WORDS = 500  # characters of an answer that is no JSON


class ServiceError(CondensatError):
    """The service cannot be asked at all; ``lasting`` where waiting would not help."""

    def __init__(self, message: str, *, lasting: bool = False) -> None:
        super().__init__(message)
        self.lasting = lasting


@dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    """How to log in; an API key goes before a name. No part of it is shown."""

    username: str | None = None
    password: str | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What a service said: the status, and its JSON; where it sent something else, the beginning of that as a text."""

    status: int
    said: Any

    @property
    def is_ok(self) -> bool:
        """Whether it did as it was asked."""
        return 200 <= self.status < 300


class Service:
    """A service at one address; a context manager."""

    def __init__(
        self,
        url: str,
        *,
        login: Login,
        headers: Mapping[str, str],
        ca: Path | None = None,
        read: float = READ,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ServiceError("It is not a whole address, such as http://localhost:5601.")
        if parts.username or parts.password:
            raise ServiceError("Leave the name and the password out of the address: they have settings of their own.")
        self.url = url.rstrip("/")
        self._auth = (
            httpx2.BasicAuth(login.username, login.password or "") if login.username and not login.api_key else None
        )
        self._login = {"Authorization": f"ApiKey {login.api_key}"} if login.api_key else {}
        try:
            tls = ssl.create_default_context(cafile=str(ca)) if ca else httpx2.create_ssl_context(trust_env=False)
        except (OSError, ssl.SSLError) as error:
            raise ServiceError(f"The certificates in {ca} cannot be read: {error}") from error
        self._client = httpx2.Client(
            headers={"Accept": "application/json", **headers},
            timeout=httpx2.Timeout(read, connect=CONNECT),
            verify=tls,
            trust_env=False,
            follow_redirects=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def ask(self, method: str, path: str, body: Any = None, *, anonymous: bool = False) -> Reply:
        """Send a request; raises ServiceError where no answer comes. ``anonymous`` leaves the login out."""
        try:
            reply = self._client.request(
                method,
                self.url + path,
                json=body,
                headers={} if anonymous else self._login,
                auth=None if anonymous else self._auth,
            )
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            message = f"{self.url} does not answer ({_brief(error)})."
            raise ServiceError(message, lasting=_is_about_certificates(error)) from error
        return Reply(status=reply.status_code, said=_said(reply))


def _said(reply: httpx2.Response) -> Any:
    try:
        return reply.json()
    except ValueError:
        return reply.text[:WORDS]


def _brief(error: Exception) -> str:
    if isinstance(error, httpx2.TimeoutException):
        return "it took too long"
    return str(error) or type(error).__name__


def _is_about_certificates(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
