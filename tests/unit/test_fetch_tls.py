"""Fetching over TLS: certificates, names, HTTP/2."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import subprocess
from typing import TYPE_CHECKING

import h2.config
import h2.connection
import h2.events
import pytest
from site_server import Site, answer

from indexer.fetch import Fetcher, Limits, Pacing
from indexer.models import Fetched, Reason, RejectedError

if TYPE_CHECKING:
    from pathlib import Path

QUICK = Limits(connect=2.0, read=2.0, total=5.0, retry_pauses=(0.01, 0.02))
OPENSSL = shutil.which("openssl")

pytestmark = pytest.mark.skipif(OPENSSL is None, reason="openssl, which makes the certificate, is not here")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a file with a key and a certificate for news.example that nobody has signed."""
    folder = tmp_path_factory.mktemp("tls")
    options = "-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=news.example"
    extra = ["-addext", "subjectAltName=DNS:news.example", "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"]
    subprocess.run([str(OPENSSL), "req", *options.split(), *extra], check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_bytes((folder / "key.pem").read_bytes() + (folder / "cert.pem").read_bytes())
    return both


def of_server(certificate: Path, *protocols: str) -> ssl.SSLContext:
    """Make a server's TLS settings."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    context.set_alpn_protocols(list(protocols))
    return context


async def resolve(_host: str, _port: int) -> list[str]:
    """Lead every name to loopback."""
    return ["127.0.0.1"]


async def fetch(url: str, trusted: Path | None) -> Fetched:
    """Fetch with trust in one certificate, or in those that everyone trusts."""
    tls = ssl.create_default_context(cafile=trusted) if trusted else None
    async with Fetcher(allow_private=True, limits=QUICK, pacing=Pacing(delay=0.0), resolve=resolve, tls=tls) as fetcher:
        return await fetcher.get(url, kind="page")


def test_unknown_certificate(certificate: Path) -> None:
    """A certificate that nobody trusts makes a page unreachable; that is said, and not tried again."""
    with Site(tls=of_server(certificate)) as site:
        with pytest.raises(RejectedError) as caught:
            asyncio.run(fetch(f"https://news.example:{site.port}/", None))
        assert site.asked == []
    assert caught.value.reason is Reason.UNREACHABLE
    assert "certificate" in caught.value.detail


def test_name_in_certificate(certificate: Path) -> None:
    """Though the connection goes to the address that was checked, the certificate must have the name."""
    tls = of_server(certificate)
    asked: list[str | None] = []
    tls.sni_callback = lambda _object, name, _context: asked.append(name)
    with Site(tls=tls, routes={"/": answer(body=b"news")}) as site:
        assert asyncio.run(fetch(f"https://news.example:{site.port}/", certificate)).body == b"news"
        with pytest.raises(RejectedError) as caught:
            asyncio.run(fetch(f"https://other.example:{site.port}/", certificate))
    assert asked == ["news.example", "other.example"]
    assert "other.example" in caught.value.detail


def test_plain_server() -> None:
    """A server that does not speak TLS makes an https page unreachable."""

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async def check() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        with pytest.raises(RejectedError) as caught:
            await fetch(f"https://news.example:{server.sockets[0].getsockname()[1]}/", None)
        assert caught.value.reason is Reason.UNREACHABLE
        server.close()

    asyncio.run(check())


def test_http2(certificate: Path) -> None:
    """HTTP/2 is spoken with servers that offer it: many pages at once over one connection."""
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        http = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        http.initiate_connection()
        while True:
            writer.write(http.data_to_send())
            await writer.drain()
            if not (data := await reader.read(65536)):
                break
            for event in http.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    http.send_headers(event.stream_id, [(":status", "200"), ("content-type", "text/plain")])
                    http.send_data(event.stream_id, b"over two", end_stream=True)
        writer.close()

    async def check() -> None:
        server = await asyncio.start_server(
            serve, "127.0.0.1", 0, ssl=of_server(certificate, "h2", "http/1.1"), family=socket.AF_INET
        )
        url = f"https://news.example:{server.sockets[0].getsockname()[1]}/"
        tls = ssl.create_default_context(cafile=certificate)
        async with Fetcher(
            allow_private=True, limits=QUICK, resolve=resolve, tls=tls, pacing=Pacing(delay=0.0, per_host=10)
        ) as fetcher:
            await fetcher.get(url, kind="page")
            answers = await asyncio.gather(*(fetcher.get(url, kind="page") for _ in range(20)))
        assert [each.body for each in answers] == [b"over two"] * 20
        server.close()

    asyncio.run(check())
    assert connections == 1
