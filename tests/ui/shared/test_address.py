"""The address and what a visitor does at the same time."""

import pytest
from streamlit.testing.v1 import AppTest

from alexnet_viz.ui.shared import address


def numbered():
    """A page with one choice, and buttons that choose: in a callback, and as components' answers are taken up."""
    import streamlit as st

    from alexnet_viz.settings import Setting
    from alexnet_viz.ui.shared import address
    from alexnet_viz.ui.shared.controls import Control

    number = Control(Setting("number", "int", 0, "Number", "Any.", 0, 9))

    def choose_and_look():
        number.choose(4)
        st.session_state.looked = number.value

    address.begin(st.session_state.setdefault("page", "numbered"))
    st.write(f"number {number.resolve()}")
    st.button("one", key="one", on_click=number.choose, args=(1,))
    st.button("two", key="two", on_click=number.choose, args=(2,))
    st.button("none", key="none", on_click=number.forget)
    st.button("four", key="four", on_click=choose_and_look)
    if st.button("three", key="three"):
        number.choose(3)
        st.rerun()
    number.slider()
    address.finish()


@pytest.fixture
def app():
    return AppTest.from_function(numbered).run()


def shown(app):
    assert not app.exception
    (text,) = [element.value for element in app.markdown]
    return text, app.query_params["number"][-1]  # of a text or a list of one


@pytest.mark.parametrize(("button", "number"), [("two", "2"), ("three", "3"), ("none", "0"), ("four", "4")])
def test_a_click_counts_more_than_an_address_of_before_the_last_click(app, button, number):
    app.slider(key="number").set_value(5).run()
    app.button(key="one").click().run()
    for late in ("0", "5"):  # the browser had not yet heard of what came after
        app.query_params["number"] = late
        app.button(key=button).click().run()
        assert shown(app) == (f"number {number}", number)


def test_a_choice_that_its_callback_looks_at_is_not_undone(app):
    app.button(key="four").click().run()
    assert shown(app) == ("number 4", "4")


def test_a_widget_counts_more_than_an_address_of_before_the_last_run(app):
    app.slider(key="number").set_value(4).run()
    for late, number in (("0", 6), ("4", 7), ("0", 8)):
        app.query_params["number"] = late
        app.slider(key="number").set_value(number).run()
        assert shown(app) == (f"number {number}", str(number))


def test_an_address_that_was_never_seen_is_a_link(app):
    app.button(key="one").click().run()
    app.query_params["number"] = "7"
    app.run()
    assert shown(app) == ("number 7", "7")


def test_on_another_page_and_by_back_or_forward_an_address_seen_before_counts(app, monkeypatch):
    app.button(key="one").click().run()
    app.session_state["page"] = "another"
    app.query_params["number"] = "0"
    app.run()
    assert shown(app) == ("number 0", "0")
    monkeypatch.setattr(address, "_is_back_or_forward", lambda: True)
    app.query_params["number"] = "1"
    app.run()
    assert shown(app) == ("number 1", "1")


def test_of_many_addresses_the_latest_are_kept(app):
    for number in (1, 2, 3, 4, 5, 6, 7, 8, 9) * 3:
        app.query_params["unknown"] = str(len(app.session_state["_addresses_seen"]) + number)
        app.slider(key="number").set_value(number).run()
    assert len(app.session_state["_addresses_seen"]) <= 16
