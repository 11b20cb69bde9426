"""What the brush and the box hand back, and that every control says what it does."""

import base64
import json
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from alexnet_viz.components import photo_brush as package
from alexnet_viz.components.photo_brush import _unpacked, _within


def test_a_mask_comes_back_bit_by_bit():
    mask = np.random.default_rng(0).random((13, 13)) < 0.5
    text = base64.b64encode(np.packbits(mask).tobytes()).decode()
    np.testing.assert_array_equal(_unpacked(text, 13), mask)


@pytest.mark.parametrize("text", [None, "", "###", "AAAA", 7, ["A"], base64.b64encode(bytes(22)).decode()])
def test_what_is_no_mask_is_nothing(text):
    assert _unpacked(text, 13) is None


def test_boxes():
    assert _within([1, 2.5, 9, 12], 13) == (1, 2.5, 9, 12)
    for bad in (
        None,
        "none",
        [1, 2, 3],
        [5, 1, 4, 9],
        [0, 0, 14, 5],
        [-1, 0, 3, 3],
        ["a", 0, 1, 1],
        [float("nan")] * 4,
    ):
        assert _within(bad, 13) is None


def script():
    import streamlit as st

    from alexnet_viz.components.photo_brush import photo_brush

    crop = (0.1, 0.0, 0.9, 1.0)
    marked = photo_brush("data:,", "data:,", "A cat", crop, 224, key="b", mode="box", box=(1, 2, 30, 40))
    st.write(f"{marked.mask} {marked.box}")


def test_it_is_mounted_with_its_box_and_nothing_painted():
    app = AppTest.from_function(script, default_timeout=60).run()
    assert not app.exception
    assert app.markdown[0].value == "None (1, 2, 30, 40)"
    sent = json.loads(app.get("bidi_component")[0].proto.json)
    assert sent["crop"] == [0.1, 0.0, 0.9, 1.0]
    assert sent["box"] == [1, 2, 30, 40]


def painted():
    import numpy as np
    import streamlit as st

    from alexnet_viz.components.photo_brush import photo_brush

    mask = np.eye(13, dtype=bool)
    st.write(str(photo_brush("data:,", "data:,", "A cat", (0, 0, 1, 1), 13, key="b", mask=mask).mask.sum()))


def test_it_is_mounted_with_what_was_painted_before():
    app = AppTest.from_function(painted, default_timeout=60).run()
    assert app.markdown[0].value == "13"
    sent = json.loads(app.get("bidi_component")[0].proto.json)
    np.testing.assert_array_equal(_unpacked(sent["mask"], 13), np.eye(13, dtype=bool))


def test_every_control_says_what_it_does_and_is_handled():
    folder = Path(package.__file__).parent
    page = ET.fromstring((folder / "photo_brush.html").read_text("utf-8"))
    code = (folder / "photo_brush.js").read_text("utf-8")
    controls = [*page.iter("button"), *page.iter("input")]
    assert len(controls) == 4
    for control in controls:
        assert control.get("title")
        assert f'".{control.get("class").split()[0]}"' in code
