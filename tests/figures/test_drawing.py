"""A drawing is the same as SVG, PNG and PDF."""

import base64
import io
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from alexnet_viz.figures.drawing import FORMATS, Bar, Drawing, Picture, Words, fitted_text, pdf, png, svg

KERNEL = np.array([[[0, 0, 0], [255, 0, 0]], [[0, 255, 0], [0, 0, 255]]], np.uint8)
DRAWING = Drawing(
    "A <title> & more",
    120,
    80,
    (Bar(60, 10, 40, 20, "#0a8f6a"), Words(10, 70, "<b> & words", 12), Picture(10, 10, 40, KERNEL, cells=True)),
)


def test_parts_lie_where_they_are_put_at_twice_the_size_in_a_png():
    with Image.open(io.BytesIO(png(DRAWING))) as image:
        assert image.size == (240, 160)
        assert image.getpixel((1, 1)) == (255, 255, 255)
        corners = [image.getpixel((x, y)) for y in (25, 95) for x in (25, 95)]
        assert corners == [tuple(pixel) for pixel in KERNEL.reshape(4, 3).tolist()]
        assert image.getpixel((121, 21)) == image.getpixel((198, 58)) == (10, 143, 106)
        assert image.getpixel((201, 58)) == (255, 255, 255)
        assert np.asarray(image.crop((20, 110, 200, 150))).min() < 100  # the words


def test_svg_is_well_formed_with_the_words_as_text_and_the_cells_to_the_bit():
    root = ElementTree.fromstring(svg(DRAWING))
    (words,) = root.iter("{http://www.w3.org/2000/svg}text")
    assert words.text == "<b> & words"
    assert (root.get("width"), root.get("aria-label")) == ("120", "A <title> & more")
    (picture,) = root.iter("{http://www.w3.org/2000/svg}image")
    with Image.open(io.BytesIO(base64.b64decode(picture.get("href").partition(",")[2]))) as image:
        pixels = np.asarray(image)
    assert (pixels == KERNEL.repeat(8, axis=0).repeat(8, axis=1)).all()


def test_a_pdf_is_one_page_of_the_drawings_size():
    data = pdf(DRAWING)
    assert data.startswith(b"%PDF-")
    (box,) = re.findall(rb"/MediaBox \[([^\]]*)\]", data)
    assert [float(edge) for edge in box.split()] == [0, 0, 120, 80]


@pytest.mark.parametrize("kind", FORMATS)
def test_a_drawing_of_nothing_is_a_file_too(kind):
    save, _ = FORMATS[kind]
    assert save(Drawing("", 4, 4, (Bar(0, 0, 0, 2, "#000000"),)))


def test_a_text_that_is_too_wide_ends_in_an_ellipsis():
    assert fitted_text("tabby", 16, 200) == "tabby"
    cut = fitted_text("a very long name of a class\nwith a line's end", 16, 100)
    assert cut.endswith("…")
    assert "\n" not in cut
    assert "a very long name".startswith(cut[:-1])
    assert fitted_text("tabby", 16, 0) == "…"
