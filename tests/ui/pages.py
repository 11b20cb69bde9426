"""The app's pages in Streamlit's own test runner, as a link opens them."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

from tests.waiting import PATIENCE

HOME = Path(__file__).parents[2]
SHELL = str(HOME / "alexnet_viz" / "ui" / "shell.py")


def script(page: str) -> str:
    """The file of a page ("see/classify")."""
    return str(HOME / "pages" / f"{page}.py")


def open_link(page: str, **address: object) -> AppTest:
    """A page ("see/classify") with these parameters in its address."""
    app = AppTest.from_file(SHELL, default_timeout=PATIENCE)
    for key, value in address.items():
        app.query_params[key] = str(value)
    app.run()
    return app if page == "see/classify" else app.switch_page(script(page)).run()


def answer_bars(app: AppTest) -> str:
    """The bars of the classify page's answer as HTML; empty where they are not shown."""
    return "".join(element.proto.body for element in app.get("html") if "<ol" in element.proto.body)


def assert_no_bug(app: AppTest) -> None:
    """No exception, and no error but those that tell the visitor what to do."""
    assert not app.exception
    assert not [error.value for error in app.error if "bug in the app" in error.value]


def assert_no_error(app: AppTest) -> None:
    """No exception, and no error at all."""
    assert not app.exception
    assert not [error.value for error in app.error]


def address(app: AppTest) -> dict[str, str]:
    """The parameters that stand in the address."""
    return {key: value[-1] if isinstance(value, list) else value for key, value in app.query_params.items()}
