"""What a QR code says, read back by the rules of its format."""

import re

import numpy as np
import segno

from alexnet_viz.figures.qr_code import qr_code

LINK = "http://192.168.1.20:8501/network?photo=coffee&weights=bundled&depth=value&layer=conv2&channel=9&y=3&x=5"


def test_it_is_the_code_of_the_text_with_a_quiet_zone_on_white():
    svg = qr_code(LINK)
    code = segno.make(LINK, error="l", micro=False)
    side = (len(code.matrix) + 8) * 8  # four light modules around it, of eight pixels each
    assert re.search(rf'width="{side}" height="{side}"', svg)
    assert 'fill="#fff"' in svg
    assert np.asarray(code.matrix)[:7, :7].sum() == 33  # the upper left finder pattern


def test_a_link_with_every_choice_fits():
    assert qr_code(LINK + "&note=" + "x" * 1500).startswith("<svg")
