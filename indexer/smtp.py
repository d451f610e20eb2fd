"""Hand mails to a mail server; the only owner of the SMTP library. It knows nothing of what is in a mail.

What a server answers is one of two things: not now (4xx, or it cannot be reached), which is worth another try, or no
(5xx), which is not.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Self
from urllib.parse import unquote, urlsplit

from indexer.models import CondensatError
from indexer.text import strip_controls

if TYPE_CHECKING:
    from email.message import EmailMessage
    from pathlib import Path

Security = Literal["tls", "starttls", "plain"]
SCHEMES: dict[str, tuple[Security, int]] = {
    "smtps": ("tls", 465),
    "smtp": ("starttls", 587),
    "smtp+plain": ("plain", 25),
}
# As much of RFC 5321 as is in use; a domain with other letters is written in its ASCII form (xn--…).
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)*[A-Za-z0-9-]{1,63}")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
PATIENCE = 60.0  # seconds for one answer
WORDS = 300  # characters of what a server said that are repeated


class PostError(CondensatError):
    """A mail was not taken; its text says why, in the server's words where it had any."""


class NotNowError(PostError):
    """It may be taken later."""


class NeverError(PostError):
    """The server will not take it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """A mail server, and how it is spoken to."""

    host: str
    port: int
    security: Security
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: Path | None = None  # certificates of those who are trusted, in place of the system's


def server(url: str, *, username: str | None = None, password: str | None = None, ca: Path | None = None) -> Server:
    """Read an address such as smtps://mail.example.org; raises ValueError, which repeats nothing that is secret."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("that is no address of a mail server") from None
    if parts.scheme not in SCHEMES or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError(
            "write smtps://HOST[:PORT] for TLS, smtp://HOST[:PORT] for STARTTLS, "
            "or smtp+plain://HOST[:PORT] for neither"
        )
    if parts.password is not None:
        raise ValueError("no password belongs into an address; give it as smtp_password")
    security, usual = SCHEMES[parts.scheme]
    username = username or (unquote(parts.username) if parts.username else None)
    if username and security == "plain" and parts.hostname not in LOOPBACK:
        raise ValueError("a login is not sent without TLS; use smtps:// or smtp://")
    return Server(
        host=parts.hostname, port=port or usual, security=security, username=username, password=password, ca=ca
    )


class Post:
    """A connection that is opened with the first mail, and ends with the context.

    Where the server cannot be used at all the first mail finds out, and the others are told the same at once.
    """

    def __init__(self, to: Server, *, patience: float = PATIENCE) -> None:
        self._server = to
        self._patience = patience
        self._open: smtplib.SMTP | None = None
        self._hopeless: NotNowError | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def send(self, message: EmailMessage, *, sender: str, to: str) -> None:
        """Hand over a mail for one recipient; raises NotNowError or NeverError."""
        content = message.as_bytes()
        try:
            self._connection().sendmail(sender, [to], content)
        except smtplib.SMTPRecipientsRefused as error:
            code, words = error.recipients[to]
            raise _refusal(code, words, f"{to} is refused") from error
        except smtplib.SMTPSenderRefused as error:
            # it is a matter of settings, and none of this mail's
            raise NotNowError(
                f"the server refuses the sender {sender}: {_said(error.smtp_code, error.smtp_error)}. "
                "Set another with CONDENSAT_SMTP_FROM"
            ) from error
        except smtplib.SMTPResponseException as error:
            raise _refusal(error.smtp_code, error.smtp_error, "the mail is refused") from error
        except (smtplib.SMTPException, OSError) as error:
            self._close()
            raise NotNowError(f"the mail server broke off: {_why(error)}") from error

    def _connection(self) -> smtplib.SMTP:
        if self._hopeless:
            raise self._hopeless
        if self._open is not None:
            try:
                if self._open.noop()[0] == 250:  # some servers leave whoever is silent for a while
                    return self._open
            except (smtplib.SMTPException, OSError):
                pass
            self._close()
        try:
            self._open = self._connected()
        except NotNowError as error:
            self._hopeless = error
            raise
        return self._open

    def _connected(self) -> smtplib.SMTP:
        where = f"{self._server.host}:{self._server.port}"
        try:
            opened = self._greeted()
        except ssl.SSLCertVerificationError as error:
            raise NotNowError(
                f"the certificate of {where} is not trusted ({error.verify_message}). Is CONDENSAT_SMTP_URL right? "
                "An authority of your own is named with CONDENSAT_SMTP_CA"
            ) from error
        except smtplib.SMTPNotSupportedError as error:
            raise NotNowError(
                f"{where} offers no STARTTLS. Use smtps:// for TLS from the start, or smtp+plain:// for none"
            ) from error
        except (smtplib.SMTPException, OSError) as error:
            raise NotNowError(f"the mail server {where} cannot be reached: {_why(error)}") from error
        if self._server.username:
            try:
                opened.login(self._server.username, self._server.password or "")
            except smtplib.SMTPException as error:
                opened.close()
                raise NotNowError(
                    f"{where} refuses the login: {_why(error)}. "
                    "Check CONDENSAT_SMTP_USERNAME and CONDENSAT_SMTP_PASSWORD"
                ) from error
            except OSError as error:
                opened.close()
                raise NotNowError(f"the mail server {where} broke off: {_why(error)}") from error
        return opened

    def _greeted(self) -> smtplib.SMTP:
        server = self._server
        if server.security == "plain":
            return smtplib.SMTP(server.host, server.port, timeout=self._patience)
        trusted = ssl.create_default_context(cafile=server.ca)
        if server.security == "tls":
            return smtplib.SMTP_SSL(server.host, server.port, timeout=self._patience, context=trusted)
        opened = smtplib.SMTP(server.host, server.port, timeout=self._patience)
        try:
            opened.starttls(context=trusted)
        except BaseException:
            opened.close()
            raise
        return opened

    def _close(self) -> None:
        if self._open is not None:
            with suppress(smtplib.SMTPException, OSError):
                self._open.quit()
            self._open = None


def _refusal(code: int, words: bytes | str, what: str) -> PostError:
    said = f"{what}: {_said(code, words)}"
    return NeverError(said) if code >= 500 else NotNowError(said)


def _said(code: int, words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return f"{code} {' '.join(strip_controls(text).split())}"[:WORDS].strip()


def _why(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return _said(error.smtp_code, error.smtp_error)
    if isinstance(error, TimeoutError):
        return "it does not answer in time"
    strerror = error.strerror if isinstance(error, OSError) else None
    return " ".join(strip_controls(str(strerror or error)).split())[:WORDS]
