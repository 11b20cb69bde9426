// Where photos lie on the canvas, in CSS pixels, as one zooms and moves; which one is under the pointer or next to it.

import { clamp } from "../lib/numbers.js";

const MARGIN = 26; // between the outermost points and the canvas's edge at the start
const FARTHEST = 64; // times as large as at the start
const LARGEST = 72; // a photo's side
const TILE_FROM = 11; // a photo smaller than this says no more than a dot
const APART = 0.8; // of a side: how far from each other photos must lie to be both shown
export const DOT = 5; // the side of what stands for a photo that another one covers

export class MapGeometry {
  /** @param {ArrayLike<number>} xs where each photo lies @param {ArrayLike<number>} ys upwards, as in a chart */
  constructor(xs, ys) {
    this.xs = xs;
    this.ys = ys;
    this.bounds = { x: rangeOf(xs), y: rangeOf(ys) };
    this.whole = { x: middleOf(this.bounds.x), y: middleOf(this.bounds.y) };
    this.middle = this.whole; // what lies in the middle of the canvas
    this.zoom = 1;
    this.resize(1, 1);
  }

  get count() {
    return this.xs.length;
  }

  /** The canvas has another size: what was in its middle stays there. Both axes have one scale. */
  resize(width, height) {
    this.width = width;
    this.height = height;
    const inner = [width - 2 * MARGIN, height - 2 * MARGIN].map((space) => Math.max(1, space));
    const sizes = [this.bounds.x, this.bounds.y].map(([low, high]) => high - low);
    const fitting = inner.map((space, axis) => (sizes[axis] ? space / sizes[axis] : Number.POSITIVE_INFINITY));
    const fit = Math.min(...fitting);
    this.fit = Number.isFinite(fit) ? fit : 1; // pixels a unit at the start; where all lie on one point any will do
    this.even = Math.sqrt((inner[0] * inner[1]) / Math.max(1, this.count)); // a photo's share of the canvas, as a side
  }

  /** A photo's side: it grows more slowly than the distances, so that zooming in parts what lay on each other. */
  get side() {
    return Math.min(LARGEST, clamp(0.75 * this.even, 14, 48) * Math.sqrt(this.zoom));
  }

  get scale() {
    return this.fit * this.zoom;
  }

  /** Where a photo's middle lies. */
  place(index) {
    const x = this.width / 2 + this.scale * (this.xs[index] - this.middle.x);
    return { x, y: this.height / 2 - this.scale * (this.ys[index] - this.middle.y) };
  }

  /** Move what is seen by pixels. */
  pan(dx, dy) {
    this.#look(this.middle.x - dx / this.scale, this.middle.y + dy / this.scale);
  }

  /** Zoom by a factor; what lies at (x, y) stays there. Returns whether anything changed. */
  zoomAt(factor, x = this.width / 2, y = this.height / 2) {
    const [before, old] = [this.zoom, this.scale];
    this.zoom = clamp(before * factor, 1, FARTHEST);
    const shift = 1 / old - 1 / this.scale;
    this.#look(this.middle.x + (x - this.width / 2) * shift, this.middle.y - (y - this.height / 2) * shift);
    return this.zoom !== before;
  }

  /** All photos, as at the start. */
  reset() {
    this.zoom = 1;
    this.middle = this.whole;
  }

  /** Move no more than is needed for a photo to be seen whole. */
  reveal(index) {
    const { x, y } = this.place(index);
    const edge = this.side / 2 + 4;
    this.pan(clamp(x, edge, this.width - edge) - x, clamp(y, edge, this.height - edge) - y);
  }

  /** Look at a place, never beyond what is seen at the start. */
  #look(x, y) {
    const share = (1 - 1 / this.zoom) / 2 / this.fit;
    const [across, down] = [this.width * share, this.height * share];
    this.middle = {
      x: clamp(x, this.whole.x - across, this.whole.x + across),
      y: clamp(y, this.whole.y - down, this.whole.y + down),
    };
  }

  /**
   * Which photos are shown as photos, 1, and which as dots, 0: those that would cover another one are dots, so that no
   * more are drawn than can be seen. It depends on the zoom alone, so nothing flickers as one moves.
   * @param {ArrayLike<number>} order the photos, those first that come first
   */
  shown(order) {
    const isShown = new Uint8Array(this.count);
    if (this.side < TILE_FROM) return isShown;
    const cell = this.side * APART;
    const unit = this.scale / cell;
    const taken = new Map(); // a photo at most in each cell
    for (let i = 0; i < order.length; i++) {
      const [x, y] = [this.xs[order[i]] * unit, this.ys[order[i]] * unit];
      if (isCovered(taken, x, y)) continue;
      taken.set(keyOf(Math.floor(x), Math.floor(y)), [x, y]);
      isShown[order[i]] = 1;
    }
    return isShown;
  }

  /** The photo under a place, −1 for none: those drawn as photos before the dots below them. */
  under(x, y, isShown) {
    let [best, nearest] = [-1, Number.POSITIVE_INFINITY];
    for (let index = 0; index < this.count; index++) {
      const place = this.place(index);
      const [dx, dy] = [Math.abs(place.x - x), Math.abs(place.y - y)];
      const reach = isShown[index] ? this.side / 2 : DOT;
      if (dx > reach || dy > reach) continue;
      const distance = Math.hypot(dx, dy) + (isShown[index] ? 0 : LARGEST);
      if (distance < nearest) [best, nearest] = [index, distance];
    }
    return best;
  }

  /** The photo nearest to a place. */
  nearest(x, y) {
    let [best, smallest] = [-1, Number.POSITIVE_INFINITY];
    for (let index = 0; index < this.count; index++) {
      const place = this.place(index);
      const distance = Math.hypot(place.x - x, place.y - y);
      if (distance < smallest) [best, smallest] = [index, distance];
    }
    return best;
  }

  /** The nearest photo in a direction, [rows, columns] as arrow keys give it; the same one where there is none. */
  next(index, [down, right]) {
    const from = this.place(index);
    let [best, nearest] = [index, Number.POSITIVE_INFINITY];
    for (let other = 0; other < this.count; other++) {
      const place = this.place(other);
      const along = (place.x - from.x) * right + (place.y - from.y) * down;
      const across = Math.abs((place.x - from.x) * down) + Math.abs((place.y - from.y) * right);
      if (along <= 0.01 || across > 2 * along) continue;
      const distance = along + 2 * across; // rather straight on than near
      if (distance < nearest) [best, nearest] = [other, distance];
    }
    return best;
  }
}

const keyOf = (column, row) => column * 0x100000 + row;

/** Whether a place, in cells, is less than a cell from one that is taken. */
function isCovered(taken, x, y) {
  for (let column = Math.floor(x) - 1; column <= Math.floor(x) + 1; column++) {
    for (let row = Math.floor(y) - 1; row <= Math.floor(y) + 1; row++) {
      const other = taken.get(keyOf(column, row));
      if (other && Math.abs(other[0] - x) < 1 && Math.abs(other[1] - y) < 1) return true;
    }
  }
  return false;
}

/** The smallest and the largest value; 0 and 0 for none. @returns {[number, number]} */
function rangeOf(values) {
  let [low, high] = values.length ? [values[0], values[0]] : [0, 0];
  for (let i = 1; i < values.length; i++) {
    low = Math.min(low, values[i]);
    high = Math.max(high, values[i]);
  }
  return [low, high];
}

const middleOf = ([low, high]) => (low + high) / 2;
