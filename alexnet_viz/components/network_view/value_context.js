// What all pictures of a value share: the place that is looked at, its parts, and the colours.

import { make } from "../lib/dom.js";
import { hasNegative, peakOf } from "../lib/numbers.js";
import { inputName } from "./arithmetic.js";
import { mapPicture, photoPicture } from "./pictures.js";
import { backgroundColour } from "./scene.js";

export class ValueContext {
  constructor(app) {
    const { scene, unit } = app;
    this.app = app;
    this.scene = scene;
    this.unit = unit;
    this.inputs = { peak: peakOf(unit.inputs), signed: hasNegative(unit.inputs) };
    this.outputs = { peak: peakOf(unit.output), signed: hasNegative(unit.output) };
    this.weightPeak = unit.weights ? peakOf(unit.weights) : 0;
    this.photo = scene.below === "photo" ? photoPicture(scene, make("canvas")) : null;
    this.colours = null; // of the page, once the pictures have room
    this.cursor = { y: 0, x: 0 };
    this.parts = null;
    this.channel = 0; // the input channel that is looked at
    this.maps = new Map(); // the input's channels as pictures, made when first looked at
    this.kernels = new Map();
  }

  /** Ask for the page's colours: reading them between two writes would lay the page out at every move. */
  measure() {
    const style = getComputedStyle(this.app.root);
    this.colours = { text: style.color, page: backgroundColour(this.app.root), accent: this.app.accent() };
  }

  look(cursor, parts, channel) {
    this.cursor = cursor;
    this.parts = parts;
    this.channel = channel;
  }

  get inputName() {
    return inputName(this.scene, this.channel);
  }

  /** What lies under the window: the photo, or the map of the channel that is looked at. */
  inputMap() {
    if (this.photo) return this.photo;
    const { unit, scene, channel, inputs, maps } = this;
    const size = unit.side ** 2;
    const values = () => unit.inputs.subarray(channel * size, (channel + 1) * size);
    if (!maps.has(channel)) {
      maps.set(channel, mapPicture(scene, values(), unit.side, unit.side, inputs.peak, inputs.signed));
    }
    return maps.get(channel);
  }

  /** The kernel over the channel that is looked at. */
  kernelMap() {
    const { unit, scene, channel, kernels } = this;
    const { kernel } = scene;
    const values = () => unit.weights.subarray(channel * kernel ** 2, (channel + 1) * kernel ** 2);
    if (!kernels.has(channel)) kernels.set(channel, mapPicture(scene, values(), kernel, kernel, this.weightPeak, true));
    return kernels.get(channel);
  }

  /** The windows of the next places, right of and below this one, dashed, where windows slide. */
  drawNextWindows(context, left, top, cell, lineWidth) {
    const { scene, unit, cursor, parts } = this;
    if (scene.of !== "conv" && scene.of !== "pool") return;
    context.setLineDash([4 * lineWidth, 3 * lineWidth]);
    context.lineWidth = lineWidth;
    context.strokeStyle = this.colours.accent;
    const step = scene.stride * cell;
    const [w, h] = [parts.w * cell, parts.h * cell];
    if (cursor.x + 1 < unit.out) context.strokeRect(left + step, top, w, h);
    if (cursor.y + 1 < unit.out) context.strokeRect(left, top + step, w, h);
    context.setLineDash([]);
  }
}

/** Make a canvas as wide as its figure; returns the width. */
export function fillFigure(canvas, aspect = 1) {
  const width = canvas.parentElement.clientWidth;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${width * aspect}px`;
  return width;
}
