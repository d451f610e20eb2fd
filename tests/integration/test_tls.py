"""Elasticsearch over TLS, as a remote one is reached: a real engine behind an endpoint with a certificate."""

from __future__ import annotations

import hashlib
import shutil
import socket
import ssl
import subprocess
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

import pytest
from calling import Caller

from indexer.elastic import Store, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from indexer import engine as local

OPENSSL = shutil.which("openssl")
pytestmark = pytest.mark.skipif(OPENSSL is None, reason="openssl, which makes the certificates, is not here")
CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


class Endpoint:
    """Takes TLS away and hands on to an address."""

    def __init__(self, url: str, chain: Path) -> None:
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.load_cert_chain(chain)
        self._to = (urlsplit(url).hostname or "", urlsplit(url).port or 0)

    def __enter__(self) -> Self:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                threading.Thread(target=self._hand_on, args=(connection,), daemon=True).start()

    def _hand_on(self, connection: socket.socket) -> None:
        with suppress(OSError):
            secured = self._context.wrap_socket(connection, server_side=True)
            plain = socket.create_connection(self._to)
            threading.Thread(target=_pour, args=(plain, secured), daemon=True).start()
            _pour(secured, plain)


def _pour(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with an authority (ca.pem), and a chain for 127.0.0.1 that it has signed (chain.pem)."""
    folder = tmp_path_factory.mktemp("authority")

    def openssl(*arguments: str) -> None:
        subprocess.run([str(OPENSSL), *arguments], check=True, capture_output=True, cwd=folder)

    openssl("req", "-x509", *CURVE, "-days", "2", "-subj", "/CN=Our authority", "-keyout", "ca.key", "-out", "ca.pem")
    openssl("req", "-x509", *CURVE, "-days", "2", "-subj", "/CN=Another", "-keyout", "o.key", "-out", "other.pem")
    openssl("req", *CURVE, "-subj", "/CN=elasticsearch", "-keyout", "key.pem", "-out", "request.pem")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    signing = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names"]
    openssl("x509", "-req", "-in", "request.pem", *signing, "-out", "cert.pem")
    (folder / "chain.pem").write_bytes((folder / "key.pem").read_bytes() + (folder / "cert.pem").read_bytes())
    return folder


@pytest.fixture
def endpoint(engine: local.Running, authority: Path) -> Iterator[Endpoint]:
    with Endpoint(engine.url, authority / "chain.pem") as opened:
        yield opened


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Caller:
    return Caller(monkeypatch, capfd, tmp_path)


def fingerprint(authority: Path) -> str:
    certificate = ssl.PEM_cert_to_DER_cert((authority / "cert.pem").read_text())
    return hashlib.sha256(certificate).hexdigest()


def test_a_certificate_that_nobody_vouches_for_is_refused(
    engine: local.Running, endpoint: Endpoint, authority: Path
) -> None:
    """Neither without a word, nor with another authority or fingerprint; the error says what to set."""
    login = {"username": engine.username, "password": engine.password}
    with pytest.raises(UnavailableError, match=r"(?s)not trusted.*CONDENSAT_CA.*CONDENSAT_FINGERPRINT"):
        Store.connect(endpoint.url, **login)
    with pytest.raises(UnavailableError, match="not trusted"):
        Store.connect(endpoint.url, ca=authority / "other.pem", **login)
    with pytest.raises(UnavailableError, match="not trusted"):
        Store.connect(endpoint.url, fingerprint="ab" * 32, **login)


def test_the_authority_or_the_fingerprint_opens_the_door(
    engine: local.Running, endpoint: Endpoint, authority: Path, store: Store, call: Caller
) -> None:
    """Every command works with CONDENSAT_CA, and with CONDENSAT_FINGERPRINT in either spelling."""
    login = {"url": endpoint.url, "prefix": store.prefix, "username": engine.username, "password": engine.password}
    digest = fingerprint(authority)
    spelled = ":".join(digest[place : place + 2] for place in range(0, 64, 2)).upper()
    for trust in ({"ca": str(authority / "ca.pem")}, {"fingerprint": digest}, {"fingerprint": spelled}):
        done = call("doctor", "--format", "json", **login, **trust)
        assert done.code == 0, done.said
        assert call("search", "harbour", **login, **trust).code == 0
    refused = call("doctor", "--format", "json", **login)
    assert refused.code == 3
    assert "CONDENSAT_CA" in refused.out


def test_a_wrong_setting_is_named(call: Caller) -> None:
    """A file that is not there and a fingerprint that is none are told before anything is asked."""
    assert "CONDENSAT_CA" in call("search", "x", url="https://127.0.0.1:1", ca="/nowhere/ca.pem").err
    assert "64 hexadecimal" in call("search", "x", url="https://127.0.0.1:1", fingerprint="abc").err
