// One sheet of tiles: its picture, its texts, and how it is drawn.

import { sharpContext, strokeRect } from "../lib/canvas.js";
import { gradient, packed, packedColours } from "../lib/colour.js";

/** All tiles below each other in the layer's own pixels: cut up when the sheet is drawn. */
export function sheetPicture({ width, height, count }, values, scale) {
  const picture = new OffscreenCanvas(width, height * count);
  const image = new ImageData(width, height * count);
  const pixels = new Uint32Array(image.data.buffer);
  if (scale) {
    const colours = packedColours(scale);
    for (let i = 0; i < pixels.length; i++) pixels[i] = colours[values[i]];
  } else {
    for (let i = 0; i < pixels.length; i++) {
      pixels[i] = packed(values[3 * i], values[3 * i + 1], values[3 * i + 2]);
    }
  }
  picture.getContext("2d").putImageData(image, 0, 0);
  return picture;
}

/** A sheet's title, its text for screen readers, and its legend. */
export function updateFigure(figure, sheet, scale) {
  const [caption, canvas, legend] = figure.children;
  caption.textContent = sheet.title;
  caption.hidden = !sheet.title;
  canvas.setAttribute("aria-label", `${sheet.alt}. Walk with the arrow keys, choose with Enter.`);
  legend.hidden = !sheet.legend;
  if (!sheet.legend) return;
  const [low, ramp, high, what] = legend.children;
  ramp.style.background = gradient(scale, sheet.signed);
  [low.textContent, high.textContent, what.textContent] = sheet.legend;
}

/** @param {import("./layout.js").GridLayout} layout */
export function drawSheet(canvas, picture, layout, { meta, order, selected, hovered }) {
  const { space, height } = layout;
  canvas.style.height = `${height}px`;
  const pen = sharpContext(canvas, space, height);
  const isShrunk = layout.side * devicePixelRatio < meta.width;
  pen.imageSmoothingEnabled = isShrunk || meta.smooth; // else enlarged maps keep their cells
  for (let place = 0; place < meta.count; place++) {
    pen.drawImage(picture, 0, order[place] * meta.height, meta.width, meta.height, ...layout.tile(place));
  }
  const style = getComputedStyle(canvas);
  pen.fillStyle = style.color;
  pen.font = `15px ${style.fontFamily}`;
  for (const [part, title] of meta.parts.entries()) pen.fillText(title, 0, part * layout.block + 17);
  const accent = style.getPropertyValue("--st-primary-color");
  if (selected >= 0) frame(pen, layout.tile(selected), ["#fff", 5], [accent, 3]);
  if (hovered >= 0) frame(pen, layout.tile(hovered), ["#000", 4], ["#fff", 2]);
}

function frame(pen, [x, y, width, height], ...strokes) {
  for (const [colour, lineWidth] of strokes) strokeRect(pen, colour, lineWidth, x - 1, y - 1, width + 2, height + 2);
}
