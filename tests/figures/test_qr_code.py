"""A QR code as a camera reads it: OpenCV's reader, on the drawn SVG's cells."""

import re

import cv2
import numpy as np
import pytest

from alexnet_viz.figures.qr_code import qr_code

LINK = "http://192.168.1.20:8501/network?photo=coffee&weights=bundled&depth=value&layer=conv2&channel=9&y=3&x=5"


def drawn(svg: str) -> np.ndarray:
    """uint8 (H, W) of what the SVG draws, eight pixels a cell: runs of "h", moves of "m"."""
    side = int(re.search(r'width="(\d+)"', svg)[1]) // 8
    cells = np.full((side, side), 255, np.uint8)
    x = y = 0.0
    for kind, first, second in re.findall(r"([Mmh])(-?[\d.]+)(?: (-?[\d.]+))?", svg.split('stroke="#000" d="')[1]):
        if kind == "h":
            cells[int(y), int(x) : int(x) + int(first)] = 0
            x += float(first)
        else:
            x, y = (float(first), float(second)) if kind == "M" else (x + float(first), y + float(second))
    return cells.repeat(8, 0).repeat(8, 1)


@pytest.mark.parametrize("link", [LINK, LINK + "&note=" + "x" * 300])
def test_it_says_the_link(link):
    text, *_ = cv2.QRCodeDetector().detectAndDecode(drawn(qr_code(link)))
    assert text == link


def test_it_has_the_light_border_that_cameras_need():
    picture = drawn(qr_code(LINK))
    border = 4 * 8  # ISO/IEC 18004: four cells
    assert (picture[:border] == 255).all()
    assert (picture[:, :border] == 255).all()
    assert (picture[border] == 0).any()
    assert 'fill="#fff"' in qr_code(LINK)
