"""What a worker writes (status with a heartbeat, metric rows, TensorBoard events), and whether it was asked to stop."""

from __future__ import annotations

import math
import os
import socket
import threading
import time
import traceback
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from alexnet_viz.training import runs
from alexnet_viz.training.processes import ProcessId, identity

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

HEARTBEAT = 1.0  # seconds


class Monitor:
    """Writes a run's status and rows while entered; with ``writes=False`` (all processes but the first) it is mute."""

    def __init__(self, path: Path, *, writes: bool = True) -> None:
        self.path = path
        self.writes = writes
        self._stop = False
        self._over = threading.Event()
        self._writing = threading.Lock()
        self._board: SummaryWriter | None = None
        self._folder = path.stat()
        before = runs.read_status(path)
        agent = identity(psutil.Process(os.getppid())) if "RANK" in os.environ else ProcessId()
        me = identity()
        self.status = replace(
            before,
            state="running",
            pid=me.pid,
            started=me.started,
            birth=me.birth,
            agent=agent.pid,
            agent_started=agent.started,
            agent_birth=agent.birth,
            host=socket.gethostname(),
            attempt=before.attempt + 1,
            heartbeat=time.time(),
            progressed=time.time(),
            images_per_second=None,
            seconds_left=None,
            error="",
            activity="starting",
        )

    def __enter__(self) -> Monitor:
        if self.writes:
            runs.cut_torn_line(self.path)
            self._write()
            self._thread = threading.Thread(target=self._beat, daemon=True)
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """The last status is on the disk when this returns."""
        if self.writes:
            self._over.set()
            self._thread.join()
            if self._board is not None:
                self._board.close()
            self._write()

    def update(self, **changes: Any) -> None:
        """Change the status and say that the run got on; readers see it within a second, a new state at once."""
        self.status = replace(self.status, progressed=time.time(), **changes)
        if "state" in changes and self.writes:
            self._write()

    def ask_to_stop(self, *_: object) -> None:
        """A signal handler."""
        self._stop = True

    @property
    def stop_asked(self) -> bool:
        """Whether a signal or the file ``stop`` asks this process to end, or its run is gone."""
        return self._stop or (self.writes and ((self.path / "stop").exists() or self.run_is_gone))

    @property
    def run_is_gone(self) -> bool:
        """Whether the run's folder was moved or deleted, whatever stands in its place since."""
        try:
            return not os.path.samestat(self.path.stat(), self._folder)
        except OSError:
            return True

    def row(self, split: str, **values: Any) -> None:
        """Append a row to metrics.jsonl, and its numbers to TensorBoard's events."""
        if not self.writes:
            return
        row = {"split": split, "attempt": self.status.attempt, **values}
        runs.append_metrics(self.path, _finite(row))
        for name, value in _scalars(row):
            self._tensorboard(row["step"]).add_scalar(f"{split}/{name}", value, row["step"])

    def _tensorboard(self, step: int) -> SummaryWriter:
        if self._board is None:
            from torch.utils.tensorboard import SummaryWriter

            if self.run_is_gone:  # the import takes seconds, and the writer would make the folder anew
                raise FileNotFoundError(self.path)
            self._board = SummaryWriter(str(self.path), purge_step=step)
        return self._board

    def _beat(self) -> None:
        """Write the status each second until the run is over, whatever happens: a silent run looks like a dead one."""
        before = None
        while not self._over.wait(HEARTBEAT):
            try:
                self._write()
                before = None
            except OSError:  # a full disk: the loop meets it itself and says so
                pass
            except Exception as error:
                if repr(error) != before:  # the same one each second would fill the log
                    traceback.print_exc()
                before = repr(error)

    def _write(self) -> None:
        with self._writing:
            status = replace(self.status, heartbeat=time.time(), heartbeat_monotonic=time.monotonic())
            try:
                runs.write_status(self.path, status)
            except FileNotFoundError:
                if not self.run_is_gone:
                    raise


def _finite(value: Any) -> Any:
    """JSON has no NaN and no infinity: None stands for them."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _scalars(row: dict) -> list[tuple[str, float]]:
    """The row's numbers with their names, those of inner dictionaries as outer/inner."""
    scalars = []
    for name, value in row.items():
        if isinstance(value, dict):
            scalars += [(f"{name}/{inner}", number) for inner, number in _scalars(value)]
        elif isinstance(value, (int, float)) and name not in ("step", "attempt"):
            scalars.append((name, value))
    return scalars
