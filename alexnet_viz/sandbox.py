"""Calls of one function in child processes with limits on time and memory, for work on files of unknown origin.

    listing = Sandbox("alexnet_viz.training.folder:list_folder", seconds=60, memory=1 << 30, children=2)
    answer, data = listing.run({"root": "/photos"}, on_progress=print)

The function is named, "package.module:function", so that the parent need not import what it needs. It is called in the
child as ``function(arguments, data, progress)``: ``arguments`` is what JSON can carry, ``data`` bytes, and
``progress(message)`` sends a text to the parent's ``on_progress``. It returns ``(answer, data)`` of the same kinds.
What a child sends is read as JSON and raw bytes, and never unpickled.

Time is wall-clock time from the moment that a started child gets its work; ``cpu_seconds`` limits the processor time of
all of the child's threads, which does not grow while the machine is busy with other work. Memory is the address space
(RLIMIT_AS) that the child may take beyond what it has after its imports; this holds on Linux. macOS does not enforce
RLIMIT_AS: there the parent looks ten times a second at the child's resident memory, so that a quick child can exceed
the limit for a moment. A child ends when its parent does, also when the parent is killed: the socket between them is
closed then, and should foreign code hold Python's lock, an alarm ends the child one second after its time is up.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import json
import os
import queue
import resource
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import traceback
import weakref
from collections.abc import Callable
from pathlib import Path

from alexnet_viz import errors
from alexnet_viz.errors import UserError

_ROOT = Path(__file__).parents[1]
_FRAME = struct.Struct(">IQ")  # the lengths of a JSON header and of the bytes that follow it
_READY = {"ready": True}  # the parent asks whether the child is, and the child answers, in the same words
_LONGEST_HEADER = 16 << 20
_POLL = 0.1  # seconds between two looks at the clock, whether the caller stops it, and a child's memory
_START = 60.0  # seconds that a child may take to start, on a machine under load
_KERNEL_LIMITS_MEMORY = sys.platform == "linux"


class SandboxError(Exception):
    """A call that came to no answer. Not for users: the caller knows what to say of it."""


class OutOfTime(SandboxError):
    """The function ran for longer than it may."""


class OutOfMemory(SandboxError):
    """The function wanted more memory than it may have."""


class Busy(SandboxError):
    """Other calls held all places for as long as this one was ready to wait."""


class Crashed(SandboxError):
    """The child did not start, died, or sent what is no answer; the text says which."""


class Failed(SandboxError):
    """The function raised what is no UserError, so it has a bug; the text is the child's traceback."""


class Sandbox:
    """At most ``children`` calls of a function at a time, each with ``seconds`` and ``memory`` (bytes).

    With ``cpu_seconds`` each is also limited to so many seconds of processor time; ``seconds`` should then be several
    times as long, for a machine under load. Others wait for their turn, for at most ``patience`` seconds. With
    ``reuse`` a child that answered serves the next call, which spares the start of an interpreter; one that did not
    answer is killed and another one takes its place. ``writes``: it may write to the disk, for a
    library that must; never where files of visitors are read.
    Safe to use from many threads.
    """

    def __init__(
        self,
        function: str,
        *,
        seconds: float,
        cpu_seconds: float | None = None,
        memory: int,
        children: int,
        patience: float = 30.0,
        reuse: bool = False,
        writes: bool = False,
    ) -> None:
        self._function, self.seconds, self.cpu_seconds, self.memory = function, seconds, cpu_seconds, memory
        self._patience, self._children, self._reuse, self._writes = patience, children, reuse, writes
        self._begin()
        _all.add(self)

    def _begin(self) -> None:
        self._places = threading.BoundedSemaphore(self._children)
        self._idle: queue.LifoQueue[_Child] = queue.LifoQueue()

    def run(
        self,
        arguments: dict,
        data: bytes = b"",
        on_progress: Callable[[str], None] | None = None,
        poll: Callable[[], None] | None = None,
    ) -> tuple[dict, bytearray]:
        """The function's answer.

        ``on_progress`` gets the function's messages. ``poll`` is called ten times a second from the wait for a place to
        the end. What either raises ends the child and comes out of this call: raise Stopped in it to stop. Raises the
        function's own UserError (same class, same text), else OutOfTime, OutOfMemory, Crashed, Failed or Busy.
        """
        on_progress, poll = on_progress or (lambda message: None), poll or (lambda: None)
        places = self._places
        self._wait_for(places, poll)
        try:
            child = self._child(poll)
            try:
                result = child.call(arguments, data, on_progress, poll)
            except UserError:
                self._give_back(child)
                raise
            except BaseException:
                child.kill()
                raise
            self._give_back(child)
            return result
        finally:
            places.release()

    def close(self) -> None:
        """End the children that wait for work."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._idle.get_nowait().kill()

    def _wait_for(self, places: threading.BoundedSemaphore, poll: Callable[[], None]) -> None:
        last = time.monotonic() + self._patience
        while not places.acquire(timeout=_POLL):
            poll()
            if time.monotonic() > last:
                raise Busy(f"{self._function}: no place within {self._patience:g} s")

    def _child(self, poll: Callable[[], None]) -> _Child:
        with contextlib.suppress(queue.Empty):
            while True:
                with contextlib.suppress(Crashed):  # it died while it waited
                    return _ready(self._idle.get_nowait(), poll)
        return _ready(_Child(self._function, self.seconds, self.cpu_seconds, self.memory, self._writes), poll)

    def _give_back(self, child: _Child) -> None:
        if self._reuse:
            self._idle.put(child)
        else:
            child.kill()


_all: weakref.WeakSet[Sandbox] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    for sandbox in _all:
        sandbox.close()


def _after_fork() -> None:
    """A forked process (a DataLoader's worker) must not talk to its parent's children."""
    for sandbox in _all:
        sandbox._begin()


os.register_at_fork(after_in_child=_after_fork)


# --- the parent's side ---------------------------------------------------------------------------


class _Child:
    """One child process, and the socket to it."""

    def __init__(self, function: str, seconds: float, cpu_seconds: float | None, memory: int, writes: bool) -> None:
        self._seconds, self._cpu_seconds, self._memory = seconds, cpu_seconds, memory
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", __name__, function, str(theirs.fileno())),
                    *map(str, (seconds, cpu_seconds or 0, memory, int(writes))),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C is for the parent
                env={
                    **os.environ,
                    "PYTHONPATH": os.pathsep.join([str(_ROOT), os.environ.get("PYTHONPATH", "")]),
                    "OPENBLAS_NUM_THREADS": "1",  # each further thread would take address space
                    "MALLOC_ARENA_MAX": "1",
                },
            )
        self._socket.settimeout(_POLL)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._socket.close()

    def wait_until_ready(self, poll: Callable[[], None]) -> None:
        """Crashed where the child does not answer: also one that is dying, which the kernel still lists as running."""
        watch = _Watch(self, _START, poll)
        try:
            self._send(_READY, b"", watch)
            self._receive(watch)
        except OutOfTime:
            raise Crashed(f"the child was not ready within {_START:g} s") from None

    def call(
        self, arguments: dict, data: bytes, on_progress: Callable[[str], None], poll: Callable[[], None]
    ) -> tuple[dict, bytearray]:
        watch = _Watch(self, self._seconds, poll)
        self._send({"arguments": arguments}, data, watch)
        while True:
            header, body = self._receive(watch)
            match header:
                case {"progress": str(message)}:
                    on_progress(message)
                case {"answer": dict(answer)}:
                    return answer, body
                case {"user_error": str(name), "text": str(text)}:
                    raise _user_error(name)(text)
                case {"out_of_memory": True}:
                    raise OutOfMemory(f"more than {self._memory:,} bytes")
                case {"bug": str(text)}:
                    raise Failed(text)
                case _:
                    raise Crashed(f"the child sent a header with the keys {list(header)[:10]}")

    def _send(self, header: dict, data: bytes, watch: _Watch) -> None:
        for part in _frame(header, data):
            self._move(self._socket.send, memoryview(part), watch)

    def _receive(self, watch: _Watch) -> tuple[dict, bytearray]:
        frame = bytearray(_FRAME.size)
        self._move(self._socket.recv_into, memoryview(frame), watch)
        header_length, length = _FRAME.unpack(frame)
        if header_length > _LONGEST_HEADER or length > self._memory:
            raise Crashed(f"the child announced {header_length:,} + {length:,} bytes")
        header, body = bytearray(header_length), bytearray(length)
        self._move(self._socket.recv_into, memoryview(header), watch)
        self._move(self._socket.recv_into, memoryview(body), watch)
        try:
            header = json.loads(header)
        except (ValueError, RecursionError) as error:
            raise Crashed("the child sent a header that is no JSON") from error
        if not isinstance(header, dict):
            raise Crashed("the child sent a header that is no object")
        return header, body

    def _move(self, step: Callable[[memoryview], int], view: memoryview, watch: _Watch) -> None:
        """Send or receive all of ``view``."""
        while view:
            try:
                done = step(view)
            except TimeoutError:
                done = None
            except OSError:  # the child closed its end
                done = 0
            if done == 0:
                raise self._ended()
            watch.look()
            view = view[done or 0 :]

    def _ended(self) -> SandboxError:
        try:
            code = self._process.wait(_POLL * 10)
        except subprocess.TimeoutExpired:
            return Crashed("the child ended with its socket closed")
        if code == -signal.SIGPROF:
            return OutOfTime(f"more than {self._cpu_seconds:g} s of processor time")
        status = signal.Signals(-code).name if code < 0 else f"exit status {code}"
        return Crashed(f"the child ended with {status}")

    def check_memory(self) -> None:
        """Where the kernel does not: OutOfMemory when the child's resident memory is beyond its limit."""
        import psutil  # only macOS needs it here

        with contextlib.suppress(psutil.NoSuchProcess):
            if psutil.Process(self._process.pid).memory_info().rss > self._memory:
                raise OutOfMemory(f"more than {self._memory:,} bytes")


def _ready(child: _Child, poll: Callable[[], None]) -> _Child:
    """The child, once it is ready; one that does not get so is killed."""
    try:
        child.wait_until_ready(poll)
    except BaseException:
        child.kill()
        raise
    return child


class _Watch:
    """What has to be looked at while a child works: the clock, whether the caller stops it, elsewhere its memory."""

    def __init__(self, child: _Child, seconds: float, poll: Callable[[], None]) -> None:
        self._child, self._seconds, self._poll = child, seconds, poll
        self._end, self._next = time.monotonic() + seconds, 0.0

    def look(self) -> None:
        now = time.monotonic()
        if now > self._end:
            raise OutOfTime(f"more than {self._seconds:g} s")
        if now > self._next:
            self._next = now + _POLL
            self._poll()
            if not _KERNEL_LIMITS_MEMORY:
                self._child.check_memory()


def _frame(header: dict, data: bytes) -> tuple[bytes, bytes]:
    text = json.dumps(header).encode()
    return _FRAME.pack(len(text), len(data)) + text, data


def _user_error(name: str) -> type[UserError]:
    kind = getattr(errors, name, None)
    return kind if isinstance(kind, type) and issubclass(kind, UserError) else UserError


# --- the child's side ----------------------------------------------------------------------------


def _serve(function: str, descriptor: int, seconds: float, cpu_seconds: float, memory: int, writes: bool) -> None:
    """Answer one call after another until the parent closes the socket."""
    for alarm in (signal.SIGALRM, signal.SIGPROF):
        signal.signal(alarm, signal.SIG_DFL)  # the default is to end the process
    module, _, name = function.partition(":")
    work = getattr(importlib.import_module(module), name)
    connection = socket.socket(fileno=descriptor)
    calls: queue.SimpleQueue[tuple[dict, bytes]] = queue.SimpleQueue()
    threading.Thread(target=_receive_calls, args=(connection, calls), daemon=True).start()
    _limit(memory, writes)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)  # what libraries print about odd files would fill the parent's log

    def send(header: dict, data: bytes = b"") -> None:
        for part in _frame(header, data):
            connection.sendall(part)

    while True:
        header, data = calls.get()
        if header == _READY:
            send(_READY)
            continue
        signal.setitimer(signal.ITIMER_REAL, seconds + 1)
        signal.setitimer(signal.ITIMER_PROF, cpu_seconds)  # of all threads; 0 is no limit
        send(*_answer(work, header["arguments"], data, lambda message: send({"progress": message})))
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)


def _answer(work: Callable, arguments: dict, data: bytes, progress: Callable[[str], None]) -> tuple[dict, bytes]:
    try:
        answer, body = work(arguments, data, progress)
        return {"answer": answer}, body
    except UserError as error:
        return {"user_error": type(error).__name__, "text": str(error)}, b""
    except MemoryError:
        return {"out_of_memory": True}, b""
    except Exception:
        return {"bug": traceback.format_exc()[-8000:]}, b""


def _receive_calls(connection: socket.socket, calls: queue.SimpleQueue) -> None:
    """In a thread of its own, so that the parent's end is noticed during a call too."""
    try:
        while True:
            header_length, length = _FRAME.unpack(_exactly(connection, _FRAME.size))
            header = json.loads(_exactly(connection, header_length))
            calls.put((header, _exactly(connection, length)))
    finally:
        os._exit(0)


def _exactly(connection: socket.socket, length: int) -> bytearray:
    data = bytearray(length)
    view = memoryview(data)
    while view:
        count = connection.recv_into(view)
        if not count:
            raise ConnectionError("the parent is gone")
        view = view[count:]
    return data


def _limit(memory: int, writes: bool) -> None:
    """No more memory than this on top of what there is, no core dump, and nothing written to the disk if not said."""
    if _KERNEL_LIMITS_MEMORY:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + memory,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if not writes:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


if __name__ == "__main__":
    _serve(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5]), sys.argv[6] == "1")
