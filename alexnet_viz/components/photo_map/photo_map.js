// A map of a collection: each point a small photo in its class's colour, all in one canvas that one can walk, move and
// zoom; a click, a second tap or Enter goes to Python.

import { make, setText } from "../lib/dom.js";
import { arrowStep } from "../lib/keyboard.js";
import { renewLifetime } from "../lib/lifetime.js";
import { clamp, formatCount } from "../lib/numbers.js";
import { fetchBody } from "../lib/polling.js";
import { drawingOrder, drawMap, drawMarked, drawTile } from "./drawing.js";
import { MapGeometry } from "./geometry.js";
import { Gestures } from "./gestures.js";

const STEP = 1.5; // of the zoom by a button or a key
const PATIENCE = 80; // milliseconds on a photo until it is asked for in full

/**
 * @typedef {object} Data what Python sends
 * @property {Meta} meta
 * @property {any} x where each photo lies, an Arrow column
 * @property {any} y the same, upwards
 * @property {any} photos their numbers in the collection
 * @property {any} labels their classes' numbers, −1 for none
 */

/**
 * @typedef {object} Meta
 * @property {string} about names what is shown; where it changes pan and zoom begin anew
 * @property {string} alt
 * @property {string[]} names the photos'
 * @property {string[]} classes their names by number
 * @property {Entry[]} legend the classes that have a colour
 * @property {string} others the colour of all others
 * @property {number} highlight a class's number, −1 for none
 * @property {number} selected the photo at hand by its number in the collection, −1 where it is none of it
 * @property {string} sheet the address of all photos, small, row by row
 * @property {string} photo the address of a larger photo, without its number
 * @property {number} tile a photo's side on the sheet, in pixels
 * @property {number} columns of the sheet
 */

/**
 * @typedef {object} Entry
 * @property {number} label
 * @property {string} colour
 * @property {number} count of photos
 */

const arrayOf = (column) => column.getChildAt(0).toArray();

class PhotoMap {
  constructor(parentElement) {
    this.view = parentElement.querySelector(".map");
    this.canvas = this.find(".points");
    this.tip = this.find(".tip");
    this.photo = this.find(".photo");
    /** @type {Meta} */
    this.meta = null;
    this.photos = null;
    this.labels = null;
    /** @type {MapGeometry} */
    this.geometry = null;
    /** @type {import("../lib/lifetime.js").Lifetime} */
    this.lifetime = null;
    this.about = "";
    this.sheetAddress = "";
    this.sheet = null;
    this.selected = -1; // places among the points, −1 for none
    this.cursor = -1;
    this.onPick = (_photo) => {};
    this.onHighlight = (_label) => {};
    this.connect();
  }

  find(selector) {
    return this.view.querySelector(selector);
  }

  connect() {
    this.gestures = new Gestures(this.canvas, {
      hover: (x, y) => this.show(x === null ? -1 : this.geometry.under(x, y, this.isShown)),
      move: (dx, dy) => this.look(() => this.geometry.pan(dx, dy)),
      zoom: (factor, x, y) => this.zoom(factor, x, y),
      tap: (x, y, isTouch) => this.tap(this.geometry.under(x, y, this.isShown), isTouch),
    });
    this.find(".in").onclick = () => this.zoom(STEP);
    this.find(".out").onclick = () => this.zoom(1 / STEP);
    this.find(".all").onclick = () => this.look(() => this.geometry.reset());
    this.canvas.onkeydown = (event) => this.key(event);
    this.canvas.onblur = () => this.show(-1);
  }

  /** @param {any} data the Data @param {import("../lib/lifetime.js").Lifetime} lifetime */
  receive(data, lifetime) {
    const { meta } = data;
    [this.meta, this.lifetime] = [meta, lifetime];
    [this.photos, this.labels] = [arrayOf(data.photos), arrayOf(data.labels)];
    const { width = 1, height = 1 } = this.geometry ?? {};
    if (this.about !== meta.about) {
      this.geometry = new MapGeometry(arrayOf(data.x), arrayOf(data.y));
      this.geometry.resize(width, height);
      this.cursor = -1;
    }
    this.about = meta.about;
    this.selected = this.photos.indexOf(meta.selected);
    this.canvas.setAttribute(
      "aria-label",
      `${meta.alt}. Walk with the arrow keys, zoom with + and −, choose with Enter.`,
    );
    this.request = lifetime.onceAFrame(() => this.draw());
    this.colour(meta.highlight);
    lifetime.whenLaidOut(this.canvas, () => this.measure());
    this.fetchSheet();
  }

  async fetchSheet() {
    const address = this.meta.sheet;
    if (this.sheetAddress === address) return;
    Object.assign(this, { sheetAddress: address, sheet: null });
    const { body, problem = "" } = await fetchBody(address, "default");
    if (this.sheetAddress !== address) return;
    this.find(".problem").textContent = problem;
    this.find(".problem").hidden = !problem;
    if (problem)
      this.sheetAddress = ""; // asked for again with the next data
    else this.sheet = await createImageBitmap(new Blob([body]));
    this.view.dataset.photos = problem ? "none" : "drawn"; // for who must know
    this.request();
  }

  /** Give each photo its colour, and the highlighted class all attention. */
  colour(highlight) {
    const { legend, others, classes } = this.meta;
    const places = new Map(legend.map(({ label }, place) => [label, place + 1]));
    this.highlight = highlight;
    this.palette = [others, ...legend.map(({ colour }) => colour)];
    this.colours = Uint16Array.from(this.labels, (label) => places.get(label) ?? 0);
    this.order = drawingOrder(this.colours);
    this.precedence = precedence(this.labels, highlight);
    const entries = legend.map(({ label, colour, count }) => {
      const title = `${classes[label]} ${formatCount(count)}`;
      const button = make("button", { type: "button", onclick: () => this.choose(label) }, swatch(colour), title);
      button.setAttribute("aria-pressed", String(label === highlight));
      return button;
    });
    const rest = this.colours.filter((place) => place === 0).length;
    const last = rest
      ? [make("span", {}, swatch(others), `${legend.length ? "others" : "photos"} ${formatCount(rest)}`)]
      : [];
    this.find(".legend").replaceChildren(...entries, ...last);
  }

  choose(label) {
    const highlight = this.highlight === label ? -1 : label;
    this.colour(highlight);
    this.look(() => {});
    this.onHighlight(highlight);
  }

  measure() {
    const { clientWidth, clientHeight } = this.canvas;
    this.look(() => this.geometry.resize(clientWidth, clientHeight));
    this.draw();
  }

  zoom(factor, x, y) {
    let isChanged = false;
    this.look(() => {
      isChanged = this.geometry.zoomAt(factor, x, y);
    });
    return isChanged;
  }

  /** Change what is seen, and draw it with the next frame. */
  look(change) {
    change();
    this.tip.hidden = true;
    const state = [this.geometry.scale, this.geometry.side, this.highlight, this.about].join();
    if (this.state !== state) this.isShown = this.geometry.shown(this.precedence);
    this.state = state;
    // One finger scrolls the page while nothing is to be moved here.
    this.canvas.style.touchAction = this.geometry.zoom > 1 ? "none" : "pan-y";
    this.request();
  }

  get scene() {
    const { sheet, order, isShown, palette, colours, labels, highlight, photos } = this;
    const { tile, columns } = this.meta;
    const isFaint = (index) => highlight >= 0 && labels[index] !== highlight;
    return { sheet, tile, columns, photos, order, isShown, palette, colours, isFaint };
  }

  draw() {
    const { canvas, geometry, scene } = this;
    if (geometry.width !== canvas.clientWidth) return; // not laid out: it is measured first
    drawMap(canvas, geometry, scene);
    const accent = getComputedStyle(canvas).getPropertyValue("--st-primary-color");
    if (this.selected >= 0) drawMarked(canvas, geometry, scene, this.selected, accent);
    if (this.cursor >= 0 && !this.tip.hidden) drawMarked(canvas, geometry, scene, this.cursor, "");
  }

  /** Show a photo larger beside its point, with its name and class; −1 shows none. */
  show(index, announces = false) {
    this.canvas.classList.toggle("over", index >= 0);
    if (index < 0 ? this.tip.hidden : index === this.cursor && !this.tip.hidden) return;
    this.tip.hidden = index < 0;
    this.request();
    this.stopWaiting?.();
    if (index < 0) return;
    this.cursor = index;
    const name = this.meta.names[index];
    const label = this.meta.classes[this.labels[index]] ?? "";
    setText(this.tip.querySelector("b"), name);
    setText(this.tip.querySelector("span"), label);
    const pen = this.photo.getContext("2d");
    pen.clearRect(0, 0, this.photo.width, this.photo.height);
    if (this.sheet) drawTile(pen, this.scene, index, 0, 0, this.photo.width);
    this.stopWaiting = this.lifetime.timeout(() => this.fetchPhoto(index), PATIENCE);
    this.placeTip(index);
    if (announces) this.find(".announcement").textContent = [name, label].filter(Boolean).join(", ");
  }

  fetchPhoto(index) {
    const image = new Image();
    image.onload = () => {
      if (this.cursor !== index) return;
      this.photo.getContext("2d").drawImage(image, 0, 0, this.photo.width, this.photo.height);
    };
    image.src = new URL(`${this.meta.photo}/${this.photos[index]}`, document.baseURI).href;
  }

  placeTip(index) {
    const { geometry, tip } = this;
    const { x, y } = geometry.place(index);
    const gap = Math.max(28, geometry.side) / 2 + 8;
    const isRight = x + gap + tip.offsetWidth <= geometry.width;
    tip.style.left = `${Math.max(0, isRight ? x + gap : x - gap - tip.offsetWidth)}px`;
    tip.style.top = `${clamp(y - tip.offsetHeight / 2, 0, Math.max(0, geometry.height - tip.offsetHeight))}px`;
  }

  /** A click chooses; a finger's first tap shows what it would choose. */
  tap(index, isTouch) {
    const isFirst = index !== this.cursor || this.tip.hidden;
    if (isTouch && isFirst) this.show(index, true);
    else if (index >= 0) this.pick(index);
  }

  pick(index) {
    this.selected = index;
    this.request();
    this.onPick(Number(this.photos[index]));
  }

  key(event) {
    const step = arrowStep(event);
    const zoom = { "+": STEP, "=": STEP, "-": 1 / STEP }[event.key];
    if (step) this.walk(step);
    else if (zoom && !event.ctrlKey && !event.metaKey) this.zoomAtCursor(zoom);
    else if (event.key === "0" && !event.ctrlKey && !event.metaKey) this.look(() => this.geometry.reset());
    else if ((event.key === "Enter" || event.key === " ") && this.cursor >= 0) this.pick(this.cursor);
    else if (event.key === "Escape") this.show(-1);
    else return;
    event.preventDefault();
  }

  walk(step) {
    const { geometry } = this;
    const start = this.selected >= 0 ? this.selected : geometry.nearest(geometry.width / 2, geometry.height / 2);
    const index = this.cursor < 0 ? start : geometry.next(this.cursor, step);
    this.look(() => geometry.reveal(index));
    this.show(index, true);
  }

  zoomAtCursor(factor) {
    const { x, y } = this.cursor < 0 ? { x: undefined, y: undefined } : this.geometry.place(this.cursor);
    this.zoom(factor, x, y);
    if (this.cursor >= 0) this.show(this.cursor);
  }
}

const swatch = (colour) => make("i", { style: `background: ${colour}` });

/** Photos in the order in which they get a place: the highlighted class first, else in random order. */
export function precedence(labels, highlight) {
  const lot = (index) => Math.imul(index + 1, 0x9e3779b1) >>> 0;
  const rank = (index) => (highlight >= 0 && labels[index] !== highlight ? 2 ** 32 : 0) + lot(index);
  return Uint32Array.from(labels.keys()).sort((a, b) => rank(a) - rank(b));
}

/** @param {{ parentElement: any, data: Data, setTriggerValue: (name: string, value: any) => void }} component */
export default function photoMap({ parentElement, data, setTriggerValue }) {
  parentElement.photoMap ??= new PhotoMap(parentElement); // what is seen stays while the data change
  const lifetime = renewLifetime(parentElement);
  parentElement.photoMap.onPick = (photo) => setTriggerValue("picked", photo);
  parentElement.photoMap.onHighlight = (label) => setTriggerValue("highlighted", label);
  parentElement.photoMap.receive(data, lifetime);
  return () => lifetime.end();
}
