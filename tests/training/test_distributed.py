"""Exchanges between processes that torchrun started, and of a process alone."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from alexnet_viz.errors import RecipeError
from alexnet_viz.training.distributed import ProcessGroup, check_processes, join_process_group
from tests.waiting import PATIENCE

HOME = Path(__file__).parents[2]
_RANK = """
import json, os, sys, torch
from alexnet_viz.training.distributed import join_process_group
with join_process_group("cpu") as group:
    values = torch.tensor([1.5, 10.0 * group.rank])
    result = {
        "place": [group.rank, group.local_rank, group.world_size, group.is_main],
        "any": group.any_rank(False, group.rank == 1, True),
        "sum": group.all_reduce_sum(values).tolist(),
        "own": values.tolist(),
        "gathered": group.all_gather({"rank": group.rank}),
    }
    open(os.path.join(sys.argv[1], f"{group.rank}.json"), "w").write(json.dumps(result))
os._exit(0)  # as the worker does
"""


def test_two_processes_exchange_flags_sums_and_values(tmp_path):
    (tmp_path / "rank.py").write_text(_RANK, encoding="utf-8")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    environment = os.environ | {"PYTHONPATH": str(HOME), "OMP_NUM_THREADS": "1"}
    subprocess.run([*command, tmp_path / "rank.py", tmp_path], env=environment, check=True, timeout=PATIENCE)
    for rank in (0, 1):
        assert json.loads((tmp_path / f"{rank}.json").read_text("utf-8")) == {
            "place": [rank, rank, 2, rank == 0],
            "any": [False, True, True],
            "sum": [3.0, 10.0],
            "own": [1.5, 10.0 * rank],
            "gathered": [{"rank": 0}, {"rank": 1}],
        }


def test_alone_each_exchange_gives_the_processs_own(monkeypatch):
    monkeypatch.delenv("RANK", raising=False)
    with join_process_group("cpu") as group:
        assert group == ProcessGroup(rank=0, local_rank=0, world_size=1)
        assert group.is_main
        assert group.any_rank(True, False) == [True, False]
        assert group.all_reduce_sum(torch.tensor([1.0, 2.0])).tolist() == [1.0, 2.0]
        assert group.all_gather("value") == ["value"]


def test_more_processes_than_gpus_are_refused_with_what_to_set(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(RecipeError, match="this machine has 1: set processes=1, or device=cpu"):
        check_processes(2, "cuda")
    check_processes(1, "cuda")
    check_processes(2, "cpu")
