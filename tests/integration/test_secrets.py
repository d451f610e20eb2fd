"""Secrets stay where they were put: no command shows one, nor does a list of processes, nor the engine's log."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest

from indexer.elastic.rights import Role

if TYPE_CHECKING:
    from indexer import engine as local
    from indexer.elastic import Store

ROOT = Path(__file__).resolve().parents[2]
WRONG = "a-wrong-secret-of-nobody"
COMMANDS = (
    ["doctor", "--format", "json"],
    ["search", "harbour"],
    ["keys", "list"],
    ["init", "--roles"],
)


class Watcher:
    """Reads the command lines of all processes, again and again."""

    def __init__(self) -> None:
        self.seen: set[bytes] = set()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._end.wait(0.02):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    self.seen.add(path.read_bytes())
                except OSError:
                    continue


def forms(password: str, username: str = "condensat") -> list[str]:
    """Give what a secret looks like on its way."""
    return [password, base64.b64encode(f"{username}:{password}".encode()).decode()]


def run(arguments: list[str], settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": "/nonexistent"}
    environment |= {f"CONDENSAT_{name.upper()}": value for name, value in settings.items()}
    return subprocess.run(
        [sys.executable, "-m", "indexer", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="there is no list of processes to read here")
def test_no_secret_is_shown(engine: local.Running, engine_home: Path, store: Store, tmp_path: Path) -> None:
    """Whether it is right or wrong, a password, a key, or part of an address."""
    made = store.rights.create_key(Role.ADMIN, expires="1h")
    inner = base64.b64decode(made.encoded).decode().partition(":")[2]
    wrong_key = base64.b64encode(f"{made.id}:{WRONG}".encode()).decode()
    file = tmp_path / "key"
    file.write_text(f"{made.encoded}\n")
    address = engine.url.removeprefix("http://")
    base = {"prefix": store.prefix, "home": str(tmp_path / "home")}
    logins = [
        {"url": engine.url, "username": engine.username, "password": engine.password},
        {"url": engine.url, "username": engine.username, "password": WRONG},
        {"url": engine.url, "api_key": made.encoded},
        {"url": engine.url, "api_key": wrong_key},
        {"url": engine.url, "api_key_file": str(file)},
        {"url": f"http://{engine.username}:{engine.password}@{address}"},
        {"url": f"http://{engine.username}:{WRONG}@{address}"},
        {"url": f"http://{engine.username}:{WRONG}@127.0.0.1:1"},
        {"url": f"https://{engine.username}:{WRONG}@{address}"},
        {"url": f"http://{engine.username}:{WRONG}@[::1"},
        {"url": f"{engine.username}:{WRONG}@{address}"},
        {"url": "http://127.0.0.1:1", "password": WRONG, "connections": "many"},
    ]
    secrets = [*forms(engine.password), *forms(WRONG), made.encoded, inner, wrong_key]
    told = []
    with Watcher() as watcher:
        for login in logins:
            for arguments in COMMANDS[:2] if WRONG in str(login) else COMMANDS:
                done = run(arguments, {**base, **login})
                told.append((f"{arguments} {sorted(login)}", done.stdout + done.stderr))
        flag = run(["--url", f"http://a:{WRONG}@{address}", "search", "x"], base)
    assert flag.returncode == 2
    assert "list of processes" in flag.stderr
    told.append(("a flag", flag.stdout + flag.stderr))
    for what, text in told:
        assert text
        for secret in secrets:
            assert secret not in text, what
    assert len(told) > 25
    lines = b"\n".join(each for each in watcher.seen if WRONG.encode() not in each or b"--url" not in each)
    assert lines.count(b"indexer") >= len(COMMANDS)
    log = "\n".join(path.read_text("utf-8", errors="replace") for path in (engine_home / "engine").rglob("*.log"))
    assert len(log) > 1000
    for secret in secrets:
        assert secret.encode() not in lines
        assert secret not in log
