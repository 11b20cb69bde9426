"""The colours of the layer kinds can be told apart, also by the colour-blind, on white and on dark."""

import itertools

import numpy as np
import pytest

from alexnet_viz.figures.activations import unit_bars
from alexnet_viz.figures.palette import CLASS_COLOURS, INK, INPUT, KIND_COLOURS, PAPER, QUIET_INK, ink_on, mix
from alexnet_viz.figures.results import accuracy_bars, confusion_matrix

# Machado, Oliveira, Fernandes 2009, severity 1.0, on linear RGB.
SIGHTS = {
    "all colours": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(colour):
    srgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    x, y, z = np.cbrt(np.maximum(TO_XYZ @ rgb / [0.9505, 1, 1.089], 1e-6))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def contrast(one, two):
    dark, light = sorted(TO_XYZ[1] @ linear(colour) for colour in (one, two))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize(("colours", "least"), [(KIND_COLOURS.values(), 20), ((*CLASS_COLOURS, INPUT), 23)])
def test_kinds_and_classes_can_be_told_apart(sight, colours, least):
    seen = {colour: lab(np.clip(SIGHTS[sight] @ linear(colour), 0, 1)) for colour in colours}
    for one, two in itertools.combinations(seen, 2):
        assert np.linalg.norm(seen[one] - seen[two]) > least, (one, two)


@pytest.mark.parametrize("theme", PAPER)
def test_colours_and_inks_stand_out_from_the_page(theme):
    assert all(contrast(colour, PAPER[theme]) > 2 for colour in (*KIND_COLOURS.values(), *CLASS_COLOURS))
    assert contrast(INK[theme], PAPER[theme]) > 12
    assert contrast(QUIET_INK[theme], PAPER[theme]) > 7


def test_text_on_any_colour_is_readable():
    greys = [f"#{level:02x}{level:02x}{level:02x}" for level in range(256)]
    colours = [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in itertools.product(range(0, 256, 17), repeat=3)]
    for colour in (*greys, *colours, *KIND_COLOURS.values()):
        assert contrast(ink_on(colour), colour) >= 4.5, colour


@pytest.mark.parametrize("theme", PAPER)
def test_names_and_titles_at_a_charts_axes_are_readable(theme):
    counts, names = np.eye(3, dtype=int), ("hen", "goose", "stork")
    bars = unit_bars(["hen", "goose"], [("a", np.ones(2))], "value", theme=theme)
    for figure in (confusion_matrix(counts, names, theme), accuracy_bars(counts, names, theme=theme), bars):
        for axis in (figure.layout.xaxis, figure.layout.yaxis):
            for font in (axis.tickfont, axis.title.font):
                if font == axis.tickfont or axis.title.text:
                    assert contrast(font.color, PAPER[theme]) >= 4.5


def test_mixing_goes_from_one_colour_to_the_other():
    assert mix("#102030", "#ffffff", 0) == "#102030"
    assert mix("#102030", "#ffffff", 1) == "#ffffff"
    assert mix("#000000", "#ffffff", 0.5) == "#808080"
