"""Subscription lists in and out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.opml import OpmlError, OpmlFeed, parse, render


def opml(inside: str) -> bytes:
    """Give a subscription list of these outlines."""
    return f'<?xml version="1.0"?><opml version="2.0"><head/><body>{inside}</body></opml>'.encode()


def test_folders_and_names() -> None:
    """Feeds come in the order of the file, with title, site and the path of their folders."""
    found = parse(
        opml(
            '<outline text="Herald" xmlUrl="https://herald.example/feed" htmlUrl="https://herald.example/"/>'
            '<outline text="Sea"><outline title="North"><outline title="Tide &amp; wind" xmlUrl="http://tide.example/a"/>'
            "</outline></outline>"
        )
    )
    assert found == (
        OpmlFeed(url="https://herald.example/feed", title="Herald", site="https://herald.example/"),
        OpmlFeed(url="http://tide.example/a", title="Tide & wind", folder="Sea/North"),
    )


def test_attributes_in_any_case_and_repeats() -> None:
    """The case of names does not matter; a feed that stands twice is one; what is no web address is left out."""
    found = parse(
        opml(
            '<outline TEXT="A" xmlurl="https://a.example/feed"/><outline text="B" xmlUrl="https://a.example/feed"/>'
            '<outline text="C" xmlUrl="file:///etc/hostname"/><outline text="D" xmlUrl=""/>'
        )
    )
    assert [each.title for each in found] == ["A"]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "line 1"),
        (b"<opml><body>", "line 1"),
        (b"<opml>\n<body>\n<outline text=a/></body></opml>", "line 3"),
        (b"<html></html>", "<html>"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><opml><body>&x;</body></opml>', "DOCTYPE"),
        (b"\x89PNG", "not well-formed"),
    ],
)
def test_other_files_are_refused(data: bytes, says: str) -> None:
    """What is no OPML, or defines entities, is refused with what is wrong."""
    with pytest.raises(OpmlError, match=says):
        parse(data)


def test_order_is_the_file_s() -> None:
    """Feeds come as they stand in the file, whether in folders or not."""
    found = parse(
        opml(
            '<outline text="Sea"><outline text="A" xmlUrl="https://a.example/1"/></outline>'
            '<outline text="B" xmlUrl="https://a.example/2"/><outline><outline xmlUrl="https://a.example/3"/></outline>'
        )
    )
    assert [(each.url[-1], each.folder) for each in found] == [("1", "Sea"), ("2", ""), ("3", "")]


@pytest.mark.parametrize(
    ("given_as", "url"),
    [
        ("feed://a.example/1", "http://a.example/1"),
        ("feed:https://a.example/1", "https://a.example/1"),
        (" https://a.example/1?a=1&amp;b=2 ", "https://a.example/1?a=1&b=2"),
    ],
)
def test_addresses_as_readers_write_them(given_as: str, url: str) -> None:
    """The scheme of feed readers stands for the web's."""
    assert [each.url for each in parse(opml(f'<outline xmlUrl="{given_as}"/>'))] == [url]


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(codec: str) -> None:
    """A list is read in its encoding."""
    data = opml('<outline text="Été" xmlUrl="https://a.example/1"/>').decode().encode(codec)
    assert [each.title for each in parse(data)] == ["Été"]


def test_space_before_the_declaration() -> None:
    """Space before the declaration costs nothing."""
    assert len(parse(b"\n " + opml('<outline xmlUrl="https://a.example/1"/>'))) == 1


def test_deep_nesting() -> None:
    """Folders within folders, 2,000 deep, are read."""
    deep = '<outline text="a">' * 2_000 + '<outline xmlUrl="https://a.example/feed"/>' + "</outline>" * 2_000
    assert len(parse(opml(deep))) == 1


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20).map(str.strip)


@given(st.lists(NAMES, max_size=6))
def test_what_is_written_is_read(names: list[str]) -> None:
    """A written list reads back as the same feeds, whatever their names."""
    feeds = [OpmlFeed(url=f"https://a.example/{number}", title=name) for number, name in enumerate(names)]
    found = parse(render(feeds))
    assert [each.url for each in found] == [each.url for each in feeds]


def test_folders_survive_writing() -> None:
    """Names, sites and folders read back as they were written."""
    feeds = (
        OpmlFeed(url="https://a.example/1", title="One & «two»", site="https://a.example/", folder="Sea/North"),
        OpmlFeed(url="https://a.example/2", title="«Deux»", folder="Sea"),
        OpmlFeed(url="https://a.example/3", title="Three"),
    )
    assert sorted(parse(render(feeds)), key=lambda each: each.url) == list(feeds)
