// The output map with the cell of the value.

import { outlineCell, sharpContext } from "../lib/canvas.js";
import { make, setText } from "../lib/dom.js";
import { formatNumber } from "../lib/numbers.js";
import { mapPicture } from "./pictures.js";
import { fillFigure } from "./value_context.js";

export class OutputPicture {
  constructor(context) {
    const { scene, unit, outputs } = context;
    this.context = context;
    this.canvas = make("canvas", { className: "out", tabIndex: 0 });
    this.canvas.setAttribute("role", "application");
    this.reading = make("p", { className: "reading" });
    this.map = mapPicture(scene, unit.output, unit.out, unit.out, outputs.peak, outputs.signed);
    this.width = 0;
  }

  measure() {
    this.width = fillFigure(this.canvas);
  }

  draw() {
    const { context, width } = this;
    const { cursor, unit, parts } = context;
    const pen = sharpContext(this.canvas, width, width);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(this.map, 0, 0, width, width);
    outlineCell(pen, cursor, width / unit.out);
    setText(this.reading, `row ${cursor.y}, column ${cursor.x}: ${formatNumber(parts.total)}`);
  }

  describe() {
    const { unit, scene } = this.context;
    const title = `Output map of ${scene.layer}, channel ${scene.channel}, ${unit.out} by ${unit.out}`;
    const keys = "Arrow keys move the window, Space plays.";
    this.canvas.setAttribute("aria-label", `${title}. ${this.reading.textContent}. ${keys}`);
  }
}
