// One map, over its photo if it has one, with the receptive fields of the cells that are looked at.

import { sharpContext, strokeRect } from "../lib/canvas.js";
import { colourIndex, gradient, packedColours } from "../lib/colour.js";
import { make } from "../lib/dom.js";
import { arrowStep, walkMap } from "../lib/keyboard.js";
import { clamp } from "../lib/numbers.js";

const HIGHEST = 380; // of a picture, in CSS pixels: only a portrait comes so high
const UNSEEN = "rgb(140 136 130 / 0.6)"; // over what the network does not see
const PINNED = "#ffd400";

/**
 * @typedef {object} Panel
 * @property {string} title
 * @property {string} alt
 * @property {[number, number]} shape rows and columns of the map
 * @property {number} peak the value at the end of its colours
 * @property {boolean} signed
 * @property {number} input the side of the network's input
 * @property {number} left the first cell's edge on the input
 * @property {number} step a cell's size on it
 * @property {number[]} start the first pixel of the input that each row or column sees
 * @property {number[]} stop one past the last
 * @property {[string, string]} legend what stands at the low and high end of the colours
 * @property {string | null} photo a data URI
 * @property {[number, number]} [size] of the photo
 * @property {[number, number, number, number]} [crop] the network's square on the photo: left, top, right, bottom
 */

export class MapPanel {
  constructor(view) {
    this.view = view;
    this.canvas = make("canvas", { tabIndex: 0 });
    this.canvas.setAttribute("role", "application");
    this.caption = make("figcaption");
    this.reading = make("p", { className: "says" });
    this.low = make("span", { className: "low" });
    this.ramp = make("span", { className: "ramp" });
    this.high = make("span", { className: "high" });
    const legend = make("div", { className: "legend" }, this.low, this.ramp, this.high);
    this.figure = make("figure", { className: "panel" }, this.caption, this.canvas, this.reading, legend);
    this.handlePointer();
    this.canvas.onkeydown = (event) => this.key(event);
  }

  /** @param {Panel} panel */
  receive(panel, values, scale) {
    this.panel = panel;
    this.values = values;
    this.picture = mapPicture(panel, values, packedColours(scale));
    this.caption.textContent = panel.title;
    const keys = "Walk over it with the arrow keys, choose a position with Enter.";
    this.canvas.setAttribute("aria-label", `${panel.alt}. ${keys}`);
    this.ramp.style.background = gradient(scale, panel.signed);
    this.low.textContent = panel.legend[0];
    this.high.textContent = panel.legend[1];
  }

  handlePointer() {
    const { canvas, view } = this;
    canvas.onpointermove = (event) => view.hover(this.cellUnder(event));
    canvas.onpointerleave = () => view.hover(null);
    canvas.onblur = canvas.onpointerleave;
    canvas.onclick = (event) => view.pick(this.cellUnder(event));
  }

  key(event) {
    const { view } = this;
    const [rows, columns] = this.panel.shape;
    if (arrowStep(event)) {
      view.cursor = walkMap(event, view.cursor, rows, columns);
      view.hover(view.cursor);
      view.announce(this.reading.textContent);
    } else if (event.key === "Enter" || event.key === " ") view.pick(view.cursor);
    else if (event.key === "Escape") view.hover(null);
    else return;
    event.preventDefault();
  }

  cellUnder(event) {
    const { left, step, shape } = this.panel;
    const box = this.canvas.getBoundingClientRect();
    const { offset, scale } = this.geometry;
    const index = (pixels, start, pixelsPerInput, count) =>
      clamp(Math.floor(((pixels - start) / pixelsPerInput - left) / step), 0, count - 1);
    return {
      y: index(event.clientY - box.top, offset.y, scale.y, shape[0]),
      x: index(event.clientX - box.left, offset.x, scale.x, shape[1]),
    };
  }

  /** Where the network's input lies on the canvas, which is at most `highest` high. */
  measure(highest) {
    const { panel } = this;
    const [width, height] = panel.photo ? panel.size : [panel.input, panel.input];
    const scale = Math.min(this.figure.clientWidth / width, (panel.photo ? HIGHEST : highest) / height);
    const [left, top, right, bottom] = panel.photo ? panel.crop : [0, 0, panel.input, panel.input];
    this.geometry = {
      height: height * scale,
      canvas: [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))],
      offset: { x: left * scale, y: top * scale },
      scale: { x: ((right - left) * scale) / panel.input, y: ((bottom - top) * scale) / panel.input },
    };
  }

  /** A box on the input as left, top, width and height on the canvas. @returns {[number, number, number, number]} */
  onCanvas(left, top, right, bottom) {
    const { offset, scale } = this.geometry;
    const [x, y] = [offset.x + left * scale.x, offset.y + top * scale.y];
    return [x, y, offset.x + right * scale.x - x, offset.y + bottom * scale.y - y];
  }

  /** Draw it and return its height, at most `highest`. */
  draw(highest = HIGHEST) {
    this.measure(highest);
    const { canvas, panel, view } = this;
    const [width, height] = this.geometry.canvas;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    const pen = sharpContext(canvas, width, height);
    const input = this.onCanvas(0, 0, panel.input, panel.input);
    this.drawPhoto(pen, input);
    this.drawMap(pen, input);
    strokeRect(pen, "#000", 3, ...input);
    strokeRect(pen, "#fff", 1.5, ...input);
    this.drawCell(pen, view.pinned, { colour: PINNED, rim: 5, line: 3 });
    if (view.hovered) this.drawCell(pen, view.hovered, { colour: "#fff", rim: 4, line: 2, dash: [6, 4] });
    this.write(view.hovered ?? view.pinned);
    return this.geometry.height;
  }

  drawPhoto(pen, input) {
    const photo = this.panel.photo && this.view.photos.get(this.panel.photo);
    if (!photo?.complete || !photo.naturalWidth) return;
    const [width, height] = this.geometry.canvas;
    pen.drawImage(photo, 0, 0, width, height);
    pen.fillStyle = UNSEEN;
    pen.beginPath();
    pen.rect(0, 0, width, height);
    pen.rect(...input);
    pen.fill("evenodd");
  }

  drawMap(pen, input) {
    const { left, step, shape, photo } = this.panel;
    const [rows, columns] = shape;
    pen.save();
    pen.globalAlpha = photo ? this.view.blend / 100 : 1;
    pen.imageSmoothingEnabled = this.view.isSmooth;
    pen.beginPath();
    pen.rect(...input);
    pen.clip();
    const place = this.onCanvas(left, left, left + step * columns, left + step * rows);
    pen.drawImage(this.picture, 0, 0, columns, rows, ...place);
    pen.restore();
  }

  /** A cell and its receptive field. */
  drawCell(pen, { y, x }, { colour, rim, line, dash = [] }) {
    const { start, stop, left, step } = this.panel;
    const field = this.onCanvas(start[x], start[y], stop[x], stop[y]);
    const [column, row] = [left + step * x, left + step * y];
    const cell = this.onCanvas(column, row, column + step, row + step);
    strokeRect(pen, "#000", rim, ...field);
    pen.setLineDash(dash);
    strokeRect(pen, colour, line, ...field);
    pen.setLineDash([]);
    strokeRect(pen, "#000", 4, ...cell);
    strokeRect(pen, colour, 2, ...cell);
  }

  write({ y, x }) {
    const { start, stop, shape } = this.panel;
    const value = Number(this.values[y * shape[1] + x].toPrecision(5));
    const field = `${stop[x] - start[x]} × ${stop[y] - start[y]}`;
    this.reading.textContent = `row ${y}, column ${x}: ${value}; sees ${field} pixels`;
  }
}

/** The map in its colours, a pixel a cell. */
function mapPicture({ shape: [rows, columns], peak, signed }, values, colours) {
  const picture = new OffscreenCanvas(columns, rows);
  const image = new ImageData(columns, rows);
  const pixels = new Uint32Array(image.data.buffer);
  const zero = colours[colourIndex(0, 1, signed)];
  for (let i = 0; i < pixels.length; i++) {
    pixels[i] = peak > 0 ? colours[colourIndex(values[i], peak, signed)] : zero;
  }
  picture.getContext("2d").putImageData(image, 0, 0);
  return picture;
}
