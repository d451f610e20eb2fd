"""robots.txt: what it forbids, how long it is believed, and what an answer that is none of it means."""

from __future__ import annotations

import asyncio
import time
import zlib
from typing import TYPE_CHECKING, Any

import pytest
from site_server import Asked, Site, answer, redirect

from indexer.fetch import Fetcher, FetchError, Limits, Pacing, robots
from indexer.models import Failure, Reason, RejectedError

if TYPE_CHECKING:
    from collections.abc import Iterator

QUICK = Limits(connect=0.5, read=0.5, total=2.0, retry_pauses=(0.01,))
RULES = b"User-agent: condensat\nDisallow: /private\nAllow: /private/but-this\n\nUser-agent: *\nDisallow: /\n"


@pytest.fixture
def site() -> Iterator[Site]:
    """Serve pages on loopback; each test puts up its robots.txt."""
    with Site() as running:
        running.routes |= dict.fromkeys(("/page", "/private/page", "/private/but-this"), answer(body=b"ok"))
        yield running


def ends(site: Site, *paths: str, obey: bool = True, **more: Any) -> list[bytes | RejectedError]:
    """Fetch pages one after the other; give the body, or the rejection, of each."""

    async def fetch() -> list[bytes | RejectedError]:
        found: list[bytes | RejectedError] = []
        async with Fetcher(allow_private=True, limits=QUICK, pacing=Pacing(delay=0.0), **more) as fetcher:
            for path in paths:
                try:
                    got = await fetcher.get(path if "://" in path else site.url + path, kind="page", obey_robots=obey)
                    found.append(got.body)
                except RejectedError as error:
                    found.append(error)
        return found

    return asyncio.run(fetch())


def reasons(found: list[bytes | RejectedError]) -> list[Reason | None]:
    return [each.reason if isinstance(each, RejectedError) else None for each in found]


def test_rules_are_followed(site: Site) -> None:
    """What is forbidden to us is not asked for, by the most specific rule; robots.txt is asked once for all pages."""
    site.routes["/robots.txt"] = answer(body=RULES)
    found = ends(site, "/page", "/private/page", "/private/but-this")
    assert reasons(found) == [None, Reason.ROBOTS, None]
    assert not isinstance(found[1], FetchError)  # a rule is no failure that passes
    assert site.paths() == ["/robots.txt", "/page", "/private/but-this"]


def test_rules_for_another_name(site: Site) -> None:
    """The group of the user agent's own name counts, whatever stands behind the name."""
    site.routes["/robots.txt"] = answer(body=RULES)
    assert reasons(ends(site, "/page", user_agent="Condensat/9 (newsroom@herald.example)")) == [None]
    assert reasons(ends(site, "/page", user_agent="somebody/1 (like condensat)")) == [Reason.ROBOTS]


def test_feeds_do_not_ask(site: Site) -> None:
    """Without the wish to obey, robots.txt is not even asked for: a feed is there to be read by programs."""
    site.routes["/robots.txt"] = answer(body=b"User-agent: *\nDisallow: /\n")
    assert ends(site, "/page", obey=False) == [b"ok"]
    assert site.paths() == ["/page"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
def test_no_robots_txt(site: Site, status: int) -> None:
    """A robots.txt that is not there forbids nothing."""
    site.routes["/robots.txt"] = answer(status)
    assert ends(site, "/page", "/private/page") == [b"ok", b"ok"]
    assert site.paths().count("/robots.txt") == 1


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_server_in_trouble(site: Site, status: int) -> None:
    """While the server fails to say what is allowed nothing is, and that passes."""
    site.routes["/robots.txt"] = answer(status)
    (found,) = ends(site, "/page")
    assert isinstance(found, FetchError)
    assert (found.reason, found.failure) == (Reason.ROBOTS, Failure.TEMPORARY)
    assert str(status) in found.detail
    assert "/page" not in site.paths()


def test_silence(site: Site) -> None:
    """The same holds for one that does not answer in time."""

    async def hang(_: Asked, __: Any) -> None:
        await asyncio.sleep(30)

    site.routes["/robots.txt"] = hang
    (found,) = ends(site, "/page")
    assert isinstance(found, FetchError)
    assert (found.reason, found.failure) == (Reason.ROBOTS, Failure.TEMPORARY)


def test_what_is_wrong_with_the_host_itself_is_said(site: Site) -> None:
    """A forbidden address is told as that, not as a question of robots."""
    site.routes["/robots.txt"] = answer(body=RULES)
    found = ends(site, "http://169.254.169.254/latest")
    assert reasons(found) == [Reason.FORBIDDEN_ADDRESS]


@pytest.mark.parametrize(("steps", "allowed"), [(5, False), (6, True)])
def test_redirects(site: Site, steps: int, *, allowed: bool) -> None:
    """Five redirects are followed; a file behind more counts as not there."""
    site.routes |= {f"/r{step}": redirect(f"/r{step + 1}") for step in range(steps)}
    site.routes["/robots.txt"] = redirect("/r1")
    site.routes[f"/r{steps}"] = answer(body=b"User-agent: *\nDisallow: /page\n")
    assert reasons(ends(site, "/page")) == [None if allowed else Reason.ROBOTS]


def test_the_first_500_kib_are_read(site: Site) -> None:
    """Of a longer file the beginning counts, and the rest is let go."""
    rule = b"User-agent: *\nDisallow: /private\n"
    late = b"Disallow: /page\n"
    site.routes["/robots.txt"] = answer(body=rule + b"#" * (600 * 1024) + b"\n" + late)
    assert reasons(ends(site, "/private/page", "/page")) == [Reason.ROBOTS, None]
    site.routes["/robots.txt"] = answer(body=rule + b"#" * (499 * 1024) + b"\n" + late)
    assert reasons(ends(site, "/private/page", "/page")) == [Reason.ROBOTS, Reason.ROBOTS]


@pytest.mark.parametrize("body", [b"", b"<html>Not here</html>", b"\xff\xfe\x00junk", b"Disallow: /page"])
def test_what_is_no_robots_txt(site: Site, body: bytes) -> None:
    """Whatever else is served under that name forbids nothing."""
    site.routes["/robots.txt"] = answer(body=body)
    assert reasons(ends(site, "/page")) == [None]


def test_byte_order_mark(site: Site) -> None:
    """A mark before the first line does not hide it."""
    site.routes["/robots.txt"] = answer(body=b"\xef\xbb\xbfUser-agent: *\nDisallow: /page\n")
    assert reasons(ends(site, "/page")) == [Reason.ROBOTS]


def test_a_redirect_needs_leave_as_well(site: Site) -> None:
    """A page that redirects to a forbidden one is not followed there, on the same site or on another."""
    with Site() as other:
        other.routes |= {"/robots.txt": answer(body=b"User-agent: *\nDisallow: /\n"), "/": answer(body=b"ok")}
        site.routes |= {
            "/robots.txt": answer(body=RULES),
            "/here": redirect("/private/page"),
            "/there": redirect(f"{other.url}/"),
        }
        assert reasons(ends(site, "/here", "/there")) == [Reason.ROBOTS, Reason.ROBOTS]
        assert other.paths() == ["/robots.txt"]


def test_crawl_delay_is_kept_up_to_a_cap() -> None:
    """A site's own delay is taken from its rules; one of hours is cut."""
    packed = zlib.compress(b"User-agent: *\nCrawl-delay: 2.5\n")
    assert robots.judge(packed, "https://site.example/", "condensat") == (True, 2.5)
    packed = zlib.compress(b"User-agent: *\nCrawl-delay: 86400\n")
    assert robots.judge(packed, "https://site.example/", "condensat") == (True, robots.CRAWL_DELAY_CAP)


def test_crawl_delay_paces_the_pages(site: Site) -> None:
    """Requests after a robots.txt with a delay are that far apart."""
    site.routes["/robots.txt"] = answer(body=b"User-agent: *\nCrawl-delay: 0.2\n")
    loop_times: list[float] = []

    async def note(asked: Asked, writer: Any) -> None:
        loop_times.append(asyncio.get_running_loop().time())
        await answer(body=b"ok")(asked, writer)

    site.routes["/page"] = note
    began = time.monotonic()
    ends(site, "/page", "/page", "/page")
    assert loop_times[2] - began >= 0.4


# How long it is believed, by a clock of our own


class Source:
    """Answers for robots.txt, and how often it was asked."""

    def __init__(self, *given: robots.Answer | RejectedError) -> None:
        self.given = list(given)
        self.asked: list[str] = []
        self.clock = 0.0
        self.robots = robots.Robots(self.fetch, user_agent="condensat/1", clock=lambda: self.clock)

    async def fetch(self, url: str) -> robots.Answer:
        """Answer as the next one was given; the last one stays."""
        self.asked.append(url)
        await asyncio.sleep(0)
        said = self.given.pop(0) if len(self.given) > 1 else self.given[0]
        if isinstance(said, RejectedError):
            raise said
        return said

    def allows(self, url: str) -> bool:
        """Ask for one page."""
        try:
            asyncio.run(self.robots.delay(url))
        except RejectedError:
            return False
        return True


ALL, NOTHING = robots.Answer(200, b"User-agent: *\nAllow: /\n"), robots.Answer(200, b"User-agent: *\nDisallow: /\n")


def test_rules_are_asked_again_after_a_day() -> None:
    """Rules hold for a day and no longer."""
    source = Source(NOTHING, ALL)
    assert not source.allows("https://site.example/")
    source.clock = robots.KEPT - 1
    assert not source.allows("https://site.example/other")
    source.clock = robots.KEPT + 1
    assert source.allows("https://site.example/")
    assert source.asked == ["https://site.example/robots.txt"] * 2


def test_trouble_is_forgotten_sooner() -> None:
    """A site whose robots.txt failed is asked again after some minutes."""
    source = Source(robots.Answer(500, b""), ALL)
    assert not source.allows("https://site.example/")
    source.clock = robots.KEPT_UNREACHABLE + 1
    assert source.allows("https://site.example/")


def test_sites_are_apart() -> None:
    """Scheme, host and port make a site; credentials in an URL do not reach its robots.txt."""
    source = Source(ALL)
    for url in ("https://a.example/x", "http://a.example/x", "https://a.example:8443/", "https://me:pw@b.example/"):
        assert source.allows(url)
    assert source.asked == [
        "https://a.example/robots.txt",
        "http://a.example/robots.txt",
        "https://a.example:8443/robots.txt",
        "https://b.example/robots.txt",
    ]


def test_many_pages_at_once_ask_once() -> None:
    """A hundred pages of a site that nothing is known of wait for one question."""
    source = Source(ALL)

    async def many() -> None:
        await asyncio.gather(*(source.robots.delay(f"https://site.example/{each}") for each in range(100)))

    asyncio.run(many())
    assert len(source.asked) == 1


def test_memory_is_bounded() -> None:
    """The rules of many sites take a bounded place: the ones that were not needed for longest go first."""
    source = Source(robots.Answer(200, b"User-agent: *\nDisallow: /" + bytes(range(97, 123)) * 10))
    sites = robots.CACHE_BYTES // robots.OVERHEAD
    assert source.allows("https://first.example/")

    async def many() -> None:
        for each in range(sites):
            await source.robots.delay(f"https://h{each}.example/")

    asyncio.run(many())
    assert source.allows("https://first.example/")
    assert source.asked.count("https://first.example/robots.txt") == 2
