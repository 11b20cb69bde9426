// Paint over the photo, or draw a box on it. Marks are kept on the network's own pixels and go to Python at the end of
// a stroke, and now and then during a long one.

import { resize } from "../lib/canvas.js";
import { arrowStep } from "../lib/keyboard.js";
import { Lifetime, renewLifetime } from "../lib/lifetime.js";
import { clamp } from "../lib/numbers.js";
import { placeWithin } from "../lib/pointer.js";
import { packBits, unpackBits } from "./bits.js";

const REPORT_EVERY = 350; // milliseconds between two reports of one stroke
const MOST_UNDO = 40;
const KEY_STEP = 1 / 28; // of the crop

const BOX_HINT = "Drag a box around the object. Keyboard: arrows move it, Shift + arrows change its size.";
const PAINT_HINT =
  "Paint with the mouse, a finger or a pen. Keyboard: arrows move the brush, Space paints, U undoes, " +
  "+ and − change its size.";

/**
 * @typedef {object} Data what Python sends
 * @property {string} picture the photo, a data URI
 * @property {string} instead what a blurring brush lays bare, of the same size
 * @property {string} alt
 * @property {[number, number, number, number]} crop the network's square on the photo: left, top, right, bottom; 0–1
 * @property {number} size the crop's side in input pixels
 * @property {"paint" | "box"} mode
 * @property {"grey" | "black" | "blur"} fill
 * @property {[number, number, number, number] | null} box to begin with, in input pixels
 * @property {string | null} mask to begin with, bits in base64
 * @property {number} height the photo's largest height in CSS pixels
 */

class PhotoBrush {
  constructor(parentElement) {
    const find = (selector) => parentElement.querySelector(selector);
    this.root = find(".brush");
    this.image = find("img");
    this.canvas = find("canvas");
    this.radius = find(".radius");
    this.tools = find(".tools");
    this.hint = find(".hint");
    this.eraseButton = find(".erase");
    this.blurred = new Image();
    this.lifetime = new Lifetime();
    this.isReporting = false; // whether a report is due
    this.undoSteps = [];
    this.place = { x: 0.5, y: 0.5 }; // of the brush on the crop, 0–1
    this.start = null; // where the pointer was pressed down
    this.hasCursor = false;
    this.erases = false;
    this.box = null;
    /** @type {Data} */
    this.data = null;
    this.image.onload = () => this.draw();
    this.blurred.onload = () => this.draw();
    this.radius.oninput = () => this.draw();
    find(".undo").onclick = () => this.undo();
    find(".clear").onclick = () => this.clear();
    this.eraseButton.onclick = () => this.toggleErase();
    this.followPointer();
    this.canvas.onkeydown = (event) => this.key(event);
  }

  /** @param {Data} data */
  receive(data, setStateValue) {
    const isNew = this.data?.size !== data.size || this.data?.picture !== data.picture;
    this.data = data;
    this.setStateValue = setStateValue;
    if (isNew) this.begin();
    const isBox = data.mode === "box";
    this.root.classList.toggle("boxing", isBox);
    this.tools.setAttribute("aria-label", isBox ? "Box" : "Brush");
    this.hint.textContent = isBox ? BOX_HINT : PAINT_HINT;
    this.image.alt = data.alt;
    this.image.style.maxHeight = `${data.height}px`;
    this.canvas.setAttribute("aria-label", `${data.alt}. ${this.hint.textContent}`);
    if (this.image.getAttribute("src") !== data.picture) this.image.src = data.picture;
    if (this.blurred.getAttribute("src") !== data.instead) this.blurred.src = data.instead;
    this.draw();
  }

  /** Begin with another photo. */
  begin() {
    const { size, mask, box } = this.data;
    this.undoSteps = [];
    this.box = box;
    this.mask = new OffscreenCanvas(size, size);
    this.marks = this.mask.getContext("2d", { willReadFrequently: true });
    if (mask) this.marks.putImageData(unpackBits(mask, size), 0, 0);
  }

  // --- drawing ---

  draw() {
    const { image, canvas, data, mask } = this;
    if (!image.naturalWidth) return;
    resize(canvas, image.naturalWidth, image.naturalHeight);
    const pen = canvas.getContext("2d");
    const crop = this.cropOnCanvas();
    pen.clearRect(0, 0, canvas.width, canvas.height);
    if (data.mode === "paint") {
      pen.imageSmoothingEnabled = false;
      pen.drawImage(mask, crop.left, crop.top, crop.width, crop.height);
      pen.globalCompositeOperation = "source-in";
      this.fill(pen);
      pen.globalCompositeOperation = "source-over";
    }
    this.drawOutlines(pen, crop);
  }

  cropOnCanvas() {
    const [left, top, right, bottom] = this.data.crop;
    const { width, height } = this.canvas;
    return { left: left * width, top: top * height, width: (right - left) * width, height: (bottom - top) * height };
  }

  /** Fill what is painted with what the network will see there. */
  fill(pen) {
    const { data, blurred, canvas } = this;
    if (data.fill === "blur" && blurred.complete) return pen.drawImage(blurred, 0, 0, canvas.width, canvas.height);
    pen.fillStyle = data.fill === "black" ? "#000" : "#808080";
    pen.fillRect(0, 0, canvas.width, canvas.height);
  }

  /** The crop, and the box or the brush. */
  drawOutlines(pen, crop) {
    const { data, canvas, box, place, hasCursor } = this;
    const lineWidth = Math.max(1.5, canvas.width / 400);
    const outline = (path) => {
      strokePath(pen, "rgba(0,0,0,.75)", lineWidth * 2.4, path);
      strokePath(pen, "#fff", lineWidth, path);
    };
    outline(() => pen.rect(crop.left, crop.top, crop.width, crop.height));
    const scale = { x: crop.width / data.size, y: crop.height / data.size };
    if (data.mode === "box" && box) {
      const [left, top, right, bottom] = box;
      const corner = [crop.left + left * scale.x, crop.top + top * scale.y];
      pen.setLineDash([lineWidth * 5, lineWidth * 3]);
      outline(() => pen.rect(...corner, (right - left) * scale.x, (bottom - top) * scale.y));
      pen.setLineDash([]);
    } else if (data.mode === "paint" && hasCursor) {
      const centre = [crop.left + place.x * crop.width, crop.top + place.y * crop.height];
      const radius = Number(this.radius.value);
      outline(() => pen.ellipse(...centre, radius * scale.x, radius * scale.y, 0, 0, 2 * Math.PI));
    }
  }

  // --- reports ---

  report() {
    this.cancelReport?.();
    this.isReporting = false;
    const { data, box } = this;
    if (data.mode === "box") this.setStateValue("box", box?.map((value) => Math.round(value * 100) / 100) ?? "none");
    else this.setStateValue("mask", packBits(this.marks.getImageData(0, 0, data.size, data.size)));
  }

  reportSoon() {
    if (this.isReporting) return;
    this.isReporting = true;
    this.cancelReport = this.lifetime.timeout(() => this.report(), REPORT_EVERY);
  }

  // --- strokes ---

  remember() {
    const { size } = this.data;
    this.undoSteps.push(this.marks.getImageData(0, 0, size, size));
    if (this.undoSteps.length > MOST_UNDO) this.undoSteps.shift();
  }

  stroke(from, to) {
    const { marks, data } = this;
    marks.globalCompositeOperation = this.erases ? "destination-out" : "source-over";
    marks.lineCap = "round";
    marks.lineJoin = "round";
    marks.lineWidth = this.radius.value * 2;
    marks.beginPath();
    marks.moveTo(from.x * data.size, from.y * data.size);
    marks.lineTo(to.x * data.size + 0.01, to.y * data.size); // a point is a line, too
    marks.stroke();
  }

  undo() {
    const before = this.undoSteps.pop();
    if (!before) return;
    this.marks.putImageData(before, 0, 0);
    this.draw();
    this.report();
  }

  clear() {
    const { data, marks } = this;
    if (data.mode === "paint") this.remember();
    marks.clearRect(0, 0, data.size, data.size);
    this.box = null;
    this.draw();
    this.report();
  }

  toggleErase() {
    this.erases = !this.erases;
    this.eraseButton.setAttribute("aria-pressed", String(this.erases));
  }

  // --- pointer and keys ---

  placeUnder(event) {
    const [left, top, right, bottom] = this.data.crop;
    const { x, y } = placeWithin(event, this.canvas);
    return { x: (x - left) / (right - left), y: (y - top) / (bottom - top) };
  }

  followPointer() {
    const { canvas } = this;
    canvas.onpointerdown = (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.start = this.placeUnder(event);
      this.place = this.start;
      if (this.data.mode === "paint") {
        this.remember();
        this.stroke(this.place, this.place);
        this.reportSoon();
      }
      this.draw();
    };
    canvas.onpointermove = (event) => {
      const place = this.placeUnder(event);
      if (this.start && this.data.mode === "paint") {
        this.stroke(this.place, place);
        this.reportSoon();
      } else if (this.start) this.box = boxBetween(this.start, place, this.data.size);
      this.hasCursor = true;
      this.place = place;
      this.draw();
    };
    canvas.onpointerup = () => {
      if (!this.start) return;
      this.start = null;
      this.report();
    };
    canvas.onpointercancel = canvas.onpointerup;
    canvas.onpointerleave = () => {
      this.hasCursor = false;
      this.draw();
    };
    canvas.onblur = canvas.onpointerleave;
  }

  key(event) {
    const step = arrowStep(event);
    const isPaint = this.data.mode === "paint";
    const letter = event.key.toLowerCase();
    if (step && !isPaint) {
      this.box = movedBox(this.box, step, event.shiftKey, this.data.size);
      this.reportSoon();
    } else if (step) {
      const { x, y } = this.place;
      this.place = { x: clamp(x + step[1] * KEY_STEP, 0, 1), y: clamp(y + step[0] * KEY_STEP, 0, 1) };
      this.hasCursor = true;
    } else if (isPaint && (event.key === " " || event.key === "Enter")) {
      this.remember();
      this.stroke(this.place, this.place);
      this.report();
    } else if (isPaint && letter === "u") this.undo();
    else if (isPaint && letter === "e") this.toggleErase();
    else if ("+=".includes(event.key)) this.radius.value = Number(this.radius.value) + 2;
    else if ("-−".includes(event.key)) this.radius.value = Number(this.radius.value) - 2;
    else return;
    event.preventDefault();
    this.draw();
  }
}

function strokePath(pen, colour, lineWidth, path) {
  pen.strokeStyle = colour;
  pen.lineWidth = lineWidth;
  pen.beginPath();
  path();
  pen.stroke();
}

/** The box between two places on the crop, in input pixels; null if it is too small to be one. */
export function boxBetween(a, b, size) {
  const [left, right] = [a.x, b.x].map((x) => clamp(x, 0, 1) * size).sort((p, q) => p - q);
  const [top, bottom] = [a.y, b.y].map((y) => clamp(y, 0, 1) * size).sort((p, q) => p - q);
  return right - left >= 2 && bottom - top >= 2 ? [left, top, right, bottom] : null;
}

/**
 * The box after an arrow key, moved or (with Shift) resized; where it would leave the crop it stays as it is.
 * @param {number[] | null} box left, top, right, bottom
 * @param {number[]} step rows and columns
 */
export function movedBox(box, [rows, columns], isResized, size) {
  const [x, y] = [columns * size * KEY_STEP, rows * size * KEY_STEP];
  const [left, top, right, bottom] = box ?? [size / 3, size / 3, (size * 2) / 3, (size * 2) / 3];
  const corner = { x: left / size, y: top / size };
  const next = isResized
    ? boxBetween(corner, { x: (right + x) / size, y: (bottom + y) / size }, size)
    : [left + x, top + y, right + x, bottom + y];
  const isInside = next && next[0] >= 0 && next[1] >= 0 && next[2] <= size && next[3] <= size;
  return isInside ? next : [left, top, right, bottom];
}

export default function photoBrush({ parentElement, data, setStateValue }) {
  parentElement.brush ??= new PhotoBrush(parentElement); // what was painted stays while the data change
  const { brush } = parentElement;
  const lifetime = renewLifetime(parentElement);
  brush.receive(data, setStateValue);
  return () => {
    if (parentElement.lifetime === lifetime) brush.lifetime.end(); // not of a later call
  };
}
