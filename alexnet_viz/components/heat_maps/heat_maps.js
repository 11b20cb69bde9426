// Pictures with the numbers behind them: a point on one is a point on all, by pointer or by arrow keys.

import { asImage, make } from "../lib/dom.js";
import { arrowStep } from "../lib/keyboard.js";
import { clamp, formatNumber } from "../lib/numbers.js";
import { placeWithin } from "../lib/pointer.js";

const LEAST_KEY_STEP = 1 / 28; // of the crop

/**
 * @typedef {object} Data what Python sends
 * @property {Tile[]} tiles
 * @property {any} values of all maps, one behind the other; an Arrow column
 * @property {string} columns of the grid, as CSS
 * @property {number} height the pictures' largest height in CSS pixels
 * @property {boolean} linked whether a point on one is a point on all
 * @property {string} pick the text of a button on each tile, or none
 */

/**
 * @typedef {object} Tile
 * @property {string} key
 * @property {string} title
 * @property {string} note
 * @property {string} picture a data URI
 * @property {string} alt
 * @property {[number, number, number, number]} box where the crop lies on the picture: left, top, right, bottom; 0–1
 * @property {[number, number]} covers the first and the last edge of the map on the crop, 0–1
 * @property {number} start of the map among all values
 * @property {number} rows
 * @property {number} columns
 * @property {string[]} colours
 * @property {number} low the value of the first colour
 * @property {number} high the value of the last
 */

const format = (value) => formatNumber(value, 3, 1e-3);

class HeatMap {
  /** @param {Tile} tile @param {Data} data @param {ArrayLike<number>} values */
  constructor(tile, data, values, { onPick, onPoint }) {
    this.tile = tile;
    this.values = values;
    this.onPoint = onPoint;
    this.point = null; // where the arrow keys go on from
    this.cross = make("div", { className: "cross", hidden: true });
    this.reading = make("div", { className: "value", hidden: true });
    this.mark = make("div", { className: "mark", hidden: true });
    this.picture = this.buildPicture(data.height);
    const note = tile.note ? [make("div", { className: "note" }, tile.note)] : [];
    this.figure = make("figure", {}, this.caption(data.pick, onPick), this.picture, this.legend(), ...note);
    this.figure.dataset.key = tile.key;
  }

  caption(pick, onPick) {
    const { title, key } = this.tile;
    const onclick = () => onPick(key);
    const button = make("button", { type: "button", title: `${pick}: ${title}`, onclick }, pick ?? "");
    return make("figcaption", {}, make("span", { title }, title), ...(pick ? [button] : []));
  }

  buildPicture(height) {
    const { tile } = this;
    const image = make("img", { src: tile.picture, alt: tile.alt, draggable: false });
    image.style.maxHeight = `${height}px`;
    const picture = make("div", { className: "picture", tabIndex: 0 }, image, this.cross, this.reading);
    picture.setAttribute("role", "group");
    picture.setAttribute("aria-label", `${tile.title}. Arrow keys read the map's values.`);
    picture.onpointermove = (event) => this.pointUnder(event);
    picture.onpointerdown = picture.onpointermove;
    picture.onpointerleave = () => this.onPoint(this, null);
    picture.onblur = picture.onpointerleave;
    picture.onkeydown = (event) => this.key(event);
    return picture;
  }

  legend() {
    const { colours, low, high } = this.tile;
    const ramp = asImage(
      make("div", { className: "ramp" }, this.mark),
      `Colours from ${format(low)} to ${format(high)}`,
    );
    ramp.style.background = `linear-gradient(to right, ${colours.join(", ")})`;
    const ends = [low, (low + high) / 2, high].map((value) => make("span", {}, format(value)));
    return make("div", { className: "legend" }, ramp, make("div", { className: "ends" }, ...ends));
  }

  /** Show the value at a place of the crop (0–1), null hides it. Returns its text. */
  show(point) {
    const { tile, cross, reading, mark } = this;
    for (const element of [cross, reading, mark]) element.hidden = !point;
    if (!point) return "";
    const [first, last] = tile.covers;
    const cell = (place, count) => clamp(Math.floor(((place - first) / (last - first)) * count), 0, count - 1);
    const [column, row] = [cell(point.x, tile.columns), cell(point.y, tile.rows)];
    const value = this.values[tile.start + row * tile.columns + column];
    reading.textContent = format(value);
    this.placeReading(point);
    const share = (value - tile.low) / (tile.high - tile.low || 1);
    mark.style.left = `${clamp(share, 0, 1) * 100}%`;
    return `${format(value)}, row ${row + 1} of ${tile.rows}, column ${column + 1} of ${tile.columns}`;
  }

  placeReading(point) {
    const { tile, picture, cross, reading } = this;
    const [left, top, right, bottom] = tile.box;
    const [width, height] = [picture.clientWidth, picture.clientHeight];
    const x = clamp(left + point.x * (right - left), 0, 1) * width;
    const y = clamp(top + point.y * (bottom - top), 0, 1) * height;
    cross.style.left = `${x}px`;
    cross.style.top = `${y}px`;
    reading.style.left = `${Math.max(0, Math.min(x + 14, width - reading.offsetWidth - 4))}px`;
    reading.style.top = `${y + 42 > height ? y - 38 : y + 12}px`;
  }

  pointUnder(event) {
    const [left, top, right, bottom] = this.tile.box;
    const place = placeWithin(event, this.picture);
    const [x, y] = [(place.x - left) / (right - left), (place.y - top) / (bottom - top)];
    this.point = x >= 0 && x < 1 && y >= 0 && y < 1 ? { x, y } : null;
    this.onPoint(this, this.point);
  }

  key(event) {
    if (event.key === "Escape") this.onPoint(this, null);
    const step = arrowStep(event);
    if (!step) return;
    event.preventDefault();
    const [first, last] = this.tile.covers;
    const cell = Math.max(LEAST_KEY_STEP, (last - first) / this.tile.columns);
    const move = (place, steps) => clamp(place + steps * cell, cell / 2, 1 - cell / 2);
    const { point } = this;
    this.point = point ? { x: move(point.x, step[1]), y: move(point.y, step[0]) } : { x: 0.5, y: 0.5 };
    this.onPoint(this, this.point, true);
  }
}

/** @param {{ parentElement: any, data: Data, setTriggerValue: (name: string, value: any) => void }} component */
export default function heatMaps({ parentElement, data, setTriggerValue }) {
  const grid = parentElement.querySelector(".grid");
  const announcement = parentElement.querySelector(".announcement");
  const values = data.values?.getChildAt ? data.values.getChildAt(0).toArray() : (data.values ?? []);
  const focusedKey = parentElement.getRootNode().activeElement?.closest?.("figure")?.dataset.key;
  grid.style.gridTemplateColumns = data.columns;

  const onPoint = (source, point, announces = false) => {
    if (data.linked) for (const map of maps) if (map !== source) map.show(point);
    const text = source.show(point);
    if (announces) announcement.textContent = text;
  };
  const onPick = (key) => setTriggerValue("picked", key);
  const maps = data.tiles.map((tile) => new HeatMap(tile, data, values, { onPick, onPoint }));
  grid.replaceChildren(...maps.map((map) => map.figure));
  if (focusedKey) maps.find((map) => map.tile.key === focusedKey)?.picture.focus();
}
