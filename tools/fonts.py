"""Cut Streamlit's fonts to what the app and its front end show, into assets/fonts: python -m tools.fonts.

Needs ``fonttools[woff]``. Run it after an update of Streamlit or when a page uses a new icon.
"""

from __future__ import annotations

import re
from pathlib import Path

import streamlit
from fontTools import subset
from fontTools.ttLib import TTFont

HOME = Path(__file__).parents[1]
STATIC = Path(streamlit.__file__).parent / "static" / "static"
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789_"  # icons are ligatures of their names
# Latin, accents, Greek, punctuation, sub- and superscripts, currency, letterlike, arrows, mathematics, shapes.
RANGES = [(0x20, 0x17F), (0x2B0, 0x3FF), (0x2010, 0x20CF), (0x2100, 0x22FF), (0x25A0, 0x25FF)]


def icon_glyphs(font: TTFont) -> dict[str, str]:
    """The glyph of each icon by its name."""
    letters = {glyph: chr(code) for code, glyph in font.getBestCmap().items()}
    glyphs = {}
    for lookup in font["GSUB"].table.LookupList.Lookup:
        for table in lookup.SubTable:
            for first, ligatures in getattr(getattr(table, "ExtSubTable", table), "ligatures", {}).items():
                for ligature in ligatures:
                    glyphs["".join(letters.get(part, "?") for part in [first, *ligature.Component])] = ligature.LigGlyph
    return glyphs


def icons_used() -> set[str]:
    """Words that may be icons: those that the app names, and every quoted word in Streamlit's front end."""
    app = (file.read_text("utf-8") for folder in ("alexnet_viz", "pages") for file in (HOME / folder).rglob("*.py"))
    named = re.findall(r":material/([a-z0-9_]+):", "".join(app))
    scripts = "".join(file.read_text("utf-8") for file in (STATIC / "js").glob("*.js"))
    return {*named, *re.findall(r"""(?<=["'`/])[a-z0-9_]+(?=["'`:])""", scripts)}


def cut(file: Path, **what: object) -> None:
    """Write what is kept of a font under its own name. A changed Source font may not be called so (OFL, clause 3)."""
    options = subset.Options(flavor="woff2", layout_closure=False, name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14])
    font = subset.load_font(file, options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(**what)
    subsetter.subset(font)
    for record in font["name"].names:
        if record.nameID in (1, 3, 4, 6) and "Source" in str(record):
            record.string = "OpenedUpSans"
    to = HOME / "assets" / "fonts" / file.name
    subset.save_font(font, to, options)
    print(f"{to.name}: {file.stat().st_size / 1e3:.0f} kB, cut to {to.stat().st_size / 1e3:.0f} kB")


def main() -> None:
    folder = HOME / "assets" / "fonts"
    folder.mkdir(exist_ok=True)
    (icons,) = (STATIC / "media").glob("MaterialSymbols-Rounded.*")
    glyphs = icon_glyphs(TTFont(icons))
    cut(icons, glyphs=[glyphs[name] for name in sorted(icons_used() & glyphs.keys())], text=LETTERS)
    (upright,) = (STATIC / "media").glob("SourceSansVF-Upright.*")
    cut(upright, unicodes=[code for low, high in RANGES for code in range(low, high + 1)])
    for old in folder.glob("*.woff2"):
        if old.name not in (icons.name, upright.name):
            old.unlink()


if __name__ == "__main__":
    main()
