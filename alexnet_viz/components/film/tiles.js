// Tiles in a grid, each pixel as large as fits, with a gap between them.

import { resize } from "../lib/canvas.js";
import { packed } from "../lib/colour.js";

const WIDTH = 560; // of the grid, about, in pixels of the canvas
const GAP = 3;

/**
 * @param {HTMLCanvasElement} canvas
 * @param {number[]} shape how many tiles, and their height and width
 * @param {number} columns
 * @param {(i: number) => any} colourOf red, green and blue of a pixel, counted over all tiles
 */
export function drawTiles(canvas, [count, height, width], columns, colourOf) {
  const scale = Math.max(1, Math.round(WIDTH / columns / width));
  const [stepX, stepY] = [width * scale + GAP, height * scale + GAP];
  resize(canvas, columns * stepX - GAP, Math.ceil(count / columns) * stepY - GAP);
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let tile = 0; tile < count; tile++) {
    const corner = Math.floor(tile / columns) * stepY * canvas.width + (tile % columns) * stepX;
    for (let i = 0; i < height * width; i++) {
      const [red, green, blue] = colourOf(tile * height * width + i);
      const colour = packed(red, green, blue);
      const first = corner + Math.floor(i / width) * scale * canvas.width + (i % width) * scale;
      for (let y = 0; y < scale; y++) {
        const start = first + y * canvas.width;
        pixels.fill(colour, start, start + scale);
      }
    }
  }
  context.putImageData(image, 0, 0);
}
