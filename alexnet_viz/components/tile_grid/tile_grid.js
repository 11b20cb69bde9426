// All maps of a layer as one picture: one block of bytes, one canvas a sheet; a click, Enter or a tap goes to Python.
// Several sheets (two photos, two sets of weights, their difference) are walked in lockstep.

import { make } from "../lib/dom.js";
import { walkList } from "../lib/keyboard.js";
import { renewLifetime } from "../lib/lifetime.js";
import { placeTip } from "../lib/pointer.js";
import { GridLayout } from "./layout.js";
import { drawSheet, sheetPicture, updateFigure } from "./sheet.js";

/**
 * @typedef {object} Data what Python sends, beside the Arrow columns tiles0 …, scale0 … and fact0 …
 * @property {Meta} meta
 * @property {any} order the tiles' numbers as they stand, an Arrow column
 */

/**
 * @typedef {object} Meta
 * @property {number} count
 * @property {number} height of a tile in the layer's own pixels
 * @property {number} width
 * @property {number} gap between tiles, in CSS pixels
 * @property {number} largest a tile's width at most, in CSS pixels
 * @property {string} noun what a tile is
 * @property {string[]} facts what the tip says of each tile
 * @property {string[] | null} names
 * @property {boolean} smooth whether tiles are smoothed between their cells
 * @property {number} selected a tile's number, −1 for none
 * @property {string[]} parts titles above equal parts, or none
 * @property {Sheet[]} sheets
 */

/**
 * @typedef {object} Sheet
 * @property {string} title
 * @property {string} alt
 * @property {[string, string, string] | null} legend what stands at the scale's low and high end, and what it measures
 * @property {boolean} signed
 */

const arrayOf = (column) => column?.getChildAt(0)?.toArray();

class TileGrid {
  constructor(parentElement) {
    this.grid = parentElement.querySelector(".grid");
    this.holder = this.grid.querySelector(".sheets");
    this.tip = this.grid.querySelector(".tip");
    this.announcement = this.grid.querySelector(".announcement");
    this.layouts = []; // of the sheets, once they are drawn
    this.selected = null; // a tile's number
    this.cursor = 0; // a place in the order
    this.hovered = -1; // the same, −1 for none
    this.onPick = (_tile) => {};
  }

  /** @param {any} data the Data with its columns @param {import("../lib/lifetime.js").Lifetime} lifetime */
  receive(data, lifetime) {
    const { meta } = data;
    this.meta = meta;
    this.order = arrayOf(data.order);
    this.places = new Int32Array(meta.count); // where a tile lies: the inverse of the order
    this.order.forEach((tile, place) => {
      this.places[tile] = place;
    });
    this.facts = meta.facts.map((title, i) => ({ title, values: arrayOf(data[`fact${i}`]) }));
    if (this.selected !== meta.selected) {
      this.selected = meta.selected;
      this.cursor = meta.selected < 0 ? 0 : Math.max(0, this.places[meta.selected]);
    }
    this.hovered = -1;
    this.tip.hidden = true;
    this.pictures = this.readSheets(data);
    this.redraw = lifetime.whenLaidOut(this.holder, () => this.draw());
  }

  /** The sheets as pictures; their figures stay as long as there are as many. */
  readSheets(data) {
    const { sheets } = this.meta;
    const { holder } = this;
    if (holder.children.length !== sheets.length) {
      holder.replaceChildren(...sheets.map((_, index) => this.buildFigure(index)));
    }
    return sheets.map((sheet, index) => {
      const scale = arrayOf(data[`scale${index}`]);
      updateFigure(holder.children[index], sheet, scale);
      return sheetPicture(this.meta, arrayOf(data[`tiles${index}`]), scale);
    });
  }

  buildFigure(index) {
    const span = (className) => make("span", { className });
    const canvas = make("canvas", { tabIndex: 0 }, make("span", { role: "option" }));
    canvas.setAttribute("role", "listbox");
    canvas.onpointermove = (event) => {
      const place = this.layouts[index]?.placeUnder(event, canvas) ?? -1;
      if (place < 0) this.hide();
      else if (place !== this.hovered) this.show(place, index);
    };
    canvas.onpointerleave = () => this.hide();
    canvas.onblur = canvas.onpointerleave;
    canvas.onclick = (event) => {
      const place = this.layouts[index]?.placeUnder(event, canvas) ?? -1;
      if (place >= 0) this.pick(place);
    };
    canvas.onkeydown = (event) => this.key(event, index);
    const legend = make("div", { className: "legend" }, ...["low", "ramp", "high", "what"].map(span));
    return make("figure", { className: "sheet" }, make("figcaption"), canvas, legend);
  }

  canvasOf(index) {
    return this.holder.children[index].querySelector("canvas");
  }

  draw() {
    this.pictures.forEach((picture, index) => {
      const canvas = this.canvasOf(index);
      const layout = new GridLayout(this.meta, canvas.clientWidth);
      this.layouts[index] = layout;
      Object.assign(canvas.dataset, layout.facts()); // where a tile lies, for who must know
      const selected = this.selected >= 0 ? this.places[this.selected] : -1;
      drawSheet(canvas, picture, layout, { meta: this.meta, order: this.order, selected, hovered: this.hovered });
    });
  }

  /** Show a tile's tip beside it, on the sheet under the pointer. */
  show(place, index, announces = false) {
    this.hovered = place;
    this.redraw();
    const [title, ...texts] = this.textsOf(place);
    this.tip.replaceChildren(make("b", {}, title), ...texts.map((text) => make("div", {}, text)));
    this.tip.hidden = false;
    const box = this.canvasOf(index).getBoundingClientRect();
    const [x, y, width, height] = this.layouts[index].tile(place);
    placeTip(this.tip, this.grid, box.left + x + width + 6, box.top + y + height + 6);
    if (announces) this.announcement.textContent = [title, ...texts].join(", ");
  }

  textsOf(place) {
    const tile = this.order[place];
    const { noun, names } = this.meta;
    const name = names?.[tile];
    const facts = this.facts.map(({ title, values }) => `${title} ${Number(values[tile].toPrecision(4))}`);
    return [`${noun} ${tile}${name ? `: ${name}` : ""}`, ...facts];
  }

  hide() {
    if (this.hovered === -1) return;
    this.hovered = -1;
    this.tip.hidden = true;
    this.redraw();
  }

  pick(place) {
    this.selected = this.order[place];
    this.cursor = place;
    this.redraw();
    this.onPick(this.selected);
  }

  key(event, index) {
    const { count } = this.meta;
    const place = walkList(event, this.cursor, count, this.layouts[index].columns);
    if (place !== undefined) {
      if (place >= 0 && place < count) this.cursor = place;
      this.show(this.cursor, index, true);
    } else if (event.key === "Enter" || event.key === " ") this.pick(this.cursor);
    else if (event.key === "Escape") this.hide();
    else return;
    event.preventDefault();
  }
}

/** @param {{ parentElement: any, data: Data, setTriggerValue: (name: string, value: any) => void }} component */
export default function tileGrid({ parentElement, data, setTriggerValue }) {
  parentElement.tileGrid ??= new TileGrid(parentElement);
  const lifetime = renewLifetime(parentElement);
  parentElement.tileGrid.onPick = (tile) => setTriggerValue("picked", tile);
  parentElement.tileGrid.receive(data, lifetime);
  return () => lifetime.end();
}
