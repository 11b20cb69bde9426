// A value: the window on the input with the kernel laid over it, every term, and the sum, beside PyTorch's number.

import { box, cursor, fill, hatch, write } from "../lib/canvas.js";
import { walkMap } from "../lib/keyboard.js";
import { whenLaidOut } from "../lib/laid_out.js";
import { followMap } from "../lib/pointer.js";
import { inputName, takeApart } from "./arithmetic.js";
import { everyTerm, ledger, tale } from "./ledger.js";
import { pathPanel } from "./path.js";
import {
  hasNegative,
  legend,
  level,
  make,
  mapPicture,
  number,
  onceAFrame,
  paintPhoto,
  peakOf,
  said,
  sharp,
} from "./pictures.js";
import { theme } from "./scene.js";
import { vectorValue } from "./vector.js";

export function valueView(app) {
  const { scene, unit } = app;
  return unit.flatMap ? new MapValue(app).view() : vectorValue(app);
}

// --- a value of a map ---------------------------------------------------------------------------

class MapValue {
  constructor(app) {
    const { scene, unit } = app;
    this.app = app;
    this.scene = scene;
    this.unit = unit;
    this.picked = null;
    this.timer = null;
    this.at = this.pinned();
    this.inPeak = peakOf(unit.inputs);
    this.inSigned = hasNegative(unit.inputs);
    this.outPeak = peakOf(unit.output);
    this.outSigned = hasNegative(unit.output);
    this.weightPeak = unit.weights ? peakOf(unit.weights) : 0;
    this.bases = new Map(); // the input maps as pictures, made when first looked at
    this.kernels = new Map();
    this.widths = null; // of the pictures, once they have some
    this.soon = onceAFrame(() => this.show());
    this.still = { canvas: make("canvas"), of: "" }; // what lies under the window, drawn once
    const fromPhoto = scene.below === "photo";
    if (fromPhoto) this.photo = paintPhoto(make("canvas"), scene.read(scene.photo), scene.photo.shape[0]);
    if (unit.isMap) this.base = mapPicture(scene, unit.output, unit.out, unit.out, this.outPeak, this.outSigned);
    this.zooms = ["conv", "pool", "avgpool", "relu", "norm"].includes(scene.of);
    this.rim = { conv: scene.stride, pool: scene.stride, relu: 2 }[scene.of] ?? 1; // cells around the enlarged window

    this.input = make("canvas");
    this.zoom = make("canvas", { className: "zoom" });
    this.output = make("canvas", { className: "out", tabIndex: 0 });
    this.output.setAttribute("role", "application");
    for (const canvas of [this.input, this.zoom]) canvas.setAttribute("role", "img");
    this.under = make("p", { className: "reading" });
    this.zoomed = make("p", { className: "reading" });
    this.reading = make("p", { className: "reading" });
    this.open = make("button", { type: "button", className: "open", hidden: fromPhoto });
    this.open.onclick = () => app.go({ depth: "unit", layer: scene.below, channel: scene.first + this.channel });
    this.products = make("input", { type: "checkbox" });
    this.products.onchange = () => this.show();
    this.ledger = ledger(app, {
      most: scene.of === "conv" ? 7 : 9,
      onpick: scene.of === "conv" ? (entry) => this.pick(entry.i) : null,
    });
    this.formula = make("p", { className: "formula" });
    this.every = everyTerm(app, () => takeApart(unit, ...this.pinnedPair()));
    this.path = pathPanel(app);
    if (scene.of === "flatten") {
      this.input.style.cursor = "crosshair";
      this.input.onclick = (event) => {
        const frame = this.input.getBoundingClientRect();
        const [x, y] = [(event.clientX - frame.left) / frame.width, (event.clientY - frame.top) / frame.height].map(
          (share) => Math.floor(share * unit.side),
        );
        app.go({ depth: "value", layer: scene.layer, channel: (scene.first * unit.side + y) * unit.side + x }, false);
      };
    }
    this.zoom.onpointermove = this.zoom.onpointerdown = (event) => this.read(event);
    this.zoom.onpointerleave = () => this.read(null);
  }

  pinned() {
    return { y: this.app.view.y ?? 0, x: this.app.view.x ?? 0 };
  }
  pinnedPair() {
    const { y, x } = this.pinned();
    return [y, x];
  }
  pick(channel) {
    this.picked = this.picked === channel ? null : channel;
    this.show();
  }

  view() {
    const { app, scene, unit } = this;
    const figure = (canvas, ...captions) => make("figure", {}, canvas, make("figcaption", {}, ...captions));
    const products =
      scene.of === "conv"
        ? [
            make(
              "label",
              { title: "Show input × weight in each cell instead of the two laid over each other" },
              this.products,
              " products",
            ),
          ]
        : [];
    const stage = make(
      "div",
      { className: "stage" },
      figure(this.input, this.under, this.open),
      ...(this.zooms ? [figure(this.zoom, this.zoomed, ...products)] : []),
      ...(unit.isMap ? [figure(this.output, this.reading, this.player())] : []),
      make("div", {}, this.ledger.table),
    );
    const scales = [
      legend(scene, this.inPeak, this.inSigned, scene.below === "photo" ? "input" : scene.below),
      ...(unit.weights ? [legend(scene, this.weightPeak, true, "kernel")] : []),
      ...(unit.isMap ? [legend(scene, this.outPeak, this.outSigned, scene.layer)] : []),
    ];
    if (scene.below === "photo") scales.shift(); // the photo is in its own colours
    app.host.replaceChildren(
      stage,
      this.formula,
      make("div", { className: "foot" }, ...scales),
      this.path.element,
      this.every.details,
    );
    const stop = unit.isMap
      ? followMap(this.output, unit.out, {
          over: (place) => {
            this.at = place ?? this.pinned();
            this.soon();
          },
          pick: (place) => {
            this.stop(false);
            this.settle(place);
          },
        })
      : () => {};
    const drawing = whenLaidOut(stage, () => {
      this.measure();
      this.show();
    });
    this.every.build();
    this.path.fill();
    return {
      key: (event) => this.key(event),
      update: () => {
        if (!this.timer) this.at = this.pinned(); // an answer that comes late does not take a playing window back
        this.show();
        this.every.build();
        this.path.fill();
      },
      focus: () => (unit.isMap ? this.output : this.open).focus({ preventScroll: true }),
      close: () => {
        this.stop(false);
        this.soon.stop();
        drawing.stop();
        stop();
      },
    };
  }

  // --- moving ---

  // A place that stays: into the address, and the path down to the photo follows.
  settle(place) {
    this.at = place;
    this.app.pin(place);
    this.show();
    this.every.build();
    this.app.say(`${this.reading.textContent}. ${this.formula.textContent}`);
  }

  key(event) {
    const focus = this.app.focused();
    if (focus !== this.output || !this.unit.isMap) return;
    if (event.key === " ") this.timer ? this.stop() : this.play();
    else {
      const to = walkMap(event, this.at, this.unit.out);
      if (!to) return;
      this.stop(false);
      this.at = to;
      this.show();
      this.output.onkeyup = () => {
        this.output.onkeyup = null;
        this.settle(this.at);
      }; // once, when the key is let go
    }
    event.preventDefault();
  }

  player() {
    const button = (label, title, onclick) =>
      make("button", { type: "button", title, ariaLabel: title, onclick }, label);
    this.playing = button("▶", "Play: the window slides over the whole map", () =>
      this.timer ? this.stop() : this.play(),
    );
    return make(
      "span",
      { className: "player", role: "group" },
      button("|◀", "From the beginning", () => {
        this.stop(false);
        this.settle({ y: 0, x: 0 });
      }),
      button("◀", "One step back", () => this.step(-1, true)),
      this.playing,
      button("▶|", "One step on", () => this.step(1, true)),
    );
  }
  play() {
    const { out } = this.unit;
    if (this.at.y === out - 1 && this.at.x === out - 1) this.at = { y: 0, x: 0 };
    this.timer = setInterval(
      () => {
        if (!this.step(1, false)) this.stop();
      },
      this.app.calm() ? 1200 : 350,
    );
    this.playing.textContent = "⏸";
    this.playing.title = this.playing.ariaLabel = "Pause";
  }
  stop(settle = true) {
    if (!this.timer) return;
    clearInterval(this.timer);
    this.timer = null;
    this.playing.textContent = "▶";
    this.playing.title = this.playing.ariaLabel = "Play: the window slides over the whole map";
    if (settle) this.settle(this.at);
  }
  // On to the next cell in reading order; false at the end.
  step(by, settle) {
    const { out } = this.unit;
    const next = this.at.y * out + this.at.x + by;
    if (next < 0 || next >= out * out) return false;
    if (settle) this.stop(false);
    this.at = { y: Math.floor(next / out), x: next % out };
    if (settle) this.settle(this.at);
    else this.show();
    return true;
  }

  // --- drawing ---

  // Sizes and colours are asked for once: reading them between two writes would lay the page out at every move.
  measure() {
    this.widths = new Map(
      [this.input, this.zoom, this.output]
        .filter((canvas) => canvas.parentElement)
        .map((canvas) => [canvas, canvas.parentElement.clientWidth]),
    );
    for (const [canvas, width] of this.widths) canvas.style.width = canvas.style.height = `${width}px`;
    if (this.scene.of === "norm") this.zoom.style.height = `${this.widths.get(this.zoom) * 0.42}px`;
    const style = getComputedStyle(this.app.root);
    this.inks = { text: style.color, page: theme(this.app.root), accent: this.app.accent() };
    this.still.of = "";
  }

  show() {
    this.soon.stop();
    if (!this.widths) return; // it will be shown as soon as it has room
    const { scene, unit, at } = this;
    const part = (this.part = takeApart(unit, at.y, at.x));
    const told = tale(scene, part, scene.of === "conv" ? 7 : 9);
    this.channel = this.picked ?? (scene.of === "conv" ? told.rows[0].i : scene.of === "norm" ? part.winner : 0);
    this.ledger.fill(told, part, scene.of === "conv" ? this.channel : null);
    said(this.formula, told.formula);
    const name = inputName(scene, this.channel);
    said(this.open, `Open ${name} ↓`);
    this.drawInput(part, name);
    if (this.zooms) this.drawZoom(part, name);
    if (unit.isMap) this.drawOutput(part);
    const { y, x } = this.pinned();
    if ((at.y === y && at.x === x) || this.app.focused() === this.output) this.describe();
  }

  // The picture under the window: the photo, or the map of the channel that is looked at.
  ground() {
    if (this.photo) return this.photo;
    const { unit, scene, channel } = this;
    if (!this.bases.has(channel)) {
      const size = unit.side ** 2;
      this.bases.set(
        channel,
        mapPicture(
          scene,
          unit.inputs.subarray(channel * size, (channel + 1) * size),
          unit.side,
          unit.side,
          this.inPeak,
          this.inSigned,
        ),
      );
    }
    return this.bases.get(channel);
  }

  // The whole input with the padding's zeros as what they are, a rim; it only changes with the channel.
  whole(width, pad, cell) {
    const { still, channel, unit } = this;
    if (still.of === channel) return still.canvas;
    still.of = channel;
    const context = sharp(still.canvas, width, width);
    context.imageSmoothingEnabled = false;
    if (pad) hatch(context, 0, 0, width, width, this.inks.text);
    context.drawImage(this.ground(), pad * cell, pad * cell, unit.side * cell, unit.side * cell);
    return still.canvas;
  }

  drawInput(part, name) {
    const { unit, scene } = this;
    const width = this.widths.get(this.input);
    const pad = scene.padding;
    const cell = width / (unit.side + 2 * pad);
    const context = sharp(this.input, width, width);
    context.drawImage(this.whole(width, pad, cell), 0, 0, width, width);
    context.imageSmoothingEnabled = false;
    const corner = [(part.left + pad) * cell, (part.top + pad) * cell];
    if (unit.weights) this.overlay(context, ...corner, cell, 0.75);
    this.drawNext(context, ...corner, cell, part, 1.5);
    box(context, ...corner, Math.max(part.w * cell, 5), Math.max(part.h * cell, 5));
    said(this.under, `${this.photo ? `photo (${name})` : name}, ${unit.side} × ${unit.side}`);
  }

  // The windows of the next places, dashed, where windows slide.
  drawNext(context, left, top, cell, part, line) {
    const { scene } = this;
    if (scene.of !== "conv" && scene.of !== "pool") return;
    context.setLineDash([4 * line, 3 * line]);
    context.lineWidth = line;
    context.strokeStyle = this.inks.accent;
    for (const [dy, dx] of this.neighbours()) {
      context.strokeRect(left + dx * scene.stride * cell, top + dy * scene.stride * cell, part.w * cell, part.h * cell);
    }
    context.setLineDash([]);
  }

  // The windows of the next places, right of and below this one, overlapping as they do.
  neighbours() {
    const { out } = this.unit;
    return [
      [0, 1],
      [1, 0],
    ].filter(([dy, dx]) => this.at.y + dy < out && this.at.x + dx < out);
  }

  overlay(context, left, top, cell, alpha) {
    const { scene, unit, channel } = this;
    const k = scene.kernel;
    if (!this.kernels.has(channel))
      this.kernels.set(
        channel,
        mapPicture(scene, unit.weights.subarray(channel * k * k, (channel + 1) * k * k), k, k, this.weightPeak, true),
      );
    context.globalAlpha = alpha;
    context.drawImage(this.kernels.get(channel), left, top, k * cell, k * cell);
    context.globalAlpha = 1;
  }

  drawZoom(part, name) {
    if (this.scene.of === "norm") return this.drawNeighbours(part);
    const { scene, unit, channel, rim } = this;
    const width = this.widths.get(this.zoom);
    const cells = Math.max(part.h, part.w) + 2 * rim;
    const cell = (this.cell = width / cells);
    const context = sharp(this.zoom, width, width);
    context.imageSmoothingEnabled = false;
    const [top, left] = [part.top - rim, part.left - rim];
    if (scene.padding && (top < 0 || left < 0 || top + cells > unit.side || left + cells > unit.side))
      hatch(context, 0, 0, width, width, this.inks.text);
    const [y, x, h, w] = [
      Math.max(0, top),
      Math.max(0, left),
      Math.min(unit.side, top + cells),
      Math.min(unit.side, left + cells),
    ];
    context.drawImage(
      this.ground(),
      x,
      y,
      w - x,
      h - y,
      (x - left) * cell,
      (y - top) * cell,
      (w - x) * cell,
      (h - y) * cell,
    );
    context.globalAlpha = scene.of === "relu" ? 0 : 0.45; // what lies around the window is paler
    context.fillStyle = this.inks.page;
    context.beginPath();
    context.rect(0, 0, width, width);
    context.rect(rim * cell, rim * cell, part.w * cell, part.h * cell);
    context.fill("evenodd");
    context.globalAlpha = 1;
    if (scene.of === "relu") this.drawCut(context, top, left, cells);
    else if (scene.of === "conv") this.drawWeights(context, part);
    else if (cell > 30) this.drawNumbers(context, part);
    this.drawNext(context, rim * cell, rim * cell, cell, part, 2);
    box(context, rim * cell, rim * cell, part.w * cell, part.h * cell);
    if (part.winner !== null && scene.of === "pool") {
      context.lineWidth = 4;
      context.strokeStyle = this.inks.accent;
      context.strokeRect(
        (rim + (part.winner % part.w)) * cell + 2,
        (rim + Math.floor(part.winner / part.w)) * cell + 2,
        cell - 4,
        cell - 4,
      );
    }
    this.zoomText =
      {
        conv: this.products.checked
          ? "input × weight in each cell"
          : `window ${part.h} × ${part.w}, weights inside; dashed: the next, ${scene.stride} on`,
        pool: `window ${part.h} × ${part.w}, the largest framed; dashed: the next, ${scene.stride} on`,
        relu: "before ReLU, enlarged: what is hatched lies below zero and becomes 0",
      }[scene.of] ?? `window ${part.h} × ${part.w}`;
    said(this.zoomed, this.zoomText);
    this.zoomName = `${name}: ${this.zoomText}`;
  }

  // The weights inside the cells of the window, or the products over them.
  drawWeights(context, part) {
    const { scene, unit, channel, rim, cell } = this;
    const size = part.h * part.w;
    const products = this.products.checked;
    const values = products ? part.terms : unit.weights;
    const peak = products ? peakOf(part.terms) : this.weightPeak;
    const inset = products ? 0 : cell * 0.22;
    const table = scene.read(scene.scales.signed);
    for (let i = 0; i < size; i++) {
      const [x, y] = [(rim + (i % part.w)) * cell, (rim + Math.floor(i / part.w)) * cell];
      const colour = level(values[channel * size + i], peak, true);
      fill(context, table, colour, x + inset, y + inset, cell - 2 * inset);
      if (cell > (products ? 38 : 52))
        write(context, number(values[channel * size + i], 2), x + cell / 2, y + cell / 2, cell, table, colour);
    }
  }

  // The values of the window, each in its cell.
  drawNumbers(context, part) {
    const { rim, cell } = this;
    for (let i = 0; i < part.h * part.w; i++) {
      this.writeInput(
        context,
        part.read[i],
        (rim + (i % part.w) + 0.5) * cell,
        (rim + Math.floor(i / part.w) + 0.5) * cell,
        cell,
      );
    }
  }

  writeInput(context, value, x, y, cell) {
    const own = this.scene.read(this.inSigned ? this.scene.scales.signed : this.scene.scales.positive);
    write(context, number(value, 2), x, y, cell, own, level(value, this.inPeak, this.inSigned));
  }

  // The values around a place before ReLU; those it cuts off are hatched.
  drawCut(context, top, left, cells) {
    const { unit, cell } = this;
    for (let r = 0; r < cells; r++) {
      for (let c = 0; c < cells; c++) {
        if (top + r < 0 || left + c < 0 || top + r >= unit.side || left + c >= unit.side) continue;
        const value = unit.inputs[(top + r) * unit.side + left + c];
        if (value < 0) hatch(context, c * cell, r * cell, cell, cell, this.inks.text);
        if (cell > 30) this.writeInput(context, value, (c + 0.5) * cell, (r + 0.5) * cell, cell);
      }
    }
  }

  // The neighbouring channels of a normalised value, each around the same place; its own is framed.
  drawNeighbours(part) {
    const { scene, unit } = this;
    const width = this.widths.get(this.zoom);
    const tile = (this.cell = width / part.n),
      cell = (tile - 4) / 3;
    const context = sharp(this.zoom, width, width * 0.42);
    context.imageSmoothingEnabled = false;
    const own = this.scene.read(this.inSigned ? scene.scales.signed : scene.scales.positive);
    context.font = `600 ${Math.min(15, tile / 4)}px sans-serif`;
    context.textAlign = "center";
    for (let c = 0; c < part.n; c++) {
      const left = c * tile + 2;
      hatch(context, left, 2, 3 * cell, 3 * cell, this.inks.text);
      for (let i = 0; i < 9; i++) {
        const [y, x] = [part.top + Math.floor(i / 3) - 1, part.left + (i % 3) - 1];
        if (y < 0 || x < 0 || y >= unit.side || x >= unit.side) continue;
        context.globalAlpha = i === 4 ? 1 : 0.4;
        fill(
          context,
          own,
          level(unit.inputs[(c * unit.side + y) * unit.side + x], this.inPeak, this.inSigned),
          left + (i % 3) * cell,
          2 + Math.floor(i / 3) * cell,
          cell,
        );
      }
      context.globalAlpha = 1;
      box(context, left + cell, 2 + cell, cell, cell);
      context.fillStyle = this.inks.text;
      context.fillText(number(part.read[c], 2), left + 1.5 * cell, 3 * cell + 20);
      context.lineWidth = 4;
      context.strokeStyle = this.inks.accent;
      if (c === part.winner) context.strokeRect(left, 2, 3 * cell, 3 * cell);
    }
    this.zoomText = `the same place in channels ${scene.first} to ${scene.first + part.n - 1}; framed: its own`;
    said(this.zoomed, this.zoomText);
    this.zoomName = this.zoomText;
  }

  // The cell of the enlarged window under the mouse, in numbers.
  read(event) {
    const { part, unit, scene } = this;
    this.zoomed.textContent = this.zoomText;
    if (!event) return;
    const frame = this.zoom.getBoundingClientRect();
    if (scene.of === "norm") {
      const c = Math.max(0, Math.min(part.n - 1, Math.floor((event.clientX - frame.left) / this.cell)));
      this.zoomed.textContent = `${inputName(scene, c)}: a = ${number(part.read[c], 3)}, α · a² = ${number(part.terms[c], 3)}`;
      return;
    }
    const [c, r] = [
      (event.clientX - frame.left) / this.cell - this.rim,
      (event.clientY - frame.top) / this.cell - this.rim,
    ].map(Math.floor);
    if (c < 0 || r < 0 || c >= part.w || r >= part.h) return;
    const i = this.channel * part.h * part.w + r * part.w + c;
    const value = number(part.read[i], 3);
    const weight = unit.weights && number(unit.weights[i], 3);
    const outside = part.top + r < 0 || part.left + c < 0 || part.top + r >= unit.side || part.left + c >= unit.side;
    this.zoomed.textContent = `row ${part.top + r}, column ${part.left + c}${outside ? " (padding)" : ""}: ${weight ? `${value} × ${weight} = ${number(part.terms[i], 3)}` : value}`;
    if (scene.of === "pool" && i === part.winner) this.zoomed.textContent += ", the largest";
  }

  drawOutput(part) {
    const { unit, at } = this;
    const width = this.widths.get(this.output);
    const context = sharp(this.output, width, width);
    context.imageSmoothingEnabled = false;
    context.drawImage(this.base, 0, 0, width, width);
    cursor(context, at, width / unit.out);
    said(this.reading, `row ${at.y}, column ${at.x}: ${number(part.total)}`);
  }

  // The pictures' texts, for a place that stays.
  describe() {
    const { part, unit, scene } = this;
    this.input.setAttribute(
      "aria-label",
      `${this.under.textContent}; the window covers rows ${part.top} to ${part.top + part.h - 1}, columns ${part.left} to ${part.left + part.w - 1}`,
    );
    if (this.zooms) this.zoom.setAttribute("aria-label", this.zoomName);
    this.output.setAttribute(
      "aria-label",
      `Output map of ${scene.layer}, unit ${scene.channel}, ${unit.out} by ${unit.out}. ${this.reading.textContent}. Arrow keys move the window, Space plays.`,
    );
  }
}
