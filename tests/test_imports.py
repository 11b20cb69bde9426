"""Who may import whom, tried in fresh interpreters: what a room drags in counts, not what it names."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools.rooms import drawing

HOME = Path(__file__).parents[1]
PACKAGE = HOME / "alexnet_viz"
CORE = ("network", "images", "inspection", "attribution", "training", "units")


def modules(*rooms):
    files = [file for room in rooms for file in sorted((PACKAGE / room).rglob("*.py"))]
    return [".".join(file.relative_to(HOME).with_suffix("").parts).removesuffix(".__init__") for file in files]


def loaded_by(*names):
    """The top-level packages in memory after importing modules in a new interpreter."""
    code = "import sys, importlib; [importlib.import_module(n) for n in sys.argv[1:]]; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code, *names], cwd=HOME, capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.split()} | set(done.stdout.split())


def test_values_and_errors_need_numpy_alone():
    core = ("values", "errors", "disk", "lru_cache", "sandbox")
    loaded = loaded_by(*(f"alexnet_viz.{name}" for name in core))
    assert not loaded & {"torch", "streamlit", "plotly", "PIL", "pandas"}


def test_the_core_knows_nothing_of_the_pages():
    loaded = loaded_by(*modules(*CORE), "alexnet_viz.__main__")
    assert not loaded & {"streamlit", "plotly", "alexnet_viz.figures", "alexnet_viz.ui", "alexnet_viz.components"}


def test_figures_and_components_do_not_need_torch():
    loaded = loaded_by(*modules("figures", "components"))
    assert not loaded & {"torch", "alexnet_viz.ui", "alexnet_viz.inspection"}
    assert "streamlit" not in loaded_by(*modules("figures"))


def test_the_first_page_stands_before_the_heavy_libraries():
    loaded = loaded_by(
        "alexnet_viz.ui.shared.sidebar",
        "alexnet_viz.ui.shared.queries",
        "alexnet_viz.ui.classify.batch_table",
        "alexnet_viz.ui.preload",
        "alexnet_viz.attribution.methods",
    )
    assert not loaded & {"torch", "torchvision", "captum", "pandas", "pyarrow"}


@pytest.mark.parametrize("script", sorted((HOME / "pages").rglob("*.py")), ids=lambda path: path.stem)
def test_a_page_imports_what_it_may(script):
    for node in ast.walk(ast.parse(script.read_text("utf-8"))):
        names = [node.module] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        for name in names:
            room = name.split(".")[1] if name.startswith("alexnet_viz.") else name
            if isinstance(node, ast.ImportFrom) and name == "alexnet_viz":
                rooms = {alias.name for alias in node.names}
                assert rooms <= {"permissions"}
                continue
            assert name.split(".")[0] != "torch"
            assert name.split(".")[0] != "pages"
            if name.startswith("alexnet_viz"):
                assert room in ("ui", "figures", "components", "values", "settings")


def test_pages_lie_one_folder_deep():
    """Scripts directly under pages/ are served past the shell on a fresh server."""
    assert not list((HOME / "pages").glob("*.py"))


def test_the_app_points_at_its_shell():
    source = (HOME / "app.py").read_text("utf-8")
    assert "shell.py" in source
    assert (PACKAGE / "ui" / "shell.py").is_file()


def test_the_drawing_of_the_rooms_is_up_to_date():
    assert drawing() in (HOME / "CONTRIBUTING.md").read_text("utf-8"), "paste what `python -m tools.rooms` prints"


@pytest.mark.parametrize("file", ["CONTRIBUTING.md", "README.md", "DECISIONS.md"])
def test_the_files_that_the_documents_name_exist(file):
    text = (HOME / file).read_text("utf-8")
    for name in re.findall(r"`((?:alexnet_viz|pages|tests|tools|benchmarks|assets)/[\w./-]+)`", text):
        assert (HOME / name).exists(), name
