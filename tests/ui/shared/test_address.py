"""The address and what a visitor does at the same time."""

from streamlit.testing.v1 import AppTest


def numbered():
    """A page with one choice, and buttons that choose: in a callback, and as components' answers are taken up."""
    import streamlit as st

    from alexnet_viz.settings import Setting
    from alexnet_viz.ui.shared import address
    from alexnet_viz.ui.shared.controls import Control

    number = Control(Setting("number", "int", 0, "Number", "Any.", 0, 9))
    address.begin()
    st.write(f"number {number.resolve()}")
    st.button("one", key="one", on_click=number.choose, args=(1,))
    st.button("two", key="two", on_click=number.choose, args=(2,))
    if st.button("three", key="three"):
        number.choose(3)
        st.rerun()
    number.slider()
    address.finish()


def shown(app):
    assert not app.exception
    (text,) = [element.value for element in app.markdown]
    return text, app.query_params["number"][-1]  # of a text or a list of one


def test_a_click_counts_more_than_an_address_of_before_the_last_click():
    app = AppTest.from_function(numbered).run()
    assert shown(app) == ("number 0", "0")
    app.button(key="one").click().run()
    assert shown(app) == ("number 1", "1")
    for button, number in (("two", "2"), ("three", "3")):
        app.query_params["number"] = "0"  # the browser had not yet heard of the last one
        app.button(key=button).click().run()
        assert shown(app) == (f"number {number}", number)


def test_a_widget_counts_more_than_an_address_of_before_the_last_run():
    app = AppTest.from_function(numbered).run()
    for before, number in (("0", 4), ("0", 6), ("4", 7), ("0", 0)):
        app.query_params["number"] = before
        app.slider(key="number").set_value(number).run()
        assert shown(app) == (f"number {number}", str(number))


def test_an_address_alone_is_a_link_or_the_back_button():
    app = AppTest.from_function(numbered).run()
    app.button(key="one").click().run()
    app.query_params["number"] = "7"
    app.run()
    assert shown(app) == ("number 7", "7")
