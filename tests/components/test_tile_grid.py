"""The grid and the large map as a page mounts them: one block of bytes each, whole, with what the browser is told."""

import json

import numpy as np
import pyarrow as pa
from streamlit.testing.v1 import AppTest


def script():
    import numpy as np

    from alexnet_viz.components.map_view import Panel, map_view
    from alexnet_viz.components.tile_grid import Sheet, tile_grid
    from alexnet_viz.figures.palette import scale

    tiles = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    sheet = Sheet(tiles, "two tiles", scale=scale(True), legend=("−1", "1", "value"), signed=True)
    tile_grid([sheet], np.array([1, 0]), key="grid", noun="channel", facts={"peak": np.array([3.0, 4.0])}, selected=1)
    values = np.array([[0.5, -1.5], [2.5, 0.0]], np.float32)
    fields = ((0, 5), (3, 8))
    panel = Panel(values, "a map", scale(True), 2.5, True, side=8, placement=(0.5, 3.5), fields=fields)
    map_view([panel], (1, 0), key="view")


def blocks(element):
    """The arrays that a component was given, by their names, and the rest."""
    mixed = element.proto.mixed
    told = json.loads(mixed.json)
    found = {}
    for name, value in told.items():
        if isinstance(value, dict) and len(value) == 1 and next(iter(value.values())) in mixed.arrow_blobs:
            table = pa.ipc.open_stream(mixed.arrow_blobs[next(iter(value.values()))].data).read_all()
            found[name] = table.column(0).to_numpy()
    return found, told["meta"]


def test_the_grid_gets_its_bytes_and_what_they_mean():
    app = AppTest.from_function(script, default_timeout=60).run()
    assert not app.exception
    found, meta = blocks(app.get("bidi_component")[0])
    np.testing.assert_array_equal(found["tiles0"], np.arange(18))
    assert found["tiles0"].dtype == np.uint8
    assert found["scale0"].shape == (768,)
    assert found["order"].tolist() == [1, 0]
    assert found["fact0"].tolist() == [3, 4]
    assert (meta["count"], meta["height"], meta["selected"], meta["facts"]) == (2, 3, 1, ["peak"])


def test_the_large_map_gets_the_values_themselves():
    app = AppTest.from_function(script, default_timeout=60).run()
    found, meta = blocks(app.get("bidi_component")[1])
    assert found["values0"].tolist() == [0.5, -1.5, 2.5, 0.0]
    panel = meta["panels"][0]
    assert (meta["y"], meta["x"]) == (1, 0)
    assert (panel["start"], panel["stop"], panel["left"], panel["step"]) == ([0, 3], [5, 8], 0.5, 3.5)
    assert panel["legend"] == ["−2.5", "2.5"]
