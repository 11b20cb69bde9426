"""Serving the components' modules: all of them, nothing else, and imports that lead to one another."""

import re
from pathlib import Path

import pytest
from starlette.requests import Request

from alexnet_viz.components import mount

FOLDER = Path(mount.__file__).parent
MODULES = sorted(FOLDER.rglob("*.js"))


def answer(path):
    return mount._serve(Request({"type": "http", "path_params": {"path": path}}))


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_a_module_is_served_and_its_imports_exist(module):
    served = answer(module.relative_to(FOLDER).as_posix())
    assert served.status_code == 200
    assert served.media_type == "text/javascript"
    assert served.body == module.read_bytes()
    text = module.read_text("utf-8")
    for place in re.findall(r'^(?:import .*|\}) from "(.+)";$', text, re.MULTILINE):
        assert (module.parent / place).resolve() in MODULES
    assert max(map(len, text.splitlines())) <= 120  # Biome does not break long texts


@pytest.mark.parametrize(
    "path", ["mount.py", "../ui/shell.py", "film/../film/film.js", "film/film.css", "", "/etc/passwd"]
)
def test_nothing_else_is_served(path):
    assert answer(path).status_code == 404


def test_the_address_names_the_version_and_keeps_to_the_base_path(monkeypatch):
    assert re.fullmatch(r"/component-modules/[0-9a-f]{12}/\{path:path\}", mount.routes()[0].path)
    monkeypatch.setattr(mount.st, "get_option", lambda name: "/lecture/")
    assert mount.routes()[0].path.startswith("/lecture/component-modules/")


def test_a_shared_style_sheet_stands_before_the_components_own(monkeypatch):
    given = {}
    monkeypatch.setattr(mount.st.components.v2, "component", lambda name, **parts: given.update(parts, name=name))
    mount.mount(str(FOLDER / "scrubber" / "__init__.py"), "player")
    assert given["name"] == "scrubber"
    shared, own = ((FOLDER / place).read_text("utf-8") for place in ("lib/player.css", "scrubber/scrubber.css"))
    assert given["css"] == shared + own
