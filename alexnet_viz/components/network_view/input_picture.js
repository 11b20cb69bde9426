// The input of a value with the window on it, the kernel laid over it, and the next windows.

import { hatch, outline, sharpContext } from "../lib/canvas.js";
import { asImage, make, setText } from "../lib/dom.js";
import { cellUnder } from "../lib/pointer.js";
import { fillFigure } from "./value_context.js";

export class InputPicture {
  constructor(context) {
    const { app, scene, unit } = context;
    this.context = context;
    this.canvas = asImage(make("canvas"), "");
    this.reading = make("p", { className: "reading" });
    this.width = 0;
    this.still = make("canvas"); // what lies under the window, drawn once for a channel
    this.stillChannel = null;
    if (scene.of !== "flatten") return;
    this.canvas.style.cursor = "crosshair";
    this.canvas.onclick = (event) => {
      const { y, x } = cellUnder(event, this.canvas, unit.side);
      app.go({ depth: "value", layer: scene.layer, channel: (scene.first * unit.side + y) * unit.side + x }, false);
    };
  }

  measure() {
    this.width = fillFigure(this.canvas);
    this.stillChannel = null;
  }

  draw() {
    const { context, width, canvas } = this;
    const { unit, scene, parts } = context;
    const pad = scene.padding;
    const cell = width / (unit.side + 2 * pad);
    const pen = sharpContext(canvas, width, width);
    this.drawStill(pad, cell);
    pen.drawImage(this.still, 0, 0, width, width);
    pen.imageSmoothingEnabled = false;
    const [left, top] = [(parts.left + pad) * cell, (parts.top + pad) * cell];
    if (unit.weights) {
      pen.globalAlpha = 0.75;
      pen.drawImage(context.kernelMap(), left, top, scene.kernel * cell, scene.kernel * cell);
      pen.globalAlpha = 1;
    }
    context.drawNextWindows(pen, left, top, cell, 1.5);
    outline(pen, left, top, Math.max(parts.w * cell, 5), Math.max(parts.h * cell, 5));
    const name = context.photo ? `photo (${context.inputName})` : context.inputName;
    setText(this.reading, `${name}, ${unit.side} × ${unit.side}`);
  }

  /** The whole input with the padding's zeros as what they are, a rim. */
  drawStill(pad, cell) {
    const { context, width } = this;
    if (this.stillChannel === context.channel) return;
    this.stillChannel = context.channel;
    const pen = sharpContext(this.still, width, width);
    pen.imageSmoothingEnabled = false;
    if (pad) hatch(pen, 0, 0, width, width, context.colours.text);
    const size = context.unit.side * cell;
    pen.drawImage(context.inputMap(), pad * cell, pad * cell, size, size);
  }

  describe() {
    const { top, left, h, w } = this.context.parts;
    const window = `the window covers rows ${top} to ${top + h - 1}, columns ${left} to ${left + w - 1}`;
    this.canvas.setAttribute("aria-label", `${this.reading.textContent}; ${window}`);
  }
}
