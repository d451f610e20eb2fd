"""Fetching from a real server on loopback: what comes back, and what each bad answer is called."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import time
import tracemalloc
import zlib
from typing import TYPE_CHECKING, Any

import brotli  # type: ignore[import-untyped]
import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st
from site_server import Asked, Site, answer, head, redirect

from indexer.fetch import Fetcher, Limits, Pacing
from indexer.models import Fetched, Reason, RejectedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

AT_ONCE = Pacing(delay=0.0)
QUICK = Limits(connect=0.5, read=0.5, total=2.0, retry_pauses=(0.01, 0.02))
TEXT = b"<rss>" + b"All the news that is fit to index. " * 300 + b"</rss>"


@pytest.fixture
def site() -> Iterator[Site]:
    """Serve on loopback; each test puts up the routes it needs."""
    with Site() as running:
        yield running


def get(url: str, *, kind: Any = "page", limits: Limits = QUICK, allow_private: bool = True, **more: Any) -> Fetched:
    """Fetch one URL with a fetcher of its own."""
    more.setdefault("tls", ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))  # spares loading certificates nobody needs here
    more.setdefault("pacing", AT_ONCE)
    conditions = {name: more.pop(name) for name in ("etag", "last_modified") if name in more}

    async def fetch() -> Fetched:
        async with Fetcher(allow_private=allow_private, limits=limits, **more) as fetcher:
            return await fetcher.get(url, kind=kind, **conditions)

    return asyncio.run(fetch())


def rejection(url: str, **more: Any) -> tuple[Reason, str]:
    """Fetch what is to be rejected, and give why."""
    with pytest.raises(RejectedError) as caught:
        get(url, **more)
    return caught.value.reason, caught.value.detail


# What comes back


def test_answer(site: Site) -> None:
    """An answer has its body, its type and its validators."""
    fields = {"Content-Type": "application/rss+xml; charset=utf-8", "ETag": '"7"', "Last-Modified": "yesterday"}
    site.routes["/feed"] = answer(body=TEXT, headers=fields)
    assert get(f"{site.url}/feed", kind="feed") == Fetched(
        url=f"{site.url}/feed",
        final_url=f"{site.url}/feed",
        status=200,
        body=TEXT,
        content_type="application/rss+xml; charset=utf-8",
        etag='"7"',
        last_modified="yesterday",
    )


def test_request_headers(site: Site) -> None:
    """A request says who asks, and for what."""
    site.routes["/"] = answer(body=TEXT)
    get(f"{site.url}/", kind="feed", user_agent="tester/1")
    get(f"{site.url}/", kind="page")
    feed, page = (each.headers for each in site.asked)
    assert feed["user-agent"] == "tester/1"
    assert page["user-agent"].startswith("condensat/")
    assert "rss" in feed["accept"]
    assert "rss" not in page["accept"]
    assert feed["host"] == f"127.0.0.1:{site.port}"


def test_not_modified(site: Site) -> None:
    """The validators of an earlier answer are sent; 304 comes back without a body."""
    site.routes["/feed"] = answer(304, headers={"ETag": '"7"'})
    fetched = get(f"{site.url}/feed", kind="feed", etag='"7"', last_modified="yesterday")
    assert (fetched.status, fetched.body, fetched.etag) == (304, b"", '"7"')
    headers = site.asked[0].headers
    assert (headers["if-none-match"], headers["if-modified-since"]) == ('"7"', "yesterday")


def test_not_modified_unasked(site: Site) -> None:
    """304 where nothing was asked to be compared is a failure."""
    site.routes["/feed"] = answer(304)
    assert rejection(f"{site.url}/feed") == (Reason.HTTP_STATUS, "304")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 429, 500])
def test_status(site: Site, status: int) -> None:
    """A failed status is named by its number, and asked once."""
    site.routes["/"] = answer(status, b"sorry")
    assert rejection(f"{site.url}/") == (Reason.HTTP_STATUS, str(status))
    assert len(site.asked) == 1


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [
        ("gzip", gzip.compress),
        ("x-unknown", bytes),
        ("deflate", zlib.compress),
        ("br", brotli.compress),
        ("zstd", zstd.compress),
        ("gzip, br", lambda data: brotli.compress(gzip.compress(data))),
        ("gzip, identity, gzip", lambda data: gzip.compress(gzip.compress(data))),
    ],
)
def test_content_encoding(site: Site, encoding: str, encode: Callable[[bytes], bytes]) -> None:
    """Bodies arrive decoded from what was asked for; an unknown encoding is left to those who read the body."""
    site.routes["/"] = answer(body=encode(TEXT), headers={"Content-Encoding": encoding})
    assert get(f"{site.url}/").body == TEXT
    assert {"gzip", "br", "zstd"} <= set(site.asked[0].headers["accept-encoding"].split(", "))


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd"])
def test_false_content_encoding(site: Site, encoding: str) -> None:
    """A body that is not in the encoding it claims is rejected."""
    site.routes["/"] = answer(body=TEXT, headers={"Content-Encoding": encoding})
    reason, _ = rejection(f"{site.url}/")
    assert reason is Reason.BAD_ENCODING


# Size


@pytest.mark.parametrize(("kind", "cap"), [("feed", 10_000_000), ("page", 5_000_000)])
def test_size_caps(site: Site, kind: str, cap: int) -> None:
    """A body of exactly the cap passes, one byte more does not."""
    limits = Limits()
    site.routes["/fits"] = answer(body=b"x" * cap)
    site.routes["/not"] = answer(body=b"x" * (cap + 1))
    assert len(get(f"{site.url}/fits", kind=kind, limits=limits).body) == cap
    assert rejection(f"{site.url}/not", kind=kind, limits=limits) == (
        Reason.TOO_LARGE,
        f"more than {cap // 1_000_000} MB",
    )


def test_announced_size(site: Site) -> None:
    """What announces to be too large is not read at all."""

    async def announce(_: Asked, writer: Any) -> None:
        writer.write(head(200, {"Content-Length": "6000000"}))

    site.routes["/"] = announce
    start = time.monotonic()
    assert rejection(f"{site.url}/") == (Reason.TOO_LARGE, "more than 5 MB")
    assert time.monotonic() - start < QUICK.read


@pytest.mark.parametrize(
    ("encoding", "compress"),
    [("gzip", gzip.compress), ("br", lambda data: brotli.compress(data, quality=1)), ("zstd", zstd.compress)],
)
def test_decompression_bomb(site: Site, encoding: str, compress: Callable[[bytes], bytes]) -> None:
    """100 MB of nothing, compressed, is rejected without ever being held in memory."""
    site.routes["/"] = answer(body=compress(bytes(100_000_000)), headers={"Content-Encoding": encoding})
    tracemalloc.start()
    try:
        assert rejection(f"{site.url}/", limits=Limits()) == (Reason.TOO_LARGE, "more than 5 MB")
        assert tracemalloc.get_traced_memory()[1] < 30_000_000
    finally:
        tracemalloc.stop()


def nested(*compress: Callable[[bytes], bytes], data: bytes) -> bytes:
    for each in compress:
        data = each(data)
    return data


def named_without_end(size: int) -> bytes:
    """Give the beginning of gzip data whose header holds a file name that does not end."""
    return b"\x1f\x8b\x08\x08\0\0\0\0\0\0" + b"x" * size


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip, gzip", nested(gzip.compress, gzip.compress, data=bytes(100_000_000))),
        ("gzip, br", nested(gzip.compress, brotli.compress, data=bytes(100_000_000))),
        ("gzip, zstd, gzip", nested(gzip.compress, zstd.compress, gzip.compress, data=bytes(100_000_000))),
        ("gzip, zstd", zstd.compress(named_without_end(300_000_000))),
        ("gzip, gzip, br", brotli.compress(gzip.compress(named_without_end(300_000_000), 1), quality=5)),
    ],
    ids=["gzip gzip", "gzip br", "gzip zstd gzip", "a name without end", "the same in gzip"],
)
def test_nested_bomb(site: Site, encoding: str, body: bytes) -> None:
    """A bomb in a bomb is rejected without being held in memory, also where the inner one gives nothing."""
    assert len(body) < 1_000_000
    site.routes["/"] = answer(body=body, headers={"Content-Encoding": encoding})
    tracemalloc.start()
    try:
        assert rejection(f"{site.url}/", limits=Limits()) == (Reason.TOO_LARGE, "more than 5 MB")
        assert tracemalloc.get_traced_memory()[1] < 40_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("number", [4, 10_000])
def test_many_encodings(site: Site, number: int) -> None:
    """More encodings within each other than anybody uses are not even begun."""
    site.routes["/"] = answer(body=gzip.compress(TEXT), headers={"Content-Encoding": ",".join(["gzip"] * number)})
    reason, detail = rejection(f"{site.url}/")
    assert (reason, detail) == (Reason.BAD_ENCODING, f"{number} encodings within each other")


def test_endless_body(site: Site) -> None:
    """A body without end is cut at the cap."""

    async def pour(_: Asked, writer: Any) -> None:
        writer.write(head(200, {"Transfer-Encoding": "chunked"}))
        while True:
            writer.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            await writer.drain()

    site.routes["/"] = pour
    assert rejection(f"{site.url}/", limits=Limits()) == (Reason.TOO_LARGE, "more than 5 MB")


def test_endless_body_that_decodes_to_nothing(site: Site) -> None:
    """What comes over the wire is capped as well: a gzip header may hold a file name without end."""

    async def pour(_: Asked, writer: Any) -> None:
        writer.write(head(200, {"Content-Encoding": "gzip"}) + b"\x1f\x8b\x08\x08\0\0\0\0\0\0")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    site.routes["/"] = pour
    assert rejection(f"{site.url}/", limits=Limits()) == (Reason.TOO_LARGE, "more than 5 MB")


# Time


def test_silence(site: Site) -> None:
    """A server that accepts and says nothing is given up after the time for reading."""

    async def wait(_: Asked, __: Any) -> None:
        await asyncio.sleep(30)

    site.routes["/"] = wait
    assert rejection(f"{site.url}/") == (Reason.TIMEOUT, "nothing came for 0.5 s")


def test_slow_drip(site: Site) -> None:
    """A server that sends a byte now and then is given up after the time for the whole."""

    async def drip(_: Asked, writer: Any) -> None:
        writer.write(head(200, {"Content-Length": "1000"}))
        for _number in range(1000):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.1)

    site.routes["/"] = drip
    start = time.monotonic()
    assert rejection(f"{site.url}/", limits=Limits(total=0.6)) == (Reason.TIMEOUT, "took more than 0.6 s")
    assert time.monotonic() - start < 2


@pytest.mark.parametrize(
    "piece",
    [b"X-Drip: drop\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"],
    ids=["headers", "hints"],
)
def test_headers_without_end(site: Site, piece: bytes) -> None:
    """A server that never comes to its answer is given up: by time, or by size."""

    async def drip(_: Asked, writer: Any) -> None:
        if piece.startswith(b"X"):
            writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.005)

    site.routes["/"] = drip
    start = time.monotonic()
    assert rejection(f"{site.url}/", limits=Limits(total=0.6)) == (Reason.TIMEOUT, "took more than 0.6 s")
    assert time.monotonic() - start < 2


def test_trailers_without_end(site: Site) -> None:
    """What comes after the last chunk is bounded as headers are."""

    async def pour(_: Asked, writer: Any) -> None:
        writer.write(head(200, {"Transfer-Encoding": "chunked"}) + b"0\r\n")
        while True:
            writer.write(b"X-More: " + b"x" * 1000 + b"\r\n")
            await writer.drain()

    site.routes["/"] = pour
    reason, _ = rejection(f"{site.url}/", limits=Limits(total=5.0))
    assert reason is Reason.UNREACHABLE


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Location", "http://a.example/" + "../" * 20_000),
        ("Location", "http://" + "a" * 60_000),
        ("Set-Cookie", "a=b; expires=" + "9 " * 30_000),
        ("Set-Cookie", ";".join(f"a{number}" for number in range(9_000))),
        ("Cache-Control", ", " * 30_000 + "max-age=" + "9" * 9_000),
        ("Retry-After", "9" * 60_000),
        ("Retry-After", "Mon, " * 10_000),
        ("Content-Type", "text/html; " + "charset=" * 7_000),
        ("ETag", '"' * 60_000),
        ("Content-Encoding", "gzip;" * 10_000),
    ],
)
@pytest.mark.parametrize("status", [200, 302, 503])
def test_large_values_of_headers(site: Site, header: str, value: str, status: int) -> None:
    """A value of 60 KB holds nobody up, whatever it is of; there is an answer, or a reason."""
    site.routes["/"] = answer(status, TEXT, {header: value})
    start = time.monotonic()
    try:
        assert get(f"{site.url}/", kind="feed", resolve=resolve_nothing_but(site)).body == TEXT
    except RejectedError as error:
        assert error.reason in {Reason.HTTP_STATUS, Reason.BAD_URL, Reason.UNREACHABLE, Reason.TOO_MANY_REDIRECTS}  # noqa: PT017 either end is right
    assert time.monotonic() - start < 2


def resolve_nothing_but(site: Site) -> Any:
    """Give name servers that know the site alone."""

    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.1"] if port == site.port else await resolve_nothing(host, port)

    return resolve


def test_connection_that_is_never_accepted() -> None:
    """A host that does not answer at all is given up after the time for connecting."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        waiting = []
        for _ in range(3):  # fill the queue of connections that are not yet accepted
            waiting.append(other := socket.socket())
            other.settimeout(0)
            other.connect_ex(deaf.getsockname())
        assert rejection(f"http://127.0.0.1:{deaf.getsockname()[1]}/") == (
            Reason.TIMEOUT,
            "no connection within 0.5 s",
        )
        for other in waiting:
            other.close()


def test_slow_redirects_share_the_time(site: Site) -> None:
    """The time for the whole is that of all redirects together."""

    async def dawdle(asked: Asked, writer: Any) -> None:
        await asyncio.sleep(0.3)
        await redirect(asked.path + "x")(asked, writer)

    site.routes = {"/" + "x" * number: dawdle for number in range(9)}
    assert rejection(f"{site.url}/", limits=Limits(total=0.8)) == (Reason.TIMEOUT, "took more than 0.8 s")
    assert len(site.asked) == 3


# Broken answers, and trying again


def test_temporary_error(site: Site) -> None:
    """What fails for a moment is asked again, at most twice."""
    failures = iter([answer(503), answer(502), answer(body=TEXT)])

    async def recover(asked: Asked, writer: Any) -> None:
        await next(failures)(asked, writer)

    site.routes["/"] = recover
    assert get(f"{site.url}/").body == TEXT
    site.routes["/"] = answer(504)
    assert rejection(f"{site.url}/") == (Reason.HTTP_STATUS, "504")
    assert len(site.asked) == 6


def test_refused() -> None:
    """A port where nobody listens is unreachable."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        reason, _ = rejection(f"http://127.0.0.1:{unused.getsockname()[1]}/")
    assert reason is Reason.UNREACHABLE


def closing(data: bytes) -> Any:
    """Make a handler that sends ``data`` and closes."""

    async def handle(_: Asked, writer: Any) -> None:
        writer.write(data)
        await writer.drain()
        writer.close()

    return handle


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: %s\r\n" % (number, b"x" * 1000) for number in range(500)) + b"\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nshort!",
    ],
    ids=["nothing", "half a header", "short body", "cut chunks", "other protocol", "huge headers", "length", "lengths"],
)
def test_broken_answer(site: Site, data: bytes) -> None:
    """What is not a whole HTTP answer makes the page unreachable; it is not taken for a short one."""
    site.routes["/"] = closing(data)
    reason, detail = rejection(f"{site.url}/")
    assert reason is Reason.UNREACHABLE
    assert detail


def test_connection_closed_between_requests(site: Site) -> None:
    """A kept connection that the server closes meanwhile costs nothing: the request is sent again."""
    site.routes["/"] = answer(body=TEXT)
    site.routes["/last"] = closing(head(200, {"Content-Length": "2"}) + b"ok")

    async def fetch() -> None:
        async with Fetcher(allow_private=True, limits=QUICK, pacing=AT_ONCE) as fetcher:
            for _ in range(3):
                assert (await fetcher.get(f"{site.url}/last", kind="page")).body == b"ok"
                assert (await fetcher.get(f"{site.url}/", kind="page")).body == TEXT

    asyncio.run(fetch())


# Redirects


def test_redirects(site: Site) -> None:
    """Redirects are followed, relative ones as well, and recorded in order."""
    site.routes |= {
        "/a": redirect("/b", 301),
        "/b": redirect(f"{site.url}/d/c?q=1", 302),
        "/d/c?q=1": redirect("../e", 307),
        "/e": answer(body=TEXT),
    }
    fetched = get(f"{site.url}/a")
    assert fetched.final_url == f"{site.url}/e"
    assert fetched.redirects == tuple(f"{site.url}{path}" for path in ("/a", "/b", "/d/c?q=1"))
    assert fetched.body == TEXT
    assert fetched.moved_permanently_to is None


def test_permanent_redirects(site: Site) -> None:
    """A move is permanent when each redirect on the way was."""
    site.routes |= {"/a": redirect("/b", 301), "/b": redirect("/c", 308), "/c": answer(body=TEXT)}
    assert get(f"{site.url}/a").moved_permanently_to == f"{site.url}/c"
    assert get(f"{site.url}/c").moved_permanently_to is None


def test_redirect_loop(site: Site) -> None:
    """A loop is noticed when it closes."""
    site.routes |= {"/a": redirect("/b"), "/b": redirect("/a")}
    assert rejection(f"{site.url}/a") == (Reason.TOO_MANY_REDIRECTS, f"a loop at {site.url}/a")
    assert site.paths() == ["/a", "/b"]


def test_too_many_redirects(site: Site) -> None:
    """Eight redirects are followed, a ninth is not."""
    site.routes = {f"/{number}": redirect(f"/{number + 1}") for number in range(20)}
    site.routes["/8"] = answer(body=TEXT)
    assert get(f"{site.url}/0").body == TEXT
    site.routes["/8"] = redirect("/9")
    assert rejection(f"{site.url}/0") == (Reason.TOO_MANY_REDIRECTS, "more than 8")


@pytest.mark.parametrize("to", ["ftp://127.0.0.1/x", "file:///etc/passwd", "//:0/", "javascript:alert(1)"])
def test_redirect_to_what_is_not_http(site: Site, to: str) -> None:
    """Only http and https are followed."""
    site.routes["/"] = redirect(to)
    reason, _ = rejection(f"{site.url}/")
    assert reason is Reason.BAD_URL


def test_redirect_without_a_place(site: Site) -> None:
    """A redirect that does not say where to is a failed status."""
    site.routes["/"] = answer(302)
    assert rejection(f"{site.url}/") == (Reason.HTTP_STATUS, "302")


def test_cookies(site: Site) -> None:
    """A cookie set on the way is sent within the chain, so that «set it and come again» works, and then forgotten."""

    async def wall(asked: Asked, writer: Any) -> None:
        seen = "seen=1" in asked.headers.get("cookie", "")
        await (answer(body=TEXT) if seen else redirect("/", headers={"Set-Cookie": "seen=1; Path=/"}))(asked, writer)

    site.routes["/"] = wall

    async def fetch() -> None:
        async with Fetcher(allow_private=True, limits=QUICK, pacing=AT_ONCE) as fetcher:
            assert (await fetcher.get(f"{site.url}/", kind="page")).body == TEXT
            assert (await fetcher.get(f"{site.url}/", kind="page")).body == TEXT

    asyncio.run(fetch())
    assert ["cookie" in each.headers for each in site.asked] == [False, True, False, True]


# Where to


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://example.com:0/",
        "example.com/feed",
        "ftp://example.com/",
        "file:///etc/passwd",
        "http://",
        "http:///path",
        "http://[::1",
        "http://example.com:99999/",
        "http://exa mple.com/",
        "http://a..b/",
        "http://" + "a" * 64 + ".com/",
        "mailto:someone@example.com",
        "http://example.com/\x00",
    ],
)
def test_bad_url(url: str) -> None:
    """What is no http URL is rejected as such, before anything is asked."""
    reason, _ = rejection(url, resolve=resolve_nothing)
    assert reason is Reason.BAD_URL


async def resolve_nothing(_host: str, _port: int) -> list[str]:
    """Answer as name servers do for a name that does not exist."""
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


@given(st.one_of(st.text(), st.text().map("http://".__add__), st.text().map("http://a.example/".__add__)))
@settings(max_examples=150)
def test_any_url(url: str) -> None:
    """Whatever stands in a feed as an URL gives a rejection, never another error."""
    reason, _ = rejection(url, resolve=resolve_nothing)
    assert reason in {Reason.BAD_URL, Reason.UNREACHABLE}


def test_unknown_host() -> None:
    """A name without an address is unreachable, and not asked for again."""
    calls = []

    async def resolve(host: str, port: int) -> list[str]:
        calls.append(host)
        return await resolve_nothing(host, port)

    assert rejection("http://gone.example/", resolve=resolve) == (
        Reason.UNREACHABLE,
        "gone.example has no address: Name or service not known",
    )
    assert calls == ["gone.example"]


def test_slow_name_servers() -> None:
    """A name that takes too long to look up is given up after the time for connecting."""

    async def resolve(_host: str, _port: int) -> list[str]:
        await asyncio.sleep(30)
        return []

    reason, _ = rejection("http://slow.example/", resolve=resolve)
    assert reason is Reason.TIMEOUT


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "017700000001", "[::1]", "[::ffff:127.0.0.1]"],
)
def test_loopback_is_forbidden(site: Site, host: str) -> None:
    """However loopback is written, it is not asked unless that is allowed, and the message says how."""
    site.routes["/"] = answer(body=b"secret")
    reason, detail = rejection(f"http://{host}:{site.port}/", allow_private=False)
    assert reason is Reason.FORBIDDEN_ADDRESS
    assert "CONDENSAT_ALLOW_PRIVATE=1" in detail
    assert site.connections == 0


@pytest.mark.parametrize("host", ["169.254.169.254", "[::ffff:169.254.169.254]", "0.1.2.3", "224.0.0.1", "[fe80::1]"])
def test_never_allowed(host: str) -> None:
    """The metadata service of clouds and its like are not asked even when private addresses are."""
    reason, detail = rejection(f"http://{host}/", allow_private=True)
    assert reason is Reason.FORBIDDEN_ADDRESS
    assert "never" in detail


def test_redirect_to_forbidden_address(site: Site) -> None:
    """The address is checked at every redirect."""
    site.routes["/"] = redirect("http://169.254.169.254/latest/meta-data/")
    reason, _ = rejection(f"{site.url}/")
    assert reason is Reason.FORBIDDEN_ADDRESS


def test_name_that_leads_inside(site: Site) -> None:
    """A public name with a private address is judged by its address."""

    async def resolve(_host: str, _port: int) -> list[str]:
        return ["127.0.0.1"]

    reason, _ = rejection(f"http://evil.example:{site.port}/", allow_private=False, resolve=resolve)
    assert reason is Reason.FORBIDDEN_ADDRESS
    assert site.connections == 0


def test_rebinding(site: Site) -> None:
    """What was checked is what is connected to: a name is looked up once, and its Host header stays."""
    site.routes["/"] = answer(body=TEXT)
    addresses = iter([["127.0.0.1"], ["127.0.0.2"]])

    async def resolve(_host: str, _port: int) -> list[str]:
        return next(addresses)

    assert get(f"http://news.example:{site.port}/", resolve=resolve).body == TEXT
    assert site.asked[0].headers["host"] == f"news.example:{site.port}"
    assert next(addresses) == ["127.0.0.2"]


def test_rebinding_between_redirects(site: Site) -> None:
    """A name that leads elsewhere at the next step is judged by where it leads then."""
    site.routes["/"] = redirect("/again", headers={"Connection": "close"})
    site.routes["/again"] = answer(body=b"secret")
    addresses = iter([["127.0.0.1"], ["169.254.169.254"]])

    async def resolve(_host: str, _port: int) -> list[str]:
        return next(addresses)

    reason, _ = rejection(f"http://news.example:{site.port}/", resolve=resolve)
    assert reason is Reason.FORBIDDEN_ADDRESS
    assert site.paths() == ["/"]


def test_dead_address_beside_a_living_one(site: Site) -> None:
    """Where a host has several addresses, one that answers is enough; forbidden ones are left out."""
    site.routes["/"] = answer(body=TEXT)

    async def resolve(_host: str, _port: int) -> list[str]:
        return ["169.254.169.254", "::1", "127.0.0.1"]

    assert get(f"http://news.example:{site.port}/", resolve=resolve).body == TEXT


def test_proxies_of_the_environment(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy in the environment is not used: it would connect to what was not checked."""
    site.routes["/"] = answer(body=TEXT)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert get(f"{site.url}/").body == TEXT


# How many at once


def test_concurrency(site: Site) -> None:
    """A thousand fetches at once are asked a few at a time, per host and in all."""

    async def dawdle(asked: Asked, writer: Any) -> None:
        await asyncio.sleep(0.002)
        await answer(body=b"ok")(asked, writer)

    async def resolve(_host: str, _port: int) -> list[str]:
        return ["127.0.0.1"]

    site.routes["/"] = dawdle

    pacing = Pacing(delay=0.0, per_host=3, connections=8)

    async def fetch(hosts: int, number: int) -> None:
        async with Fetcher(allow_private=True, pacing=pacing, resolve=resolve) as fetcher:
            urls = [f"http://h{each % hosts}.example:{site.port}/" for each in range(number)]
            answers = await asyncio.gather(*(fetcher.get(url, kind="page") for url in urls))
            assert all(each.body == b"ok" for each in answers)

    asyncio.run(fetch(hosts=1, number=60))
    assert site.most_at_once == 3
    asyncio.run(fetch(hosts=50, number=1000))
    assert site.most_at_once == 8


def test_slow_host_does_not_hold_others(site: Site) -> None:
    """Many fetches from a host that hangs leave room for those from others."""

    async def hang(_: Asked, __: Any) -> None:
        await asyncio.sleep(30)

    async def resolve(_host: str, _port: int) -> list[str]:
        return ["127.0.0.1"]

    site.routes |= {"/hang": hang, "/": answer(body=TEXT)}

    pacing = Pacing(delay=0.0, per_host=2, connections=4)

    async def fetch() -> None:
        async with Fetcher(allow_private=True, pacing=pacing, resolve=resolve) as fetcher:
            slow = [
                asyncio.ensure_future(fetcher.get(f"http://slow.example:{site.port}/hang", kind="page"))
                for _ in range(50)
            ]
            await asyncio.sleep(0.1)
            async with asyncio.timeout(2):
                assert (await fetcher.get(f"http://quick.example:{site.port}/", kind="page")).body == TEXT
            for each in slow:
                each.cancel()
            await asyncio.gather(*slow, return_exceptions=True)

    asyncio.run(fetch())
