"""Text of others on the page: names of files, classes, runs and weights, notes, settings, sentences that quote them.

Streamlit reads most text as Markdown: GitHub's, and in it math, colours, icons, emoji shortcodes and arrows. What
others wrote goes through ``markdown`` there and shows as it is written; our own words around it may use Markdown.

=================================================================================================  ==================
Markdown is read in                                                                                the text goes
=================================================================================================  ==================
markdown, write, caption, title, header, subheader; error, warning, info, success, toast;          through
labels of all widgets, tabs, popovers and expanders; options of radio, segmented_control, pills    ``markdown``
and select_slider; metric's value; captions of images; help (also of columns); progress, spinner
options of selectbox and multiselect; text, code, alt, placeholder; what a widget holds; cells     through
and heads of dataframe and data_editor; data of our components, which set textContent              ``display_name``
=================================================================================================  ==================

As tried in a browser with Streamlit 1.67: tests/browser/test_text.py.
"""

from __future__ import annotations

import re
from typing import Any

from alexnet_viz.display import display_name, within_a_sentence

# What Markdown's rules react to anywhere (a _ not within a word). As character references no rule sees them, nor do the
# checks by which Streamlit decides from the source whether to load math ($) and emoji (:). Line ends end a paragraph.
_ANYWHERE = r"[\\`*{}\[\]<>#|~$&:\t\n\r]|(?<![^\W_])_|_(?![^\W_])"
# What makes a list, a rule or a heading where a line begins, an icon where an alert begins; spaces that are stripped.
_AT_THE_ENDS = r"\A\s+|\A[-+=\u2190-\u2bff\U0001f000-\U0001faff]|(?:(?<=\A\d)|(?<=\A\d\d)|(?<=\A\d\d\d))[.)]|\s+\Z"
# What Streamlit replaces after parsing, where an escape no longer counts: :emoji:, :material_icon:, :streamlit:, links,
# ->, <-, --, >=, <=, ~=. It looks at one text node at a time, so the second character gets a node of its own.
_APART = r"(?<=[:@])[A-Za-z0-9_+/.-]|(?i:(?<=www))\.|(?<=[<>~-])[->=]"
_SPECIAL = re.compile(f"(?P<apart>{_APART})|{_ANYWHERE}|{_AT_THE_ENDS}")


def markdown(text: str) -> str:
    """Text as Markdown that shows it as it is written, within a line or as a whole."""
    return _SPECIAL.sub(_escaped, within_a_sentence(text))


def _escaped(match: re.Match) -> str:
    references = "".join(f"&#{ord(character)};" for character in match[0])
    return f":color[{references}]" if match["apart"] else references  # a colour that names none is a bare <span>


def csv_cell(value: Any) -> Any:
    """A cell of a CSV file: text that a spreadsheet would run as a formula begins with an apostrophe; numbers stay.

    The rule of OWASP's page on CSV injection.
    """
    text = display_name(value) if isinstance(value, str) else ""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else text or value
