from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest
from benchmarks import chart, watch
from benchmarks.watch import Look

if TYPE_CHECKING:
    from pathlib import Path

SVG = "{http://www.w3.org/2000/svg}"


def look(seconds: float, done: int, mib: int = 0) -> Look:
    return Look(seconds=seconds, done=done, resident=mib * 2**20)


def test_windows_share_all_that_was_done() -> None:
    """Windows follow one another from the start to the end, the last one shorter."""
    found = watch.windows([look(1, 150), look(2, 350)], start=100, size=100)
    assert [(each["from"], each["to"]) for each in found] == [(100, 200), (200, 300), (300, 350)]


def test_rates_are_interpolated_between_looks() -> None:
    """A window's rate follows from when its ends were reached, also between two looks."""
    found = watch.windows([look(10, 100), look(20, 300)], start=0, size=100)
    assert [each["articles_per_second"] for each in found] == [10.0, 20.0, 20.0]


def test_a_pause_counts_into_its_window() -> None:
    """While nothing was done, time went by in the window in which it was."""
    found = watch.windows([look(1, 100), look(5, 100), look(6, 200)], start=0, size=100)
    assert [each["articles_per_second"] for each in found] == [100.0, 20.0]


def test_a_window_has_its_own_peak() -> None:
    """The memory of a window is what was seen in it or right beside it."""
    found = watch.windows([look(5, 50, 10), look(10, 100, 30), look(20, 200, 20)], start=0, size=100)
    assert [each["client_mib"] for each in found] == [30.0, 30.0]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_the_memory_of_children_counts() -> None:
    """A process that starts another has the memory of both."""
    code = (
        "import subprocess, sys\n"
        "subprocess.run([sys.executable, '-c', 'held = bytearray(80_000_000); print(1, flush=True); input()'])"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdout.readline()
        assert watch.tree_resident(process.pid) > 80_000_000
        process.stdin.write(b"\n")
        process.stdin.close()


def test_a_command_that_fails_says_why(tmp_path: Path) -> None:
    """The error of a measured command is that of the benchmark."""
    command = [sys.executable, "-c", "raise SystemExit('no such thing')"]
    with pytest.raises(watch.CommandError, match="no such thing"):
        watch.run(command, environment={}, output=tmp_path / "out", done=lambda: 0)


@pytest.mark.parametrize("highest", [0.0, 0.003, 1.0, 7.0, 480.0, 500_000.0])
def test_ticks_reach_the_highest_value(highest: float) -> None:
    """A scale goes from 0 to the highest value or a little beyond, in few steps."""
    found = chart.ticks(highest)
    assert found[0] == 0
    assert highest <= found[-1] + 1e-9
    assert 2 <= len(found) <= 7


def test_every_point_stands_in_its_panel() -> None:
    """The picture is well-formed and draws each point within its panel."""
    line = chart.Line(name="a < b", points=((0, 0), (10, 5), (20, 3)))
    panel = chart.Panel(title="a & b", across="articles", lines=(line, line))
    root = ET.fromstring(chart.draw([panel, panel], title="t"))  # noqa: S314 our own
    circles = root.findall(f".//{SVG}circle")
    assert len(circles) == 12
    for each in circles:
        assert 0 <= float(each.get("cx", "nan")) <= chart.PANEL_WIDTH
        assert 0 <= float(each.get("cy", "nan")) <= chart.PANEL_HEIGHT
