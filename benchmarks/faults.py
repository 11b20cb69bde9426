"""Faults made on purpose, with real servers and workers, and what was seen: the table in README.md.

    python -m benchmarks.faults [NAME ...] [--write]

Without names all of them, some fifteen minutes on two cores. Full disks are small disks in memory, which only root can
mount. The clock is set for the workers alone: what their Python takes for the time and for the boot's. What an
expectation does not hold for is written as FAILED, and the exit code is 1. Everything is in folders of its own, and
only processes that were started here are killed.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import html
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import torch
from PIL import Image

from alexnet_viz.disk import write_atomically
from alexnet_viz.errors import UserError
from alexnet_viz.images.samples import SAMPLES
from alexnet_viz.network import sources
from alexnet_viz.training import checkpoints, launcher, runs
from alexnet_viz.training.recipe import preset
from benchmarks.report import machine, table, write_section
from benchmarks.visitor import Visitor
from tests.browser.conftest import HOME, Server
from tests.browser.visitor import photo

KILLS = 50  # of one run
SMALL = preset("quick").changed(
    classes=2,
    fc_width=16,
    sizes=(),
    input_size=67,
    epochs=6,
    batch_size=8,
    threads=1,
    precision="fp32",
    device="cpu",
    batch_norm=False,
    checkpoint_minutes=0.01,
    snapshots=8,
    kept_megabytes=0,
)
PATIENCE = 900.0  # seconds
Row = tuple[str, str, str]  # fault, what was done, what was seen
chance = random.Random(0)


# --- workers -------------------------------------------------------------------------------------


def spawn(run: Path, **options) -> subprocess.Popen:
    """A worker on a run."""
    with open(run / "log.txt", "ab") as log:
        command = [sys.executable, "-m", "alexnet_viz.training.worker", str(run)]
        return subprocess.Popen(command, cwd=HOME, stdout=log, stderr=log, **options)


def wait_until(is_so: Callable[[], object], process: subprocess.Popen | None = None, pause: float = 0.005) -> None:
    end = time.monotonic() + PATIENCE
    while not is_so():
        assert process is None or process.poll() is None, "the process ended before its time"
        assert time.monotonic() < end, "it never came"
        time.sleep(pause)


def last_step(run: Path) -> int:
    names = runs.read_index(run)["last"]
    return int(names[0].removeprefix("step-")) if names else -1


def finish(run: Path) -> None:
    """Train a run to its end, from where it is."""
    process = spawn(run)
    assert process.wait(PATIENCE) == 0, runs.log_tail(run)
    assert runs.read_run(run).state == "finished"


def undisturbed(folder: Path) -> Path:
    """A run of SMALL that nothing befell."""
    run = runs.create_run(SMALL, folder / "undisturbed")
    finish(run)
    return run


def is_same(run: Path, other: Path) -> bool:
    """Whether two runs ended with the same weights and moments of the optimiser, bit for bit, and the same curves."""
    (weights, state), (others, other_state) = map(checkpoints.read_last_checkpoint, (run, other))
    same = [torch.equal(weights[name], others[name]) for name in others]
    for one, two in zip(state["optimizer"]["state"].values(), other_state["optimizer"]["state"].values(), strict=True):
        same += [torch.equal(one[name], two[name]) for name in two]
    return state["step"] == other_state["step"] and all(same) and rows_that_count(run) == rows_that_count(other)


def rows_that_count(run: Path) -> list[dict]:
    left_out = ("attempt", "timing")
    rows = runs.latest(runs.read_metrics(run).rows)
    return [{name: value for name, value in row.items() if name not in left_out} for row in rows]


# --- kill -9 -------------------------------------------------------------------------------------


def killed_worker(folder: Path) -> Iterator[Row]:
    """At random moments: odd ones from the start of its process on, even ones within a second of a new checkpoint."""
    usual = undisturbed(folder)
    run = runs.create_run(SMALL, folder / "runs")
    hit: Counter[str] = Counter()
    begun = time.monotonic()
    for number in range(KILLS):
        before, process = last_step(run), spawn(run)
        if number % 2:
            wait_until(lambda before=before: last_step(run) > before, process)
            time.sleep(chance.uniform(0, 1))
        else:
            time.sleep(chance.uniform(0, 6))
        assert process.poll() is None, "the run was over before it was killed often enough"
        parts = any((run / "checkpoints").glob(".*"))
        now = "writing a checkpoint" if parts else runs.read_status(run).activity or "starting"
        if runs.read_status(run).pid != process.pid:
            now = "importing"
        hit[now] += 1
        process.kill()
        process.wait()
    seconds = time.monotonic() - begun
    assert (state := runs.read_run(run)).state == "failed", state.state
    assert not state.problems, state.problems
    step = last_step(run)
    finish(run)
    where = ", ".join(f"{count} {name}" for name, count in hit.most_common())
    same = is_same(run, usual)
    assert same, "the weights differ"
    yield (
        "A worker killed at random moments",
        f"{KILLS} times kill -9 in one run of {runs.read_status(run).steps} steps, in {seconds:.0f} s: {where}",
        f"each time it went on, by step {step} at the last; at its end weights, moments and curves are those of an "
        "undisturbed run, bit for bit",
    )


def killed_server(folder: Path, rounds: int = 8) -> Iterator[Row]:
    """While visitors upload, look at maps and start a run; each round another server on the same folder."""
    acts, came_back, started, half_made = 0, [], 0, 0
    for number in range(rounds):
        begun = time.monotonic()
        server = Server(folder)
        came_back.append(time.monotonic() - begun)
        acts += asyncio.run(_busy_until_killed(server, number, chance.uniform(0.5, 6)))
        server.process.wait()
        wait_until(lambda: all(map(_is_worker, _processes_of(folder))), pause=0.5)
        for run in runs.list_runs(folder / "runs"):
            assert run.state in ("queued", "running"), (run.state, run.status.error)
            assert not run.problems, run.problems
            launched = runs.read_launch(run.path)
            if not launched.pid:  # the server was killed between making the run and starting it: it can be started
                half_made += 1
                launcher.start(run.path, queue=True)
            assert runs.is_alive(*runs.read_launch(run.path)), "a run that nobody trains"
        started = len(runs.list_runs(folder / "runs"))
    server = Server(folder)
    try:
        errors = asyncio.run(_errors_of_pages(server))
    finally:
        for run in runs.list_runs(folder / "runs"):
            launcher.kill(run.path)
        server.end()
    assert not errors, errors
    yield (
        "The server killed in the middle of anything, and started again",
        f"{rounds} times kill -9 on one folder, within 6 s of its first page, while visitors uploaded, looked at maps "
        f"and started runs ({acts} answers before the kills)",
        f"{started} runs, after each kill all under way or waiting but {half_made} that were made and not yet started, "
        f"and could be; no other process left; up again in {min(came_back):.1f}–{max(came_back):.1f} s; then no page "
        "with an error",
    )


async def _busy_until_killed(server: Server, number: int, seconds: float) -> int:
    """How many runs of pages came to their end before the kill."""
    done = 0

    async def look(page: str, query: str) -> None:
        nonlocal done
        async with Visitor(server.port, page, query) as visitor:
            while True:
                await visitor.run()
                done += 1
                if page == "classify":
                    await visitor.upload("uploads", f"{done}.jpg", photo(100 * number + done, (640, 480)))
                    done += 1

    async def start_run() -> None:
        nonlocal done
        async with Visitor(server.port, "train") as visitor:
            await visitor.run()
            if number < 4:
                await visitor.set("start", trigger_value=True)
                done += 1
            await asyncio.sleep(60)

    async with Visitor(server.port, "classify") as first:
        await first.run()
    places = ("classify", ""), ("activations", "layer=conv3"), ("attribution", ""), ("units", "")
    tasks = [asyncio.create_task(look(*place)) for place in places] + [asyncio.create_task(start_run())]
    await asyncio.sleep(seconds)
    server.process.kill()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return done


async def _errors_of_pages(server: Server) -> list[str]:
    errors = []
    for page in ("classify", "network", "filters", "activations", "units", "attribution", "train"):
        async with Visitor(server.port, page) as visitor:
            await visitor.run()
            errors += [f"{page}: {error}" for error in _without_replaced(visitor.errors)]
    return errors


def _without_replaced(errors: list[str]) -> list[str]:
    """Without the pictures that a page had replaced before they were fetched."""
    return [error for error in errors if not error.startswith("GET /media")]


def _processes_of(folder: Path) -> list[psutil.Process]:
    """What lives of the processes that a server on a folder began: they carry its runs' folder in their environment."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("ALEXNET_VIZ_RUNS") == str(folder / "runs") and process.pid != os.getpid():
                found.append(process)
    return [process for process in found if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]


def _is_worker(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return "alexnet_viz.training.worker" in process.cmdline()
    return True  # it has just ended


# --- a full disk ---------------------------------------------------------------------------------


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A disk in memory, mounted for a while."""
    folder.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> None:
    """To the last byte."""
    with open(disk / "filler", "ab", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            with contextlib.suppress(OSError):
                while file.write(bytes(size)):
                    pass


def full_disk(folder: Path) -> Iterator[Row]:
    usual = undisturbed(folder)
    changes = {"checkpoint": {}, "snapshot": {"checkpoint_minutes": 60.0, "snapshots": 300}}
    for what, change in changes.items():
        with small_disk(folder / what, 256) as disk:
            run = runs.create_run(SMALL.changed(**change), disk)
            process = spawn(run)
            wait_until(lambda run=run: runs.read_status(run).step > 20, process)
            fill(disk)
            code = process.wait(PATIENCE)
            found, names = runs.read_run(run), {path.name for path in (run / "checkpoints").iterdir()}
            assert "The disk is full" in found.status.error, (code, found.state, found.status.error)
            kept = set(runs.read_index(run)["last"])
            assert {f"{name}.state.pt" for name in kept} <= names
            (disk / "filler").unlink()
            finish(run)
            assert what == "snapshot" or is_same(run, usual)
            same = "" if what == "snapshot" else " with the undisturbed run's weights, bit for bit"
            yield (
                f"Disk full while a worker writes a {what}",
                "a disk of 256 MB filled to the last byte after step 20",
                f"{found.state}: “{found.status.error}” After the filler was removed Resume came to its end{same}",
            )
    with small_disk(folder / "cache", 2) as disk:
        photos = _photos(folder / "photos")
        ends = []
        for cache in (folder / "roomy", disk):
            run = runs.create_run(SMALL.changed(data=f"folder:{photos}", classes=None, epochs=2), folder / "cached")
            process = spawn(run, env=os.environ | {"ALEXNET_VIZ_CACHE": str(cache)})
            assert process.wait(PATIENCE) == 0, runs.log_tail(run)
            ends.append(run)
        (note,) = [note for note in runs.read_status(ends[1]).notes if "room" in note]
        assert is_same(*ends)
        yield (
            "Disk full while photos are decoded into the cache",
            "a cache of 2 MB",
            f"finished, with the weights of a run whose cache had room, and a note: “{note}”",
        )
    with small_disk(folder / "rest", 2) as disk:
        run = runs.create_run(SMALL, disk)
        runs.write_notes(run, "before")
        fill(disk)
        refused = _sentence(lambda: runs.write_notes(run, "after"), disk)
        assert runs.read_notes(run) == "before"
        yield "Disk full while a note is kept", "a full disk", f"“{refused}” The old note stands"
        refused = _sentence(lambda: runs.create_run(SMALL, disk), disk)
        assert len(runs.list_runs(disk)) == 1
        yield "Disk full while a run is made", "a full disk", f"“{refused}” Nothing is left of it"
    with small_disk(folder / "server", 4) as disk:
        server = Server(disk)
        try:
            answers = asyncio.run(_uploads_on_a_full_disk(server, disk))
        finally:
            server.end()
        yield "Disk full while a photo is uploaded", "cache, runs and log on a full disk", answers[0]
        yield "Disk full while a checkpoint is uploaded", "the same", answers[1]


async def _uploads_on_a_full_disk(server: Server, disk: Path) -> tuple[str, str]:
    async with Visitor(server.port, "classify", "weights=bundled") as visitor:
        await visitor.run()
        fill(disk)
        await visitor.upload("uploads", "mine.jpg", photo(1, (640, 480)))
        assert not _without_replaced(visitor.errors), visitor.errors
    async with Visitor(server.port, "classify", "weights=own") as visitor:
        await visitor.run()
        await visitor.upload("checkpoint", "mine.safetensors", sources.BUNDLED.read_bytes())
        (refused,) = set(_without_replaced(visitor.errors))
        visitor.errors.clear()
        await visitor.upload("uploads", "other.jpg", photo(2, (640, 480)))
        assert not [error for error in _without_replaced(visitor.errors) if error != refused], visitor.errors
    return "its answer: photos stay in the server's memory", f"“{refused}” The next photo has its answer"


def _photos(root: Path) -> Path:
    """Two classes of cuts of the samples."""
    for number in range(120):
        file = root / ("train", "val")[number % 5 == 0] / "ab"[number % 2] / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        with Image.open(SAMPLES[number % 2].file) as image:
            left, top = chance.uniform(0, 0.5) * image.width, chance.uniform(0, 0.5) * image.height
            box = (left, top, left + image.width / 2, top + image.height / 2)
            image.convert("RGB").resize((96, 80), box=box).save(file)
    return root


def _sentence(deed: Callable[[], object], disk: Path) -> str:
    """What a deed says that cannot be done; nothing half written is left of it."""
    before = set(disk.rglob("*"))
    try:
        deed()
    except UserError as error:
        left = set(disk.rglob("*")) - before
        assert not left, left
        return str(error)
    raise AssertionError("it was done")


# --- the clock -----------------------------------------------------------------------------------


CLOCK = """
import os, time
import psutil._pslinux as linux

real, boot = time.time, linux.boot_time

def offset():
    with open(os.environ["CLOCK_OFFSET"]) as file:
        return float(file.read())

time.time = lambda: real() + offset()
linux.boot_time = lambda: boot() + offset()
"""


def set_clock(folder: Path) -> Iterator[Row]:
    """Of a worker that trains and of one that waits; those who look have the right time, as after the clock was set."""
    usual = undisturbed(folder)
    (folder / "sitecustomize.py").write_text(CLOCK, "utf-8")
    offset = folder / "offset"
    write_atomically(offset, b"0")
    first, second = (runs.create_run(SMALL, folder / "runs") for _ in range(2))
    own = {"CLOCK_OFFSET": str(offset), "PYTHONPATH": str(folder)}
    before = {name: os.environ.get(name) for name in own}
    os.environ.update(own)
    for run in (first, second):
        launcher.start(run, queue=True)
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})
    hours = [-10, 10, -10_000, 10_000, 0]
    seen: Counter[str] = Counter()
    sets = 0
    while runs.read_run(first).state != "finished":
        write_atomically(offset, str(3600 * hours[sets % len(hours)]).encode())
        sets += 1
        for _ in range(10):
            time.sleep(0.05)
            for run in (runs.read_run(first), runs.read_run(second)):
                assert run.state in ("queued", "running", "finished"), (run.state, run.status)
                assert not run.stalled
                seen[run.state] += 1
    wait_until(lambda: runs.read_run(second).state == "finished")
    assert is_same(first, usual)
    assert is_same(second, usual)
    yield (
        "The clock set back and forth",
        f"the clock of a worker that trains and of one that waits, set {sets} times to another of "
        f"{', '.join(f'{hour:+,}' for hour in hours)} hours off",
        f"in {sum(seen.values()):,} looks neither was ever failed or stalled; they went by launch, both ended with the "
        "undisturbed run's weights, bit for bit",
    )


# --- two servers ---------------------------------------------------------------------------------

LAUNCHER = """
import sys
from pathlib import Path
from alexnet_viz.training import launcher
for run in map(Path, sys.stdin.read().split()):
    print(launcher.start(run, queue=True), flush=True)
"""


def two_servers(folder: Path, count: int = 6) -> Iterator[Row]:
    """Two processes that launch the same runs at the same time, and two servers that show them."""
    recipe = SMALL.changed(epochs=2)
    made = [runs.create_run(recipe, folder / "runs") for _ in range(count)]
    names = "\n".join(map(str, made))
    pipe = subprocess.PIPE
    both = [subprocess.Popen([sys.executable, "-c", LAUNCHER], cwd=HOME, stdin=pipe, stdout=pipe) for _ in range(2)]
    servers = [Server(folder) for _ in range(2)]
    try:
        errors = [error for server in servers for error in asyncio.run(_errors_of_pages(server))]
        assert not errors, errors
        for process in both:
            process.stdin.write(names.encode())
            process.stdin.close()
        told = [process.stdout.read().split() for process in both]
        assert told[0] == told[1], told
        most, order = 0, []
        while len(order) < count:
            states = [runs.read_run(run).state for run in made]
            assert "failed" not in states, states
            training = [run for run in made if runs.read_run(run).state == "running"]
            most = max(most, len(training))
            order += [run for run in training if run not in order]
            assert most <= 1, "two trained at once"
            assert order == made[: len(order)], order
            time.sleep(0.05)
        wait_until(lambda: all(runs.read_run(run).state == "finished" for run in made))
        attempts = {runs.read_status(run).attempt for run in made}
        errors = [error for server in servers for error in asyncio.run(_errors_of_pages(server))]
        assert attempts == {1}, attempts
        assert not errors, errors
    finally:
        for run in made:
            launcher.kill(run)
        for server in servers:
            server.end()
    yield (
        "Two servers on one folder of runs",
        f"two processes launch the same {count} runs at the same time, two servers show them",
        "each run had one worker, they trained one at a time in the order of their launches, each in its first "
        "attempt; no page of either server had an error",
    )


# --- memory --------------------------------------------------------------------------------------


def workers_memory(folder: Path) -> Iterator[Row]:
    """A worker whose address space is limited, from too little to begin with to enough."""
    recipe = SMALL.changed(fc_width=4096, input_size=224, batch_size=128, epochs=1, checkpoint_minutes=60.0)
    ends: dict[str, list[int]] = {}
    for megabytes in range(3500, 8_001, 500):
        run = runs.create_run(recipe, folder / "runs")
        process = spawn(run, preexec_fn=lambda m=megabytes: resource.setrlimit(resource.RLIMIT_AS, (m << 20, m << 20)))
        stepped = False
        while process.poll() is None and not stepped:
            stepped = runs.read_status(run).step >= 2
            time.sleep(0.05)
        process.kill()
        process.wait()
        found = runs.read_run(run)
        end = "trained" if stepped else found.status.error or f"exit code {process.returncode}: {runs.log_tail(run, 1)}"
        ends.setdefault(end, []).append(megabytes)
        if stepped:
            break
    for end, limits in ends.items():
        between = f"{limits[0]:,} to {limits[-1]:,}" if len(limits) > 1 else f"{limits[0]:,}"
        yield "Memory that runs out in training", f"a worker's address space limited to {between} MB", f"“{end}”"


def servers_memory(folder: Path) -> Iterator[Row]:
    """A server that may take no more than it has, a visitor who asks for more, and the same visitor afterwards."""
    server = Server(folder)
    try:
        yield from asyncio.run(_asked_for_too_much(server))
    finally:
        server.end()


# What is asked for: page, query, and the bytes that the server may still take. Large requests are to fail and small
# ones to succeed: where every one fails, Python's and protobuf's own code does not survive it.
ASKED = {
    "a map by occlusion": ("attribution", "why_method=occlusion", 96 << 20),
    "integrated gradients": ("attribution", "why_method=integrated-gradients", 96 << 20),
    "the classes of a photo of 24 megapixels": ("classify", "", 16 << 20),
}


async def _asked_for_too_much(server: Server) -> list[Row]:
    process = psutil.Process(server.process.pid)
    rows = []
    async with Visitor(server.port, "classify") as visitor:
        await visitor.run()
        await asyncio.sleep(15)  # what loads in the background is loaded
        for page in ("attribution", "classify"):
            visitor.page, visitor.query = page, ""
            await visitor.run()
        for what, (page, query, spare) in ASKED.items():
            visitor.errors.clear()
            limit = process.memory_info().vms + spare
            resource.prlimit(process.pid, resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
            visitor.page, visitor.query = page, query
            if page == "classify":
                await visitor.upload("uploads", "large.jpg", photo(9, (6000, 4000)))
            for _ in range(20):  # what is slow is made in the background
                await visitor.run()
                if visitor.errors:
                    break
                await asyncio.sleep(1)
            resource.prlimit(process.pid, resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            said, visitor.errors = dict.fromkeys(_without_replaced(visitor.errors)), []
            assert all("is used up" in error for error in said), said
            visitor.page, visitor.query = "activations", ""
            await visitor.run()
            assert not _without_replaced(visitor.errors), visitor.errors
            found = f"“{html.unescape(' '.join(said))}”" if said else "It had enough, and answered."
            asked = f"a server that may take {spare >> 20} MB more than it has; a visitor asks for {what}"
            after = "The same visitor's next page, without the limit, had no error"
            rows.append(("Memory that runs out in the server", asked, f"{found} {after}"))
    return rows


# --- the table -----------------------------------------------------------------------------------

FAULTS: dict[str, Callable[[Path], Iterator[Row]]] = {
    "worker": killed_worker,
    "server": killed_server,
    "disk": full_disk,
    "clock": set_clock,
    "servers": two_servers,
    "training-memory": workers_memory,
    "server-memory": servers_memory,
}


def rows_of(name: str, folder: Path) -> Iterator[Row]:
    folder.mkdir()
    try:
        yield from FAULTS[name](folder)
    except Exception as error:
        traceback.print_exc()
        yield name, "", f"FAILED: {type(error).__name__} {error}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(FAULTS)}; without any, all")
    parser.add_argument("--write", action="store_true", help="put the table into benchmarks/README.md")
    options = parser.parse_args()
    about, rows = machine("streamlit"), []
    with tempfile.TemporaryDirectory() as folder:
        for name in options.names or FAULTS:
            for row in rows_of(name, Path(folder) / name):
                rows.append(row)
                print(f"{row[0]}: {row[1]}: {row[2]}", flush=True)
    text = f"{about}\n\n{table(('fault', 'what was done', 'what was seen'), rows)}"
    print(f"\n{text}")
    if options.write:
        write_section("faults", text)
    return int(any("FAILED" in row[2] for row in rows))


if __name__ == "__main__":
    sys.exit(main())
