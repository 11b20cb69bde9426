// Lines from rows to the node in which they meet, thick for much, and from there to the result.

import { sharpContext } from "../lib/canvas.js";
import { NEGATIVE, POSITIVE } from "../lib/colour.js";

/**
 * @param {HTMLCanvasElement} canvas covers the `flow` that holds all the others
 * @param {{ row: HTMLElement, value?: number }[]} lines a line without a value is in the text's colour
 */
export function drawWires(canvas, flow, node, result, lines) {
  const box = flow.getBoundingClientRect();
  const nodeBox = node.getBoundingClientRect();
  const resultBox = result.getBoundingClientRect();
  const starts = lines.map((line) => line.row.getBoundingClientRect());
  const textColour = getComputedStyle(flow).color;
  const context = sharpContext(canvas, box.width, box.height);
  const [left, middle] = [nodeBox.left - box.left, (nodeBox.top + nodeBox.bottom) / 2 - box.top];
  const largest = Math.max(1e-12, ...lines.map((line) => Math.abs(line.value ?? 0)));
  context.globalAlpha = 0.75;
  lines.forEach(({ value }, i) => {
    const [x, y] = [starts[i].right - box.left, (starts[i].top + starts[i].bottom) / 2 - box.top];
    if (left <= x) return; // one below the other on a phone
    context.strokeStyle = value === undefined ? textColour : value < 0 ? NEGATIVE : POSITIVE;
    context.lineWidth = value === undefined ? 2 : 1 + (5 * Math.abs(value)) / largest;
    context.beginPath();
    context.moveTo(x + 2, y);
    context.bezierCurveTo((x + left) / 2, y, (x + left) / 2, middle, left, middle);
    context.stroke();
  });
  if (resultBox.left <= nodeBox.right) return;
  context.strokeStyle = textColour;
  context.lineWidth = 3;
  context.beginPath();
  context.moveTo(nodeBox.right - box.left, middle);
  context.lineTo(resultBox.left - box.left - 3, middle);
  context.stroke();
}
