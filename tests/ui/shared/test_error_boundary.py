"""What goes wrong in a callback shows like what goes wrong in a page."""

import ast
import logging
from pathlib import Path

import pytest
import torch
from streamlit.testing.v1 import AppTest

from alexnet_viz import errors
from alexnet_viz.ui.shared import error_boundary

HOME = Path(__file__).parents[3]
SCRIPTS = [*sorted((HOME / "alexnet_viz" / "ui").rglob("*.py")), *sorted((HOME / "pages").rglob("*.py"))]


def page():
    import streamlit as st

    from alexnet_viz.errors import RunError
    from alexnet_viz.ui.shared.error_boundary import callback, error_boundary

    def refuse():
        raise RunError("The run is *gone*: choose another.")

    def slip():
        raise KeyError("secret")

    def overreach():
        import torch

        torch.empty(2**50)

    with error_boundary():
        st.button("Overreach", key="overreach", on_click=callback(overreach))
        st.button("Refuse", key="refuse", on_click=callback(refuse))
        st.button("Slip", key="slip", on_click=callback(slip))
        st.text_input("Words", key="words", on_change=callback(lambda: st.session_state.update(seen=True)))
        st.write("the rest of the page")


@pytest.fixture
def app():
    return AppTest.from_function(page, default_timeout=60).run()


def test_a_users_error_in_a_callback_is_a_sentence_on_a_whole_page(app):
    app.button(key="refuse").click().run()
    assert not app.exception
    assert [error.value for error in app.error] == ["The run is &#42;gone&#42;&#58; choose another."]
    assert [text.value for text in app.markdown] == ["the rest of the page"]
    app.run()
    assert not app.error


def test_a_bug_in_a_callback_has_a_reference_on_the_page_and_its_details_in_the_log(app, caplog):
    with caplog.at_level(logging.ERROR, "alexnet_viz"):
        app.button(key="slip").click().run()
    assert not app.exception
    (error,) = app.error
    assert "This is a bug in the app" in error.value
    assert "secret" not in error.value
    assert "KeyError: 'secret'" in caplog.text
    reference = error.value.partition("**")[2].partition("**")[0]
    assert reference in caplog.text


def test_memory_that_does_not_suffice_is_a_sentence_and_the_session_goes_on(app):
    app.button(key="overreach").click().run()
    (error,) = app.error
    assert "The memory of this machine is used up" in error.value
    assert [text.value for text in app.markdown] == ["the rest of the page"]
    app.text_input(key="words").set_value("x").run()
    assert app.session_state.seen
    assert not app.error


@pytest.mark.parametrize(
    ("error", "whose"),
    [
        (MemoryError(), "machine"),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB."), "GPU"),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"), "GPU"),
        (OSError(12, "Cannot allocate memory"), "machine"),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), None),
        (ValueError("out of memory"), None),
    ],
    ids=repr,
)
def test_whose_memory_is_used_up_is_said(error, whose):
    known = errors.as_user_error(error)
    assert (known is None) if whose is None else f"memory of this {whose} is used up" in str(known)


def test_a_callback_does_its_work(app):
    app.text_input(key="words").set_value("x").run()
    assert app.session_state.seen
    assert not app.error


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: str(path.relative_to(HOME)))
def test_every_callback_is_guarded(script):
    """Streamlit calls what is given as on_click, on_change or on_pick before the page, outside of its guard."""
    for node in ast.walk(ast.parse(script.read_text("utf-8"))):
        if not isinstance(node, ast.keyword) or node.arg not in ("on_click", "on_change", "on_submit", "on_pick"):
            continue
        value = node.value
        if isinstance(value, ast.Constant):
            continue  # "ignore", "rerun"
        assert isinstance(value, ast.Call), f"line {value.lineno}: write {node.arg}=callback(…)"
        assert value.func.id == "callback", f"line {value.lineno}: write {node.arg}=callback(…)"


def test_a_click_in_a_fragment_may_run_the_whole_page(monkeypatch):
    """For a fragment that has ended meanwhile Streamlit calls the callback and runs nothing."""
    asked = []
    monkeypatch.setattr(error_boundary.st, "rerun", lambda: asked.append("the whole page"))
    monkeypatch.setattr(error_boundary.st, "session_state", {})
    error_boundary.callback(lambda: asked.append("choose"))()
    assert asked == ["choose"]
    error_boundary.callback(lambda: asked.append("choose"), whole_page=True)()
    assert asked == ["choose", "choose", "the whole page"]


def test_an_error_in_it_is_shown_by_that_page(monkeypatch):
    asked, state = [], {}
    monkeypatch.setattr(error_boundary.st, "rerun", lambda: asked.append("the whole page"))
    monkeypatch.setattr(error_boundary.st, "session_state", state)
    error_boundary.callback(lambda: {}["missing"], whole_page=True)()
    assert asked == ["the whole page"]
    assert [type(error) for (error,) in state.values()] == [KeyError]
