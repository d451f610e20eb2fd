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
        ("The <dialog> element and <T>", "The <dialog> element and <T>"),
        ("<blink>Harbour</blink> closed", "Harbour closed"),
        ("Harbour <img src=x onerror=alert(1)>closed", "Harbour closed"),
        ("Harbour<script>alert('<b>')</script> closed<!-- no -->", "Harbour closed"),
        ("How &lt;script&gt; works", "How <script> works"),
        ("Harbour<br/>closed", "Harbour closed"),
        ("U+237C &amp;Angzarr;", "U+237C &Angzarr;"),
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


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [
        ("<p>Use the &lt;script&gt; tag, not &amp;lt;</p>", "Use the <script> tag, not &lt;"),
        ("&lt;p&gt;Salt &amp;amp; &lt;b&gt;storm&lt;/b&gt;&lt;/p&gt;", "Salt & storm"),
        ("Salt &amp;amp; storm", "Salt & storm"),
        ("<p title='a > b' data-x=\"<p>\">Harbour</p>", "Harbour"),
        ("<p>Harbour\nclosed</p>\n<p>Ships\r\nwaited</p>", "Harbour closed\nShips waited"),
        ("Harbour closed\nShips <b>waited</b>", "Harbour closed\nShips waited"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("Harbour<iframe src='x'/> closed<script src='x'/> today", "Harbour closed today"),
        ("Harbour <iframe src='x'> closed", "Harbour closed"),
        ("Harbour <script>var closed", "Harbour"),
        ("Harbour <!-- closed", "Harbour closed"),
        ("I <3 storms, and 2 < 3 > 1", "I <3 storms, and 2 < 3 > 1"),
        ("Harbour <a href='x", "Harbour <a href='x"),
        ("every <math><mi>N</mi><annotation>N</annotation></math> years", "every N years"),
    ],
)
def test_html_is_read_as_html(fragment: str, expected: str) -> None:
    """Entities are read once, or twice where all was escaped twice; attributes, lines and open ends as in HTML."""
    assert plain(fragment) == expected


@given(
    st.lists(
        st.sampled_from(
            [
                "<",
                ">",
                "</",
                "p",
                "script",
                "<!--",
                "-->",
                "<?",
                "&amp;",
                "&lt;",
                "&#8217;",
                "'",
                '"',
                "=",
                "/",
                " ",
                "\n",
                "\r",
            ]
        )
    ).map("".join)
)
def test_markup_never_raises(raw: str) -> None:
    """No heap of pieces of markup makes the functions raise, and no line has space around it."""
    assert all(line == line.strip() and line for line in plain(raw).split("\n") if plain(raw))
    assert title(raw) == " ".join(title(raw).split())


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
     "<p \n", "<a href='", "İ<script>", "[…] ", "<span>", "<?", "<!", "<a '\"", "<a =\"'", "<figcaption>", "&lt;p ",
     "\r", "<a = ", "<iframe/>"],
)  # fmt: skip
def test_hostile_input_ends(unit: str) -> None:
    """A megabyte of what a regular expression could go back over is read in passing."""
    hostile = unit * (1_000_000 // len(unit))
    plain(hostile)
    title(hostile)
    strip_controls(hostile)
