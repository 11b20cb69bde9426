"""Maps travel to the browser as one block of numbers, each tile knowing its part."""

import json

from streamlit.testing.v1 import AppTest


def script():
    import numpy as np

    from alexnet_viz.components.heat_maps import Tile, heat_maps

    def tile(key, shape):
        values = np.arange(np.prod(shape), dtype=np.float64).reshape(shape)
        return Tile(key, key, "", "data:,", "alt", (0, 0, 1, 1), (0, 1), values, ["#000", "#fff"], 0.0, 1.0)

    heat_maps([tile("a", (2, 3)), tile("b", (5, 5))], key="maps", pick="Enlarge")


def test_each_tile_knows_its_part_of_the_numbers():
    app = AppTest.from_function(script, default_timeout=60).run()
    assert not app.exception
    proto = app.get("bidi_component")[0].proto
    sent = json.loads(proto.mixed.json)
    assert [(one["start"], one["rows"], one["columns"]) for one in sent["tiles"]] == [(0, 2, 3), (6, 5, 5)]
    assert sent["linked"]
    assert sent["pick"] == "Enlarge"
    assert len(proto.mixed.arrow_blobs) == 1
