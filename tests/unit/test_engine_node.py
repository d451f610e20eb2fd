"""What a node is told, and how its process is recognised."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from indexer.engine import configuration, machine, node, server
from indexer.engine.account import Account

OURSELVES = Account(uid=os.geteuid(), gid=os.getegid(), switch=False)


def described(root: Path) -> node.Node:
    return node.Node(
        name="local", cluster="condensat-test", root=root, account=OURSELVES, heap="512m", repository=root / "backups"
    )


def test_the_settings_stay_on_loopback_with_security_on() -> None:
    """Nothing listens outside, nobody gets in without a password, and no index is made by accident."""
    told = configuration.settings(described(Path("/home")))
    assert told["network.host"] == "127.0.0.1"
    assert told["xpack.security.enabled"] is True
    assert told["action.auto_create_index"] is False
    assert told["discovery.type"] == "single-node"


def test_any_path_survives_the_yaml(tmp_path: Path) -> None:
    """A home with blanks, quotes, colons and accents is written so that each line reads back as it was."""
    odd = tmp_path / "my 'news': é #1\"\\"
    for line in configuration.render(configuration.settings(described(odd))).splitlines():
        name, _, value = line.partition(": ")
        assert json.loads(value) == configuration.settings(described(odd))[name]


@pytest.mark.parametrize(
    ("gibibytes", "heap"), [(64, "2g"), (8, "1g"), (4, "1g"), (3.9, "512m"), (2, "512m"), (1, "256m")]
)
def test_the_heap_follows_the_memory(gibibytes: float, heap: str) -> None:
    """2 GiB of heap on machines with 16 GiB or more, 1 GiB from 4 GiB on, less below."""
    assert machine.heap_for(int(gibibytes * (1 << 30))) == heap


def test_the_configuration_is_closed_to_others_and_holds_no_password(tmp_path: Path) -> None:
    """Config, data and logs are the account's alone; of the password only a salted hash is in them."""
    elasticsearch = tmp_path / "elasticsearch"
    (elasticsearch / "config").mkdir(parents=True)
    (elasticsearch / "config" / "jvm.options").write_text("# c\n-XX:+UseG1GC\n-Xlog:gc*:file=gc.log\n", "utf-8")
    root = tmp_path / "root"
    root.mkdir()
    configuration.configure(described(root), elasticsearch, password="a secret")  # noqa: S106 - the test's own
    assert {path.stat().st_mode & 0o777 for path in root.iterdir()} == {0o700}
    files = list((root / "config").iterdir())
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert not any("a secret" in path.read_text("utf-8") for path in files)
    user, _, hashed = (root / "config" / "users").read_text("utf-8").strip().partition(":")
    assert user == configuration.USERNAME
    _, rounds, salt, digest = hashed.replace("}", "}$").split("$")
    expected = hashlib.pbkdf2_hmac("sha512", b"a secret", base64.b64decode(salt), int(rounds), 32)
    assert base64.b64decode(digest) == expected
    options = (root / "config" / "jvm.options").read_text("utf-8").splitlines()
    assert "-XX:+UseG1GC" in options
    assert "-Xmx512m" in options
    assert not any("gc.log" in line for line in options)


def test_a_process_is_ours_only_with_our_mark(tmp_path: Path) -> None:
    """A pid file that names another program, a dead process or rubbish names no server of ours."""
    ours = described(tmp_path)
    ours.logs.mkdir()
    assert server.process(ours) is None
    for content in ("", "rubbish", str(os.getpid()), "999999999"):
        ours.pidfile.write_text(content, "ascii")
        assert server.process(ours) is None
    marked = [sys.executable, "-c", "input()", f"-Djava.io.tmpdir={ours.scratch}"]
    with subprocess.Popen(marked, stdin=subprocess.PIPE) as process:
        ours.pidfile.write_text(f"{process.pid}\n", "ascii")
        assert server.process(ours) == process.pid
        assert not server.is_server(described(tmp_path / "other"), process.pid)
        server.terminate(ours, process.pid, patience=10)
        assert server.process(ours) is None
    server.terminate(ours, process.pid, patience=10)


def test_a_process_that_ignores_the_request_is_killed(tmp_path: Path) -> None:
    """After its patience, stop kills."""
    ours = described(tmp_path)
    stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); input()"
    command = [sys.executable, "-c", stubborn, f"-Djava.io.tmpdir={ours.scratch}"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        server.terminate(ours, process.pid, patience=0.3)
        assert process.wait() == -9
