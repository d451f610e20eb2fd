"""What goes wrong outside is said in a line, with the right exit code, and nothing else is lost."""

from __future__ import annotations

import json
import re
import socket
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from demo_site import Site, expected
from door import Door

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Condensat

DONE, FAILED, USAGE, NO_ELASTICSEARCH = 0, 1, 2, 3
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as served:
        yield served


@pytest.fixture
def login(condensat: Condensat) -> dict[str, str]:
    """Give the address of the running engine and what lets one in, as settings."""
    condensat("init")
    status = condensat("engine", "status", "--format", "json").json
    password = Path(status["password_file"]).read_text(encoding="utf-8").strip()
    return {"url": status["url"], "username": status["username"], "password": password}


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def document(number: int, **changes: Any) -> dict[str, Any]:
    words = " ".join(f"word{number}x{place}" for place in range(60))
    return {
        "url": f"http://example.org/{number}",
        "source": "Example",
        "published": "2026-09-01T10:00:00Z",
        "title": f"Article {number}",
        "text": f"The {number}th text: {words}.",
        **changes,
    }


def jsonl(*documents: dict[str, Any]) -> str:
    return "".join(json.dumps(each) + "\n" for each in documents)


# -- feeds ---------------------------------------------------------------------------------------------------


def test_named_feeds_that_are_none_fail(site: Site, condensat: Condensat) -> None:
    """Each is named with its reason, and the exit code is 1."""
    reasons = {
        site.base(source) + path: reason
        for source, path, reason in (
            ("wire", "/wire/newsletter", "not a feed"),
            ("lab", "/lab/empty.xml", "empty body"),
            ("gazette", "/gazette/parish-notes.xml", "http status"),
            ("wire", "/feeds.opml", "not a feed"),
        )
    }
    result = condensat("ingest", *reasons, "--format", "json", code=FAILED)
    assert {each["url"]: each["reason"] for each in result.json["feeds"]["failed"]} == reasons
    said = condensat("ingest", *reasons, code=FAILED).err
    assert [reason for reason in reasons.values() if reason not in said] == []
    assert "empty body" in condensat("ingest", site.base("lab") + "/lab/empty.xml", code=FAILED).err


def test_a_feed_in_a_list_may_fail(site: Site, condensat: Condensat) -> None:
    """A dead feed in an OPML list is reported and is no failure of the run, unless --strict asks for that."""
    opml = condensat.folder / "list.opml"
    opml.write_text(site.opml(), encoding="utf-8")
    report = condensat("ingest", "--opml", opml, "--format", "json").json
    assert len(report["feeds"]["failed"]) == 3
    assert report["created"] == expected()["created"]
    condensat("ingest", "--strict", code=FAILED)


def test_an_unreachable_host(condensat: Condensat) -> None:
    """A refused connection is told as such."""
    url = f"http://127.0.0.1:{closed_port()}/feed.xml"
    report = condensat("ingest", url, "--format", "json", code=FAILED).json
    assert [each["reason"] for each in report["feeds"]["failed"]] == ["unreachable"]


def test_private_addresses_are_off_by_default(site: Site, condensat: Condensat) -> None:
    """Without CONDENSAT_ALLOW_PRIVATE nothing is fetched from loopback."""
    before = len(site.requests)
    report = condensat("ingest", site.feed("wire"), "--format", "json", code=FAILED, allow_private="0").json
    assert [each["reason"] for each in report["feeds"]["failed"]] == ["forbidden address"]
    assert len(site.requests) == before


@pytest.mark.parametrize("content", ["", "no list at all", "<opml><body><outline", "<rss version='2.0'></rss>"])
def test_a_list_that_is_none(condensat: Condensat, content: str) -> None:
    """An OPML file that is empty, cut off or something else is refused in one line."""
    file = condensat.folder / "broken.opml"
    file.write_text(content)
    result = condensat("feeds", "import", file, code=None)
    assert result.code in {FAILED, USAGE}
    assert len(result.err.strip().splitlines()) <= 3
    assert result.err.strip()


def test_a_file_that_is_not_there(condensat: Condensat) -> None:
    """A missing file is wrong use, and is named."""
    for command in (["feeds", "import"], ["import"], ["add"]):
        assert "nowhere.file" in condensat(*command, "nowhere.file", code=USAGE).err


# -- Elasticsearch -------------------------------------------------------------------------------------------


def test_wrong_credentials(condensat: Condensat, login: dict[str, str]) -> None:
    """A refused password is told as such, with exit code 3, and is not printed."""
    condensat("search", "*", **login)
    result = condensat("search", "*", code=NO_ELASTICSEARCH, **{**login, "password": "wrong-Pa55word"})
    assert "401" in result.err
    assert "wrong-Pa55word" not in result.err


def test_nobody_answers(condensat: Condensat) -> None:
    """An address at which nothing listens gives exit code 3."""
    result = condensat("search", "*", code=NO_ELASTICSEARCH, url=f"http://127.0.0.1:{closed_port()}")
    assert "condensat" in result.err


def test_elasticsearch_gone_in_mid_run(condensat: Condensat, login: dict[str, str]) -> None:
    """What was not written is counted so and the exit code is not 0; a second run brings everything in."""
    documents = [document(number) for number in range(2_500)]
    with Door(login["url"], after=3) as door:  # the marks and articles of one batch, and one more
        result = condensat(
            "import", "-", "--format", "json", stdin=jsonl(*documents), code=None, **{**login, "url": door.url}
        )
        assert door.is_shut
    assert result.code in {FAILED, NO_ELASTICSEARCH}
    report = result.json
    assert report["read"] == 2_500
    assert report["rejected"]["not written"] > 0
    assert report["created"] + sum(report["rejected"].values()) == 2_500
    condensat("import", "-", stdin=jsonl(*documents))
    assert len(condensat.articles()) == 2_500


def test_feeds_are_read_again_after_elasticsearch_was_gone(
    site: Site, condensat: Condensat, login: dict[str, str]
) -> None:
    """A poll that could not write does not remember the feed as read."""
    opml = condensat.folder / "again.opml"
    opml.write_text(site.opml(), encoding="utf-8")
    condensat("feeds", "import", opml)
    with Door(login["url"], after=0) as door:
        result = condensat("ingest", "--format", "json", code=None, **{**login, "url": door.url})
        assert door.is_shut
    assert result.code in {FAILED, NO_ELASTICSEARCH}
    condensat("ingest")
    assert len(condensat.articles()) == expected()["created"]


# -- lines ---------------------------------------------------------------------------------------------------


def test_a_broken_line_costs_itself_alone(condensat: Condensat) -> None:
    """The reason is named with the first of its lines, the lines around go in, and --strict makes it a failure."""
    broken = {
        '{"url": "http://example.org/x", "title": ': "broken line",
        '["a", "list"]': "broken line",
        '{"url": "http://example.org/x", "title": "No text"}': "missing field",
        '{"title": "No address", "text": "Some words."}': "missing field",
        '{"url": 7, "title": "A number for an address", "text": "Some words."}': "broken line",
        "\x00\x1b[31m\x07": "broken line",
    }
    lines = jsonl(document(0)) + "".join(f"{line}\n{jsonl(document(n))}" for n, line in enumerate(broken, start=1))
    told = condensat("import", "-", stdin=lines).err
    for number, reason in (2, "broken line"), (6, "missing field"):
        assert re.search(rf"{reason} .*such as line {number}:", told), told
    assert not CONTROLS.search(told)
    whole = {f"Article {number}" for number in range(len(broken) + 1)}
    assert {each["title"] for each in condensat.articles().values()} == whole
    report = condensat("import", "-", "--format", "json", "--strict", stdin=lines, code=FAILED).json
    assert (report["read"], report["unchanged"]) == (len(broken) + len(whole), len(whole))
    assert report["rejected"] == dict(Counter(broken.values()))


def test_control_characters_in_a_title_are_dropped(condensat: Condensat) -> None:
    """A title with colours, a bell, markup and a line break is one clean line wherever it is shown."""
    title = "Red \x1b[31malert\x1b[0m\x07 for [bold]markup[/bold] and\na <b>line</b>"
    condensat("import", "-", stdin=jsonl(document(1, title=title)))
    for form in ("table", "json", "jsonl"):
        shown = condensat("search", "alert", "--format", form)
        assert not CONTROLS.search(shown.out + shown.err)
        assert "[bold]markup[/bold]" in shown.out
    [hit] = condensat("search", "alert", "--format", "json").json
    assert "\n" not in hit["title"]


# -- asking --------------------------------------------------------------------------------------------------


def test_an_unknown_id_offers_near_ones(condensat: Condensat) -> None:
    """A typo in an id is answered with the ids that it may have meant."""
    condensat("import", "-", stdin=jsonl(document(1)))
    [hit] = condensat("search", "*", "--format", "json").json
    typo = hit["id"][:9] + ("0" if hit["id"][9] != "0" else "1") + hit["id"][10:]
    for command in ("show", "reposts"):
        assert hit["id"][:9] in condensat(command, typo, code=FAILED).err
    assert condensat("show", "http://example.org/nowhere", code=FAILED).err.strip()


@pytest.mark.parametrize("query", ["title:(open AND", '"open', "AND AND", "[* TO", "colour:red", "published:[x TO y]"])
def test_a_malformed_query_is_explained(condensat: Condensat, query: str) -> None:
    """A query that cannot be read, or that names a field there is not, is wrong use and is told why."""
    result = condensat("search", query, code=USAGE)
    assert not result.out
    assert result.err.strip()


@pytest.mark.parametrize(
    "arguments",
    [
        ["reposts", "--kind", "nonsense"],
        ["reposts", "--min-coverage", "7"],
        ["search", "*", "--from", "yesterdayish"],
        ["search", "*", "--limit", "0"],
        ["feeds", "add", "not-an-address"],
        ["nonsense"],
    ],
)
def test_wrong_use(condensat: Condensat, arguments: list[str]) -> None:
    """Wrong arguments give exit code 2 and a word on what is right."""
    assert condensat(*arguments, code=USAGE).err.strip()


def test_a_wrong_setting_is_named(condensat: Condensat) -> None:
    """A setting that cannot be used is named."""
    assert "prefix" in condensat("search", "*", code=USAGE, prefix="Not Allowed").err.lower()
    assert "url" in condensat("search", "*", code=USAGE, url="localhost").err.lower()
