// Drawing on canvases: pictures of values, and marks that are visible on any ground.

import { cssColour, inkOn } from "./colour.js";

/** Size a canvas for the screen's resolution and clear it; its context then draws in CSS pixels. */
export function sharpContext(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  resize(canvas, Math.round(width * ratio), Math.round(height * ratio));
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

/** Set a canvas's size where it is another one: setting it also clears the canvas. */
export function resize(canvas, width, height) {
  if (canvas.width === width && canvas.height === height) return;
  canvas.width = width;
  canvas.height = height;
}

/**
 * Paint one pixel a value; the picture is scaled up without smoothing where it is shown. Returns the canvas.
 * @param {Uint8Array} table a scale's colours
 * @param {(i: number) => number} indexOf the place in the scale of the pixel i
 */
export function paintIndices(canvas, width, height, table, indexOf) {
  resize(canvas, width, height);
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    const colour = indexOf(i) * 3;
    image.data[4 * i] = table[colour];
    image.data[4 * i + 1] = table[colour + 1];
    image.data[4 * i + 2] = table[colour + 2];
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

/** A square photo from its pixels: red, green, blue, row by row. */
export function paintPhoto(canvas, pixels, side) {
  resize(canvas, side, side);
  const image = new ImageData(side, side);
  for (let i = 0; i < side * side; i++) {
    for (let channel = 0; channel < 3; channel++) image.data[4 * i + channel] = pixels[3 * i + channel];
    image.data[4 * i + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

/** A rectangle in white with a black rim. */
export function outline(context, left, top, width, height) {
  strokeRect(context, "#000", 4, left, top, width, height);
  strokeRect(context, "#fff", 2, left, top, width, height);
}

export function strokeRect(context, colour, lineWidth, left, top, width, height) {
  context.lineWidth = lineWidth;
  context.strokeStyle = colour;
  context.strokeRect(left, top, width, height);
}

/** The frame around a cell of a map whose cells are `cell` pixels wide. */
export function outlineCell(context, { y, x }, cell) {
  const edge = Math.max(cell, 5) + 2;
  outline(context, x * cell - 1, y * cell - 1, edge, edge);
}

/** Hatching, for what is no part of the picture: zeros of the padding, or values that ReLU cuts off. */
export function hatch(context, left, top, width, height, colour) {
  context.save();
  context.beginPath();
  context.rect(left, top, width, height);
  context.clip();
  context.strokeStyle = colour;
  context.globalAlpha = 0.25;
  context.lineWidth = 1;
  context.beginPath();
  for (let x = left - height; x < left + width; x += 7) {
    context.moveTo(x, top + height);
    context.lineTo(x + height, top);
  }
  context.stroke();
  context.restore();
}

/** A square in a colour of the scale. */
export function fillCell(context, table, index, x, y, edge) {
  context.fillStyle = cssColour(table, index);
  context.fillRect(x, y, edge, edge);
}

const SMALLEST_TYPE = 9; // in CSS pixels: what is smaller cannot be read
const cellFont = (size) => `600 ${size}px sans-serif`;

/** The type size at which each of the texts fits into a square of `edge` pixels; 0 where it would be too small. */
export function typeInCells(context, texts, edge) {
  context.font = cellFont(10);
  const widest = Math.max(...texts.map((text) => context.measureText(text).width));
  const size = Math.min(0.5 * edge, (10 * (edge - 3)) / widest);
  return size < SMALLEST_TYPE ? 0 : size;
}

/** A text in the middle of a cell, black or white as the cell's colour asks for. */
export function writeInCell(context, text, x, y, type, table, index) {
  context.fillStyle = inkOn(table, index);
  context.font = cellFont(type);
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(text, x, y);
}
