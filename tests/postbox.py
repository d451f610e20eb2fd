"""A real mail server on loopback, with TLS and a login, that answers as it is told and keeps what it takes."""

from __future__ import annotations

import asyncio
import email
import email.policy
import os
import signal
import ssl
import warnings
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Literal

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from serving import Serving

if TYPE_CHECKING:
    from email.message import EmailMessage
    from pathlib import Path

HOST = "127.0.0.1"
USER, PASSWORD = "desk", "a secret of the tests"


def certificate(folder: Path) -> Path:
    """Make a key and a certificate for loopback, signed by itself, and give the file with both."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "condensat test")])
    now = datetime.now(tz=UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return file


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that was taken."""

    sender: str
    to: tuple[str, ...]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        """The mail as a program reads it."""
        read: Any = email.message_from_bytes(self.raw, policy=email.policy.default)
        return read


@dataclass
class Postbox(Serving):
    """The server while it runs: a context manager.

    ``recipients`` and ``data`` are answers other than 250, the one by address; ``kills`` is a process that it ends as
    soon as a mail is taken, before it says so.
    """

    pem: Path
    security: Literal["tls", "starttls", "plain"] = "tls"
    recipients: dict[str, str] = field(default_factory=dict)
    data: str = ""
    mails: list[Mail] = field(default_factory=list)
    kills: int | None = None
    port: int = 0
    logins: int = 0

    @property
    def settings(self) -> dict[str, str]:
        """What is set to send mail by it."""
        scheme = {"tls": "smtps", "starttls": "smtp", "plain": "smtp+plain"}[self.security]
        return {
            "CONDENSAT_SMTP_URL": f"{scheme}://{HOST}:{self.port}",
            "CONDENSAT_SMTP_FROM": "News desk <desk@news.example>",
            "CONDENSAT_SMTP_USERNAME": USER,
            "CONDENSAT_SMTP_PASSWORD": PASSWORD,
            "CONDENSAT_SMTP_CA": str(self.pem),
        }

    async def _listen(self) -> list[asyncio.Server]:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.pem)
        loop = asyncio.get_running_loop()
        implicit = context if self.security == "tls" else None

        def protocol() -> SMTP:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # where TLS is there from the start it does not know that
                return SMTP(
                    self,
                    hostname="postbox.example",
                    tls_context=context if self.security == "starttls" else None,
                    require_starttls=self.security == "starttls",
                    auth_required=True,
                    auth_require_tls=self.security == "starttls",
                    authenticator=self._authenticated,
                    loop=loop,
                )

        server = await loop.create_server(protocol, HOST, self.port, ssl=implicit)
        self.port = server.sockets[0].getsockname()[1]
        return [server]

    def _authenticated(self, *given_with_it: Any) -> AuthResult:
        given = given_with_it[-1]
        self.logins += 1
        right = isinstance(given, LoginPassword) and (given.login, given.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=right, handled=False)

    async def handle_RCPT(  # noqa: N802 the library calls it so
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take a recipient or not."""
        answer = self.recipients.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 the same
        """Take a mail or not."""
        if self.data:
            return self.data
        content = envelope.content
        raw = content if isinstance(content, bytes) else str(content).encode()
        self.mails.append(Mail(envelope.mail_from or "", tuple(envelope.rcpt_tos), raw))
        if self.kills is not None:
            os.kill(self.kills, signal.SIGKILL)
            self.kills = None
        return "250 taken"
