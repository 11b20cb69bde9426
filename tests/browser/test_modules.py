"""The components' shared modules in a browser, without the app: numbers, colours, keys, sums, and what is released."""

import numpy as np
import pytest

from alexnet_viz.figures.palette import ink_on, levels, scale

pytestmark = pytest.mark.browser


@pytest.fixture
def run(module_page):
    """A function that evaluates a body of JavaScript with the exports of some modules in scope."""
    page = module_page()

    def evaluate(modules: str, body: str, argument=None):
        return page.evaluate(
            """async ([names, body, argument]) => {
                const modules = await Promise.all(names.map((name) => import(`./${name}.js`)));
                const work = new Function("exports", "argument", `with (exports) { ${body} }`);
                return work(Object.assign({}, ...modules), argument);
            }""",
            [modules.split(), body, argument],
        )

    return evaluate


def test_numbers_are_written_with_true_minus_signs_and_few_digits(run):
    values = [0, 1, -1.5, 0.1, 1234.5, 99999, 123456, -0.00001234, 0.0002345, 12.30]
    written = run("lib/numbers", "return argument.map((value) => formatNumber(value))", values)
    expected = ["0", "1", "−1.5", "0.1", "1235", "100000", "1.23e+5", "−1.23e−5", "0.0002345", "12.3"]
    assert written == expected
    assert run("lib/numbers", "return formatNumber(0.0002345, 3, 1e-3)") == "2.3e−4"
    assert run("lib/numbers", "return formatNumber(1/3, 7)") == "0.3333333"
    assert run("lib/numbers", "return [formatSigned(2), formatSigned(-2), formatCount(12345)]") == [
        "+2",
        "−2",
        "12,345",
    ]
    ticks = run("lib/numbers", "return [0, 1500, 0.25, 0.0004, 0.5].map((v, i) => formatTick(v, i === 4))")
    assert ticks == ["0", "1.5k", "0.25", "4e−4", "50%"]
    assert run("lib/numbers", "return ranked([1, -3, 2, 0])") == [1, 2, 0, 3]
    alike = [
        run("lib/numbers", "return formatAlike(argument)", values) for values in ([0.137, -0.0042, 0], [8.7, -0.3, 21])
    ]
    assert alike == [["0.14", "0.00", "0.00"], ["9", "0", "21"]]
    assert run("lib/numbers", "return formatAlike([-0.0393, 0.012])") == ["−0.039", "0.012"]
    cells = run("playground_view/sum", "return [-123456, 0.5, -1 / 3].map(formatCell)")
    assert cells == ["−123456", "0.5", "−0.3333"]


@pytest.mark.parametrize("signed", [False, True])
def test_colours_are_those_that_python_chooses(run, signed):
    values = np.linspace(-2 if signed else 0, 2, 41)
    body = "return argument.values.map((value) => colourIndex(value, 2, argument.signed))"
    indices = run("lib/colour", body, {"values": values.tolist(), "signed": signed})
    ours = levels(values.astype(np.float32), 2.0, signed)
    assert np.abs(np.array(indices) - ours.astype(int)).max() <= 1  # halves are rounded to either side
    assert indices[0] == (1 if signed else 0)
    assert indices[-1] == 255
    assert run("lib/colour", "return [colourIndex(9, 2, true), colourIndex(-9, 2, true)]") == [255, 1]


def test_a_scale_becomes_pixels_and_a_gradient(run):
    table = list(range(256)) * 3  # a table of 256 colours
    assert run("lib/colour", "return packedColours(argument)[1]", table) == 0xFF050403
    gradient = run("lib/colour", "return gradient(argument, true)", table)
    assert gradient.startswith("linear-gradient(to right, rgb(3 4 5),")
    assert gradient.count("rgb(") == 17
    assert gradient.endswith("rgb(253 254 255))")


@pytest.mark.parametrize("signed", [False, True])
def test_numbers_in_cells_have_the_ink_that_python_chooses(run, signed):
    colours = scale(signed)
    inks = run("lib/colour", "return [...Array(256).keys()].map((i) => inkOn(argument, i))", colours.ravel().tolist())
    assert inks == [ink_on(f"#{red:02x}{green:02x}{blue:02x}") for red, green, blue in colours]


def test_keys_lead_over_maps_and_lists(run):
    body = "return argument.map((key) => walkMap({ key }, { y: 1, x: 3 }, 3, 5))"
    keys = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown", "a"]
    cells = run("lib/keyboard", body, keys)
    assert [cell and (cell["y"], cell["x"]) for cell in cells] == [
        (1, 2),
        (1, 4),
        (0, 3),
        (2, 3),
        (1, 0),
        (1, 4),
        (0, 3),
        (2, 3),
        None,
    ]
    corner = run("lib/keyboard", 'return walkMap({ key: "ArrowDown" }, { y: 2, x: 0 }, 3)')
    assert corner == {"y": 2, "x": 0}  # it ends at the edge
    body = "return argument.map((key) => walkList({ key }, 4, 10, 3))"
    assert run("lib/keyboard", body, [*keys[:6], "a"]) == [3, 5, 1, 7, 0, 9, None]


def test_lrn_is_computed_and_written_with_the_constants_that_are_sent(run):
    body = """
        const lrn = { size: 2, alpha: 4, beta: 2, k: 3 };
        const place = (at, shape) => ({ at, type: "f4", shape });
        const scene = {
            of: "norm", lrn, channel: 1, first: 0, below: "relu1", flat: ["pool5", 6], bias: 0, kernel: 1, stride: 1,
            padding: 0, inputs: place(0, [2, 1, 1]), weights: null, output: place(1, [1, 1]),
            read: ({ at }) => Float32Array.from(at ? [0.5] : [1, 2]),
        };
        const parts = takeApart(readUnit(scene), 0, 0);
        return { ...parts, terms: [...parts.terms], formula: explain(scene, parts, 9).formula };
    """
    parts = run("network_view/arithmetic network_view/explanation", body)
    assert parts["terms"] == [2, 8]  # α / n · a²
    assert parts["total"] == pytest.approx(2 / 13**2)
    assert "2 / (3 + 10)^2 = " in parts["formula"]


def test_a_playing_window_pools_and_sums(run):
    window = {"size": 2, "kernel": 2, "stride": 1, "padding": 1, "dilation": 1, "side": 3, "mode": "conv"}
    data = {"inputs": [1, 2, 3, 4], "kernel": [1, -1, 0.5, 2], "window": window}
    taken = run("playground_view/sum", "return takeWindow(argument, 4)", data)
    assert (taken["total"], taken["winner"]) == (1 - 2 + 1.5 + 8, None)
    assert taken["terms"] == ["1·1", "2·(−1)", "3·0.5", "4·2"]
    taken = run("playground_view/sum", "return takeWindow(argument, 0)", data | {"window": window | {"mode": "pool"}})
    assert (taken["total"], taken["winner"], taken["terms"]) == (1, 5, ["1"])


def test_axes_have_round_numbers(run):
    assert run("line_charts/axes", "return ticks(0, 1, 4)") == [0, 0.5, 1]
    assert run("line_charts/axes", "return logTicks(0.9, 110)") == pytest.approx([1, 2, 5, 10, 20, 50, 100])
    assert run("line_charts/axes", "return verticalRange([], { log: true, percent: false }).low") == 0.1


GRID = """
    const xs = [], ys = [];
    for (let i = 0; i < 100; i++) { xs.push(i % 10); ys.push(Math.floor(i / 10)); }
    const map = new MapGeometry(xs, ys);
    map.resize(952, 502);
    const order = [...xs.keys()];
"""


def test_a_map_of_photos_fits_its_canvas_and_zooms_about_the_pointer(run):
    body = f"""{GRID}
        const corners = [map.place(0), map.place(99)]; // at the left below and at the right above
        const before = map.place(37);
        map.zoomAt(8, before.x, before.y);
        const after = map.place(37);
        map.pan(1e6, -1e6); // no further than what is seen at the start
        const edge = [map.middle.x - 952 / 2 / map.scale, map.middle.y - 502 / 2 / map.scale];
        map.reveal(99);
        const seen = map.place(99);
        map.zoomAt(1e-9);
        const whole = [map.place(0), map.place(99)];
        return {{ corners, before, after, edge, seen, side: map.side, whole, zoomed: map.zoomAt(0.5) }};
    """
    made = run("photo_map/geometry", body)
    (left, right) = made["corners"]
    assert (left["y"], right["y"]) == (502 - 26, 26)
    assert right["x"] - left["x"] == left["y"] - right["y"]  # one scale for both axes
    assert left["x"] + right["x"] == 952
    assert made["after"] == pytest.approx(made["before"])
    assert made["edge"] == pytest.approx([4.5 - 476 / 50, 4.5 - 251 / 50])  # 50 pixels a unit at the start
    assert made["seen"]["x"] <= 952 - made["side"] / 2
    assert made["seen"]["y"] >= made["side"] / 2
    assert made["whole"] == [pytest.approx(corner) for corner in made["corners"]]
    assert not made["zoomed"]


def test_of_photos_that_would_cover_each_other_one_is_shown_and_moving_changes_none(run):
    body = f"""{GRID}
        const all = [...xs.keys()].map((i) => [xs[i] / 4, ys[i]]);
        const dense = new MapGeometry(all.map(([x]) => x), all.map(([, y]) => y));
        dense.resize(952, 502);
        const shown = dense.shown(order);
        const kept = order.filter((i) => shown[i]).map((i) => dense.place(i));
        let closest = Infinity;
        for (const one of kept) for (const other of kept) {{
            const distance = Math.max(Math.abs(one.x - other.x), Math.abs(one.y - other.y));
            if (one !== other) closest = Math.min(closest, distance);
        }}
        const [firstIsShown, side] = [dense.shown([...order].reverse())[99], dense.side];
        dense.zoomAt(3);
        const zoomed = [...dense.shown(order)];
        dense.pan(40, 30);
        const same = zoomed.join() === [...dense.shown(order)].join();
        return {{ count: kept.length, closest, side, same, more: zoomed.filter(Boolean).length, firstIsShown }};
    """
    made = run("photo_map/geometry", body)
    assert made["closest"] >= 0.8 * made["side"]
    assert 0 < made["count"] < made["more"]
    assert made["same"]
    assert made["firstIsShown"]


def test_a_map_knows_which_photo_is_under_the_pointer_and_which_is_next(run):
    body = f"""{GRID}
        const {{ x, y }} = map.place(37);
        const shown = map.shown(order);
        const keys = [[0, 1], [0, -1], [1, 0], [-1, 0]];
        return {{
            under: [map.under(x + 5, y - 5, shown), map.under(1, 1, shown), map.nearest(x + 20, y)],
            next: keys.map((step) => map.next(37, step)),
            end: map.next(99, [0, 1]),
            none: new MapGeometry([], []).under(0, 0, []),
            one: new MapGeometry([3, 3], [2, 2]).place(1),
        }};
    """
    made = run("photo_map/geometry", body)
    assert made["under"] == [37, -1, 37]
    assert made["next"] == [38, 36, 27, 47]  # to the right, to the left, down, up
    assert made["end"] == 99
    assert made["none"] == -1
    assert made["one"] == {"x": 0.5, "y": 0.5}  # the middle


def test_on_a_map_one_pointer_moves_two_zoom_and_a_still_one_taps(run):
    body = """
        const said = [];
        const element = document.createElement("div");
        element.setPointerCapture = () => {};
        new Gestures(element, {
            hover: (x) => said.push(["hover", x]), move: (dx, dy) => said.push(["move", dx, dy]),
            zoom: (factor, x, y) => { said.push(["zoom", factor, x, y]); return factor > 1; },
            tap: (x, y, isTouch) => said.push(["tap", x, y, isTouch]),
        });
        const event = (clientX, clientY, pointerId = 1, pointerType = "touch") =>
            ({ clientX, clientY, pointerId, pointerType, button: 0 });
        element.onpointermove(event(3, 4, 1, "mouse"));
        element.onpointerdown(event(10, 10));
        element.onpointermove(event(12, 10));
        element.onpointerup(event(12, 10));
        element.onpointerdown(event(10, 10));
        element.onpointermove(event(30, 10));
        element.onpointerdown(event(30, 110, 2));
        element.onpointermove(event(30, 210, 2));
        element.onpointerup(event(30, 10));
        element.onpointerup(event(30, 210, 2));
        const wheel = (deltaY) => {
            const seen = { ...event(5, 6), deltaY, deltaMode: 0, isKept: true };
            element.onwheel(Object.assign(seen, { preventDefault: () => { seen.isKept = false; } }));
            return seen.isKept;
        };
        const scrolls = [wheel(-100), wheel(100)];
        return { said, scrolls };
    """
    made = run("photo_map/gestures", body)
    zooms = [said for said in made["said"] if said[0] == "zoom"]
    others = [said for said in made["said"] if said[0] != "zoom"]
    assert others == [["hover", 3], ["tap", 12, 10, True], ["move", 20, 0], ["move", 0, 50]]
    assert zooms[0] == ["zoom", 2, 30, 110]
    assert zooms[1][1] > 1 > zooms[2][1]
    assert made["scrolls"] == [False, True]  # the page scrolls where nothing is left to zoom out of


def test_a_lifetime_releases_all_that_was_begun_and_a_call_its_own_alone(run):
    body = """
        return (async () => {
            const counts = { interval: 0, timeout: 0, event: 0, size: 0, frame: 0, end: 0 };
            const box = document.createElement("div");
            document.body.append(box);
            const parent = {};
            const first = renewLifetime(parent);
            first.interval(() => counts.interval++, 5);
            first.timeout(() => counts.timeout++, 5);
            first.listen(document, "paste", () => counts.event++);
            first.observeSize(box, () => counts.size++);
            const request = first.onceAFrame(() => counts.frame++);
            first.onEnd(() => counts.end++);
            request();
            const second = renewLifetime(parent); // ends the first
            second.listen(document, "paste", () => counts.event += 10);
            first.end(); // late, as Streamlit does it
            document.dispatchEvent(new Event("paste"));
            await new Promise((done) => setTimeout(done, 100));
            return counts;
        })();
    """
    counts = run("lib/lifetime", body)
    assert counts == {"interval": 0, "timeout": 0, "event": 10, "size": 0, "frame": 0, "end": 1}


@pytest.mark.parametrize("origin", [None, "http://192.168.1.20:8501"])
def test_a_qr_code_is_of_the_address_that_others_open(run, origin):
    """Never of localhost, which is another machine on each phone."""
    body = """
        document.body.innerHTML = "<span class=done></span><button class=qr></button><button class=copy></button>";
        history.replaceState(null, "", "/network?layer=conv2");
        const shown = [];
        exports.default({
            parentElement: document.body, data: { origin: argument }, setTriggerValue: (name, link) => shown.push(link),
        });
        const button = document.querySelector(".qr");
        if (!button.hidden) button.click();
        return shown;
    """
    assert run("copy_link/copy_link", body, origin) == ([f"{origin}/network?layer=conv2"] if origin else [])


CHART = """
    document.documentElement.style.fontSize = `${argument}px`;
    const figure = make("figure", {}, make("figcaption"), makeSvg("svg"), make("div", { hidden: true }));
    document.body.replaceChildren(figure);
    figure.style.cssText = "position: absolute; margin: 0; left: 10px; top: 10px; width: 600px";
    const [, svg, tip] = figure.children;
    svg.style.cssText = "display: block; width: 600px; font-size: 14px";
    const line = { name: "loss", colour: "red", x: [0, 10, 20], y: [1, 2, 4], kind: "", floor: [], last: "4" };
    plotChart(figure, { title: "Loss", x: "steps", lines: [line], percent: false, log: false, until: 0 }, 600, 240);
    const labels = [...svg.querySelectorAll("text")].map((label) => label.getBoundingClientRect());
    const middle = labels.find((box, i) => svg.querySelectorAll("text")[i].textContent === "10");
    svg.onpointermove({ clientX: middle.left + middle.width / 2 });
    return {
        height: svg.getBoundingClientRect().height,
        letters: labels[0].height,
        right: Math.max(...labels.map((box) => box.right)),
        cursor: svg.querySelector(".cursor").getBoundingClientRect().left - middle.left - middle.width / 2,
        tip: tip.textContent,
    };
"""


def test_a_charts_labels_grow_with_the_type_and_the_pointer_stays_right(run):
    usual, large = (run("line_charts/chart lib/dom", CHART, size) for size in (16, 24))
    assert large["letters"] == pytest.approx(1.5 * usual["letters"], rel=0.1)
    for chart in (usual, large):
        assert chart["height"] == 240
        assert chart["right"] <= 10 + 600 + 1
        assert chart["tip"] == "step 10loss 2"
        assert abs(chart["cursor"]) <= 1
