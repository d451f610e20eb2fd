"""One Elasticsearch node: its folders, its configuration, its process; it knows nothing of homes and commands.

A node is described by a record; several that name one another as peers form a cluster.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.engine import programs
from indexer.engine.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from indexer.engine.account import Account

MIB = 1 << 20

# The superuser stands in a file of the node's configuration, not in Elasticsearch's own index of users: a full disk or
# a damaged index must not lock its owner out, and the engine answers as soon as it listens (with a password in the
# keystore, it refused every request after a disk had been full, and after each start until that index was open).
USERNAME = "condensat"
HASH_ROUNDS = 10_000  # Elasticsearch's default; the password itself is 24 random bytes

# Free space below which Elasticsearch stops placing and then writing. The stock values are shares (85, 90, 95 %):
# a laptop's disk that is 95 % full still has tens of gigabytes, and would be refused every write.
# The three are one: there is no other node to move anything to, and a new index that is not placed is just broken.
WATERMARKS = {"low": "250mb", "high": "250mb", "flood_stage": "250mb"}
FLOOD_STAGE = 250 * MIB
LEAST_FREE = 100 * MIB  # to start at all; reading and searching needs little more than logs and cluster state

REAP_SECONDS = 3.0

# Heap by physical memory. 1 GiB served 1,500 to 2,300 documents a second in bulk; half of that starts and serves.
HEAPS = ((4096 * MIB, "1g"), (2048 * MIB, "512m"), (0, "256m"))

JVM_OPTIONS = """\
-XX:-AlwaysPreTouch
-XX:-HeapDumpOnOutOfMemoryError
-XX:-ExitOnOutOfMemoryError
-XX:+CrashOnOutOfMemoryError
-XX:-CreateCoredumpOnCrash
-Xlog:disable
-Xlog:all=warning:stderr:uptime,level,tags
"""

LOGGING = """\
status = error

appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%-25c{1.}] [%node_name]%marker %m%n

appender.file.type = RollingFile
appender.file.name = file
appender.file.fileName = ${sys:es.logs.base_path}${sys:file.separator}engine.log
appender.file.filePattern = ${sys:es.logs.base_path}${sys:file.separator}engine.%i.log
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = [%d{ISO8601}][%-5p][%-25c{1.}] [%node_name]%marker %m%n
appender.file.policies.type = Policies
appender.file.policies.size.type = SizeBasedTriggeringPolicy
appender.file.policies.size.size = 10MB
appender.file.strategy.type = DefaultRolloverStrategy
appender.file.strategy.max = 3

rootLogger.level = info
rootLogger.appenderRef.console.ref = console
rootLogger.appenderRef.file.ref = file
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """One node: where it keeps its files, which cluster it is, how much heap it gets.

    ``repository`` is the folder for snapshots, which all nodes of a cluster share. ``peers`` are the names of all
    nodes where there are several.
    """

    name: str
    cluster: str
    root: Path
    account: Account
    heap: str
    repository: Path
    peers: tuple[str, ...] = ()

    @property
    def config(self) -> Path:
        """Its configuration folder."""
        return self.root / "config"

    @property
    def data(self) -> Path:
        """Its indices."""
        return self.root / "data"

    @property
    def logs(self) -> Path:
        """Its log files."""
        return self.root / "logs"

    @property
    def scratch(self) -> Path:
        """Its temporary files; the path also marks its process."""
        return self.root / "tmp"

    @property
    def log(self) -> Path:
        """The log that people read."""
        return self.logs / "engine.log"

    @property
    def crash(self) -> Path:
        """Written by the JVM when it crashes or runs out of memory, which the log does not live to say."""
        return self.logs / "crash.log"

    @property
    def pidfile(self) -> Path:
        """Written and removed by Elasticsearch itself."""
        return self.logs / "pid"

    @property
    def ports(self) -> Path:
        """The HTTP address, written by Elasticsearch itself when it listens."""
        return self.logs / "http.ports"

    @property
    def transport(self) -> Path:
        """The address for other nodes, written in the same way."""
        return self.logs / "transport.ports"


def heap_for(memory: int) -> str:
    """Choose the heap for a machine with ``memory`` bytes."""
    return next(heap for least, heap in HEAPS if memory >= least)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ports:
    """Where a node of a cluster listens: for clients, and for its peers."""

    http: int = 0  # 0: the system gives a free one; two engines starting together cannot pick the same
    transport: int = 0


Values = dict[str, str | bool | int | list[str]]


def settings(node: Node, ports: Ports | None = None, seeds: Sequence[str] = ()) -> Values:
    """Give the node's settings, as in elasticsearch.yml; ``seeds`` are the addresses of its peers."""
    ports = ports or Ports()
    values: Values = {
        "cluster.name": node.cluster,
        "node.name": node.name,
        "node.portsfile": True,
        "network.host": "127.0.0.1",
        "http.port": ports.http,
        "transport.port": ports.transport,
        "path.data": str(node.data),
        "path.logs": str(node.logs),
        "path.repo": [str(node.repository)],
        "action.auto_create_index": False,  # a lost alias must fail, not become an index with guessed fields
        "xpack.security.enabled": True,
        "xpack.security.autoconfiguration.enabled": False,
        "xpack.security.enrollment.enabled": False,
        "xpack.security.http.ssl.enabled": False,  # nothing leaves the loopback interface
        "xpack.security.transport.ssl.enabled": False,
        **{f"cluster.routing.allocation.disk.watermark.{name}": free for name, free in WATERMARKS.items()},
    }
    if not node.peers:
        return {**values, "discovery.type": "single-node"}
    first = node.peers[0]
    # The first node alone begins a new cluster, also where it was one by itself before; the others join it.
    begins = {"cluster.initial_master_nodes": [first]} if node.name == first else {}
    return {**values, "discovery.seed_hosts": list(seeds), **begins}


def repository_of(node: Node) -> Path | None:
    """Give the folder that a node was last told to keep snapshots in; None for one that was never told."""
    told = _configured(node).get("path.repo")
    return Path(json.loads(told)[0]) if told else None


def _configured(node: Node) -> dict[str, str]:
    """Read the settings as they were written last, each as it stands there."""
    try:
        lines = (node.config / "elasticsearch.yml").read_text("utf-8").splitlines()
    except OSError:
        return {}
    return {name: value for name, _, value in (line.partition(": ") for line in lines)}


def choose_ports(node: Node, taken: Collection[int]) -> Ports:
    """Choose the ports of a node of a cluster: those that it had, so that clients find it again, else free ones."""
    had = _configured(node)
    chosen: list[int] = []
    for name in ("http.port", "transport.port"):
        before = int(had.get(name, "0"))
        chosen.append(_free_port(before if before not in {*taken, *chosen} else 0))
    return Ports(http=chosen[0], transport=chosen[1])


def _free_port(wanted: int) -> int:
    """Give a port that is free on loopback, the wanted one if it is."""
    for port in (wanted, 0):
        with socket.socket() as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(tried.getsockname()[1])
    raise EngineError("There is no free port on loopback.")


def render(values: Values) -> str:
    """Write settings as YAML; JSON's scalars are YAML's, whatever a path contains."""
    return "".join(f"{name}: {json.dumps(value, ensure_ascii=False)}\n" for name, value in values.items())


def configure(
    node: Node, elasticsearch: Path, *, password: str, ports: Ports | None = None, seeds: Sequence[str] = ()
) -> None:
    """Write the node's folders and configuration, with the superuser's password as a hash."""
    shutil.rmtree(node.scratch, ignore_errors=True)
    if not node.root.is_dir():
        node.root.mkdir()
        node.root.chmod(0o700)
        node.account.give(node.root)
    for folder in (node.config, node.data, node.logs, node.scratch, node.repository):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o700)
        node.account.give(folder)
    files = {
        "elasticsearch.yml": render(settings(node, ports, seeds)),
        "jvm.options": _stock_options(elasticsearch)
        + JVM_OPTIONS
        + f"-Xms{node.heap}\n-Xmx{node.heap}\n-XX:ErrorFile={node.crash}\n",
        "log4j2.properties": LOGGING,
        "users": f"{USERNAME}:{_hashed(password)}\n",
        "users_roles": f"superuser:{USERNAME}\n",
        "roles.yml": "",
        "role_mapping.yml": "",
    }
    for name, text in files.items():
        path = node.config / name
        path.write_text(text, "utf-8")
        path.chmod(0o600)
        node.account.give(path)


def launch(
    node: Node,
    elasticsearch: Path,
    *,
    java_home: Path,
    keep_open: int,
) -> subprocess.Popen[bytes]:
    """Start Elasticsearch's launcher, which ends with 0 once the node listens and leaves the server running.

    The launcher inherits the descriptor ``keep_open`` (the lock). Its output ends when it does.
    """
    for stale in (node.pidfile, node.ports, node.transport, node.crash):
        stale.unlink(missing_ok=True)
    return subprocess.Popen(  # noqa: S603 - our own script with our own paths, no shell
        [str(elasticsearch / "bin" / "elasticsearch"), "--daemonize", "--pidfile", str(node.pidfile)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=_environment(node, java_home),
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


def size_on_disk(folder: Path) -> int:
    """Count the bytes that a folder's files take."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(path) / name).lstat().st_blocks * 512
            except FileNotFoundError:  # a segment that was merged away meanwhile
                continue
    return total


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


def _environment(node: Node, java_home: Path) -> dict[str, str]:
    """Give Elasticsearch its own small environment: nothing of the caller's leaks in.

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
        "ES_PATH_CONF": str(node.config),
        "ES_TMPDIR": str(node.scratch),
    }


def _stock_options(elasticsearch: Path) -> str:
    """Give the distribution's JVM options without its garbage collection log, up to 2 GB that nobody reads."""
    text = (elasticsearch / "config" / "jvm.options").read_text("utf-8")
    kept = (line for line in text.splitlines() if line and not line.startswith(("#", "-Xlog", "-XX:ErrorFile")))
    return "".join(f"{line}\n" for line in kept)


def _hashed(password: str) -> str:
    """Hash a password as Elasticsearch's own users file holds it."""
    salt = secrets.token_bytes(32)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, HASH_ROUNDS, 32)
    return f"{{PBKDF2}}{HASH_ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def physical_memory() -> int:
    """Give the machine's memory in bytes, or what a container may use of it."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit in (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes")):
        try:
            memory = min(memory, int(limit.read_text("ascii")))
        except (OSError, ValueError):  # no such limit, or "max"
            continue
    return memory


def free_space(folder: Path) -> int:
    """Give the bytes that an unprivileged account can still write below ``folder``."""
    return shutil.disk_usage(folder).free
