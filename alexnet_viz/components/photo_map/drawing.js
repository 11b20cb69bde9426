// The map's picture: dots, small photos cut out of one sheet, and marks around those that are chosen or pointed at.

import { sharpContext, strokeRect } from "../lib/canvas.js";
import { DOT } from "./geometry.js";

const FAINT = 0.12; // how much is left of photos of other classes than the highlighted one

/** Photo after photo in the order in which they are drawn, so that few colours change: classes in turn. */
export function drawingOrder(colours) {
  return Uint32Array.from(colours.keys()).sort((a, b) => colours[a] - colours[b] || a - b);
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {import("./geometry.js").MapGeometry} geometry
 * @param {object} scene
 * @param {ImageBitmap | null} scene.sheet all photos row by row, null until it is there
 * @param {number} scene.tile a photo's side on the sheet
 * @param {number} scene.columns
 * @param {Uint32Array} scene.order in which they are drawn
 * @param {Uint8Array} scene.isShown as a photo
 * @param {string[]} scene.palette colours
 * @param {ArrayLike<number>} scene.colours each photo's place in the palette
 * @param {(index: number) => boolean} scene.isFaint
 */
export function drawMap(canvas, geometry, scene) {
  const pen = sharpContext(canvas, geometry.width, geometry.height);
  pen.imageSmoothingQuality = "low";
  const { order, isShown, sheet } = scene;
  const { side } = geometry;
  const visible = placesOf(geometry, order, side);
  for (const part of ["faint", "bright"]) {
    pen.globalAlpha = part === "faint" ? FAINT : 1;
    const isIn = (index) => scene.isFaint(index) === (part === "faint");
    const dots = visible.filter(({ index }) => isIn(index) && !(sheet && isShown[index]));
    for (const { index, x, y } of dots) fill(pen, scene, index, x, y, DOT);
    const photos = sheet ? visible.filter(({ index }) => isIn(index) && isShown[index]) : [];
    for (const place of photos) drawPhoto(pen, scene, place, side);
  }
  pen.globalAlpha = 1;
}

/** The photos that can be seen, with where their middles lie. */
function placesOf(geometry, order, side) {
  const { xs, ys, scale, middle, width, height } = geometry;
  const [left, top] = [width / 2 - scale * middle.x, height / 2 + scale * middle.y];
  const edge = side / 2 + 2;
  const places = [];
  for (let i = 0; i < order.length; i++) {
    const index = order[i];
    const x = left + scale * xs[index];
    const y = top - scale * ys[index];
    if (x > -edge && y > -edge && x < width + edge && y < height + edge) places.push({ index, x, y });
  }
  return places;
}

function fill(pen, { palette, colours }, index, x, y, side) {
  pen.fillStyle = palette[colours[index]];
  pen.fillRect(Math.round(x - side / 2), Math.round(y - side / 2), side, side);
}

function drawPhoto(pen, scene, { index, x, y }, side) {
  const frame = side < 18 ? 1 : 2;
  const inner = Math.round(side) - 2 * frame;
  const [left, top] = [Math.round(x - side / 2), Math.round(y - side / 2)];
  fill(pen, scene, index, left + Math.round(side) / 2, top + Math.round(side) / 2, Math.round(side));
  drawTile(pen, scene, index, left + frame, top + frame, inner);
}

/** A photo of the sheet. */
export function drawTile(pen, { sheet, tile, columns }, index, left, top, side) {
  const [column, row] = [index % columns, Math.floor(index / columns)];
  pen.drawImage(sheet, column * tile, row * tile, tile, tile, left, top, side, side);
}

/** A photo before all others, larger, in a frame that is seen on any ground. */
export function drawMarked(canvas, geometry, scene, index, accent) {
  const pen = canvas.getContext("2d");
  const { x, y } = geometry.place(index);
  const side = Math.max(28, geometry.side);
  const [left, top] = [x - side / 2, y - side / 2];
  if (scene.sheet) drawTile(pen, scene, index, left, top, side);
  else fill(pen, scene, index, x, y, side);
  strokeRect(pen, accent ? "#fff" : "#000", 5, left, top, side, side);
  strokeRect(pen, accent || "#fff", 3, left, top, side, side);
}
