"""The architecture's drawing: whole, true to scale, readable; its shares and its comparison add up."""

import itertools
import math
import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alexnet_viz.figures.architecture import compare_rows, human, network_svg, share_figure
from alexnet_viz.figures.blocks import LEAST, SLICE, layout, text_width
from alexnet_viz.inspection.architecture import plan
from alexnet_viz.network.layers import smallest_input
from alexnet_viz.values import VARIANTS, NetworkSpec

SVG = "{http://www.w3.org/2000/svg}"
SLICES = ("relu", "norm", "dropout")


@st.composite
def networks(draw):
    variant = draw(st.sampled_from(VARIANTS))
    own = NetworkSpec(variant, draw(st.integers(1, 21_841)), draw(st.integers(1, 8192)))
    least = smallest_input(own)
    spec = NetworkSpec(variant, own.num_classes, own.fc_width, draw(st.integers(least, 512)))
    return plan(spec, draw(st.integers(1, 256)))


def groups(tree, kind="layer"):
    return [g for g in tree.iter(f"{SVG}g") if kind in (g.get("class") or "").split()]


def spans(tree):
    """Left, right, top and bottom of every text in the drawing, as wide as any usual font makes it."""
    for text in tree.iter(f"{SVG}text"):
        x, y, size = (float(text.get(name)) for name in ("x", "y", "font-size"))
        width = text_width(text.text, size)
        left = x - width / 2 if text.get("text-anchor") == "middle" else x
        yield left, left + width, y - 0.75 * size, y + 0.22 * size, text.text


@settings(max_examples=20, deadline=None)
@given(network=networks(), theme=st.sampled_from(["light", "dark"]), data=st.data())
def test_any_network_is_drawn_whole_finite_and_without_overlapping_text(network, theme, data):
    chosen = data.draw(st.sampled_from([layer.name for layer in network.layers]))
    text = network_svg(network, selected=chosen, theme=theme, photo="data:image/jpeg;base64,AA==")
    tree = ET.fromstring(text)
    drawn = groups(tree)
    assert [g.get("data-layer") for g in drawn] == [layer.name for layer in network.layers]
    assert [g.get("data-layer") for g in drawn if g.get("aria-pressed") == "true"] == [chosen]
    assert [g.get("data-of") for g in groups(tree, "selection")] == [chosen]
    assert not re.search(r"\b(nan|inf)\b", text)
    width, height = (float(n) for n in tree.get("viewBox").split()[2:])
    boxes = list(spans(tree))
    for left, right, top, bottom, words in boxes:
        assert left >= 0, words
        assert right <= width, words
        assert top >= 0, words
        assert bottom <= height, words
    blocks = [box for stack in layout(network).stacks for drawn in stack for box in drawn.boxes]
    solids = [(box.x, box.right, box.top, box.floor, "a block") for box in blocks]
    for one, two in [*itertools.combinations(boxes, 2), *itertools.product(boxes, solids)]:
        apart = one[1] <= two[0] or two[1] <= one[0] or one[3] <= two[2] or two[3] <= one[2]
        assert apart, (one, two)


@settings(max_examples=20, deadline=None)
@given(network=networks())
def test_heights_are_the_sides_and_thicknesses_the_channels(network):
    scales = layout(network).scales
    for group, layer in zip(groups(ET.fromstring(network_svg(network))), network.layers, strict=True):
        tall, thick, parts = (float(group.get(f"data-{name}")) for name in ("tall", "thick", "parts"))
        shape = layer.output_shape[1:]
        if len(shape) == 3:
            assert tall == pytest.approx(max(LEAST, shape[1] * scales.pixel), abs=1e-3)
            if layer.kind not in SLICES:
                assert thick == pytest.approx(max(LEAST, shape[0] / parts * scales.channel), abs=1e-3)
        else:
            assert tall == pytest.approx(max(LEAST, shape[0] * scales.unit), abs=1e-3)
        if layer.kind in SLICES:
            assert thick == SLICE
        assert (parts == 2) == ("2 groups" in layer.operation) or layer.kind in SLICES


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_drawn_polygons_have_the_height_that_is_told(variant):
    """The front face's own corners, not what the group says about itself."""
    for group in groups(ET.fromstring(network_svg(plan(NetworkSpec(variant))))):
        seen = [polygon for polygon in group.iter(f"{SVG}polygon") if polygon.get("fill") != "none"]
        front = [tuple(map(float, point.split(","))) for point in seen[0].get("points").split()]
        assert front[3][1] - front[0][1] == pytest.approx(float(group.get("data-tall")), abs=0.11)
        assert len(seen) == 3 * int(group.get("data-parts"))  # front, top and side of each part
        assert front[1][0] - front[0][0] == pytest.approx(float(group.get("data-thick")), abs=0.11)


@settings(max_examples=20, deadline=None)
@given(network=networks())
def test_blocks_stand_in_order_and_apart(network):
    for one, two in itertools.pairwise(layout(network).stacks):
        assert one[-1].boxes[0].right < two[0].boxes[0].x
    for stack in layout(network).stacks:
        for one, two in itertools.pairwise(stack):
            assert two.boxes[0].x == pytest.approx(one.boxes[0].x + one.boxes[0].thick)
        for low, high in itertools.pairwise(stack[0].boxes):
            assert high.floor < low.top


def test_every_block_has_its_name_and_shape_and_every_layer_says_what_it_does():
    network = plan(NetworkSpec("torchvision"), batch=8)
    for group, layer in zip(groups(ET.fromstring(network_svg(network))), network.layers, strict=True):
        told = [text.text for text in group.iter(f"{SVG}text")]
        shape = layer.output_shape[1:]
        if layer.kind in SLICES:
            assert told == []
        elif len(shape) == 3:
            assert told == [layer.name, f"{shape[0]} ×", f"{shape[1]}×{shape[2]}"]
        else:
            assert told == [layer.name, f"{shape[0]:,}"]
        assert group.get("role") == "button"
        assert group.get("tabindex") == "0"
        assert layer.operation in group.find(f"{SVG}title").text
    first = groups(ET.fromstring(network_svg(network)))[0]
    assert first.get("aria-label") == "conv1, convolution 11x11 stride 4, 3x224x224 to 64x55x55"


@pytest.mark.parametrize(
    ("variant", "layer", "rays"),
    [("torchvision", "conv1", 1), ("paper", "conv2", 2), ("paper", "conv3", 1), ("torchvision", "avgpool", 1)],
)
def test_the_window_is_drawn_on_what_each_group_reads(variant, layer, rays):
    selection = groups(ET.fromstring(network_svg(plan(NetworkSpec(variant)), selected=layer)), "selection")[0]
    assert len(list(selection.iter(f"{SVG}circle"))) == rays  # a value a group


def test_the_window_has_its_true_size_on_the_photo():
    network = plan(NetworkSpec("torchvision"))
    selection = groups(ET.fromstring(network_svg(network, selected="conv1")), "selection")[0]
    window = list(selection.iter(f"{SVG}polygon"))[1].get("points").split()
    corners = [tuple(map(float, point.split(","))) for point in window]
    side = math.dist(corners[1], corners[2])
    assert side == pytest.approx(11 * layout(network).scales.pixel, abs=0.15)


def test_layers_without_a_window_are_outlined_alone():
    network = plan(NetworkSpec("paper"))
    for name in ("relu1", "norm1", "flatten", "drop6"):
        selection = groups(ET.fromstring(network_svg(network, selected=name)), "selection")[0]
        assert {child.tag for child in selection} == {f"{SVG}polygon"}


def test_a_pictures_address_is_escaped():
    assert "<script" not in network_svg(plan(NetworkSpec()), photo='"><script>')


@pytest.mark.parametrize("variant", VARIANTS)
def test_shares_add_up_to_the_totals(variant):
    network = plan(NetworkSpec(variant), batch=3)
    traces = [trace for trace in share_figure(network, "dark").data if trace.x[0] is not None]
    assert [trace.name for trace in traces] == [layer.name for layer in network.layers]
    totals = [sum(int(trace.customdata[i].replace(",", "")) for trace in traces) for i in range(3)]
    assert totals == [network.params, network.macs, sum(layer.activation_bytes for layer in network.layers)]
    for i in range(3):
        assert sum(trace.x[i] for trace in traces) == pytest.approx(1)


def test_the_shares_say_where_parameters_and_computing_sit():
    told = [note.text for note in share_figure(plan(NetworkSpec("torchvision"))).layout.annotations]
    assert any("61.1 M: conv 4%, fc 96%" in text for text in told)
    assert any("714.2 M: conv 92%, fc 8%" in text for text in told)


def test_comparison_marks_what_differs():
    rows = {row["layer"]: row for row in compare_rows({v: plan(NetworkSpec(v)) for v in VARIANTS})}
    assert rows["norm1"]["differs"]
    assert rows["norm1"]["torchvision"] == "–"
    assert not rows["pool5"]["differs"]
    assert not rows["fc8"]["differs"]
    assert rows["conv2"]["differs"]
    assert "2 groups" in rows["conv2"]["paper"]
    names = list(rows)
    for network in (plan(NetworkSpec(v)) for v in VARIANTS):  # every chain's own order is kept
        places = [names.index(layer.name) for layer in network.layers]
        assert places == sorted(places)


def test_the_same_network_twice_differs_nowhere():
    network = plan(NetworkSpec())
    assert not any(row["differs"] for row in compare_rows({"one": network, "two": network}))


@pytest.mark.parametrize(
    ("count", "unit", "text"),
    [(0, "", "0"), (999, "", "999"), (61_100_840, "", "61.1 M"), (1024, "B", "1.0 KiB"), (1000, "", "1.0 k")],
)
def test_human_counts(count, unit, text):
    assert human(count, unit) == text


def test_without_shapes_no_output_size_is_said():
    network = plan(NetworkSpec())
    shown, hidden = (network_svg(network, selected="conv2", shapes=shapes) for shapes in (None, ()))
    for shape in ("64×55×55", "192×27×27", "64x55x55", "384×13×13"):
        assert shape not in hidden
    assert "192×27×27" in shown
    assert "parameters" not in " ".join(text.text for text in ET.fromstring(hidden).iter(f"{SVG}title"))
    assert len(groups(ET.fromstring(hidden))) == len(network.layers)


def test_the_shape_of_one_layer_gives_no_other_away():
    network = plan(NetworkSpec())
    drawing = network_svg(network, selected="conv2", shapes=["conv2"])
    assert "? → 192×27×27" in drawing
    for other in ("64×27×27", "64x27x27", "307,392 parameters", "times enlarged", "13×13"):
        assert other not in drawing
    both = network_svg(network, selected="conv2", shapes=["pool1", "conv2"])
    for known in ("64×27×27 → 192×27×27", "307,392 parameters", "times enlarged"):
        assert known in both
