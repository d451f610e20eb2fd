from __future__ import annotations

import gzip
import io
import os
import resource
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fastwarc.warc import ArchiveIterator as OtherReader

from indexer import archive
from indexer.archive import Archive, ArchiveError, Choice, Damaged, Kept, Note, Record, Said, Stock
from indexer.archive import reader as reading
from indexer.models import Entry, Fetched, Precision, Published, Reason, RejectedError

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 9, 10, 12, 0, 0, 123456, tzinfo=UTC)
URL = "https://news.example/2026/storm"
BODY = "<html><body>Sturm über der Nordsee \N{SNOWMAN}</body></html>".encode()


def kept(number: int = 0, **more: object) -> Kept:
    page = Fetched(
        url=f"{URL}-{number}",
        final_url=f"{URL}-{number}?seen=1",
        status=200,
        body=b"",
        content_type="text/html; charset=utf-8",
        redirects=(f"{URL}-{number}",),
        headers=(("Content-Type", "text/html; charset=utf-8"), ("Content-Encoding", "gzip"), ("X-Odd", "snö\x00w")),
    )
    entry = Entry(
        url=f"{URL}-{number}",
        guid="a guid",
        title="Storm \ud800 ahead",
        authors=("A. Writer", "Übersetzerin"),
        summary="In short",
        text="At length",
        published=Published(at=NOW - timedelta(hours=1), precision=Precision.DAY, raw="today", origin="feed"),
        image="https://news.example/storm.jpg",
    )
    said = Said(entry=entry, source_name="News", feed_url="https://news.example/feed", feed_language="en")
    return Kept(**{"what": entry.url, "seen": NOW, "page": page, "said": said, **more})  # type: ignore[arg-type]


def ticking(start: datetime = NOW) -> Callable[[], datetime]:
    """Give a clock that goes on by a second each time that it is asked."""
    seconds = count()
    return lambda: start + timedelta(seconds=next(seconds))


def keep(out: Archive, each: Kept, body: bytes = BODY) -> None:
    out.note([Note(kept=each, page=out.page(each, body) if each.page else None)])


def write(folder: Path, count: int = 3, **more: int) -> list[Kept]:
    made = [kept(number) for number in range(count)]
    with Archive(folder, now=ticking(), **more) as out:
        for each in made:
            keep(out, each)
    return made


def everything(path: Path) -> list[Record | Damaged]:
    with path.open("rb") as file:
        return list(archive.records(file, lambda _: 10**6))


def kinds(path: Path) -> list[str]:
    return [each.kind if isinstance(each, Record) else "damaged" for each in everything(path)]


def stocked(folder: Path, choice: Choice = Choice()) -> tuple[list[Kept], list[str], list[str]]:  # noqa: B008 - frozen
    with Stock(archive.files(folder)) as stock:
        found = stock.fill(choice, lambda: None)
        read = [stock.read(each) for each in stock.chosen()]
        assert all(len(body) >= len(BODY) if kept.page else not body for kept, body in read)
        assert BODY in {body for _, body in read} or len(read) != 3
        return [kept for kept, _ in read], [what for what, _ in found.broken], found.cut


def test_what_was_kept_comes_back_exactly(tmp_path: Path) -> None:
    """Entry, page, redirects, dates and odd characters are the same after reading; headers are for other tools."""
    failed = kept(7, page=None, failure=RejectedError(Reason.TIMEOUT, "took more than 45 s"))
    alone = kept(8, said=None)
    saved = Kept(
        what="page.html",
        seen=NOW,
        page=Fetched(url="file:///tmp/p%20q.html", final_url="file:///tmp/p%20q.html", status=200, body=b""),
    )
    made = [*write(tmp_path), failed, alone, saved]
    with Archive(tmp_path, now=ticking(NOW + timedelta(minutes=1))) as out:
        for each in made[3:]:
            keep(out, each)
    found, broken, cut = stocked(tmp_path)
    assert not broken
    assert not cut
    assert [(each.failure.reason, each.failure.detail) for each in found if each.failure] == [
        (Reason.TIMEOUT, "took more than 45 s")
    ]
    assert [replace(each, failure=None) for each in found] == [replace(each, failure=None) for each in made]


def test_another_tool_reads_it(tmp_path: Path) -> None:
    """FastWARC finds WARC 1.1, each record in a gzip member of its own, true digests, and the page as it was sent."""
    write(tmp_path, 2)
    (path,) = archive.files(tmp_path)
    with path.open("rb") as file:
        found = [
            (each.headers["WARC-Type"], each.headers["WARC-Target-URI"] if i else None, each.reader.read())
            for i, each in enumerate(OtherReader(file, parse_http=True, verify_digests=True))
        ]
    assert [name for name, _, _ in found] == ["warcinfo", "response", "metadata", "response", "metadata"]
    assert found[1] == ("response", f"{URL}-0?seen=1", BODY)
    members = path.read_bytes().count(b"\x1f\x8b\x08")
    assert members >= 5
    assert gzip.decompress(path.read_bytes()).startswith(b"WARC/1.1\r\n")


def test_headers_that_no_longer_hold_are_renamed(tmp_path: Path) -> None:
    """The body is kept decoded, so its encoding is told under another name, and nothing in a header breaks a line."""
    write(tmp_path, 1)
    (found,) = (each for each in everything(archive.files(tmp_path)[0]) if getattr(each, "kind", "") == "response")
    assert isinstance(found, Record)
    message = archive.open_message(found.block)
    assert message.get("Content-Encoding") is None
    assert message.get("X-Archive-Orig-Content-Encoding") == "gzip"
    assert message.get("Content-Length") == str(len(BODY))
    assert message.body == BODY


def test_files_are_rotated(tmp_path: Path) -> None:
    """A file that has its size is followed by another, which stands for itself and sorts after it."""
    made = write(tmp_path, 5, size=2_500)
    paths = archive.files(tmp_path)
    assert len(paths) == 3
    assert all(kinds(path)[0] == "warcinfo" for path in paths)
    assert stocked(tmp_path)[0] == made


def test_nothing_is_made_before_there_is_something_to_keep(tmp_path: Path) -> None:
    """A run that fetches nothing leaves no empty file."""
    with Archive(tmp_path / "archive", now=ticking()) as out:
        assert out
    assert not (tmp_path / "archive").exists()


def test_many_writers_have_files_of_their_own(tmp_path: Path) -> None:
    """Writers that begin in the same second, and threads in one of them, never share or mix records."""
    writers = [Archive(tmp_path, now=ticking()) for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: keep(writers[number % 4], kept(number), BODY), range(80)))
    for each in writers:
        each.close()
    assert len(archive.files(tmp_path)) == 4
    found, broken, _ = stocked(tmp_path)
    assert not broken
    assert {each.url for each in found} == {f"{URL}-{number}" for number in range(80)}


@pytest.mark.parametrize("start", [0, 1])
def test_a_file_cut_anywhere_lacks_the_last_page_alone(tmp_path: Path, start: int) -> None:
    """Whatever a kill leaves of the last write, all before it is read, and the cut is told as one."""
    made = write(tmp_path, 3)
    (path,) = archive.files(tmp_path)
    data = path.read_bytes()
    places = [each.offset for each in everything(path)]
    for length in range(places[-2] + 1 + start, len(data), 20):
        path.write_bytes(data[:length])
        found, broken, cut = stocked(tmp_path)
        assert found == made[:2]
        assert not broken
        assert cut == ([] if length == places[-1] else [path.name]), length


WRITING = """
import sys
sys.path[:0] = [{here!r}, {root!r}]
import test_archive as t, random
from pathlib import Path
from indexer.archive import Archive
body = random.Random(1).randbytes(3_000_000)
out = Archive(Path(sys.argv[1]), now=t.ticking())
print("ready", flush=True)
for number in range(10_000):
    t.keep(out, t.kept(number), body)
    print(number, flush=True)
"""


def test_a_killed_writer_leaves_whole_pages(tmp_path: Path) -> None:
    """After SIGKILL each page is there whole or not at all, and every one that the writer was told of is there."""
    root = Path(__file__).parents[2]
    code = WRITING.format(here=str(Path(__file__).parent), root=str(root))
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(5):
            last = process.stdout.readline()
        time.sleep(0.013)
        process.send_signal(signal.SIGKILL)
        last = (process.stdout.read().split() or [last])[-1]
    found, broken, cut = stocked(tmp_path)
    assert not broken
    assert len(cut) <= 1
    assert len(found) in {int(last) + 1, int(last) + 2}


def test_a_full_disk_is_told_and_harms_nothing(tmp_path: Path) -> None:
    """What does not fit is refused with what to do, leaves no half record, and the next that fits follows it well."""
    with Archive(tmp_path, now=ticking()) as out:
        keep(out, kept(0), BODY)
        (path,) = archive.files(tmp_path)
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 50, limits[1]))
        try:
            with pytest.raises(ArchiveError, match="CONDENSAT_ARCHIVE=off"):
                keep(out, kept(1), BODY)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            signal.signal(signal.SIGXFSZ, before)
        keep(out, kept(2), BODY)
    assert kinds(path) == ["warcinfo", "response", "metadata", "response", "metadata"]
    assert stocked(tmp_path)[0] == [kept(0), kept(2)]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """A file in the folder's place is an ArchiveError, at every try."""
    (tmp_path / "archive").touch()
    with Archive(tmp_path / "archive", now=ticking()) as out:
        for _ in range(2):
            with pytest.raises(ArchiveError, match="cannot be written"):
                keep(out, kept())


def warc(*blocks: tuple[str, bytes], zipped: bool = True, version: str = "1.0") -> bytes:
    """Write records as another tool would."""
    made = b""
    for kind, block in blocks:
        head = (
            f"WARC/{version}\r\nWARC-Type: {kind}\r\nWARC-Target-URI: <{URL}>\r\nContent-Length: {len(block)}\r\n\r\n"
        )
        each = head.encode() + block + b"\r\n\r\n"
        made += gzip.compress(each) if zipped else each
    return made


def read(data: bytes, want: Callable[[str], int] = lambda _: 10**6) -> list[tuple[str, bytes]]:
    return [
        (each.kind, each.block) if isinstance(each, Record) else ("damaged", each.problem.encode())
        for each in archive.records(io.BytesIO(data), want)
    ]


THREE = [("response", b"one" * 100), ("revisit", b"two" * 100), ("response", b"three" * 100)]


@pytest.mark.parametrize("form", ["members", "plain", "one member"])
def test_every_form_of_file_is_read(form: str) -> None:
    """A member a record, no compression, and one stream for all give the same records."""
    data = warc(*THREE, zipped=form == "members")
    assert read(gzip.compress(data) if form == "one member" else data) == THREE


@pytest.mark.parametrize("zipped", [True, False])
def test_a_damaged_record_costs_itself_alone(zipped: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Broken bytes in the middle record leave the first and the last; nothing else is invented.

    Without compression two places have no such luck: the byte that ends a header, and the last before the next record.
    """
    first, middle, last = (warc(each, zipped=zipped) for each in THREE)
    for place in range(0, len(middle), 7):
        broken = bytearray(middle)
        broken[place] ^= 0xFF
        found = read(first + bytes(broken) + last)
        assert found[0] == THREE[0]
        assert found[-1] == THREE[2], place
        assert sum(kind != "damaged" for kind, _ in found) <= 3
        if zipped and place >= 10:  # the ten bytes of a gzip header have no check of their own
            assert found[1][0] == "damaged", place


def test_a_page_cannot_pose_as_a_record_when_its_own_is_cut() -> None:
    """What stands in a page packed like a record is not taken for one after a kill in the middle of its write."""
    posing = warc(("response", b"forged"))
    page = os.urandom(3_000) + posing + os.urandom(300_000)  # packed so badly that it is stored as it is
    whole = warc(THREE[0], ("response", page))
    assert posing in whole
    assert read(whole[:-100_000]) == [THREE[0], ("damaged", reading.CUT.encode())]


def test_lengths_that_lie_are_damage() -> None:
    """A record that is longer or shorter than it says does not take the next one along."""
    for wrong in (b"Content-Length: 299", b"Content-Length: 250", b"Content-Length: x", b"Content-Length: -1"):
        middle = gzip.compress(gzip.decompress(warc(THREE[1])).replace(b"Content-Length: 300", wrong))
        found = read(warc(THREE[0]) + middle + warc(THREE[2]))
        assert (found[0], found[-1]) == (THREE[0], THREE[2])
        assert "damaged" in [kind for kind, _ in found]
    longer = gzip.compress(gzip.decompress(warc(THREE[1])).replace(b"Content-Length: 300", b"Content-Length: 999"))
    assert [kind for kind, _ in read(warc(THREE[0]) + longer + warc(THREE[2]))] == ["response", "damaged", "response"]


def test_a_bomb_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is longer than wanted is not held in memory, and what never ends is given up; what follows is read."""
    bomb = ("response", bytes(50_000_000))
    found = read(warc(THREE[0], bomb, THREE[2]))
    assert found == [THREE[0], ("response", bytes(10**6)), THREE[2]]
    monkeypatch.setattr(reading, "LONGEST", 10_000_000)
    found = read(warc(THREE[0], bomb, THREE[2]))
    assert found == [THREE[0], ("damaged", b"a record of 0.1 GB"), THREE[2]]
    endless = gzip.compress(b"WARC/1.0\r\n" + b"A: b\r\n" * 10_000_000)
    assert [kind for kind, _ in read(warc(THREE[0]) + endless + warc(THREE[2]))] == ["response", "damaged", "response"]


def test_what_is_no_warc_at_all_is_damage() -> None:
    """Any other file, packed or not, is one damaged place; an empty one is nothing."""
    noise = os.urandom(200_000)
    assert [kind for kind, _ in read(b"\x00" + noise)] == ["damaged"]
    assert [kind for kind, _ in read(gzip.compress(noise))] == ["damaged"]
    assert [kind for kind, _ in read(b"\x1f\x8b" + noise)] == ["damaged"]
    assert read(b"") == []


def test_choice_is_by_source_and_time(tmp_path: Path) -> None:
    """Sources go by domain, name or feed; the time is that of the note, its end not included."""
    made = write(tmp_path, 3)
    for name in ("news.example", "NEWS", "https://news.example/feed"):
        assert len(stocked(tmp_path, Choice(sources=[name]))[0]) == 3
    assert stocked(tmp_path, Choice(sources=["other.example"]))[0] == []
    later = Choice(since=NOW + timedelta(seconds=3), until=NOW + timedelta(seconds=4))
    assert stocked(tmp_path, later)[0] == [made[1]]


def test_versions_of_one_article_are_told_apart(tmp_path: Path) -> None:
    """The last that was kept is known as such, whichever file it is in, and leads to the earlier ones."""
    for number in range(3):
        with Archive(tmp_path, now=ticking(NOW + timedelta(seconds=number))) as out:
            keep(out, kept(5), b"%d" % number)
    with Stock(archive.files(tmp_path)) as stock:
        stock.fill(Choice(), lambda: None)
        places = list(stock.chosen())
        assert [each.last for each in places] == [False, False, True]
        bodies = [stock.read(each)[1] for each in stock.earlier(places[2])]
    assert bodies == [b"1", b"0"]


def test_messages_of_other_tools() -> None:
    """Chunked bodies are joined; bodies without the chunks that their headers announce are taken as they are."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert archive.open_message(head + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n").body == b"abcde"
    assert archive.open_message(head + b"<html>plain</html>").body == b"<html>plain</html>"
    assert archive.open_message(b"HTTP/2 404\r\nA: b\r\n\r\nx").status == 404
    for broken in (b"", b"<html></html>", b"HTTP/1.1 abc\r\n\r\n", b"\r\n\r\n"):
        with pytest.raises(RejectedError):
            archive.open_message(broken)
