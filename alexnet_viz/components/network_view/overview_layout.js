// Where everything stands in the overview. All lengths are CSS pixels; `edge` is the side of a convolution's map.

import { clamp, sum } from "../lib/numbers.js";

const SMALLEST = 36;
const LARGEST = 130;
const LARGEST_ON_FULL_SCREEN = 240;
const SCALE_LINE = 2; // of a scale and its text, in type sizes
const SPACE = 3; // between neighbours within a block
const BLOCKS = { conv: "maps", fc: "units", flatten: "strips", softmax: "classes" };

/** The layers in blocks that stand close together: a convolution or fully connected layer with what follows it. */
export function blocksOf(columns) {
  const blocks = [];
  columns.forEach((column, index) => {
    if (BLOCKS[column.kind]) blocks.push({ kind: BLOCKS[column.kind], columns: [], indices: [] });
    blocks.at(-1).columns.push(column);
    blocks.at(-1).indices.push(index); // among all columns
  });
  return blocks;
}

/** The widths that follow from the side of a convolution's map. */
class Measures {
  constructor(blocks, em, isLarge, edge) {
    this.blocks = blocks;
    this.em = em;
    this.edge = edge;
    this.strip = Math.max(12, 0.9 * em);
    this.classWidth = (isLarge ? 7.4 : 8.4) * em;
    this.unit = Math.max(1.5 * em, 0.36 * edge);
    this.smallType = Math.min(0.8 * em, Math.max(12.8, 0.28 * edge)); // of small names
  }

  /** The space before a block. */
  gap(block) {
    const gaps = { strips: 8, classes: 10, units: Math.max(14, 0.26 * this.edge) };
    return gaps[block?.kind] ?? Math.max(18, 0.36 * this.edge);
  }

  /** The widths of a block's first column, of each column beside it, and of the whole block. */
  widths(block) {
    const { edge, strip, classWidth, unit } = this;
    const beside = block.columns.slice(1);
    if (block.kind === "strips") return [strip, strip, block.columns.length * (strip + SPACE)];
    if (block.kind === "classes") return [classWidth, 0, classWidth];
    if (block.kind === "units") return [unit, strip, unit + beside.length * (strip + SPACE)];
    if (!beside.length) return [edge, 0, edge];
    const room = this.gap(this.blocks[this.blocks.indexOf(block) + 1]); // a name may reach into it
    const names = beside.map((column) => 0.53 * this.smallType * column.layer.length + 10 - room);
    const next = Math.max((edge - SPACE) / 2, ...names);
    return [edge, next, edge + SPACE + next];
  }

  total() {
    return 1.25 * this.edge + sum(this.blocks.map((block) => this.gap(block) + this.widths(block)[2]));
  }
}

/** The largest maps that fit: all rows on the screen, all columns in the width. */
function fittingMeasures(blocks, rows, { em, isLarge, width }) {
  const [beside, largest] = document.fullscreenElement ? [13, LARGEST_ON_FULL_SCREEN] : [23, LARGEST];
  const height = (window.innerHeight - beside * em) / rows - 6;
  let measures = new Measures(blocks, em, isLarge, clamp(height, SMALLEST, largest));
  while (measures.edge > SMALLEST && measures.total() > width) {
    measures = new Measures(blocks, em, isLarge, measures.edge - 0.5);
  }
  return measures;
}

/**
 * Put all elements in their places. Returns what a line can start from: the photo, and the thumbnails by layer, each
 * with its x, y, w and h on the board.
 */
export function placeColumns(blocks, { photo, columns, board }, room) {
  const rows = Math.max(...columns.map((column) => column.thumbs.length));
  const measures = fittingMeasures(blocks, rows, room);
  const { edge, em } = measures;
  const [pitch, top] = [edge + 6, 4.1 * em];
  const end = top + rows * pitch;
  const photoPlace = { x: 0, y: top + (rows * pitch - 1.25 * edge) / 2, w: 1.25 * edge, h: 1.25 * edge };
  place(photo, photoPlace.x, photoPlace.y, photoPlace.w, photoPlace.h);
  const places = new Map([["photo", [photoPlace]]]);
  let x = photoPlace.w;
  for (const block of blocks) {
    x += measures.gap(block);
    block.columns.forEach((column, i) => {
      const geometry = columnGeometry(measures, block, i, x);
      const elements = columns[block.indices[i]];
      placeHead(elements.head, column, measures, geometry, top);
      placeThumbs(elements.thumbs, block, measures, geometry, { top, pitch });
      const beyond = block.kind === "classes" ? 0 : 10; // the last column's stays within the drawing
      place(elements.more, geometry.left - beyond, end - 2, geometry.width + 2 * beyond, 1.3 * em);
      elements.more.hidden = i || block.kind === "strips" || !elements.more.textContent;
      const [above, below] = [columns[block.indices[i] - 1]?.scale, columns[block.indices[i] + 1]?.scale];
      placeScale(elements.scale, { above, below }, measures, geometry, end);
      places.set(column.layer, elements.thumbs);
    });
    x += measures.widths(block)[2];
  }
  board.style.width = `${x}px`;
  board.style.height = `${end + 1.35 * em + 3 * SCALE_LINE * measures.smallType}px`;
  return places;
}

/** Where the i-th column of a block stands that begins at `x`, and the side of its maps. */
function columnGeometry(measures, block, i, x) {
  const { edge } = measures;
  const [first, next] = measures.widths(block);
  const others = block.columns.length - 1;
  const isStacked = i > 0 && block.kind === "maps"; // beside the convolution's map, one below the other
  const width = i ? next : first;
  const side = isStacked ? Math.min((edge - SPACE) / 2, (edge - SPACE * (others - 1)) / others) : width;
  const left = i ? x + first + SPACE + (isStacked ? 0 : (i - 1) * (next + SPACE)) : x;
  const isStrip = block.kind === "strips" || (i > 0 && block.kind === "units"); // too narrow for its name
  return { i, others, isStacked, isStrip, width, side, left };
}

/** A wide column's name stands above it; names beside it one below the other; a strip's on a pole, like a flag. */
function placeHead(head, column, { em, smallType }, { i, others, isStacked, isStrip, width, left }, top) {
  const isSlim = i > 0 || isStrip;
  head.className = `head${isSlim ? " slim" : ""}${isStrip ? " flag" : ""}`;
  const type = isSlim ? smallType : Math.min(1.1 * em, (width + 7) / (0.58 * column.layer.length));
  head.style.fontSize = `${type}px`;
  const nameWidth = 0.53 * smallType * column.layer.length + 10;
  const line = 1.4 * smallType;
  if (isStacked) place(head, left, top - 8 - (others - i + 1) * line, width, 1.3 * smallType);
  else if (isStrip) {
    const flagTop = top - 7 - 1.6 * em - (others - i + 1) * line;
    place(head, left, flagTop, nameWidth, top - 7 - flagTop);
    head.style.clipPath = `polygon(0 0, 100% 0, 100% ${line}px, 6px ${line}px, 6px 100%, 0 100%)`; // the pole is thin
  } else place(head, left, 0, width, top - 7);
}

function placeThumbs(thumbs, block, { edge }, { i, others, isStacked, side, left }, { top, pitch }) {
  const height = { strips: edge, classes: edge }[block.kind] ?? side;
  thumbs.forEach((thumb, row) => {
    const middle = top + row * pitch + edge / 2;
    const stackTop = middle - (others * side + (others - 1) * SPACE) / 2;
    const y = isStacked ? stackTop + (i - 1) * (side + SPACE) : middle - height / 2;
    Object.assign(thumb, { x: left, y, w: side, h: height });
    place(thumb.button, left, y, side, height);
  });
}

function placeScale(
  scale,
  { above, below },
  { em, smallType },
  { i, others, isStacked, isStrip, width, side, left },
  end,
) {
  scale.classList.toggle("beside", isStacked || isStrip);
  scale.style.fontSize = `${smallType}px`;
  const line = SCALE_LINE * smallType;
  let top = end + 1.35 * em + (i ? line : 0); // a line below that of the column that it follows
  if (i > 1) top = parseFloat(above.style.top) + (above.hidden ? 0 : line);
  place(scale, left, top, isStacked ? side : width, null);
  if (i < others && (isStacked || isStrip)) scale.hidden = scale.textContent === below.textContent; // one for both
}

function place(element, left, top, width, height) {
  const style = {
    left: `${left}px`,
    top: `${top}px`,
    width: `${width}px`,
    height: height === null ? "" : `${height}px`,
  };
  Object.assign(element.style, style);
}
