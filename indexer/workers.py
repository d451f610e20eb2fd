"""Run functions in worker processes that can be killed, so that one hostile input costs one rejected item.

It must not know what is parsed: callers hand over a module-level function, its arguments and a time limit.

Each worker has a socket pair of its own and shares no lock with the others, so that a worker may be killed at any
moment without harm to the rest. (pebble's pool, tried first, is broken for good when an idle worker is killed, and
leaves what was waiting pending for ever, since its workers share one pipe.)
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import importlib
import logging
import os
import pickle
import queue
import resource
import signal
import subprocess
import sys
import threading
import traceback
from concurrent.futures import Future
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from socket import socketpair
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeVar

from indexer.models import CondensatError, Reason, RejectedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

T = TypeVar("T")

MIB = 2**20

FEED_TIMEOUT = 15.0  # seconds; a feed of 10 MB takes feedparser 7 s, a hostile <author> of 64 KB 20 s
PAGE_TIMEOUT = 30.0  # seconds; the slowest of 181 real pages took 0.2 s, a hostile <p> takes 82 s
START_TIMEOUT = 60.0  # seconds for a new worker to import what it needs: 1 s when idle, more on a loaded machine
MAX_FAILED_STARTS = 3  # in a row; after that the installation is at fault, not the input

# Above its size after the imports a worker may map this much more; what asks for more gets a MemoryError. Linux only.
MEMORY_LIMIT = 1536 * MIB
# A worker that is still bigger than this after a task is replaced: bounds leaks and fragmentation. Fresh it has 160
# MiB, after 181 real pages 180, after pages of 5 MB made to hurt up to 460.
RETIRE_ABOVE = 640 * MIB

GARBAGE_AFTER = 20_000  # objects

# Imported by each worker before its first task, so that no task pays for it.
WARM_UP = ("indexer.extract", "indexer.feeds")

TAKEN = b"taken"  # a worker's word that it has a task: from then on it is the task that may have killed it

# Started with -c instead of multiprocessing's spawn, which would import the parent's __main__, the whole command.
_BOOT = "import ast, sys; sys.path[:] = ast.literal_eval(sys.argv[1]); from indexer import workers; workers.serve()"


class WorkersError(CondensatError):
    """Worker processes cannot be started, or cannot import what they shall run."""


@dataclass(slots=True)
class _Task:
    """A pickled call and where its result goes."""

    payload: bytes
    timeout: float
    future: Future[Any] = field(default_factory=Future)


class Workers:
    """A fixed number of worker processes, started when first needed; use it as a context manager.

    ``warm_up`` names modules to import at the start; ``memory`` is in bytes above the size of a fresh worker.
    """

    def __init__(self, processes: int, *, warm_up: tuple[str, ...] = WARM_UP, memory: int = MEMORY_LIMIT) -> None:
        if processes < 1:
            raise ValueError(f"at least one worker process is needed, not {processes}")
        self.processes = processes
        self._warm_up = warm_up
        self._memory = memory
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._lock = threading.Lock()  # guards what follows
        self._closed = False
        self._alive: set[_Worker] = set()
        self._threads: list[threading.Thread] = []
        self._lifeline: tuple[int, int] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def run(self, function: Callable[..., T], /, *args: Any, timeout: float, **kwargs: Any) -> T:  # noqa: ASYNC109 - the limit is the worker's: it is killed, where asyncio.timeout would only stop waiting
        """Call ``function`` in a worker and give what it returns.

        ``timeout`` is in seconds of work; waiting for a free worker is not counted. Arguments and result are
        pickled, the function is found by its module and name. Raises RejectedError: what the function itself raised
        as one, PARSE_TIMEOUT, or PARSE_CRASH for any other exception, a killed process and exhausted memory.
        Raises WorkersError when workers cannot be started.
        """
        result: T = await asyncio.wrap_future(self.submit(function, *args, timeout=timeout, **kwargs))
        return result

    def submit(self, function: Callable[..., T], /, *args: Any, timeout: float, **kwargs: Any) -> Future[T]:
        """Have ``function`` called as ``run`` does; gives at once where its result will be."""
        task = _Task(pickle.dumps((function, args, kwargs), protocol=pickle.HIGHEST_PROTOCOL), timeout)
        with self._lock:
            if self._closed:
                raise WorkersError("The worker processes were already ended.")
            self._tasks.put(task)
            if len(self._threads) < self.processes:
                # Slots are threads because each waits for one pipe; they do no work, and live as long as the pool,
                # which matters: Linux tells a child of its parent's death when the THREAD that started it ends.
                thread = threading.Thread(target=self._attend, name="condensat-worker", daemon=True)
                self._threads.append(thread)
                thread.start()
        return task.future

    def close(self) -> None:
        """Kill all workers at once and wait until they are gone. What was waiting is cancelled."""
        with self._lock:
            self._closed = True
            for worker in self._alive:
                worker.kill()
        with contextlib.suppress(queue.Empty):
            while True:
                task = self._tasks.get_nowait()
                if task is not None:
                    task.future.cancel()
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads:
            thread.join(timeout=START_TIMEOUT)
        if self._lifeline is not None:
            for end in self._lifeline:
                os.close(end)
            self._lifeline = None

    def _attend(self) -> None:
        """Hand tasks to one worker, one after the other; replace it when it was killed, died or retired."""
        worker: _Worker | None = None
        while (task := self._tasks.get()) is not None:
            if not task.future.set_running_or_notify_cancel():
                continue
            worker, reply = self._do(worker, task)
            if isinstance(reply, BaseException):
                task.future.set_exception(reply)
            else:
                task.future.set_result(reply[0])
        if worker is not None:
            self._drop(worker)

    def _do(self, worker: _Worker | None, task: _Task) -> tuple[_Worker | None, tuple[Any] | Exception]:
        """Do a task on a worker, or on a fresh one; give the worker for the next task, and the reply.

        A worker that was killed while idle may not be known to be dead yet: a task that it did not take is given to
        another, once.
        """
        for _ in range(2):
            worker = self._living(worker)
            if worker is None:
                return None, WorkersError(
                    "The processes that parse feeds and pages could not be started. "
                    f"See what this says: {sys.executable} -c 'import indexer.extract, indexer.feeds'"
                )
            reply = worker.do(task)
            if not worker.usable:
                self._drop(worker)
                worker = None
            if reply is not None:
                return worker, reply
        return worker, RejectedError(Reason.PARSE_CRASH, "two processes in a row ended before they took it")

    def _living(self, worker: _Worker | None) -> _Worker | None:
        """Give this worker if it lives, else a fresh one; None where none can be started."""
        if worker is not None and worker.is_alive():
            return worker
        if worker is not None:
            self._drop(worker)
        for _ in range(MAX_FAILED_STARTS):  # the next task tries again: the machine may be short of memory
            started = self._start()
            if started is not None:
                return started
        return None

    def _start(self) -> _Worker | None:
        """Start a worker and wait until it is ready; None when that failed or the pool is being closed."""
        with self._lock:
            if self._closed:
                return None
            if self._lifeline is None:
                self._lifeline = os.pipe()
            worker = _Worker(self._lifeline[0], self._warm_up, self._memory)
            self._alive.add(worker)
        if worker.is_ready():
            return worker
        self._drop(worker)
        return None

    def _drop(self, worker: _Worker) -> None:
        with self._lock:
            self._alive.discard(worker)
            worker.kill()
        worker.forget()


class _Worker:
    """One process as seen from the parent."""

    def __init__(self, lifeline: int, warm_up: tuple[str, ...], memory: int) -> None:
        ours, theirs = socketpair()
        with theirs:
            arguments = [theirs.fileno(), lifeline, os.getpid(), memory, *warm_up]
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own code
                [sys.executable, "-c", _BOOT, repr(sys.path), *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(), lifeline),
                process_group=0,  # Ctrl-C goes to the parent alone, which then kills the worker
            )
        self._connection: Connection[Any, Any] = Connection(ours.detach())
        self.usable = True

    def is_alive(self) -> bool:
        """Tell whether the process still runs."""
        return self._process.poll() is None

    def is_ready(self) -> bool:
        """Wait until the process has imported what it needs."""
        try:
            return self._connection.poll(START_TIMEOUT) and self._connection.recv_bytes() == b"ready"
        except (EOFError, OSError):
            return False

    def do(self, task: _Task) -> tuple[Any] | Exception | None:
        """Let the process do one task; gives the result in a tuple, or the exception to raise.

        None means that the process ended before it took the task.
        """
        taken = False
        try:
            self._connection.send_bytes(task.payload)
            taken = self._connection.poll(task.timeout) and self._connection.recv_bytes() == TAKEN
            if not (taken and self._connection.poll(task.timeout)):
                self.usable = False
                return RejectedError(Reason.PARSE_TIMEOUT, f"no result after {task.timeout:g} s")
            self.usable, reply = pickle.loads(self._connection.recv_bytes())  # noqa: S301 - written by our own process
        except (EOFError, OSError):
            self.usable = False
            ended = self._how_it_ended()
            return RejectedError(Reason.PARSE_CRASH, f"the process {ended}") if taken else None
        if isinstance(reply, tuple | RejectedError | WorkersError):
            return reply
        raise AssertionError(f"a worker replied {reply!r}")

    def kill(self) -> None:
        """End the process whatever it is doing. May be called from any thread, and twice."""
        self._process.kill()

    def forget(self) -> None:
        """Collect the killed process and close the connection."""
        self._process.wait()
        self._connection.close()

    def _how_it_ended(self) -> str:
        self._process.kill()  # its end of the connection is closed, so it is dying anyway
        code = self._process.wait()
        return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"exited with code {code}"


def serve() -> None:
    """Do tasks until the connection closes: the body of a worker process. Arguments come from ``sys.argv``."""
    connection_fd, lifeline_fd, parent, memory = map(int, sys.argv[2:6])
    warm_up = sys.argv[6:]
    _die_with(parent, lifeline_fd)
    # One thread each: a pool of processes is the parallelism, and idle thread stacks count as mapped memory.
    os.environ.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"))
    logging.getLogger().addHandler(logging.NullHandler())
    for name in warm_up:
        # Only a head start: a task whose module is broken says so itself.
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    _limit_memory(memory)
    # What was imported is never garbage, and trees of pages go when nobody holds them: looking for cycles after every
    # 700 new objects took a twentieth of extraction.
    gc.freeze()
    gc.set_threshold(GARBAGE_AFTER)
    connection: Connection[Any, Any] = Connection(connection_fd)
    connection.send_bytes(b"ready")
    usable = True
    while usable:
        try:
            payload = connection.recv_bytes()
            connection.send_bytes(TAKEN)
        except (EOFError, OSError):
            return
        usable, reply = _perform(payload)
        connection.send_bytes(reply)


def _perform(payload: bytes) -> tuple[bool, bytes]:
    """Call what ``payload`` says; gives whether this process may go on, and the pickled reply."""
    usable = True
    reply: tuple[Any] | Exception
    try:
        function, args, kwargs = pickle.loads(payload)  # noqa: S301 - written by our own parent
    except Exception as error:  # noqa: BLE001 - unpickling imports modules, which may raise anything
        return usable, pickle.dumps((usable, WorkersError(f"A worker process cannot load its task: {error!r}")))
    try:
        reply = (function(*args, **kwargs),)
    except RejectedError as error:
        reply = RejectedError(error.reason, error.detail)
    except MemoryError:
        usable = False  # what is left of its memory is in shreds
        reply = RejectedError(Reason.PARSE_CRASH, "out of memory")
    except BaseException as error:  # noqa: BLE001 - parsers fail in any way on real input, and that costs one item
        reply = RejectedError(Reason.PARSE_CRASH, _describe(error))
    usable = usable and _memory_in_use() < RETIRE_ABOVE
    try:
        return usable, pickle.dumps((usable, reply), protocol=pickle.HIGHEST_PROTOCOL)
    except Exception as error:  # noqa: BLE001 - __reduce__ of any object runs here
        failure = RejectedError(Reason.PARSE_CRASH, f"the result cannot be handed over: {error}")
        return usable, pickle.dumps((usable, failure))


def _describe(error: BaseException) -> str:
    """Say what was raised and where, on one short line."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}: {str(error)[:200]}{place}"


def _die_with(parent: int, lifeline: int) -> None:
    """See to it that this process does not outlive its parent, not even one that was killed.

    The kernel's own signal where there is one; everywhere a thread that waits for the end of a pipe which only the
    parent holds open.
    """
    if sys.platform == "linux":
        set_parent_death_signal = 1  # PR_SET_PDEATHSIG of <sys/prctl.h>
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)
    if os.getppid() != parent:  # it died while we started
        os._exit(1)

    def wait() -> NoReturn:
        os.read(lifeline, 1)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _limit_memory(memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":  # elsewhere RLIMIT_AS is not enforced
        mapped = _pages(0) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (mapped + memory, mapped + memory))


def _memory_in_use() -> int:
    """Give the resident size of this process in bytes; where that is not to be had, the largest so far.

    Not the largest so far on Linux, which a new process inherits from the one that started it.
    """
    if sys.platform == "linux":
        return _pages(1) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _pages(column: int) -> int:
    """Give one number of proc(5)'s statm: 0 is the mapped size, 1 the resident one."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[column])
