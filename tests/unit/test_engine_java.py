"""Which Java is taken, and what is said when none serves; the JDKs here are folders that look like one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from indexer.engine import EngineError, java

if TYPE_CHECKING:
    from pathlib import Path

ALL_MODULES = "java.base jdk.compiler jdk.incubator.vector jdk.jdi jdk.jlink"


def jdk(home: Path, version: str | None, *, modules: str | None = ALL_MODULES, javac: bool = True) -> Path:
    """Make a folder like a JDK; without ``version`` or ``modules`` its release file is silent and its program talks."""
    (home / "bin").mkdir(parents=True)
    program = f"""#!/bin/sh
case "$1" in
    -version) echo 'openjdk version "{version or "23.0.1"}"' >&2 ;;
    *) for module in {ALL_MODULES}; do echo "$module@{version}"; done ;;
esac
"""
    (home / "bin" / "java").write_text(program, "utf-8")
    (home / "bin" / "java").chmod(0o755)
    if javac:
        (home / "bin" / "javac").touch()
    release = f'JAVA_VERSION="{version}"\n' if version else ""
    release += f'MODULES="{modules}"\n' if modules else ""
    if release:
        (home / "release").write_text(release, "utf-8")
    return home


def usable(_: Path) -> bool:
    return True


def test_the_environment_comes_before_the_system(tmp_path: Path) -> None:
    """ES_JAVA_HOME wins over JAVA_HOME, and both over what is installed."""
    first, second = jdk(tmp_path / "a", "21.0.1"), jdk(tmp_path / "b", "25.0.1")
    jdk(tmp_path / "jvm" / "c", "25")
    environ = {"ES_JAVA_HOME": str(first), "JAVA_HOME": str(second)}
    assert java.find(environ, usable=usable, folders=(tmp_path / "jvm",)) == java.Jdk(home=first, major=21)
    del environ["ES_JAVA_HOME"]
    assert java.find(environ, usable=usable, folders=(tmp_path / "jvm",)).home == second


def test_of_the_installed_the_long_term_releases_come_first(tmp_path: Path) -> None:
    """25 before 21 before any other, and of the others the newest: an unknown release may not run Elasticsearch."""
    for version in ("17.0.2", "21.0.9", "26", "25.0.3", "24"):
        jdk(tmp_path / f"jdk-{version}", version)
    found = [java.find({}, usable=usable, folders=(tmp_path,)).major]
    for gone in ("25.0.3", "21.0.9"):
        (tmp_path / f"jdk-{gone}" / "bin" / "java").unlink()
        found.append(java.find({}, usable=usable, folders=(tmp_path,)).major)
    assert found == [25, 21, 26]


def test_a_java_that_is_too_old_is_passed_over_even_when_named(tmp_path: Path) -> None:
    """JAVA_HOME often names an old Java for other programs; a fitting one that is installed is taken."""
    old, new = jdk(tmp_path / "old", "1.8.0_392"), jdk(tmp_path / "jvm" / "new", "21")
    assert java.find({"JAVA_HOME": str(old)}, usable=usable, folders=(tmp_path / "jvm",)).home == new


def test_the_java_on_the_path_is_found_behind_its_links(tmp_path: Path) -> None:
    """A JDK that is only on the PATH is found, by the folder that its link leads to."""
    home = jdk(tmp_path / "opt" / "jdk", "25")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "java").symlink_to(home / "bin" / "java")
    assert java.find({"PATH": f"/nowhere::{tmp_path / 'bin'}"}, usable=usable, folders=()).home == home


def test_a_silent_release_file_is_made_up_for_by_asking(tmp_path: Path) -> None:
    """Debian's release file names no modules, others are missing: then the program itself is asked."""
    assert java.examine(jdk(tmp_path / "a", "25", modules=None), usable=usable) == java.Jdk(
        home=tmp_path / "a", major=25
    )
    assert java.examine(jdk(tmp_path / "b", None, modules=None), usable=usable) == java.Jdk(
        home=tmp_path / "b", major=23
    )


def test_the_message_names_what_was_found_and_what_to_install(tmp_path: Path) -> None:
    """One message says each Java that was found with what is wrong with it, and how to get a fitting one."""
    jdk(tmp_path / "jvm" / "old", "17.0.15")
    jdk(tmp_path / "jvm" / "runtime", "25", modules="java.base")
    jdk(tmp_path / "jvm" / "headless", "25", javac=False)
    with pytest.raises(EngineError) as error:
        java.find({"JAVA_HOME": str(tmp_path / "gone")}, usable=usable, folders=(tmp_path / "jvm",))
    text = str(error.value)
    assert f"{tmp_path / 'gone'}: no bin/java in it" in text
    assert f"{tmp_path / 'jvm' / 'old'}: Java 17 is too old" in text
    assert "runtime: Java 25, a runtime and not a full JDK: it lacks jdk.compiler, jdk.incubator.vector" in text
    assert "headless: Java 25, a runtime and not a full JDK: it lacks bin/javac" in text
    assert "21 or newer" in text
    assert "Install one:" in text
    assert "CONDENSAT_URL" in text


def test_a_java_that_the_engines_account_cannot_run_is_not_taken(tmp_path: Path) -> None:
    """Root's own JDK in a closed folder is of no use to the unprivileged account, and the message says so."""
    jdk(tmp_path / "mine", "25")
    with pytest.raises(EngineError, match="cannot reach"):
        java.find({}, usable=lambda _: False, folders=(tmp_path,))


def test_a_download_is_tried_last_and_checked_like_the_others(tmp_path: Path) -> None:
    """Only where no JDK serves one is downloaded; one that does not serve is named too."""
    good = jdk(tmp_path / "downloaded", "25")
    assert java.find({}, usable=usable, folders=(), download=lambda: good).home == good
    bad = jdk(tmp_path / "bad", "17")
    with pytest.raises(EngineError, match="bad: Java 17 is too old"):
        java.find({}, usable=usable, folders=(), download=lambda: bad)
