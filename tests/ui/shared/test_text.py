"""Text of others as Markdown and in spreadsheets. What a browser shows of it: tests/browser/test_text.py."""

import csv
import io

import pytest

from alexnet_viz.ui.shared.text import csv_cell, markdown


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("Grace Hopper, 1978 (b).jpg", "Grace Hopper, 1978 (b).jpg"),
        ("__init__.jpg", "&#95;&#95;init&#95;&#95;.jpg"),
        ("IMG_0001_a.jpg", "IMG_0001_a.jpg"),
        ("a__b _c", "a&#95;&#95;b &#95;c"),
        ("$x^2$", "&#36;x^2&#36;"),
        ("![](http://a)", "!&#91;&#93;(http&#58;:color[&#47;]/a)"),
        ("<b>&amp;</b>", "&#60;b&#62;&#38;amp;&#60;/b&#62;"),
        (":red[x]", "&#58;:color[&#114;]ed&#91;x&#93;"),
        (":material_home:", "&#58;:color[&#109;]aterial_home&#58;"),
        ("a -> b -- c", "a -:color[&#62;] b -:color[&#45;] c"),
        ("me@www.a.b", "me@:color[&#119;]ww:color[&#46;]a.b"),
        ("- a", "&#45; a"),
        ("12. a", "12&#46; a"),
        ("v1. a", "v1. a"),
        ("  a\n\nb ", "&#32;&#32;a&#10;&#10;b&#32;"),
        ("a|b", "a&#124;b"),
        ("caf\udce9", "caf\ufffd"),
        ("photo\u202egpj.exe", "photo\ufffdgpj.exe"),
        ("\u2067\u05d7\u05ea\u05d5\u05dc.jpg", "\ufffd\u05d7\u05ea\u05d5\u05dc.jpg"),
        ("", ""),
    ],
)
def test_markdown(text, escaped):
    assert markdown(text) == escaped


def test_a_spreadsheet_runs_no_formula_and_numbers_stay_numbers():
    cells = ["=cmd|' /C calc'!A0", "@SUM(A1)", "+1", "-x", "\t=1", "a=b", "", -1.5, 0, None, "caf\udce9"]
    safe = ["'=cmd|' /C calc'!A0", "'@SUM(A1)", "'+1", "'-x", "'\t=1", "a=b", "", -1.5, 0, None, "caf\ufffd"]
    assert [csv_cell(cell) for cell in cells] == safe
    file = io.StringIO()
    csv.writer(file).writerow(map(csv_cell, cells))
    assert next(csv.reader(io.StringIO(file.getvalue())))[7:10] == ["-1.5", "0", ""]
