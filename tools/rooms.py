"""Print who imports whom among the package's rooms, as a Mermaid drawing made from the code: python -m tools.rooms."""

from __future__ import annotations

import ast
from pathlib import Path

HOME = Path(__file__).parents[1]
PACKAGE = "alexnet_viz"
GROUND = ("values", "errors", "disk", "display", "settings", "lru_cache", "sandbox")  # nearly all rooms use these


def room(module: str) -> str:
    """The room of a module: a folder of the package, "pages", or "" for the ground and what lies outside."""
    parts = module.split(".")
    if parts[0] == "pages":
        return "pages"
    name = parts[1] if len(parts) > 1 and parts[0] == PACKAGE else ""
    return "" if name in GROUND else name


def imports(file: Path) -> set[str]:
    """The modules that a file imports, also inside its functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def arrows() -> list[tuple[str, str]]:
    """(importing room, imported room), sorted."""
    pairs = set()
    for file in [*HOME.glob("pages/*/*.py"), *HOME.glob(f"{PACKAGE}/*/**/*.py")]:
        here = room(".".join(file.relative_to(HOME).with_suffix("").parts))
        pairs |= {(here, there) for there in map(room, imports(file)) if there and there not in (here, "pages")}
    folders = {folder.name for folder in (HOME / PACKAGE).iterdir() if folder.is_dir()}
    return sorted(pair for pair in pairs if pair[1] in folders)


def drawing() -> str:
    """The arrows as Mermaid's text."""
    return "\n".join(["```mermaid", "flowchart TD", *(f"    {a} --> {b}" for a, b in arrows()), "```"])


if __name__ == "__main__":
    print(drawing())
