"""Titles and fragments to plain text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.text import TITLE_LENGTH, plain, strip_controls, title


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("", ""),
        (" Harbour\n\t closed ", "Harbour closed"),
        ("<b>Harbour</b> <i class='x'>closed</i>", "Harbour closed"),
        ("Salt &amp; storm", "Salt & storm"),
        ("Salt &amp;amp; storm", "Salt & storm"),
        ("Harbour&amp;#8217;s &lt;b&gt;storm&lt;/b&gt;", "Harbour’s storm"),
        ("Harbour\x1b[31m closed\x07\u202e", "Harbour closed"),
        ("a < b and c > d", "a < b and c > d"),
        ("Harbour\u00a0closed", "Harbour closed"),
        ("&nbsp;", ""),
    ],
)
def test_titles(raw: str, expected: str) -> None:
    """Tags, entities escaped once or twice, newlines and control characters leave one line of text."""
    assert title(raw) == expected


@pytest.mark.parametrize("raw", ["word " * 500, "x" * 5_000])
def test_long_titles_are_cut(raw: str) -> None:
    """A title of a whole article's length is cut, at a word where there is one, and shows it."""
    found = title(raw)
    assert TITLE_LENGTH - 10 < len(found) <= TITLE_LENGTH
    assert found.endswith("…")


def test_fragments() -> None:
    """Blocks become lines; scripts, styles, comments and captions are no text."""
    fragment = (
        "<p>The harbour<br>closed.</p><!-- no --><script>var a = '<p>no</p>';</script><style>p {}</style>"
        "<figure><img src=a><figcaption>no</figcaption></figure><div>Ships   waited.</div>\r\n<noscript>no</noscript>"
    )
    assert plain(fragment) == "The harbour\nclosed.\nShips waited."


@given(st.text())
def test_nothing_raises(raw: str) -> None:
    """No string makes the functions raise, and no control character comes through."""
    for found in (plain(raw), title(raw), strip_controls(raw)):
        assert not {"\x00", "\x1b", "\x07", "\x7f", "\u202e", "\ufeff"} & set(found)
    assert len(title(raw)) <= TITLE_LENGTH
    assert "\n" not in title(raw)


@pytest.mark.parametrize(
    "unit",
    ["<", "<p", "<!--", "<script>", "<script", "</script>", "&amp;", "&", "&#", "\x1b[", "\x1b[0", " ", "\n ", " \n",
     "<p \n", "<a href='", "İ<script>", "[…] "],
)  # fmt: skip
def test_hostile_input_ends(unit: str) -> None:
    """A megabyte of what a regular expression could go back over is read in passing."""
    hostile = unit * (1_000_000 // len(unit))
    plain(hostile)
    title(hostile)
    strip_controls(hostile)
