"""The curves of a run and the frames of its film."""

import numpy as np
import pytest

from alexnet_viz.figures import training as figures
from alexnet_viz.figures.training import clearer_view, compared, curves, frame, smoothed


def row(split, step, epoch=0, **values):
    return {"split": split, "step": step, "epoch": epoch, "attempt": 1, **values}


def test_smoothing_is_a_debiased_average():
    assert smoothed([3.0, 3.0, 3.0], 0.9) == pytest.approx([3.0, 3.0, 3.0])
    assert smoothed([0.0, 1.0], 0.5) == pytest.approx([0.0, 2 / 3])
    assert smoothed([1.0, 5.0], 0.0) == [1.0, 5.0]


def test_curves_show_both_splits_and_their_last_values():
    rows = [row(s, i, loss=2.0 - i, top1=0.1 * i) for i in range(3) for s in ("train", "val")]
    figure = curves(rows, "loss")
    assert [(line.name, line.last) for line in figure.lines] == [("training", "0.000"), ("validation", "0.000")]
    assert figure.lines[1].y == [2.0, 1.0, 0.0]
    assert curves(rows, "top1").lines[1].last == "20.0%"
    assert [line.kind for line in curves(rows, "loss", smooth=0.5).lines] == ["faint", "", "dots"]


def test_a_long_run_is_thinned_and_keeps_its_last_point():
    rows = [row("train", step, loss=1.0) for step in range(1, 1501)]
    drawn = curves(rows, "loss").lines[0].x
    assert len(drawn) <= figures.POINTS
    assert drawn[-1] == 1500


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 1e300])
def test_a_value_that_is_no_number_is_left_out(value):
    rows = [row("train", step, loss=number) for step, number in ((1, 2.0), (2, value), (3, 1.0))]
    (line,) = curves(rows, "loss").lines
    assert (line.x, line.y) == ([1, 3], [2.0, 1.0])


def test_the_axis_of_a_run_under_way_moves_in_few_jumps():
    ends = [curves([row("train", step, loss=1.0)], "loss", steps=1000).until for step in range(1, 1001)]
    assert all(step <= end for step, end in zip(range(1, 1001), ends, strict=True))
    assert sorted(set(ends)) == [16, 32, 63, 125, 250, 500, 1000]


def test_what_a_row_holds_is_drawn_with_no_zero_on_a_logarithmic_axis():
    timing = {"data_share": 0.25, "images_per_second": 80.0, "memory": 2**31}
    layers = {"grad_norm": {"conv1": 0.0, "fc8": 2.0}, "dead": {"relu7": 0.5}}
    charts = figures.inside([row("train", 5, timing=timing, learning_rate=0.1, **layers)])
    drawn = {line.name: (line.x, line.y) for chart in charts for line in chart.lines if line.x}
    computing, waiting = drawn.pop("computing"), drawn.pop("waiting for data")
    assert (computing[1], waiting[1]) == ([0.75], [1.0])
    assert charts[4].lines[1].floor == [0.75]
    values = {"fc8": 2.0, "relu7": 0.5, "learning rate": 0.1, "images/s": 80.0, "memory": 2.0}
    assert drawn == {name: ([5], [value]) for name, value in values.items()}
    assert [chart.log for chart in charts] == [True] + [False] * 5


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_a_loss_that_has_no_logarithm_is_left_out_of_a_logarithmic_axis(value):
    rows = [row("train", 1, loss=2.0), row("train", 2, loss=value)]
    assert [line.x for line in curves(rows, "loss", log=True).lines] == [[1]]
    assert [line.x for line in curves(rows, "loss").lines] == [[1, 2]]


def test_runs_of_different_length_meet_at_their_epochs():
    short = [row("val", 10, 0, top1=0.2), row("val", 20, 1, top1=0.4)]
    long = [row("val", 500, 0, top1=0.3), row("val", 1000, 1, top1=0.6)]
    drawn = compared({"short": short, "long": long}, "top1").lines
    assert [(line.name, list(line.x)) for line in drawn] == [("short", [1, 2]), ("long", [1, 2])]


def test_the_film_shows_what_training_added_until_the_filters_are_as_clear():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(16, 3, 11, 11))
    pattern = np.broadcast_to(np.sin(np.arange(11) / 2), noise.shape)
    assert clearer_view(noise, noise) == "learned"  # nothing yet
    assert clearer_view(noise + pattern, noise) == "learned"
    assert clearer_view(noise + 20 * pattern, noise) == "filters"
    assert clearer_view(pattern.copy(), noise) == "filters"  # what was added holds the noise turned round


def test_a_frame_holds_what_was_learned_the_filters_and_the_maps():
    start = np.zeros((2, 3, 2, 2), np.float32)
    start[0, 0] = 1.0
    filters = start.copy()
    filters[0, 1] = 0.5  # green was learned, red was there
    filters[1, 2] = -1.0  # less blue
    maps = {"relu1": np.array([[[0.0, 1.0], [0.5, 0.0]]]), "relu2": np.zeros((1, 1, 1))}
    values = np.frombuffer(frame(filters, start, maps), np.uint8)
    learned, tiles = values[:48].reshape(2, 2, 2, 2, 3)
    assert learned[0, 0, 0].tolist() == [128, 255, 128]
    assert tiles[0, 0, 0].tolist() == [255, 191, 128]
    assert learned[1, 1, 1].tolist() == tiles[1, 1, 1].tolist() == [128, 128, 0]
    assert values[48:].tolist() == [0, 255, 128, 0, 0]
