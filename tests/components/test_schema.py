"""What Python sends to a component and what its JavaScript declares to get (JSDoc) are the same fields."""

import re
from pathlib import Path

import numpy as np
import pytest

from alexnet_viz.components import (
    architecture_view,
    film,
    follow,
    heat_maps,
    line_charts,
    map_view,
    network_view,
    photo_brush,
    photo_map,
    photo_picker,
    playground_view,
    progress,
    scrubber,
    tile_grid,
)
from alexnet_viz.figures.network import layer_scene, overview_scene, unit_scene
from alexnet_viz.values import Chart, Column, Geometry, Line, Preprocessed, Unit, Waypoint

FOLDER = Path(network_view.__file__).parents[1]
GEOMETRY = Geometry((600, 400), (384, 256), (80, 16), 224)
ZEROS = np.zeros((2, 2), np.float32)


def typedef(module: str, name: str) -> tuple[set[str], set[str]]:
    """The required and the optional properties of a ``@typedef {object}``."""
    comments = re.findall(r"/\*\*(.*?)\*/", (FOLDER / module).read_text("utf-8"), re.DOTALL)
    (comment,) = (text for text in comments if f"@typedef {{object}} {name}" in text)
    fields = [_after_braces(line).split()[0] for line in comment.split("@property ")[1:]]
    optional = {field.strip("[]") for field in fields if field.startswith("[")}
    return {field for field in fields if not field.startswith("[")}, optional


def _after_braces(text: str) -> str:
    depth = 0
    for i, letter in enumerate(text):
        depth += {"{": 1, "}": -1}.get(letter, 0)
        if not depth:
            return text[i + 1 :]
    raise AssertionError(text)


def matches(sent: dict, module: str, name: str) -> None:
    required, optional = typedef(module, name)
    assert required <= set(sent) <= required | optional, (module, name)


@pytest.fixture
def sent(monkeypatch):
    """A function that calls a component's wrapper and returns the data that would go to the browser."""

    def call(package, *arguments, **how):
        calls = []

        def component(data, **_):
            calls.append(data)
            return _Nothing()

        monkeypatch.setattr(package, "_component", component)
        getattr(package, package.__name__.rpartition(".")[2])(*arguments, **how, key="key")
        return calls[0]

    return call


class _Nothing:
    """A component's result before the visitor did anything."""

    def __getattr__(self, name: str) -> None:
        return None


def test_the_network(sent):
    data = sent(network_view, {"id": "a"}, None, {"depth": "unit"}, [], turn=0, smooth=False, large=False, rows=4)
    matches(data, "network_view/network_view.js", "Data")
    matches(Waypoint.__dataclass_fields__, "network_view/network_view.js", "Waypoint")
    inputs = Preprocessed(np.zeros((3, 2, 2), np.float32), np.zeros((2, 2, 3), np.uint8), GEOMETRY)
    unit = Unit("conv1", "conv", 0, 4, "photo", 0, np.zeros((3, 2, 2), np.float32), ZEROS)
    scene = unit_scene(unit, inputs, [], ("pool5", 6), (0.0, 32.0))
    matches(scene.index, "network_view/scene.js", "UnitScene")
    scene = layer_scene("conv1", "conv", np.ones((3, 2, 2), np.float32), np.arange(3), [])
    matches(scene.index, "network_view/scene.js", "LayerScene")
    photo = Column("photo", "conv", (3, 2, 2), "", np.arange(3), np.ones((3, 2, 2), np.float32), 1, False)
    fc8 = Column("fc8", "fc", (2,), "photo", np.arange(2), np.ones(2, np.float32), 1.0, False)
    scene = overview_scene([photo, fc8], inputs, ["cat", "dog"])
    matches(scene.index, "network_view/scene.js", "OverviewScene")
    matches(scene.index["columns"][0], "network_view/scene.js", "Column")


def test_pictures_of_maps(sent):
    tile = heat_maps.Tile("a", "a", "", "data:,", "alt", (0, 0, 1, 1), (0, 1), ZEROS, ["#000"], 0.0, 1.0)
    data = sent(heat_maps, [tile])
    matches(data, "heat_maps/heat_maps.js", "Data")
    matches(data["tiles"][0], "heat_maps/heat_maps.js", "Tile")

    sheet = tile_grid.Sheet(np.zeros((2, 3, 3), np.uint8), "alt", scale=np.zeros((256, 3), np.uint8))
    data = sent(tile_grid, [sheet], np.arange(2), noun="channel", facts={"peak": np.ones(2)})
    matches({key: data[key] for key in data if not key[-1].isdigit()}, "tile_grid/tile_grid.js", "Data")
    matches(data["meta"], "tile_grid/tile_grid.js", "Meta")
    matches(data["meta"]["sheets"][0], "tile_grid/tile_grid.js", "Sheet")

    scale, fields = np.zeros((256, 3), np.uint8), ((0, 11), (4, 15))
    for photo in (None, "data:,"):
        panel = map_view.Panel(ZEROS, "alt", scale, 1.0, False, 224, (0.0, 4.0), fields, photo=photo, geometry=GEOMETRY)
        data = sent(map_view, [panel], (0, 0))
        matches({key: data[key] for key in data if not key[-1].isdigit()}, "map_view/map_view.js", "Data")
        matches(data["meta"]["panels"][0], "map_view/panel.js", "Panel")


def test_photos_and_drawings(sent):
    data = sent(photo_brush, "data:,", "data:,", "alt", (0, 0, 1, 1), 224)
    matches(data, "photo_brush/photo_brush.js", "Data")
    matches(sent(photo_picker, [], "", 100), "photo_picker/photo_picker.js", "Data")
    data = sent(follow, "audience", "follow", is_leading=False)
    matches(data, "follow/follow.js", "Data")
    matches(sent(architecture_view, "<svg/>", "paper", "#fff"), "architecture_view/architecture_view.js", "Data")
    points = photo_map.Points(np.arange(2), ZEROS, np.array([0, -1]), ["a", "b"], ["cat"])
    source = photo_map.PhotoSource("/sheet", "/photo", 32, 2)
    data = sent(photo_map, points, source, [(0, "#000")], "#888", about="a", alt="a map")
    matches(data, "photo_map/photo_map.js", "Data")
    matches(data["meta"], "photo_map/photo_map.js", "Meta")
    matches(data["meta"]["legend"][0], "photo_map/photo_map.js", "Entry")
    window = {"size": 2, "kernel": 1, "stride": 1, "padding": 0, "dilation": 1, "mode": "conv", "side": 2}
    data = sent(playground_view, ZEROS, ZEROS[:1, :1], ZEROS, window, hidden=False)
    matches(data, "playground_view/playground_view.js", "Data")
    matches(data["window"], "playground_view/playground_view.js", "SlidingWindow")


def test_runs(sent):
    matches(sent(progress, "running", "", 0.5, "", "/feed", 1.0), "progress/progress.js", "Data")
    matches(sent(film, "run", "/feed", 1.0), "film/film.js", "Data")
    data = sent(scrubber, "a", [0, 9], [("Map", "A map", ["data:,"] * 2)], [[("cat", 0.5)]] * 2, "cat")
    matches(data, "scrubber/scrubber.js", "Data")
    matches(data["strips"][0], "scrubber/scrubber.js", "Strip")
    matches(sent(line_charts, "[]", 3, 200), "line_charts/line_charts.js", "Data")
    matches(Chart.__dataclass_fields__, "line_charts/chart.js", "Chart")
    matches(Line.__dataclass_fields__, "line_charts/chart.js", "Line")
