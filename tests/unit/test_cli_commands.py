from __future__ import annotations

import gzip
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from indexer.cli import files, main
from indexer.cli.errors import UsageError

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = [
    [],
    ["init"],
    ["migrate"],
    ["keys"],
    ["keys", "create"],
    ["keys", "list"],
    ["keys", "revoke"],
    ["backup"],
    ["backup", "create"],
    ["backup", "list"],
    ["backup", "restore"],
    ["engine"],
    ["engine", "start"],
    ["feeds"],
    ["feeds", "add"],
    ["feeds", "list"],
    ["feeds", "remove"],
    ["feeds", "import"],
    ["feeds", "export"],
    ["ingest"],
    ["add"],
    ["reprocess"],
    ["import"],
    ["search"],
    ["show"],
    ["edit"],
    ["export"],
    ["remove"],
    ["prune"],
    ["sources"],
    ["sources", "list"],
    ["sources", "merge"],
    ["vocabulary"],
    ["vocabulary", "test"],
    ["vocabulary", "check"],
    ["vocabulary", "show"],
    ["vocabulary", "path"],
    ["vocabulary", "copy"],
    ["vocabulary", "apply"],
    ["reposts"],
    ["compare"],
    ["condense"],
    ["evaluate"],
    ["doctor"],
    ["kibana"],
    ["kibana", "install"],
    ["kibana", "check"],
]
GROUPS = (["feeds"], ["sources"], ["kibana"], ["vocabulary"], ["keys"], ["backup"])
WITH_EXAMPLES = [command for command in COMMANDS if command and command not in GROUPS and command[0] != "engine"]
TEXT = (
    "The harbour was closed on Tuesday after a ferry had lost its anchor in the northern basin. "
    "Divers searched until the evening, and the company promised to pay for the damage to the quay. "
    "Nobody was hurt, said the harbour master, who will open the basin again at the end of the week. "
    "Two freighters had to wait outside, and a third went on to the next port without unloading."
)


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the settings of this machine out."""
    for name in list(os.environ):
        if name.startswith("CONDENSAT_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("CONDENSAT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.chdir(tmp_path)


def run(*arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run the command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "indexer", *arguments], input=given, capture_output=True, timeout=120, check=False
    )


def end(*arguments: str) -> object:
    """Run the command here and give its exit code."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return ended.value.code or 0


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Help is on standard output, alone, and is a success."""
    assert end(*command, "--help") == 0
    captured = capsys.readouterr()
    assert "Usage: condensat" in captured.out
    assert captured.err == ""


@pytest.mark.parametrize("command", WITH_EXAMPLES, ids=" ".join)
def test_help_teaches_by_example(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """The help of a command ends in lines that can be typed."""
    end(*command, "--help")
    assert f"\n condensat {' '.join(command)}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense"], "No such command"),
        (["search"], "Missing argument"),
        (["search", "x", "--sort", "colour"], "Invalid value"),
        (["search", "x", "--limit", "0"], "Invalid value"),
        (["reposts", "--min-coverage", "2"], "Invalid value"),
        (["reposts", "--kind", "related"], "not stored"),
        (["feeds", "add", "example.org/feed"], "write it whole"),
        (["feeds", "add", "https://a.example/f", "https://b.example/f", "--name", "x"], "one URL"),
        (["feeds", "import", "nofile.opml"], "There is no file nofile.opml"),
        (["add", "ftp://example.org/x"], "not a web address"),
        (["add", "nofile.html"], "There is no file nofile.html"),
        (["reprocess"], "There is no archive in"),
        (["reprocess", "--from", "yesterday"], "is not a date"),
        (["import", "nofile.jsonl"], "There is no file nofile.jsonl"),
        (["import", "."], "is a folder"),
        (["ingest", "--opml", "nofile.opml"], "There is no file"),
        (["compare", "nofile.txt", "./other.txt"], "There is no file nofile.txt"),
        (["condense", "nofile.txt"], "There is no file nofile.txt"),
        (["evaluate"], "Missing argument"),
        (["evaluate", "nofile.jsonl"], "There is no file nofile.jsonl"),
        (["evaluate", "nofile.jsonl", "--set", "colour=1"], "no threshold «colour»"),
        (["vocabulary", "test"], "Missing argument"),
        (["vocabulary", "test", "./nofile.txt"], "There is no file ./nofile.txt"),
        (["vocabulary", "check", "nofile.toml"], "There is no file nofile.toml"),
        (["--vocabulary", "nofile.toml", "import", "-"], "The vocabulary cannot be read"),
        (["vocabulary", "copy", "."], "is there already"),
        (["--url", "localhost:9200", "init"], "write the whole address"),
        (["--prefix", "Über", "init"], "CONDENSAT_PREFIX"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_use_ends_with_2_before_anything_is_done(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wrong use is said on standard error, and no engine is started for it."""
    assert end(*arguments) == 2
    captured = capsys.readouterr()
    assert said in " ".join(captured.err.split())
    assert captured.out == ""
    assert not Path("home").exists()


def test_no_elasticsearch_ends_with_3_and_one_line() -> None:
    """An address where nothing listens is one line on standard error, without a traceback."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        done = run("--url", f"http://127.0.0.1:{taken.getsockname()[1]}", "search", "x", "--format", "json")
    assert done.returncode == 3
    assert done.stdout == b""
    assert done.stderr.startswith(b"condensat: ")
    assert len(done.stderr.splitlines()) == 1


def test_two_files_are_compared_without_elasticsearch(tmp_path: Path) -> None:
    """The verdict on two files comes as pure JSON, and no engine is made for it."""
    (tmp_path / "a.txt").write_text(TEXT, "utf-8")
    (tmp_path / "b.txt").write_text(TEXT.replace("Tuesday", "Wednesday"), "utf-8")
    done = run("compare", "a.txt", "b.txt", "--format", "json")
    assert (done.returncode, done.stderr) == (0, b"")
    found = json.loads(done.stdout)
    assert found["kind"] == "near"
    assert found["longest_run"] == len(TEXT.partition("Tuesday")[2].split())
    assert not (tmp_path / "home").exists()


def test_the_words_that_differ_are_shown_side_by_side(tmp_path: Path) -> None:
    """A reader without colours sees which words differ, with the words around them."""
    (tmp_path / "a.txt").write_text(TEXT, "utf-8")
    (tmp_path / "b.txt").write_text(TEXT.replace("Tuesday", "Wednesday morning"), "utf-8")
    done = run("compare", "a.txt", "b.txt")
    assert "… was closed on [Tuesday] after a ferry …" in done.stdout.decode()
    assert "… was closed on [Wednesday morning] after a ferry …" in done.stdout.decode()


def test_a_terminal_without_the_letters_gets_question_marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An old encoding costs letters, and never a traceback."""
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    (tmp_path / "a.txt").write_text(TEXT.replace("harbour", "Hafenbüro"), "utf-8")
    done = run("compare", "a.txt", "a.txt")
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"Hafenb?ro" in done.stdout


def test_output_to_a_closed_pipe_is_no_traceback(tmp_path: Path) -> None:
    """`condensat … | head` ends quietly."""
    (tmp_path / "a.txt").write_text(TEXT, "utf-8")
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as closed:
        done = subprocess.run(
            [sys.executable, "-m", "indexer", "compare", "a.txt", "a.txt", "--format", "json"],
            stdout=closed,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    assert b"Traceback" not in done.stderr
    assert b"Exception" not in done.stderr


def test_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """--version needs no command."""
    assert end("--version") == 0
    assert capsys.readouterr().out.startswith("condensat")


def test_a_gzipped_file_is_read_by_lines_whatever_its_name(tmp_path: Path) -> None:
    """The first bytes tell how a file is packed."""
    (tmp_path / "plain.gz").write_bytes(b"one\ntwo\n")
    (tmp_path / "packed.jsonl").write_bytes(gzip.compress(b"one\ntwo\n"))
    for name in ("plain.gz", "packed.jsonl"):
        with files.lines(tmp_path / name) as lines:
            assert list(lines) == [b"one\n", b"two\n"]
            assert lines.problem is None


def test_a_cut_file_is_read_up_to_the_cut(tmp_path: Path) -> None:
    """What stands before the damage is given, and the damage is told."""
    packed = gzip.compress(b"".join(f"{number} {os.urandom(16).hex()}\n".encode() for number in range(5_000)))
    (tmp_path / "cut.gz").write_bytes(packed[: len(packed) // 2])
    with files.lines(tmp_path / "cut.gz") as lines:
        assert len(list(lines)) > 1_000
        assert lines.problem is not None
        assert "cut.gz is damaged" in lines.problem


def test_a_file_that_may_not_be_opened_is_wrong_use(tmp_path: Path) -> None:
    """A missing file and a folder are said before any work."""
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(UsageError, match=str(tmp_path)):
            files.read_bytes(path)
