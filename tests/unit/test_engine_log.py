"""What the log says of a failure, from lines as Elasticsearch and the JVM write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from indexer.engine import log

if TYPE_CHECKING:
    from pathlib import Path

INFO = "[2026-05-01T10:00:00,000][INFO ][o.e.n.Node               ] [local] initialized"
OPTIONS = (
    "[2026-05-01T10:00:00,000][INFO ][o.e.b.Elasticsearch      ] [local] JVM arguments [-XX:+ExitOnOutOfMemoryError]"
)
ERROR = (
    "[2026-05-01T10:00:01,000][ERROR][o.e.b.Elasticsearch      ] [local] fatal exception while booting Elasticsearch"
)
VERSION = "[2026-05-01T10:00:00,000][INFO ][o.e.n.Node               ] [local] version[9.5.3], pid[4711]"
FLOOD = "[2026-05-01T10:00:01,000][WARN ][o.e.c.r.a.DiskThresholdMonitor] [local] flood stage disk watermark exceeded"


def test_an_error_is_shown_with_its_causes_and_without_its_frames() -> None:
    """Of a failed start stay the error's record and the exceptions, not the stack."""
    lines = [
        OPTIONS,
        INFO,
        ERROR,
        "org.elasticsearch.ElasticsearchException: failed to load metadata",
        "\tat org.elasticsearch.gateway.GatewayMetaState.start(GatewayMetaState.java:1)",
        "Caused by: java.nio.file.FileSystemException: /data/_state/_0.tim: No space left on device",
        "\t... 7 more",
        INFO,
    ]
    assert log.reason(lines) == [lines[2], lines[3], lines[5]]


def test_what_the_jvm_says_before_the_first_record_is_the_reason() -> None:
    """A JVM that does not start has said why in plain lines."""
    lines = [
        "java.lang.RuntimeException: starting java failed with [1]",
        "error:",
        "Unrecognized option: --frob",
        "\tat a.B",
    ]
    assert log.reason(lines) == lines[:3]
    named = [
        "warning: ignored",
        "Invalid initial heap size: -Xms1x",
        "Error: Could not create the Java Virtual Machine.",
    ]
    assert log.reason(named) == named[1:]


def test_without_a_failure_the_last_lines_are_shown() -> None:
    """A process that was killed has written no reason: what it did last is shown."""
    lines = [f"{INFO} {number}" for number in range(40)]
    assert log.failures(lines) == []
    assert log.reason(lines) == lines[-log.LAST_LINES :]


def test_warnings_count_when_they_name_a_failure() -> None:
    """A full disk is only a warning to Elasticsearch, and a reason to its owner; other warnings are not."""
    harmless = FLOOD.replace("flood stage disk watermark exceeded", "max file descriptors [20000] is too low")
    assert log.failures([INFO, harmless, FLOOD]) == [FLOOD]


def test_long_lines_are_cut_and_repeated_ones_shown_once() -> None:
    """Nobody reads four thousand characters, or the same line twice."""
    long = ERROR + "x" * 4000
    shown = log.reason([long, long])
    assert [len(line) for line in shown] == [log.LONGEST_LINE + 1]


def test_only_the_last_run_counts() -> None:
    """What an earlier run failed of is not why this one failed."""
    assert log.last_run([VERSION, ERROR, VERSION, INFO]) == [VERSION, INFO]
    assert log.last_run([ERROR, INFO]) == [ERROR, INFO]


def test_a_crash_report_gives_the_line_that_names_the_signal(tmp_path: Path) -> None:
    """Of a JVM's report of a thousand lines the one with the signal stays; no report, no line."""
    report = tmp_path / "crash.log"
    assert log.crash(report) == []
    report.write_text(
        "#\n# A fatal error has been detected by the Java Runtime Environment:\n#\n"
        "#  SIGSEGV (0xb) at pc=0x00007f89 (sent by kill), pid=9224, tid=9224\n#\n# JRE version: 25\n" + "x\n" * 1000,
        "utf-8",
    )
    assert log.crash(report) == ["#  SIGSEGV (0xb) at pc=0x00007f89 (sent by kill), pid=9224, tid=9224"]
    assert log.reason([INFO, *log.crash(report)]) == log.crash(report)


def test_the_tail_goes_over_files(tmp_path: Path) -> None:
    """The last lines come from the rolled file too when the current one is short; a missing file is empty."""
    old, new = tmp_path / "engine.1.log", tmp_path / "engine.log"
    old.write_text("a\nb\n", "utf-8")
    new.write_bytes(b"c\n\xff\n")
    assert log.tail([tmp_path / "none", old, new], 3) == ["b", "c", "�"]
    assert log.tail([new], 0) == []
