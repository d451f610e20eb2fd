"""A node's process: start it, tell whether it is the one, end it; what it is configured with is not known here."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.engine import programs
from indexer.engine.errors import EngineError

if TYPE_CHECKING:
    from indexer.engine.node import Node

REAP_SECONDS = 3.0


def launch(
    node: Node,
    elasticsearch: Path,
    *,
    java_home: Path,
    java_options: str,
    keep_open: int,
) -> subprocess.Popen[bytes]:
    """Start Elasticsearch's launcher, which ends with 0 once the node listens and leaves the server running.

    ``java_options`` come after the node's own, so that they override them. The launcher inherits the descriptor
    ``keep_open`` (the lock). Its output ends when it does.
    """
    for stale in (node.pidfile, node.ports, node.transport, node.crash):
        stale.unlink(missing_ok=True)
    return subprocess.Popen(  # noqa: S603 - our own script with our own paths, no shell
        [str(elasticsearch / "bin" / "elasticsearch"), "--daemonize", "--pidfile", str(node.pidfile)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=_environment(node, java_home, java_options),
        cwd=node.root,
        umask=0o077,
        pass_fds=(keep_open,),
        start_new_session=True,  # Ctrl-C in the terminal is for the command, not for the engine
        **node.account.popen_arguments(),
    )


def process(node: Node) -> int | None:
    """Find the node's server process: the one its pid file names, if that is truly it and alive."""
    try:
        pid = int(node.pidfile.read_text("ascii"))
    except (OSError, ValueError):
        return None
    return pid if is_server(node, pid) else None


def is_server(node: Node, pid: int) -> bool:
    """Tell whether ``pid`` is this node's server: its command line names the node's own temporary folder.

    A pid alone proves nothing: after a crash of the machine another program may have it.
    """
    text, separator = _command_line(pid)
    return f"{separator}-Djava.io.tmpdir={node.scratch}{separator}" in text


def runs_from(pid: int, folder: str) -> bool:
    """Tell whether a server's files lie in a folder of this name."""
    text, separator = _command_line(pid)
    return f"/{folder}{separator}" in text


def terminate(node: Node, pid: int, *, patience: float) -> None:
    """End the server: SIGTERM, and SIGKILL when it has not ended after ``patience`` seconds."""
    for signal_number, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, 10.0)):
        try:
            os.kill(pid, signal_number)
        except ProcessLookupError:
            return
        except PermissionError as error:
            raise EngineError(
                f"The engine (process {pid}) belongs to another user. Stop it as that user or as root."
            ) from error
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not is_server(node, pid):
                _wait_until_reaped(pid)
                return
            time.sleep(0.05)
    raise EngineError(f"The engine (process {pid}) does not end, not even when killed: is its disk gone?")


def _wait_until_reaped(pid: int) -> None:
    """Give init a moment to take the dead process off the list; some containers' first process never does."""
    deadline = time.monotonic() + REAP_SECONDS
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except (ProcessLookupError, PermissionError):  # gone, or its number is somebody else's by now
            return
        time.sleep(0.05)


def _command_line(pid: int) -> tuple[str, str]:
    """Give a process's command line and what stands between its arguments; empty for one that is gone or dead."""
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="surrogateescape"), "\0"
        except OSError:
            return "", "\0"
    _, answer = programs.run(["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)])
    return answer, " "


def _environment(node: Node, java_home: Path, java_options: str) -> dict[str, str]:
    """Give Elasticsearch its own small environment: nothing else of the caller's leaks in.

    Its launcher leaves an empty folder per start in its temporary folder, so that should be the node's own; its
    script takes the option apart at blanks, so a home with blanks leaves them in the system's.
    """
    own = "" if re.search(r"[\s*?\[\\]", str(node.scratch)) else f" -Djava.io.tmpdir={node.scratch}"
    return {
        "CLI_JAVA_OPTS": f"-XX:TieredStopAtLevel=1{own}",
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG": "C.UTF-8",
        "HOME": str(node.scratch),
        "ES_JAVA_HOME": str(java_home),
        "ES_JAVA_OPTS": java_options,
        "ES_PATH_CONF": str(node.config),
        "ES_TMPDIR": str(node.scratch),
    }
