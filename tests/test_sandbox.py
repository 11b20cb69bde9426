"""Real child processes: their answers, their limits, and that none is left behind."""

import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from alexnet_viz import sandbox
from alexnet_viz.errors import DataError, Stopped, UserError
from alexnet_viz.sandbox import Busy, Crashed, Failed, OutOfMemory, OutOfTime, Sandbox
from tests.waiting import PATIENCE

WORK = '''
import os, re, signal, socket, sys, time
from alexnet_viz.errors import DataError, UserError

class HomeMade(UserError):
    """Unknown to the parent."""

def work(arguments, data, progress):
    return globals()[arguments.pop("do")](arguments, data, progress)

def echo(arguments, data, progress):
    return {**arguments, "pid": os.getpid()}, bytes(data)[::-1]

def modules(arguments, data, progress):
    return {"modules": sorted(sys.modules)}, b""

def count(arguments, data, progress):
    for number in range(arguments["to"]):
        progress(f"{number} of {arguments['to']}")
    return {}, b""

def spans(arguments, data, progress):
    start = time.monotonic()
    time.sleep(arguments["seconds"])
    return {"start": start, "end": time.monotonic()}, b""

def wait(arguments, data, progress):
    progress(str(os.getpid()))
    time.sleep(60)

def compute(arguments, data, progress):
    while time.process_time() < arguments["cpu_seconds"]:
        pass
    return {"pid": os.getpid()}, b""

def hold_the_lock(arguments, data, progress):
    progress(str(os.getpid()))
    re.match(r"(a*)*b", "a" * 60)

def allocate(arguments, data, progress):
    held = b"x" * arguments["bytes"]
    time.sleep(arguments.get("seconds", 0))
    return {"held": len(held), "pid": os.getpid()}, b""

def refuse(arguments, data, progress):
    raise {"DataError": DataError, "HomeMade": HomeMade}[arguments["kind"]]("No: choose another.")

def end(arguments, data, progress):
    os.kill(os.getpid(), arguments["signal"]) if "signal" in arguments else os._exit(arguments["code"])

def fail(arguments, data, progress):
    return [][0]

def lie(arguments, data, progress):
    socket.socket(fileno=int(sys.argv[2])).sendall(bytes.fromhex(arguments["bytes"]))
    time.sleep(60)

def write(arguments, data, progress):
    with open(arguments["path"], "w") as file:
        file.write("x")
    return {}, b""
'''


@pytest.fixture
def make(tmp_path, monkeypatch):
    """make(seconds=…, …): a sandbox around the functions above; its children are gone after the test."""
    (tmp_path / "sandboxed_work.py").write_text(WORK, "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    made = []

    def make(**options) -> Sandbox:
        made.append(
            Sandbox(
                "sandboxed_work:work", **{"seconds": 30, "memory": 256 << 20, "children": 2, "reuse": True} | options
            )
        )
        return made[-1]

    yield make
    for one in made:
        one.close()


def is_gone(pid: int, within: float = 20) -> bool:  # less than a child that is not ended lives
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return False


def test_arguments_and_bytes_go_there_and_back(make):
    data = os.urandom(3_000_000)
    answer, back = make().run({"do": "echo", "name": "größe 数", "sizes": [1, 2.5, None]}, data)
    assert bytes(back) == data[::-1]
    assert (answer["name"], answer["sizes"]) == ("größe 数", [1, 2.5, None])


def test_a_child_serves_call_after_call_or_only_one(make):
    reused, fresh = make(), make(reuse=False)
    assert len({reused.run({"do": "echo"})[0]["pid"] for _ in range(3)}) == 1
    pids = {fresh.run({"do": "echo"})[0]["pid"] for _ in range(3)}
    assert len(pids) == 3
    assert all(is_gone(pid) for pid in pids)


def test_a_child_imports_nothing_heavy(make):
    """Its own module and the errors; the function's module brings what it needs."""
    loaded = set(make().run({"do": "modules"})[0]["modules"])
    assert not loaded & {"numpy", "torch", "streamlit", "PIL", "psutil"}


def test_messages_arrive_in_order(make):
    messages = []
    make().run({"do": "count", "to": 50}, on_progress=messages.append)
    assert messages == [f"{number} of 50" for number in range(50)]


def test_a_user_error_keeps_its_class_and_text_and_the_child_lives(make):
    box = make()
    pid = box.run({"do": "echo"})[0]["pid"]
    with pytest.raises(DataError, match=r"^No: choose another\.$"):
        box.run({"do": "refuse", "kind": "DataError"})
    with pytest.raises(UserError, match=r"^No: choose another\.$"):
        box.run({"do": "refuse", "kind": "HomeMade"})
    assert box.run({"do": "echo"})[0]["pid"] == pid


# --- limits --------------------------------------------------------------------------------------


@pytest.mark.parametrize("work", ["wait", "hold_the_lock"])
def test_time_is_limited_and_the_next_call_has_another_child(work, make):
    box, pids = make(seconds=0.5), []
    with pytest.raises(OutOfTime, match=r"more than 0\.5 s"):
        box.run({"do": work}, on_progress=pids.append)
    assert is_gone(int(pids[0]))
    assert box.run({"do": "echo"})[0]["pid"] != int(pids[0])


def test_processor_time_is_limited_whatever_else_the_machine_does(make):
    """Waiting, as a process does while others are served, costs none of it; each call has its own."""
    box = make(cpu_seconds=0.5)
    waited = box.run({"do": "spans", "seconds": 1})[0]
    assert waited["end"] - waited["start"] >= 1
    pid = box.run({"do": "compute", "cpu_seconds": 0.3})[0]["pid"]
    assert box.run({"do": "compute", "cpu_seconds": 0.6})[0]["pid"] == pid
    with pytest.raises(OutOfTime, match=r"more than 0\.5 s of processor time"):
        box.run({"do": "compute", "cpu_seconds": 60})
    assert is_gone(pid)
    with pytest.raises(OutOfTime, match=r"more than 0\.5 s of processor time"):
        box.run({"do": "hold_the_lock"})
    assert box.run({"do": "echo"})[0]["pid"] != pid


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux enforces RLIMIT_AS")
def test_memory_is_limited_by_the_kernel(make):
    box = make(memory=100 << 20)
    assert box.run({"do": "allocate", "bytes": 60 << 20})[0]["held"] == 60 << 20
    with pytest.raises(OutOfMemory, match="more than 104,857,600 bytes"):
        box.run({"do": "allocate", "bytes": 150 << 20})
    assert box.run({"do": "allocate", "bytes": 60 << 20})[0]["held"] == 60 << 20


def test_memory_is_looked_at_where_the_kernel_does_not_limit_it(make, monkeypatch):
    monkeypatch.setattr(sandbox, "_KERNEL_LIMITS_MEMORY", False)
    box = make(memory=100 << 20)
    box.run({"do": "echo"})
    child = box._idle.get_nowait()
    monkeypatch.setattr(child, "_memory", 20 << 20)
    box._idle.put(child)
    with pytest.raises(OutOfMemory):
        box.run({"do": "allocate", "bytes": 60 << 20, "seconds": 30})


def test_no_more_than_so_many_at_a_time_and_the_others_wait(make):
    box = make(children=2)
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda _: box.run({"do": "spans", "seconds": 0.2})[0], range(6)))
    together = [sum(a["start"] <= one["start"] < a["end"] for a in answers) for one in answers]
    assert max(together) <= 2
    assert len(answers) == 6


def test_who_waited_long_enough_is_told(make):
    box, started, enough = make(children=1, patience=0.3), threading.Event(), threading.Event()
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(box.run, {"do": "wait"}, b"", lambda _: started.set(), _stop_when(enough))
        assert started.wait(30)
        with pytest.raises(Busy, match=r"no place within 0\.3 s"):
            box.run({"do": "echo"})
        with pytest.raises(Stopped):  # who waits can be stopped too
            box.run({"do": "echo"}, poll=_stop_when(started))
        enough.set()
        assert isinstance(first.exception(30), Stopped)
    assert box.run({"do": "echo"})[0]["pid"]


def _stop_when(event: threading.Event):
    def poll() -> None:
        if event.is_set():
            raise Stopped

    return poll


def test_a_child_writes_nothing_to_the_disk(make, tmp_path):
    with pytest.raises(Failed, match="File too large"):
        make().run({"do": "write", "path": str(tmp_path / "file")})
    assert (tmp_path / "file").read_bytes() == b""
    make(writes=True).run({"do": "write", "path": str(tmp_path / "file")})  # but where it was said that it may
    assert (tmp_path / "file").read_bytes() == b"x"


# --- ends ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ({"do": "end", "signal": signal.SIGSEGV}, "SIGSEGV"),
        ({"do": "end", "signal": signal.SIGKILL}, "SIGKILL"),
        ({"do": "end", "code": 3}, "exit status 3"),
        ({"do": "lie", "bytes": "ff" * 12}, r"announced 4,294,967,295"),
        ({"do": "lie", "bytes": "00000002" + "0" * 16 + "5b5d"}, "no object"),
        ({"do": "lie", "bytes": "00000002" + "0" * 16 + "7b7d"}, r"the keys \[\]"),
        ({"do": "lie", "bytes": "00000001" + "0" * 16 + "80"}, "no JSON"),
    ],
    ids=str,
)
def test_a_child_that_breaks_is_an_exception_and_the_next_call_works(what, words, make):
    box = make()
    with pytest.raises(Crashed, match=words):
        box.run(what)
    assert box.run({"do": "echo"})[0]["pid"]


def test_a_bug_in_the_function_comes_with_its_traceback(make):
    with pytest.raises(Failed, match=r"(?s)line \d+, in fail.*IndexError: list index out of range"):
        make().run({"do": "fail"})


def test_a_child_that_died_while_it_waited_is_replaced(make):
    box = make()
    pid = box.run({"do": "echo"})[0]["pid"]
    os.kill(pid, signal.SIGKILL)
    assert is_gone(pid)
    assert box.run({"do": "echo"})[0]["pid"] != pid


def test_a_function_that_is_not_there(capfd):
    with pytest.raises(Crashed, match="exit status 1"):
        Sandbox("alexnet_viz.errors:nothing", seconds=5, memory=1 << 28, children=1).run({})
    assert "has no attribute 'nothing'" in capfd.readouterr().err


def test_stopping_ends_the_child(make):
    pids = []
    box = make()
    with pytest.raises(Stopped):
        box.run({"do": "wait"}, on_progress=pids.append, poll=lambda: _stop_if(pids))
    assert is_gone(int(pids[0]))


def _stop_if(pids: list[str]) -> None:
    if pids:
        raise Stopped


PARENT = """
    from alexnet_viz.sandbox import Sandbox
    Sandbox("sandboxed_work:work", seconds=%d, memory=1 << 28, children=1).run(
        {"do": "%s"}, on_progress=lambda pid: print(pid, flush=True))
"""


@pytest.mark.parametrize(("work", "seconds"), [("wait", 50), ("hold_the_lock", 1)])
@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM])
def test_a_child_ends_with_its_parent(work, seconds, sign, make):
    make()  # for the module and PYTHONPATH
    root = Path(__file__).parents[1]
    path = os.pathsep.join([str(root), os.environ["PYTHONPATH"]])
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(PARENT % (seconds, work))],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    with parent:
        pid = int(re.match(r"\d+", parent.stdout.readline())[0])
        assert psutil.pid_exists(pid)
        parent.send_signal(sign)
    assert is_gone(pid)


def test_a_forked_process_has_children_of_its_own(make):
    make()
    root = Path(__file__).parents[1]
    code = """
        import os
        from alexnet_viz.sandbox import Sandbox
        box = Sandbox("sandboxed_work:work", seconds=30, memory=1 << 28, children=1, reuse=True)
        first = box.run({"do": "echo"})[0]["pid"]
        pid = os.fork()
        again = box.run({"do": "echo"})[0]["pid"]
        if not pid:
            os._exit(0 if again != first else 1)
        print(os.waitpid(pid, 0)[1], again == first)
    """
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(root), os.environ["PYTHONPATH"]])},
    )
    assert done.stdout.split() == ["0", "True"], done.stderr
