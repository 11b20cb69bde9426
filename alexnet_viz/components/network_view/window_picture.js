// The window of a value, enlarged, with what lies around it; its cells can be read with the pointer.

import { fillCell, hatch, outline, sharpContext, strokeRect, typeInCells, writeInCell } from "../lib/canvas.js";
import { colourIndex } from "../lib/colour.js";
import { asImage, make, setText } from "../lib/dom.js";
import { clamp, formatAlike, formatNumber, peakOf } from "../lib/numbers.js";
import { placeWithin } from "../lib/pointer.js";
import { inputName } from "./arithmetic.js";
import { scaleTable } from "./scene.js";
import { fillFigure } from "./value_context.js";

const WIDE_RIM = 0.22; // of a cell: what is seen of the input around a weight
const NARROW_RIM = 0.07; // the same around a weight in numbers
const NORM_ASPECT = 0.42;

export class WindowPicture {
  /** Whether there is something to enlarge. */
  static suits = (scene) => ["conv", "pool", "avgpool", "relu", "norm"].includes(scene.of);

  constructor(context, redraw) {
    const { scene } = context;
    this.context = context;
    this.isNorm = scene.of === "norm";
    this.rim = { conv: scene.stride, pool: scene.stride, relu: 2 }[scene.of] ?? 1; // cells around the window
    this.canvas = asImage(make("canvas", { className: "zoom" }), "");
    this.reading = make("p", { className: "reading" });
    this.showsProducts = make("input", { type: "checkbox", onchange: redraw });
    const title = "Show input × weight in each cell instead of the two laid over each other";
    this.controls = scene.of === "conv" ? [make("label", { title }, this.showsProducts, " products")] : [];
    this.width = 0;
    this.cell = 0; // its width; in norm's picture that of a channel
    this.caption = "";
    this.canvas.onpointermove = (event) => this.readUnder(event);
    this.canvas.onpointerdown = this.canvas.onpointermove;
    this.canvas.onpointerleave = () => setText(this.reading, this.caption);
  }

  measure() {
    this.width = fillFigure(this.canvas, this.isNorm ? NORM_ASPECT : 1);
  }

  describe() {
    const label = this.isNorm ? this.caption : `${this.context.inputName}: ${this.caption}`;
    this.canvas.setAttribute("aria-label", label);
  }

  draw() {
    if (this.isNorm) this.drawChannels();
    else this.drawWindow();
    this.caption = this.captionText();
    setText(this.reading, this.caption);
  }

  captionText() {
    const { scene, parts } = this.context;
    const window = `window ${parts.h} × ${parts.w}`;
    const next = `dashed: the next, ${scene.stride} on`;
    switch (scene.of) {
      case "conv":
        return this.showsProducts.checked ? "input × weight in each cell" : `${window}, weights inside; ${next}`;
      case "pool":
        return `${window}, the largest framed; ${next}`;
      case "relu":
        return "before ReLU, enlarged: what is hatched lies below zero and becomes 0";
      case "norm":
        return `the same place in channels ${scene.first} to ${scene.first + parts.n - 1}; framed: its own`;
      default:
        return window;
    }
  }

  drawWindow() {
    const { context, rim, width } = this;
    const { scene, parts } = context;
    const cells = Math.max(parts.h, parts.w) + 2 * rim;
    this.cell = width / cells;
    const { cell } = this;
    const pen = sharpContext(this.canvas, width, width);
    pen.imageSmoothingEnabled = false;
    this.drawSurroundings(pen, cells);
    if (scene.of === "relu") this.drawCutOff(pen, cells);
    else if (scene.of === "conv") this.drawWeights(pen);
    else this.drawNumbers(pen);
    context.drawNextWindows(pen, rim * cell, rim * cell, cell, 2);
    outline(pen, rim * cell, rim * cell, parts.w * cell, parts.h * cell);
    if (scene.of === "pool" && parts.winner !== null) {
      const [x, y] = this.cellCorner(parts.winner);
      strokeRect(pen, context.colours.accent, 4, x + 2, y + 2, cell - 4, cell - 4);
    }
  }

  /** The left top corner of the i-th cell of the window. */
  cellCorner(i) {
    const { w } = this.context.parts;
    return [(this.rim + (i % w)) * this.cell, (this.rim + Math.floor(i / w)) * this.cell];
  }

  /** The input in and around the window; what lies around it is paler, padding is hatched. */
  drawSurroundings(pen, cells) {
    const { context, rim, cell, width } = this;
    const { scene, unit, parts, colours } = context;
    const [top, left] = [parts.top - rim, parts.left - rim];
    const isAtEdge = top < 0 || left < 0 || top + cells > unit.side || left + cells > unit.side;
    if (scene.padding && isAtEdge) hatch(pen, 0, 0, width, width, colours.text);
    const [y, x] = [Math.max(0, top), Math.max(0, left)];
    const [h, w] = [Math.min(unit.side, top + cells) - y, Math.min(unit.side, left + cells) - x];
    pen.drawImage(context.inputMap(), x, y, w, h, (x - left) * cell, (y - top) * cell, w * cell, h * cell);
    pen.globalAlpha = scene.of === "relu" ? 0 : 0.45;
    pen.fillStyle = colours.page;
    pen.beginPath();
    pen.rect(0, 0, width, width);
    pen.rect(rim * cell, rim * cell, parts.w * cell, parts.h * cell);
    pen.fill("evenodd");
    pen.globalAlpha = 1;
  }

  /** The weights inside the cells of the window, or the products over them; in numbers where those can be read. */
  drawWeights(pen) {
    const { context, cell } = this;
    const { scene, unit, channel, parts, weightPeak } = context;
    const size = parts.h * parts.w;
    const isProduct = this.showsProducts.checked;
    const all = isProduct ? parts.terms : unit.weights;
    const values = Array.from(all.subarray(channel * size, (channel + 1) * size));
    const peak = isProduct ? peakOf(parts.terms) : weightPeak;
    const texts = formatAlike(values);
    const narrow = isProduct ? 0 : cell * NARROW_RIM;
    const type = typeInCells(pen, texts, cell - 2 * narrow);
    const inset = isProduct || type ? narrow : cell * WIDE_RIM;
    const table = scaleTable(scene, true);
    values.forEach((value, i) => {
      const [x, y] = this.cellCorner(i);
      const colour = colourIndex(value, peak, true);
      fillCell(pen, table, colour, x + inset, y + inset, cell - 2 * inset);
      if (type) writeInCell(pen, texts[i], x + cell / 2, y + cell / 2, type, table, colour);
    });
    this.noteType(type);
  }

  /** The values of the window, each in its cell. */
  drawNumbers(pen) {
    const { parts, channel } = this.context;
    const size = parts.h * parts.w;
    const values = Array.from(parts.read.subarray(channel * size, (channel + 1) * size));
    this.writeInputs(
      pen,
      values.map((value, i) => ({ value, corner: this.cellCorner(i) })),
    );
  }

  /** Write values of the input over their cells, all in one size, where that can be read. */
  writeInputs(pen, cells) {
    const { cell, context } = this;
    const { scene, inputs } = context;
    const table = scaleTable(scene, inputs.signed);
    const texts = formatAlike(cells.map(({ value }) => value));
    const type = typeInCells(pen, texts, cell);
    cells.forEach(({ value, corner: [x, y] }, i) => {
      const colour = colourIndex(value, inputs.peak, inputs.signed);
      if (type) writeInCell(pen, texts[i], x + cell / 2, y + cell / 2, type, table, colour);
    });
    this.noteType(type);
  }

  /** Note the size of the numbers, 0 for none, for who must know. */
  noteType(type) {
    this.canvas.dataset.type = type.toFixed(1);
  }

  /** The values around a place before ReLU; those it cuts off are hatched. */
  drawCutOff(pen, cells) {
    const { cell, rim, context } = this;
    const { unit, parts, colours } = context;
    const seen = [];
    for (let r = 0; r < cells; r++) {
      for (let c = 0; c < cells; c++) {
        const [row, column] = [parts.top - rim + r, parts.left - rim + c];
        if (row < 0 || column < 0 || row >= unit.side || column >= unit.side) continue;
        const value = unit.inputs[row * unit.side + column];
        if (value < 0) hatch(pen, c * cell, r * cell, cell, cell, colours.text);
        seen.push({ value, corner: [c * cell, r * cell] });
      }
    }
    this.writeInputs(pen, seen);
  }

  /** The neighbouring channels of a normalised value, each around the same place; its own is framed. */
  drawChannels() {
    const { context, width } = this;
    const { parts, colours } = context;
    this.cell = width / parts.n;
    const cell = (this.cell - 4) / 3;
    const pen = sharpContext(this.canvas, width, width * NORM_ASPECT);
    pen.imageSmoothingEnabled = false;
    pen.font = `600 ${Math.min(15, this.cell / 4)}px sans-serif`;
    pen.textAlign = "center";
    for (let c = 0; c < parts.n; c++) {
      const left = c * this.cell + 2;
      this.drawChannel(pen, c, left, cell);
      outline(pen, left + cell, 2 + cell, cell, cell);
      pen.fillStyle = colours.text;
      pen.fillText(formatNumber(parts.read[c], 2), left + 1.5 * cell, 3 * cell + 20);
      if (c === parts.winner) strokeRect(pen, colours.accent, 4, left, 2, 3 * cell, 3 * cell);
    }
  }

  /** The 3 × 3 cells of one channel around the place. */
  drawChannel(pen, c, left, cell) {
    const { scene, unit, parts, inputs, colours } = this.context;
    const table = scaleTable(scene, inputs.signed);
    hatch(pen, left, 2, 3 * cell, 3 * cell, colours.text);
    for (let i = 0; i < 9; i++) {
      const [y, x] = [parts.top + Math.floor(i / 3) - 1, parts.left + (i % 3) - 1];
      if (y < 0 || x < 0 || y >= unit.side || x >= unit.side) continue;
      pen.globalAlpha = i === 4 ? 1 : 0.4;
      const colour = colourIndex(unit.inputs[(c * unit.side + y) * unit.side + x], inputs.peak, inputs.signed);
      fillCell(pen, table, colour, left + (i % 3) * cell, 2 + Math.floor(i / 3) * cell, cell);
    }
    pen.globalAlpha = 1;
  }

  /** Show the cell under the pointer in numbers. */
  readUnder(event) {
    const { scene, parts } = this.context;
    const { x, y } = placeWithin(event, this.canvas);
    const [left, top] = [(x * this.width) / this.cell, (y * this.width) / this.cell];
    if (this.isNorm) {
      const c = clamp(Math.floor(left), 0, parts.n - 1);
      const [value, term] = [formatNumber(parts.read[c], 3), formatNumber(parts.terms[c], 3)];
      return setText(this.reading, `${inputName(scene, c)}: a = ${value}, α · a² = ${term}`);
    }
    const [column, row] = [Math.floor(left - this.rim), Math.floor(top - this.rim)];
    const isInside = column >= 0 && row >= 0 && column < parts.w && row < parts.h;
    setText(this.reading, isInside ? this.cellText(row, column) : this.caption);
  }

  cellText(r, c) {
    const { scene, unit, parts, channel } = this.context;
    const [row, column] = [parts.top + r, parts.left + c];
    const i = (channel * parts.h + r) * parts.w + c;
    const value = formatNumber(parts.read[i], 3);
    const product = () => `${value} × ${formatNumber(unit.weights[i], 3)} = ${formatNumber(parts.terms[i], 3)}`;
    const isOutside = row < 0 || column < 0 || row >= unit.side || column >= unit.side;
    const place = `row ${row}, column ${column}${isOutside ? " (padding)" : ""}`;
    const isLargest = scene.of === "pool" && i === parts.winner;
    return `${place}: ${unit.weights ? product() : value}${isLargest ? ", the largest" : ""}`;
  }
}
