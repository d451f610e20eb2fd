"""The plugin's source as it is shipped, and how a failure to compile it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from indexer.engine import EngineError, java, plugin

if TYPE_CHECKING:
    from pathlib import Path


def test_the_source_is_part_of_the_package() -> None:
    """The Java files are found as package data, the plugin's own class among them."""
    assert plugin.CLASS.replace(".", "/") + ".java" in plugin.sources()


def test_the_fingerprint_follows_server_and_source(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another server or another source is another folder; the same ones are the same folder on every machine."""
    one = plugin.fingerprint("server")
    assert plugin.fingerprint("server") == one
    assert plugin.fingerprint("other") != one
    monkeypatch.setattr(plugin, "sources", lambda: {"A.java": "class A {}"})
    assert plugin.fingerprint("server") != one


def test_a_compiler_that_fails_is_quoted(tmp_path: Path) -> None:
    """What the compiler says is in the error, with the compiler's path."""
    (tmp_path / "bin").mkdir()
    javac = tmp_path / "bin" / "javac"
    javac.write_text("#!/bin/sh\necho 'error: no such package' >&2\nexit 1\n", "utf-8")
    javac.chmod(0o755)
    (tmp_path / "plugins").mkdir()
    with pytest.raises(EngineError, match="no such package") as error:
        plugin.install(java.Jdk(home=tmp_path, major=25), tmp_path, version="9.5.3")
    assert str(javac) in str(error.value)
