from __future__ import annotations

import lxml.html
import pytest

from indexer.extract import byline


def find(markup: str) -> str:
    return byline.find(lxml.html.fromstring(f"<html><body>{markup}</body></html>"))


@pytest.mark.parametrize(
    ("markup", "name"),
    [
        ('<a rel="author" href="/x">Ada Lind</a>', "Ada Lind"),
        ('<span class="author vcard">Ada Lind</span>', "Ada Lind"),
        ('<p class="c-byline"> By  Ada Lind </p>', "By Ada Lind"),
        ('<div id="byline">Ada Lind</div>', "Ada Lind"),
        ('<span itemprop="author">Ada Lind</span>', "Ada Lind"),
        ("<p>Ada Lind wrote this</p>", ""),
    ],
)
def test_bylines_are_known_by_their_names(markup: str, name: str) -> None:
    """A relation, a property, a class or an id says what is a byline; a text alone does not."""
    assert find(markup) == name


def test_the_name_within_a_byline_counts() -> None:
    """Where a byline holds more than the name, the element of the name is taken."""
    assert find('<div itemprop="author">by <a rel="author">Ada Lind</a> of the City Desk</div>') == "Ada Lind"


def test_an_element_of_just_the_name_comes_before_a_line() -> None:
    """A line that is only called a byline gives way to what is called an author."""
    assert find('<p class="byline-row">Opinion</p><span class="author-name">Ada Lind</span>') == "Ada Lind"


@pytest.mark.parametrize(
    "line",
    ["Ada Lind November 18, 2026", "Ada Lind, Monday, November 18", "Ada Lind @ada Nov 18", "Ada Lind – 2026-09-16"],
)
def test_a_date_behind_the_name_is_left_out(line: str) -> None:
    """Moments and handles on the line are no part of the name."""
    assert find(f'<p class="byline">{line}</p>') == "Ada Lind"


@pytest.mark.parametrize(
    "markup",
    [
        '<div class="comment-author">Bo Falk</div>',
        '<div id="comments"><span class="author">Bo Falk</span></div>',
        '<aside><span class="author">Bo Falk</span></aside>',
        '<div class="author-bio">Bo Falk has written here for years.</div>',
        '<body class="single-author">Bo Falk</body>',
    ],
)
def test_authors_of_something_else_are_left_out(markup: str) -> None:
    """Whoever wrote a comment, stands in a side column or is told about is not the author."""
    assert find(markup) == ""


def test_many_candidates_cost_little() -> None:
    """A page full of empty bylines is given up on."""
    assert find('<i class="author"></i>' * 100_000 + '<a rel="author">Ada Lind</a>') == ""
