"""Maps, patches and bars as pictures: the pixels are the values, the patch is the photo's own."""

from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest
from PIL import Image

from alexnet_viz.figures.activations import (
    change_figure,
    compared_probabilities,
    labelled,
    map_tiles,
    patch,
    rank_figure,
    sheet_picture,
    unit_bars,
    value_histogram,
)
from alexnet_viz.figures.palette import levels, scale
from alexnet_viz.values import Geometry, Photo, Prediction


@pytest.mark.parametrize("signed", [True, False])
def test_the_sheets_pixels_are_the_tensors_values(signed):
    values = np.random.default_rng(0).normal(0, 1, (6, 13, 13)).astype(np.float32)
    values = values if signed else np.abs(values)
    peak, order = float(np.abs(values).max()), np.array([4, 0, 5, 2, 1, 3])
    colours = scale(signed)
    tiles = levels(values, peak, signed)
    picture = np.asarray(sheet_picture(tiles, colours, order, ("a", "b", "c"), "title", zoom=4))
    columns = max(1, round((6 * 1.4) ** 0.5))
    for at, channel in enumerate(order):
        row, column = divmod(at, columns)
        corner = 40 + row * 55, 8 + column * 55
        tile = picture[corner[0] : corner[0] + 52 : 4, corner[1] : corner[1] + 52 : 4]
        share = values[channel] / peak
        wanted = colours[np.round(128 + 127 * share if signed else 255 * share).astype(int)]
        np.testing.assert_array_equal(tile, wanted)


def test_a_golden_sheet():
    """Drawn once, looked at, kept; fonts may differ by a hair."""
    y, x = np.mgrid[:13, :13]
    maps = np.stack([np.sin(x / 2 + k) * np.cos(y / (k + 1)) for k in range(12)]).astype(np.float32)
    picture = sheet_picture(levels(maps, 1.0, True), scale(True), np.arange(12), ("−1", "1", "value"), "waves")
    golden = Image.open(Path(__file__).parent / "golden" / "sheet.png").convert("RGB")
    assert picture.size == golden.size
    apart = np.abs(np.asarray(picture, float) - np.asarray(golden, float))
    assert apart.mean() < 1.0
    assert np.mean(apart > 40) < 0.01


def test_units_are_maps_of_one_value():
    assert map_tiles(np.zeros(7)).shape == (7, 1, 1)
    assert map_tiles(np.zeros((7, 3, 3))).shape == (7, 3, 3)
    picture = sheet_picture(np.zeros((64, 1, 1), np.uint8), scale(False), np.arange(64), ("0", "1", "v"), "t")
    assert picture.width > 64


@pytest.mark.parametrize("reduced", [1, 2])
def test_the_patch_is_cut_from_the_photos_own_pixels(reduced):
    pixels = np.zeros((400 // reduced, 600 // reduced, 3), np.uint8)
    pixels[..., 0] = np.linspace(0, 255, pixels.shape[1]).astype(np.uint8)
    pixels[..., 1] = np.linspace(0, 255, pixels.shape[0]).astype(np.uint8)[:, None]
    photo = Photo("a", pixels, (600, 400), "PNG", "0")
    geometry = Geometry((600, 400), (384, 256), (80, 16), 224)  # 1.5625 photo pixels a pixel
    found = np.asarray(patch(photo, geometry, (32, 64, 96, 128), width=1))
    left, top = (32 + 80) * 1.5625 / reduced, (64 + 16) * 1.5625 / reduced
    np.testing.assert_array_equal(found[0, 0], pixels[int(top + 0.5), int(left + 0.5)])
    assert found.shape[0] == pytest.approx(100 / reduced, abs=1)
    assert found.shape[1] == pytest.approx(100 / reduced, abs=1)
    assert patch(photo, geometry, (0, 0, 1, 1), width=280).width == 280
    assert patch(photo, geometry, (0, 0, 224, 224)).width >= 280


def test_the_patch_of_a_tiny_photo_is_not_stretched_to_its_whole_pixels():
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    geometry = Geometry((8, 8), (256, 256), (16, 16), 224)  # a pixel of the photo is 32 of the network's
    found = np.asarray(patch(Photo("a", pixels, (8, 8), "PNG", "0"), geometry, (0, 0, 64, 32), width=256))
    assert found.shape == (128, 256, 3)  # from 16 to 80 and to 48 of 256: two pixels and one, seen by halves
    np.testing.assert_array_equal(found[[0, 127]][:, [0, 128, 255]], pixels[[0, 1]][:, [0, 1, 2]])


def test_a_histogram_counts_every_value_also_when_all_are_alike():
    values = np.random.default_rng(1).normal(size=500)
    figure = value_histogram([("a", values), ("a", values * 2)], {"chosen": 0.5})
    assert [sum(trace.y[:-1]) for trace in figure.data] == [500, 500]
    assert figure.layout.shapes[0].x0 == 0.5
    assert sum(value_histogram([("a", np.zeros(9))]).data[0].y[:-1]) == 9
    assert all(np.isfinite(figure.layout.yaxis.range))


def test_bars_hold_the_values_and_mark_the_chosen():
    figure = unit_bars(["a", "b", "c"], [("here", np.array([3.0, 2.0, 1.0]))], "logit", chosen=1)
    assert list(figure.data[0].x) == [3, 2, 1]
    colours = figure.data[0].marker.color
    assert colours[1] != colours[0] == colours[2]
    assert figure.layout.xaxis.title.text == "logit"
    pair = compared_probabilities(("x.jpg", {"a": 0.7, "b": 0.2}), ("x.jpg", {"b": 0.9, "a": 0.1}), "dark")
    assert list(pair.data[0].x) == [0.7, 0.2]
    assert list(pair.data[1].x) == [0.1, 0.9]
    assert isinstance(change_figure({"conv1": 0.1, "fc8": 0.5}), go.Figure)


def test_classes_of_one_name_keep_apart():
    twins = (Prediction("crane", 134, 0.6, 2), Prediction("crane", 517, 0.3, 1), Prediction("cat", 1, 0.1, 0))
    assert labelled(twins) == {"crane (134)": 0.6, "crane (517)": 0.3, "cat": 0.1}


def test_all_classes_by_rank_and_the_chosen_one():
    probabilities = np.array([0.1, 0.6, 0.3])
    line, chosen = rank_figure([("a photo", probabilities)], 2).data
    assert list(line.y) == [0.6, 0.3, 0.1]
    assert (chosen.x[0], chosen.y[0]) == (2, 0.3)
