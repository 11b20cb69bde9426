"""The curves of a run and the frames of its film."""

import numpy as np
import pytest

from alexnet_viz.figures import training as figures
from alexnet_viz.figures.training import compared, curves, frame, smoothed


def row(split, step, epoch=0, **values):
    return {"split": split, "step": step, "epoch": epoch, "attempt": 1, **values}


def test_smoothing_is_a_debiased_average():
    assert smoothed([3.0, 3.0, 3.0], 0.9) == pytest.approx([3.0, 3.0, 3.0])
    assert smoothed([0.0, 1.0], 0.5) == pytest.approx([0.0, 2 / 3])
    assert smoothed([1.0, 5.0], 0.0) == [1.0, 5.0]


def test_curves_show_both_splits_and_their_last_values():
    rows = [row(s, i, loss=2.0 - i, top1=0.1 * i) for i in range(3) for s in ("train", "val")]
    figure = curves(rows, "loss")
    assert [trace.name for trace in figure.data] == ["training <b>0.000</b>", "validation <b>0.000</b>"]
    assert list(figure.data[1].y) == [2.0, 1.0, 0.0]
    assert curves(rows, "top1").data[1].name == "validation <b>20.0%</b>"


def test_a_long_run_is_thinned_and_keeps_its_last_point():
    rows = [row("train", step, loss=1.0) for step in range(1, 1501)]
    drawn = curves(rows, "loss").data[0].x
    assert len(drawn) <= figures.POINTS
    assert drawn[-1] == 1500


def test_the_axis_of_a_run_under_way_moves_in_few_jumps():
    ends = [curves([row("train", step, loss=1.0)], "loss", steps=1000).layout.xaxis.range[1] for step in range(1, 1001)]
    assert all(step <= end for step, end in zip(range(1, 1001), ends, strict=True))
    assert sorted(set(ends)) == [16, 32, 63, 125, 250, 500, 1000]
    assert curves([row("train", 1, loss=1.0)], "loss").layout.xaxis.range is None


def test_time_is_split_in_two_that_make_the_whole():
    rows = [row("train", 5, timing={"data_share": 0.25, "images_per_second": 80.0, "memory": 2**31})]
    computing, waiting = figures.timing(rows).data
    assert (computing.y[0], waiting.y[0]) == (0.75, 0.25)
    assert figures.throughput(rows).data[0].y == (80.0,)
    assert figures.memory(rows).data[0].y == (2.0,)


def test_layers_get_a_line_each_and_no_zero_on_a_logarithmic_axis():
    rows = [row("train", 5, grad_norm={"conv1": 0.0, "fc8": 2.0}, dead={"relu7": 0.5})]
    assert {line.name: line.y for line in figures.gradients(rows).data if line.y} == {"fc8": (2.0,)}
    assert {line.name: line.y for line in figures.dead(rows).data if line.y} == {"relu7": (0.5,)}


def test_runs_of_different_length_meet_at_their_epochs():
    short = [row("val", 10, 0, top1=0.2), row("val", 20, 1, top1=0.4)]
    long = [row("val", 500, 0, top1=0.3), row("val", 1000, 1, top1=0.6)]
    drawn = compared({"short": short, "long": long}, "top1").data
    assert [(line.name, list(line.x)) for line in drawn] == [("short", [1, 2]), ("long", [1, 2])]


def test_a_frame_holds_the_filters_as_colours_and_the_maps_as_greys():
    filters = np.zeros((2, 3, 2, 2), np.float32)
    filters[0, 0] = 2.0  # all red
    filters[1, 2] = -1.0  # no blue
    maps = {"relu1": np.array([[[0.0, 1.0], [0.5, 0.0]]]), "relu2": np.zeros((1, 1, 1))}
    values = np.frombuffer(frame(filters, maps), np.uint8)
    tiles = values[: 2 * 2 * 2 * 3].reshape(2, 2, 2, 3)
    assert tiles[0, 0, 0].tolist() == [255, 128, 128]
    assert tiles[1, 1, 1].tolist() == [128, 128, 0]
    assert values[24:].tolist() == [0, 255, 128, 0, 0]
