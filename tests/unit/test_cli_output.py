from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from indexer.cli import output


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x9b31mred", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("a\x00b\x07c\x7fd\x85e", "abcde"),
        ("invoice\u202egpj.exe", "invoicegpj.exe"),
        ("tab\there\nnext\r\nline\rstart", "tab here\nnext\nlinestart"),
        ("lone \ud800 surrogate", "lone  surrogate"),
        ("l’été – “ok” 漢字", "l’été – “ok” 漢字"),
    ],
)
def test_nothing_that_steers_a_terminal_stays(text: str, shown: str) -> None:
    """Escape sequences go whole, control characters and direction overrides go, words stay."""
    assert output.clean(text) == shown


@given(st.text())
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    """Taking something out never brings a new escape sequence or control character together."""
    once = output.clean(text)
    assert output.clean(once) == once
    assert not any(ord(each) < 32 and each != "\n" for each in once)


def test_markup_in_a_title_is_shown_and_not_obeyed() -> None:
    """Square brackets of a title stay as they are."""
    console = Console(width=80, force_terminal=True, color_system="truecolor")
    with console.capture() as captured:
        console.print(output.line("[bold red]breaking[/] [link=http://evil.example]x[/link]"))
    assert captured.get() == "[bold red]breaking[/] [link=http://evil.example]x[/link]\n"


def test_words_that_matched_are_found_by_their_place() -> None:
    """Marks go out of a highlight and become places, in characters, of what is shown."""
    text, places = output.split_marks("a \x02ran\x1b[1msom\x03 b \x02c\x03", mark="\x02", unmark="\x03")
    assert text == "a ransom b c"
    assert [text[start:end] for start, end in places] == ["ransom", "c"]


@given(st.text(alphabet=st.characters(exclude_categories=[])))
def test_json_is_exact_and_cannot_steer_a_terminal(text: str) -> None:
    """Whatever is written comes back the same, and no control character stands in it as such."""
    written = output.to_json({"text": text})
    assert json.loads(written) == {"text": text}
    assert output.clean(written) == written
    written.encode()


def test_json_listing_is_one_array_and_jsonl_a_value_a_line(capfd: pytest.CaptureFixture[str]) -> None:
    """Both forms parse, also with no row at all."""
    rows = [{"n": 1}, {"n": 2}]
    assert output.write_listing(iter(rows), output.Format.JSON) == 2
    assert json.loads(capfd.readouterr().out) == rows
    output.write_listing(iter(rows), output.Format.JSONL)
    assert [json.loads(each) for each in capfd.readouterr().out.splitlines()] == rows
    output.write_listing([], output.Format.JSON)
    assert json.loads(capfd.readouterr().out) == []
    output.write_listing([], output.Format.JSONL)
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (3_540, "59 min"),
        (3_599, "1 h"),
        (12_000, "3 h"),
        (172_800, "2 d"),
        (86_400 * 729, "729 d"),
        (31_557_600 * 3, "3 y"),
    ],
)
def test_lengths_of_time_are_in_the_largest_unit_that_fits(seconds: float, shown: str) -> None:
    """No length is shown as 60 min or as 0 h."""
    assert output.span(seconds) == shown


@pytest.mark.parametrize(
    ("share", "shown"), [(0, "0 %"), (0.0004, "1 %"), (0.5, "50 %"), (0.9987, "99 %"), (1, "100 %")]
)
def test_whole_percents_do_not_claim_all_or_nothing(share: float, shown: str) -> None:
    """Only the whole is 100 %, only nothing is 0 %."""
    assert output.percent(share) == shown


@given(st.floats(min_value=0, max_value=1))
def test_a_bar_has_its_width(share: float) -> None:
    """A bar never bends the table, and anything above nothing shows."""
    drawn = output.bar(share, width=7)
    assert len(drawn) == 7
    assert ("▇" in drawn) == (share > 0)


def test_times_are_shown_in_utc() -> None:
    """A time of another zone is converted, and none is a dash."""
    tokyo = datetime(2026, 9, 1, 8, 30, tzinfo=timezone(timedelta(hours=9)))
    assert output.moment(tokyo) == "2026-08-31 23:30"
    assert output.moment(datetime(2026, 9, 1, 8, 30, 5, tzinfo=UTC), seconds=True) == "2026-09-01 08:30:05"
    assert output.moment(None) == output.DASH
