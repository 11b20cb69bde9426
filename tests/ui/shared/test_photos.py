"""The photos of a visit: bytes are the server's, names the visitor's."""

import secrets

import pytest
from streamlit.testing.v1 import AppTest

from alexnet_viz.errors import ImageError
from alexnet_viz.images.samples import sample
from alexnet_viz.ui.shared import photos
from alexnet_viz.ui.shared.sidebar import may_use_camera
from tests.ui.pages import HOME, SHELL
from tests.waiting import PATIENCE

SEE = HOME / "pages" / "see"


def visitor(name: str, data: bytes) -> AppTest:
    """A visit that uploads one photo under a name."""
    app = AppTest.from_file(SHELL, default_timeout=PATIENCE)
    app.query_params["weights"] = "random"
    app.query_params["several"] = "True"
    app.run()
    app.file_uploader(key="uploads").set_value([(name, data, "image/jpeg")]).run()
    assert not app.exception
    assert not app.error
    return app


@pytest.fixture
def two_visitors():
    data = sample("coffee")[0] + secrets.token_bytes(16)  # no other test has uploaded it
    return visitor("holiday.jpg", data), visitor("homework-anna.jpg", data)


def shown(app: AppTest) -> str:
    """All that a page sends to the browser, as text."""
    return str(app._tree) + "".join(str(one.proto) for one in [*app.get("imgs"), *app.get("bidi_component")])


def test_the_same_photo_of_two_visitors_has_the_name_that_each_gave_it(two_visitors):
    for app, own, other in zip(
        two_visitors, ("holiday.jpg", "homework-anna.jpg"), ("homework-anna.jpg", "holiday.jpg"), strict=True
    ):
        app.run()
        table, *_ = app.dataframe  # the last lists the classes
        assert list(table.value["name"]) == [own]
        assert own in shown(app)
        assert other not in shown(app)
        for page in ("activations", "attribution", "network"):
            app.switch_page(str(SEE / f"{page}.py")).run()
            assert not app.exception
            assert other not in shown(app)


def test_a_photo_that_was_refused_is_not_decoded_again_and_says_so_while_it_is_there(monkeypatch):
    decoded = []

    def refuse(data, name):
        decoded.append(name)
        raise ImageError(f"{name} takes more than 5 seconds to decode, the limit here: save it again as JPEG.")

    app = AppTest.from_file(SHELL, default_timeout=PATIENCE)
    app.query_params["weights"] = "random"
    app.run()
    with monkeypatch.context() as patch:
        patch.setattr(photos, "decode", refuse)
        app.file_uploader(key="uploads").set_value([("slow.jpg", secrets.token_bytes(99), "image/jpeg")]).run()
        app.run()
    assert decoded == ["slow.jpg"]
    assert [error.value.partition(" ")[0] for error in app.error] == ["slow.jpg"]
    app.file_uploader(key="uploads").set_value([("whole.jpg", sample("coffee")[0] + b"1", "image/jpeg")]).run()
    assert not app.error
    assert "whole.jpg" in shown(app)


def _answered(data: bytes, name: str) -> None:
    import streamlit as st

    from alexnet_viz.inspection.model import get
    from alexnet_viz.ui.shared import photos, queries

    reference = photos.add(data, name)
    st.text(f"{queries.answer(get('random'), reference).file} {photos.title(reference)} {photos.file_name(reference)}")


def test_an_answers_file_is_the_visitors_own():
    data = sample("coffee")[0] + secrets.token_bytes(16)
    for name in ("a.jpg", "b.jpg"):
        app = AppTest.from_function(_answered, args=(data, name), default_timeout=60).run()
        assert not app.exception
        assert app.text[0].value == f"{name} {name} {name}"


@pytest.mark.parametrize(
    ("url", "may"),
    [
        ("http://localhost:8501/classify", True),
        ("https://lecture.example/classify", True),
        ("http://192.168.1.20:8501/classify", False),
        ("", True),
    ],
)
def test_the_camera_is_offered_where_a_browser_gives_it(url, may):
    assert may_use_camera(url) == may
