// A unit: the inputs that matter to it, each with its kernel and its partial result, converging on its map.

import { outline, outlineCell, sharpContext } from "../lib/canvas.js";
import { asImage, make, setText } from "../lib/dom.js";
import { walkMap } from "../lib/keyboard.js";
import { formatCount, formatNumber, hasNegative, peakOf, plural, ranked, sum } from "../lib/numbers.js";
import { followMap } from "../lib/pointer.js";
import { channelSums, inputName, partialMaps, takeApart } from "./arithmetic.js";
import { legend, mapPicture, photoPicture, smoothingText } from "./pictures.js";
import { drawWires } from "./wires.js";

const NODE_TEXTS = { conv: "Σ", relu: "max(0, ·)", pool: "max", avgpool: "mean", norm: "norm" };

export const unitView = (app) => new UnitView(app);

class UnitView {
  constructor(app) {
    this.app = app;
    this.maps = readMaps(app);
    this.pictures = outputPictures(app, this.maps);
    this.ranksHere = make("input", { type: "checkbox", checked: app.ranksHere ?? true });
    this.list = make("div", { className: "inputs" });
    this.wires = make("canvas", { className: "wires", ariaHidden: "true" });
    this.node = make("div", { className: "node" }, NODE_TEXTS[app.scene.of] ?? "=");
    this.rows = []; // of the list: its element, the inputs that it stands for, and what they put in at the place
    this.flow = this.build();
    this.cursor = this.pinned(); // the place that is read, under the pointer or pinned
    this.arrange();
    this.show = app.viewLifetime.whenLaidOut(this.flow, () => this.draw());
    const showSoon = app.viewLifetime.onceAFrame(() => this.show());
    followMap(this.pictures.output, app.unit.out, {
      hover: (cell) => {
        this.cursor = cell ?? this.pinned();
        showSoon();
      },
      pick: (cell) => app.go({ ...app.view, depth: "value", ...cell }),
    });
  }

  pinned() {
    return { y: this.app.view.y ?? 0, x: this.app.view.x ?? 0 };
  }

  build() {
    const { app, pictures } = this;
    const { scene } = app;
    const { isConv } = this.maps;
    this.ranksHere.onchange = () => {
      app.ranksHere = this.ranksHere.checked;
      this.arrange();
      this.show();
    };
    const title = "On: the inputs that contribute most to this value first. Off: by their mean over the whole map.";
    const ranking = isConv ? [make("label", { title }, this.ranksHere, " rank by this place")] : [];
    const bias = make("div", { className: "bias" }, isConv ? `+ bias ${formatNumber(scene.bias)}` : "");
    const middle = make("div", { className: "middle" }, this.node, bias);
    const flow = make("div", { className: "flow" }, this.wires, this.list, middle, pictures.figure);
    flow.style.setProperty("--half", `${1.55 * this.maps.rows}em`); // the node stands in the middle of the inputs
    app.host.replaceChildren(make("div", { className: "ranking" }, ...ranking), flow, footer(app, this.maps));
    return flow;
  }

  /** List the strongest inputs: over the whole map, or at the pinned place. */
  arrange() {
    const { app, maps } = this;
    const { isConv, strengths, n } = maps;
    const { y, x } = this.pinned();
    const isHere = isConv && this.ranksHere.checked;
    const order = isConv
      ? ranked(isHere ? channelSums(takeApart(app.unit, y, x)) : strengths)
      : Array.from({ length: n }, (_, i) => i);
    const others = order.slice(maps.rows);
    this.rows = order.slice(0, maps.rows).map((c) => inputRow(app, maps, c));
    if (others.length) this.rows.push(othersRow(app, maps, others));
    this.list.replaceChildren(...this.rows.map((row) => row.row));
  }

  draw() {
    const { app, cursor, pictures } = this;
    const { scene, unit } = app;
    const edge = pictures.edge(app.isFullScreen());
    pictures.drawOutput(edge, cursor);
    const parts = takeApart(unit, cursor.y, cursor.x);
    this.writeSums(parts);
    setText(pictures.reading, `row ${cursor.y}, column ${cursor.x}: ${formatNumber(parts.pytorch)}`);
    const partial = `the partial results here ${formatNumber(parts.total - parts.bias)}`;
    const formula = `${partial} + bias ${formatNumber(parts.bias)} = ${formatNumber(parts.total)}`;
    setText(pictures.formula, this.maps.isConv ? formula : "");
    pictures.output.setAttribute(
      "aria-label",
      `Output map of ${scene.layer}, channel ${scene.channel}, ${unit.out} by ${unit.out}. Row ${cursor.y}, column ` +
        `${cursor.x}: ${formatNumber(parts.pytorch)}. Arrow keys to walk, Enter to take the value apart.`,
    );
    pictures.drawField(edge, cursor, app.isFullScreen());
    drawWires(this.wires, this.flow, this.node, pictures.output, this.rows);
  }

  /** What each row puts in at the cursor. */
  writeSums(parts) {
    const { isConv } = this.maps;
    const sums = isConv ? channelSums(parts) : null;
    const hasOneValue = !["pool", "avgpool"].includes(this.app.scene.of);
    for (const row of this.rows) {
      const value = isConv ? sum(row.channels.map((c) => sums[c])) : parts.read[row.channels[0] * parts.h * parts.w];
      row.value = isConv ? value : undefined;
      const sign = isConv && value >= 0 ? "+" : "";
      setText(row.adds, isConv || hasOneValue ? `${sign}${formatNumber(value, 3)}` : "");
      row.adds.classList.toggle("minus", value < 0);
    }
  }

  key(event) {
    const { app } = this;
    if (app.focused() !== this.pictures.output) return;
    const cell = walkMap(event, this.cursor, app.unit.out);
    if (cell) {
      this.cursor = cell;
      this.show();
      app.announce(this.pictures.reading.textContent);
    } else if (event.key === "Enter" || event.key === " ") app.go({ ...app.view, depth: "value", ...this.cursor });
    else return;
    event.preventDefault();
  }

  update() {
    this.cursor = this.pinned();
    this.arrange();
    this.show();
  }

  focus() {
    this.pictures.output.focus({ preventScroll: true });
  }
}

/** A unit's maps with their peaks, and how strong each input is: the mean |value| of its partial result. */
function readMaps({ scene, unit, rows = 6 }) {
  const { n, out, inputs, output, weights } = unit;
  const isConv = scene.of === "conv";
  const size = out * out;
  const partial = isConv ? partialMaps(unit) : null;
  const strengths = new Float64Array(n).fill(1);
  for (let c = 0; isConv && c < n; c++) {
    strengths[c] = sum(partial.subarray(c * size, (c + 1) * size).map(Math.abs)) / size;
  }
  return {
    isConv,
    n,
    partial,
    strengths,
    size,
    rows: Math.min(n, isConv ? Math.max(3, Math.min(8, rows)) : 5),
    inputs: { peak: peakOf(inputs), signed: hasNegative(inputs) },
    output: { peak: peakOf(output), signed: hasNegative(output) },
    weightPeak: isConv ? peakOf(weights) : 0,
    partialPeak: isConv ? peakOf(partial) : 0,
  };
}

const sign = (text) => make("span", { className: "sign" }, text);

/** An input with its kernel and its partial result. */
function inputRow(app, maps, c) {
  const { scene, unit } = app;
  const { side, out } = unit;
  const { inputs, strengths, size } = maps;
  const ofChannel = (values, length) => values.subarray(c * length, (c + 1) * length);
  const isPhoto = scene.below === "photo";
  const name = inputName(scene, c);
  const map = mapPicture(scene, ofChannel(unit.inputs, side * side), side, side, inputs.peak, inputs.signed);
  const open = make("button", { type: "button", className: "input" }, asImage(map, ""), make("span", {}, name));
  open.setAttribute("aria-label", isPhoto ? `input: ${name}` : `open ${name}`);
  open.disabled = isPhoto;
  open.onclick = () => app.go({ depth: "unit", layer: scene.below, channel: scene.first + c });
  const adds = make("output", { className: "adds" });
  const row = make("div", { className: maps.isConv ? "row" : "row plain" }, open);
  row.dataset.channel = scene.first + c;
  row.dataset.strength = strengths[c];
  if (maps.isConv) {
    const { kernel } = scene;
    const weights = mapPicture(scene, ofChannel(unit.weights, kernel ** 2), kernel, kernel, maps.weightPeak, true);
    weights.className = "kernel";
    const partial = mapPicture(scene, ofChannel(maps.partial, size), out, out, maps.partialPeak, true);
    const label = `its partial result, mean size ${formatNumber(strengths[c], 3)}`;
    row.append(sign("∗"), asImage(weights, `its kernel, ${kernel} × ${kernel}`), sign("="), asImage(partial, label));
  }
  row.append(adds);
  return { row, adds, channels: [c], value: undefined };
}

/** All inputs that are not listed, summed. */
function othersRow(app, { partial, partialPeak, size }, channels) {
  const { scene, unit } = app;
  const rest = new Float32Array(size);
  for (const c of channels) for (let i = 0; i < size; i++) rest[i] += partial[c * size + i];
  const picture = mapPicture(scene, rest, unit.out, unit.out, Math.max(partialPeak, peakOf(rest)), true);
  const adds = make("output", { className: "adds" });
  const label = `and ${formatCount(channels.length)} other${plural(channels.length)}`;
  const row = make(
    "div",
    { className: "row rest" },
    make("span", { className: "others" }, label),
    sign("="),
    asImage(picture, "the sum of all other partial results"),
    adds,
  );
  return { row, adds, channels, value: undefined };
}

/** The unit's own map, and what a place of it sees of the photo. */
function outputPictures(app, maps) {
  const { scene, unit } = app;
  const { peak, signed } = maps.output;
  const output = make("canvas", { tabIndex: 0, className: "out" });
  output.setAttribute("role", "application");
  const reading = make("p", { className: "reading" });
  const formula = make("p", { className: "sum" });
  const field = asImage(make("canvas", { className: "sees" }), "");
  const fieldText = make("p", { className: "reading" });
  const caption = make("figcaption", {}, reading, formula, legend(scene, peak, signed, "output"));
  const figure = make("figure", { className: "result" }, output, caption, field, fieldText);
  const map = mapPicture(scene, unit.output, unit.out, unit.out, peak, signed);
  const photo = photoPicture(scene);
  /** The map's side: the photo below it shall be seen too; on the full screen it stands beside the map. */
  const edge = (isFull) =>
    isFull
      ? Math.min(0.65 * figure.clientWidth, 0.66 * window.innerHeight)
      : Math.min(figure.clientWidth, 300, Math.max(200, 0.34 * window.innerHeight));
  const drawOutput = (edge, cursor) => {
    output.style.width = `${edge}px`;
    output.style.height = `${edge}px`;
    const context = sharpContext(output, edge, edge);
    context.imageSmoothingEnabled = app.isSmooth();
    context.drawImage(map, 0, 0, edge, edge);
    outlineCell(context, cursor, edge / unit.out);
  };
  const drawField = (edge, cursor, isUpright) => {
    const [[top, bottom], [left, right]] = [scene.fields[cursor.y], scene.fields[cursor.x]];
    drawReceptiveField(field, photo, edge, { top, bottom, left, right }, isUpright);
    setText(fieldText, `what this place sees: ${bottom - top} × ${right - left} pixels of the photo`);
    const place = `columns ${left} to ${right - 1}, rows ${top} to ${bottom - 1}`;
    field.setAttribute("aria-label", `The photo; ${fieldText.textContent}, ${place}`);
  };
  return { output, reading, formula, figure, edge, drawOutput, drawField };
}

/** The photo with the field's box, and beside or below it what is in the box; `length` is that of both. */
function drawReceptiveField(canvas, photo, length, { top, bottom, left, right }, isUpright) {
  const half = (length - 8) / 2;
  const [width, height] = isUpright ? [half, length] : [length, half];
  const scale = half / photo.width;
  const [w, h] = [right - left, bottom - top];
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = sharpContext(canvas, width, height);
  context.drawImage(photo, 0, 0, half, half);
  outline(context, left * scale, top * scale, Math.max(4, w * scale), Math.max(4, h * scale));
  const zoom = half / Math.max(w, h);
  context.imageSmoothingEnabled = w > 40;
  const [x, y] = isUpright ? [0, half + 8] : [half + 8, 0];
  context.drawImage(photo, left, top, w, h, x, y, w * zoom, h * zoom);
}

function footer(app, { isConv, inputs, weightPeak, partialPeak }) {
  const hint =
    "Click a place on the output map (or walk with the arrow keys and press Enter) to take that value apart; " +
    `click an input to open that channel. ${smoothingText(app)}`;
  const { scene } = app;
  const scales = isConv
    ? [
        legend(scene, inputs.peak, inputs.signed, scene.below === "photo" ? "photo" : "inputs"),
        legend(scene, weightPeak, true, "kernels"),
        legend(scene, partialPeak, true, "partial results"),
      ]
    : [];
  return make("div", { className: "foot" }, make("span", { className: "hint" }, hint), ...scales);
}
