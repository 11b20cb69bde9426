"""The whole network as one drawing to scale, where its parameters and its computing sit, and variants side by side."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from html import escape
from typing import Any, NamedTuple

import plotly.graph_objects as go

from alexnet_viz.figures.blocks import (
    FLOOR,
    LEAST,
    MARGIN,
    NAME,
    OBLIQUE,
    SIZE,
    Box,
    Drawn,
    Layout,
    Point,
    label_width,
    layout,
    shape_lines,
    text_width,
)
from alexnet_viz.figures.palette import INK, INPUT, KIND_COLOURS, KIND_TITLES, PAPER, QUIET_INK, ink_on, mix
from alexnet_viz.values import VARIANT_TITLES, Architecture, LayerInfo


def network_svg(
    architecture: Architecture,
    *,
    selected: str | None = None,
    theme: str = "light",
    photo: str | None = None,
    shapes: Collection[str] | None = None,
) -> str:
    """The network from photo to fc8 as SVG text: heights linear in a map's side, thickness in its channels.

    In cabinet projection, after Figure 2 of Krizhevsky, Sutskever, Hinton 2012. Every layer is a group of class
    ``layer`` with ``data-layer``, a role, a label and a title; the ``selected`` one is outlined, with the window that
    it reads and, where there is room, an enlargement. ``photo`` is what the network sees as a data URI, drawn on its
    input. ``shapes`` names the layers whose output sizes are told, by None all: no other size stands in text, tooltip
    or enlargement, and nothing from which an untold input could be reckoned.
    """
    plan = layout(architecture)
    drawn = [layer for stack in plan.stacks for layer in stack]
    pair = plan.closest(selected)
    height = FLOOR + 184
    title = f"AlexNet, {VARIANT_TITLES[architecture.spec.variant]}: {len(architecture.layers)} layers drawn to scale"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="alexnet" viewBox="0 0 {plan.width:.0f} {height:.0f}" '
        f'role="group" aria-label="{escape(title)}" '
        f"font-family=\"'Source Sans', 'Source Sans 3', 'Segoe UI', 'Helvetica Neue', Arial, sans-serif\">"
        + _defs(photo)
        + f'<path d="M0 {FLOOR + 0.5}H{plan.width:.0f}" stroke="{QUIET_INK[theme]}" stroke-opacity="0.3"/>'
        + "".join(
            _group(layer, layer.name == selected, theme, photo, _told(before, layer, shapes))
            for before, layer in zip([None, *drawn], drawn, strict=False)
        )
        + (_selection(*pair, theme) if pair else "")
        + _story(architecture, plan, pair, theme, photo, _told(*pair, shapes) if pair else Told(False, False))
        + _legend(architecture, plan, theme)
        + "</svg>"
    )


class Told(NamedTuple):
    """Whether the size of a layer's output is told, and that of its input."""

    output: bool
    input: bool


def _told(before: Drawn | None, drawn: Drawn, shapes: Collection[str] | None) -> Told:
    def tells(layer: Drawn | None) -> bool:
        return shapes is None or layer is None or layer.layer is None or layer.name in shapes

    return Told(tells(drawn), tells(before))


def _defs(photo: str | None) -> str:
    image = '<image id="alexnet-photo" href="{}" width="1" height="1" preserveAspectRatio="none"/>'
    return f"<defs>{image.format(escape(photo))}</defs>" if photo else ""


def _group(drawn: Drawn, selected: bool, theme: str, photo: str | None, told: Told) -> str:
    """One layer: its boxes, its label when it is a block of its own, and a rim that is easy to hit."""
    box = drawn.boxes[0]
    label = _label(drawn, selected, theme, told.output)
    if drawn.layer is None:
        shown = _solid(box, INPUT, theme) + (_picture(box) if photo else _grid(box, 8))
        return f'<g class="photo"><title>the photo, {_size(drawn.shape)}</title>{shown}{label}</g>'
    layer = drawn.layer
    solid = "".join(_solid(box, KIND_COLOURS[layer.kind], theme) for box in drawn.boxes)
    label_text = f"{layer.name}, {_aloud(layer)}"
    facts = [layer.name, layer.operation]
    if told.output:
        label_text += f", {_plain(layer.input_shape) if told.input else '?'} to {_plain(layer.output_shape)}"
        facts.append(f"{_size(layer.input_shape[1:]) if told.input else '?'} → {_size(drawn.shape)}")
    if layer.params and all(told):
        facts.append(f"{layer.params:,} parameters, {human(layer.macs)} multiply-adds")
    return (
        f'<g class="layer{" selected" * selected}" data-layer="{escape(layer.name)}" '
        f'data-kind="{layer.kind}" data-parts="{len(drawn.boxes)}" data-tall="{box.tall:.4f}" '
        f'data-thick="{box.thick:.4f}" tabindex="0" role="button" aria-pressed="{str(selected).lower()}" '
        f'aria-label="{escape(label_text)}"><title>{escape(chr(10).join(facts))}</title>{_target(drawn)}{solid}{label}</g>'
    )


def _target(drawn: Drawn) -> str:
    """What a pointer may hit, invisible: a block with all above its label, or a slice with a rim."""
    if not _is_block(drawn):
        return "".join(
            _polygon(box.outline(), fill="none", stroke="transparent", stroke_width=8, pointer_events="all")
            for box in drawn.boxes
        )
    box, half = drawn.boxes[0], label_width(drawn) / 2
    left, right = min(box.x, _middle(drawn) - half), max(box.right, _middle(drawn) + half)
    top = drawn.boxes[-1].top
    return (
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" height="{FLOOR + 88 - top:.1f}" '
        'fill="none" pointer-events="all"/>'
    )


def _is_block(drawn: Drawn) -> bool:
    return drawn.layer is None or drawn.layer.kind not in ("relu", "norm", "dropout")


def _middle(drawn: Drawn) -> float:
    """Where a block's label is centred: under the block, but inside the drawing."""
    box = drawn.boxes[0]
    return max(box.x + (box.thick + box.run[0]) / 2, MARGIN + label_width(drawn) / 2)


def _label(drawn: Drawn, selected: bool, theme: str, shapes: bool) -> str:
    """Name and output shape under a block; slices have none."""
    if not _is_block(drawn):
        return ""
    x = _middle(drawn)
    under = f'<path d="M{x - 26:.1f} {FLOOR + 37:.1f}h52" stroke="{INK[theme]}" stroke-width="3"/>' if selected else ""
    lines = "".join(
        _text(x, FLOOR + 59 + 24 * i, line, SIZE, QUIET_INK[theme], anchor="middle")
        for i, line in enumerate(shape_lines(drawn.shape) if shapes or drawn.layer is None else "?")
    )
    return _text(x, FLOOR + 30, drawn.name, NAME, INK[theme], anchor="middle", weight=700) + under + lines


def _solid(box: Box, colour: str, theme: str) -> str:
    """Front, top and the right face, which shows the map itself."""
    high, end = box.floor - box.tall, box.x + box.thick
    front = [(box.x, high), (end, high), (end, box.floor), (box.x, box.floor)]
    top = [(box.x, high), (box.x + box.run[0], high + box.run[1]), (end + box.run[0], high + box.run[1]), (end, high)]
    faces = (front, colour), (top, mix(colour, "#ffffff", 0.38)), (box.face(end), mix(colour, "#000000", 0.28))
    edge = mix(colour, PAPER[theme], 0.75)
    return "".join(
        _polygon(points, fill=fill, stroke=edge, stroke_width=0.8, stroke_linejoin="round") for points, fill in faces
    )


def _picture(box: Box, first: Point = (0, 0), share: float = 1.0) -> str:
    """The photo in ``defs`` on a box's right face, or a square cut-out of it from ``first`` (both 0–1)."""
    (x, y), (dx, dy) = box.across(box.x + box.thick, 0, 0), box.run
    whole = f"matrix({dx:.3f} {dy:.3f} 0 {box.tall:.3f} {x:.3f} {y:.3f})"
    part = f"{first[0]:.4f} {first[1]:.4f} {share:.4f} {share:.4f}"
    return (
        f'<g transform="{whole}"><svg width="1" height="1" viewBox="{part}" preserveAspectRatio="none">'
        '<use href="#alexnet-photo"/></svg></g>'
    )


def _grid(box: Box, cells: int) -> str:
    """Thin lines on the right face: ``cells`` by ``cells``."""
    x = box.x + box.thick
    lines = [(box.across(x, i / cells, 0), box.across(x, i / cells, 1)) for i in range(1, cells)]
    lines += [(box.across(x, 0, i / cells), box.across(x, 1, i / cells)) for i in range(1, cells)]
    path = "".join(f"M{a[0]:.1f} {a[1]:.1f}L{b[0]:.1f} {b[1]:.1f}" for a, b in lines)
    return f'<path d="{path}" fill="none" stroke="#ffffff" stroke-opacity="0.3" stroke-width="0.8"/>'


def _selection(before: Drawn, drawn: Drawn, theme: str) -> str:
    """The outline of a layer, and what one of its values is made from: a window on a map, or a whole vector."""
    shown = "".join(
        _polygon(box.outline(2.0), fill="none", stroke=INK[theme], stroke_width=4, stroke_linejoin="round")
        for box in drawn.boxes
    )
    layer = _layer(drawn)
    draw = {"conv": _window, "pool": _window, "avgpool": _window, "fc": _fan}.get(layer.kind)
    if draw:
        for i in range(max(len(before.boxes), len(drawn.boxes))):
            source, target = (layer.boxes[min(i, len(layer.boxes) - 1)] for layer in (before, drawn))
            shown += draw(source, target, layer, theme)
    return f'<g class="selection" data-of="{escape(drawn.name)}" pointer-events="none">{shown}</g>'


def _fan(source: Box, target: Box, layer: LayerInfo, theme: str) -> str:
    """Every value of a vector goes to every unit: here from nine of them to one."""
    x = source.x + source.thick + source.run[0]
    end = (target.x, target.floor - target.tall * 0.62)
    starts = [(x, source.floor + source.run[1] - source.tall * i / 8) for i in range(9)]
    path = "".join(f"M{a:.1f} {b:.1f}L{end[0]:.1f} {end[1]:.1f}" for a, b in starts)
    return f'<path d="{path}" stroke="{INK[theme]}" stroke-width="1.2" stroke-opacity="0.8"/>' + _dot(end, theme)


def _window(source: Box, target: Box, layer: LayerInfo, theme: str) -> str:
    """The window of one output value near the middle, in its true place and size, and the lines to that value."""
    (column, row), (left, high), kernel = _seen(source.side, target.side, layer)
    n = source.side
    wide, tall = (min(kernel, n - at) for at in (left, high))
    corners = source.face(source.x + source.thick, left / n, high / n, wide / n, tall / n)
    end = target.across(target.x, (column + 0.5) / target.side, (row + 0.5) / target.side)
    rays = "".join(f"M{x:.1f} {y:.1f}L{end[0]:.1f} {end[1]:.1f}" for x, y in corners)
    return (
        _polygon(corners, fill=PAPER[theme], fill_opacity=0.4, stroke=INK[theme], stroke_width=1.8)
        + f'<path d="{rays}" stroke="{PAPER[theme]}" stroke-width="3" stroke-opacity="0.55"/>'
        + f'<path d="{rays}" stroke="{INK[theme]}" stroke-width="1.2"/>'
        + _dot(end, theme)
    )


def _seen(source: int, target: int, layer: LayerInfo) -> tuple[tuple[int, int], tuple[int, int], int]:
    """A value near the middle of a ``target``-sided map, the first pixel that it reads on the source, and its window.

    (column, row), (column, row), side. Padding is not drawn: a window that begins there begins at the border.
    """
    kernel, step = layer.kernel, float(layer.stride)
    if layer.kind == "avgpool":  # adaptive: each value has its share of the map
        kernel, step = math.ceil(source / target), source / target

    def first(index: int) -> int:
        return min(max(0, int(index * step) - layer.padding), source - 1)

    column, row = int(0.55 * target), int(0.4 * target)
    return (column, row), (first(column), first(row)), kernel


def _layer(drawn: Drawn) -> LayerInfo:
    """The layer of what can be selected, which the photo cannot."""
    assert drawn.layer is not None
    return drawn.layer


def _dot(at: Point, theme: str) -> str:
    return (
        f'<circle cx="{at[0]:.1f}" cy="{at[1]:.1f}" r="3.5" fill="{INK[theme]}" stroke="{PAPER[theme]}" '
        'stroke-width="1.2"/>'
    )


# --- beside the blocks: the network's name, the selected layer enlarged, the legend ---------------


def _story(
    architecture: Architecture,
    plan: Layout,
    pair: tuple[Drawn, Drawn] | None,
    theme: str,
    photo: str | None,
    told: Told,
) -> str:
    """In the room that the maps leave as they shrink: what network this is, and the selected layer."""
    blocks = [stack[-1].boxes[-1] for stack in plan.stacks]
    x = blocks[0].right + 36
    vectors = next(box.x for box in blocks if not box.side)
    inked, quiet = INK[theme], QUIET_INK[theme]
    lines = [
        _text(x, 52, "AlexNet", 42, inked, weight=700),
        _text(x, 82, VARIANT_TITLES[architecture.spec.variant], 22, inked),
        _text(x, 114, f"{architecture.params:,} parameters", SIZE, quiet),
        _text(x, 140, f"{human(architecture.macs)} multiply-adds", SIZE, quiet),
    ]
    if architecture.batch > 1:
        lines.append(_text(x, 166, f"for a batch of {architecture.batch}", SIZE, quiet))
    if pair:
        before, drawn = pair
        x += 390
        lines += [
            _text(x, 40, drawn.name, 32, inked, weight=700),
            _text(x, 68, _layer(drawn).operation, SIZE, inked),
        ]
    if pair and told.output:
        size = _size(before.shape) if told.input else "?"
        lines.append(_text(x, 95, f"{size} → {_size(drawn.shape)}", SIZE, quiet))
    if pair and all(told):
        low = min(box.top for box in blocks if x - 10 < box.right and box.x < vectors and box.side) - 24
        lines.append(_enlarged(before, drawn, (x, 124.0), (vectors - 20, low), theme, photo))
    return f'<g class="story" pointer-events="none">{"".join(lines)}</g>'


def _enlarged(before: Drawn, drawn: Drawn, least: Point, most: Point, theme: str, photo: str | None) -> str:
    """A convolution or pooling and the map that it reads, pixel by pixel between two corners of the drawing.

    Of a map that is drawn large already (the photo) it shows a cut-out, at most four windows wide.
    """
    layer = _layer(drawn)
    if layer.kind not in ("conv", "pool", "avgpool"):
        return ""
    source, target = before.boxes[0], drawn.boxes[0]
    note = f", one of {len(drawn.boxes)} groups" if len(drawn.boxes) > 1 else ""
    corner, share = (0.0, 0.0), 1.0
    if source.tall * 1.2 > (most[1] - least[1]) / (1 - OBLIQUE[1]):
        kernel, step = layer.kernel, layer.stride
        cut = min(4 * kernel, max(kernel + step, source.side // 4), source.side)
        note = f", {cut}×{cut} of its pixels"
        pixel, unit = source.tall / source.side, target.tall / target.side
        units = max(1, (cut - kernel) // step + 1)
        (_, whole, _), (_, part, _) = _seen(source.side, target.side, layer), _seen(cut, units, layer)
        corner = ((whole[0] - part[0]) / source.side, (whole[1] - part[1]) / source.side)
        share = cut / source.side
        source, target = replace(source, side=cut, tall=cut * pixel), replace(target, side=units, tall=units * unit)
    tallest, gap = max(source.tall, target.tall), 70.0
    first, second = (min(box.thick, 60.0) for box in (source, target))
    zoom = min(
        (most[1] - least[1] - 26) / (tallest * (1 - OBLIQUE[1])),
        (most[0] - least[0] - gap - first - second) / ((source.tall + target.tall) * OBLIQUE[0]),
    )
    if zoom < 1.2:
        return ""
    floor = least[1] + zoom * tallest * (1 - OBLIQUE[1])
    source = replace(source, x=least[0], floor=floor, thick=first, tall=source.tall * zoom)
    target = replace(target, x=source.right + gap, floor=floor, thick=second, tall=target.tall * zoom)
    shown = _solid(source, KIND_COLOURS[before.layer.kind] if before.layer else INPUT, theme)
    if before.layer is None and photo:
        shown += _picture(source, corner, share)
    shown += _grid(source, source.side) + _solid(target, KIND_COLOURS[layer.kind], theme)
    shown += _grid(target, target.side) + _window(source, target, layer, theme)
    return shown + _text(least[0], floor + 22, f"{zoom:.1f} times enlarged{note}", 18, QUIET_INK[theme])


def _legend(architecture: Architecture, plan: Layout, theme: str) -> str:
    """The colours of the kinds that are there, and a ruler for each scale."""
    parts, x, y = [], MARGIN, FLOOR + 137
    for kind in dict.fromkeys(layer.kind for layer in architecture.layers):
        parts.append(f'<rect x="{x:.1f}" y="{y - 14:.1f}" width="17" height="17" rx="4" fill="{KIND_COLOURS[kind]}"/>')
        parts.append(_text(x + 24, y, KIND_TITLES[kind], 18, INK[theme]))
        x += 46 + text_width(KIND_TITLES[kind], 18)
    x, y = MARGIN, y + 33
    rulers = (
        (plan.scales.pixel, "pixel{s} of a side"),
        (plan.scales.channel, "channel{s} of thickness"),
        (plan.scales.unit, "unit{s} of a vector"),
    )
    for scale, unit in rulers:
        count = _round_count(100 / scale)
        length = count * scale
        ruler = f"M{x:.1f} {y - 11:.1f}v11M{x:.1f} {y - 5.5:.1f}h{length:.1f}m0 -5.5v11"
        parts.append(f'<path d="{ruler}" fill="none" stroke="{INK[theme]}" stroke-width="2"/>')
        words = f"{count:,} " + unit.format(s="s" * (count != 1))
        parts.append(_text(x + length + 10, y, words, 18, QUIET_INK[theme]))
        x += length + 36 + text_width(words, 18)
    parts.append(f'<rect x="{x:.1f}" y="{y - 8:.1f}" width="{LEAST}" height="{LEAST}" fill="{INK[theme]}"/>')
    parts.append(_text(x + 14, y, "the smallest drawn", 18, QUIET_INK[theme]))
    return f'<g class="legend" pointer-events="none">{"".join(parts)}</g>'


def _round_count(most: float) -> int:
    """The largest of 1, 2, 5, 10, 20 … that is not above ``most``, and at least 1."""
    power = 10 ** max(0, math.floor(math.log10(max(1.0, most))))
    return max(step * power for step in (1, 2, 5) if step == 1 or step * power <= most)


def _polygon(points: list[Point], **style: str | float) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    attributes = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in style.items())
    return f'<polygon points="{path}"{attributes}/>'


def _text(x: float, y: float, text: str, size: float, fill: str, *, anchor: str = "start", weight: int = 400) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" font-weight="{weight}" text-anchor="{anchor}" '
        f'fill="{fill}">{escape(text)}</text>'
    )


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[0]:,}" if len(shape) == 1 else "×".join(map(str, shape))


def _plain(shape: tuple[int, ...]) -> str:
    """A shape without its batch, as a screen reader can say it."""
    return "x".join(map(str, shape[1:]))


def _aloud(layer: LayerInfo) -> str:
    """``convolution 11x11 stride 4``"""
    title = KIND_TITLES[layer.kind]
    return f"{title} {layer.kernel}x{layer.kernel} stride {layer.stride}" if layer.kind in ("conv", "pool") else title


def share_figure(architecture: Architecture, theme: str = "light") -> go.Figure:
    """Where parameters, multiply-adds and activation memory sit: three bars of 100 %, a piece a layer.

    Above each bar stand its total and the shares of the convolutions and of the fully connected layers.
    """
    layers = architecture.layers
    rows = {
        "parameters": [layer.params for layer in layers],
        "multiply-adds": [layer.macs for layer in layers],
        "activations, bytes": [layer.activation_bytes for layer in layers],
    }
    totals = [sum(row) for row in rows.values()]
    figure = go.Figure()
    for layer, *values in zip(layers, *rows.values(), strict=True):
        shares = [value / total for value, total in zip(values, totals, strict=True)]
        colour = KIND_COLOURS[layer.kind]
        figure.add_bar(
            x=shares,
            y=list(rows),
            orientation="h",
            name=layer.name,
            marker={"color": colour, "line": {"color": PAPER[theme], "width": 1}},
            text=[layer.name] * len(shares),
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            textfont={"size": 14, "color": ink_on(colour)},
            customdata=[f"{value:,}" for value in values],
            hovertemplate=f"<b>{layer.name}</b><br>%{{y}}: %{{customdata}} (%{{x:.2%}})<extra></extra>",
            showlegend=False,
        )
    for kind in dict.fromkeys(layer.kind for layer in layers):
        figure.add_bar(x=[None], y=[None], name=KIND_TITLES[kind], marker={"color": KIND_COLOURS[kind]})
    for (title, row), total in zip(rows.items(), totals, strict=True):
        unit = "B" if title.endswith("bytes") else ""
        figure.add_annotation(
            x=0,
            y=title,
            xref="paper",
            xanchor="left",
            yshift=28,
            showarrow=False,
            font={"size": 15},
            text=f"<b>{title.partition(',')[0]}</b>  {human(total, unit)}: {_shares(row, layers)}",
        )
    figure.update_layout(
        barmode="stack",
        bargap=0.55,
        uniformtext={"mode": "hide", "minsize": 14},  # names are there where they fit
        height=330,
        margin={"l": 14, "r": 24, "t": 8, "b": 0},
        font={"color": INK[theme], "size": 14},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        xaxis={
            "tickformat": ".0%",
            "tickfont": {"color": QUIET_INK[theme]},
            "range": [0, 1],
            "fixedrange": True,
            "showgrid": False,
            "zeroline": False,
        },
        yaxis={"range": [2.4, -0.85], "fixedrange": True, "visible": False},
        legend={"orientation": "h", "traceorder": "normal", "y": -0.14, "font": {"size": 14, "color": INK[theme]}},
    )
    return figure


def _shares(values: list[int], layers: tuple[LayerInfo, ...]) -> str:
    """The shares of the convolutions, of the fully connected layers and of the others, where they round to any."""
    sums = Counter[str]()
    for value, layer in zip(values, layers, strict=True):
        sums[layer.kind if layer.kind in ("conv", "fc") else "others"] += value
    shares = {kind: sums[kind] / sums.total() for kind in ("conv", "fc", "others")}
    return ", ".join(f"{kind} {share:.0%}" for kind, share in shares.items() if share >= 0.005)


def compare_rows(architectures: Mapping[Any, Architecture]) -> list[dict[str, Any]]:
    """A row a layer name, in order; per network its operation and output, and whether the networks differ there."""
    names: list[str] = []
    for architecture in architectures.values():  # the union, each name where its own chain has it
        at = 0
        for layer in architecture.layers:
            if layer.name in names:
                at = names.index(layer.name) + 1
            else:
                names.insert(at, layer.name)
                at += 1
    rows: list[dict[str, Any]] = []
    for name in names:
        cells = {}
        for title, architecture in architectures.items():
            match = next((layer for layer in architecture.layers if layer.name == name), None)
            cells[title] = _cell(match) if match else "–"
        rows.append({"layer": name, **cells, "differs": len(set(cells.values())) > 1})
    return rows


def _cell(layer: LayerInfo) -> str:
    params = f", {layer.params:,} parameters" if layer.params else ""
    return f"{layer.operation} → {_size(layer.output_shape[1:])}{params}"


def human(count: float, unit: str = "") -> str:
    """A count in a few characters; bytes with their own prefixes.

    >>> human(61_100_840), human(2**20, "B")
    ('61.1 M', '1.0 MiB')
    """
    base, names = (1024, ("", "Ki", "Mi", "Gi", "Ti")) if unit == "B" else (1000, ("", "k", "M", "G", "T"))
    step = min(len(names) - 1, int(math.log(count, base))) if count >= 1 else 0
    return f"{count / base**step:.{0 if step == 0 else 1}f} {names[step]}{unit}".strip()
