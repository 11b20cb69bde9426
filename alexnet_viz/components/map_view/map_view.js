// One channel over the photo, in the photo's own geometry. Pointing at a cell shows its value and its receptive field
// at once; a click, Enter or a tap goes to Python. Several panels (two photos, two networks, a difference) in lockstep.

import { renewLifetime } from "../lib/lifetime.js";
import { MapPanel } from "./panel.js";

/**
 * @typedef {object} Data what Python sends, beside the Arrow columns values0 … and scale0 …
 * @property {Meta} meta
 */

/**
 * @typedef {{ panels: import("./panel.js").Panel[], y: number, x: number, smooth: boolean }} Meta the pinned cell, the
 *   maps, and whether they are smoothed between their cells
 */

class MapView {
  constructor(parentElement) {
    this.root = parentElement.querySelector(".maps");
    this.holder = this.root.querySelector(".panels");
    this.slider = this.root.querySelector(".blend input");
    this.announcement = this.root.querySelector(".announcement");
    this.isSmooth = false;
    this.blend = 65; // how much of the map covers the photo, in percent
    this.slider.value = this.blend;
    this.photos = new Map(); // by their address
    this.pinned = { y: null, x: null };
    this.cursor = this.pinned; // where the arrow keys go on from
    this.hovered = null;
    /** @type {MapPanel[]} */
    this.panels = [];
    this.redraw = () => {};
    this.onPick = (_cell) => {};
    this.slider.oninput = () => {
      this.blend = Number(this.slider.value);
      this.redraw();
    };
  }

  /** @param {any} data the Data with its columns @param {import("../lib/lifetime.js").Lifetime} lifetime */
  receive(data, lifetime) {
    const { panels, y, x } = data.meta;
    if (this.pinned.y !== y || this.pinned.x !== x) this.cursor = { y, x };
    this.pinned = { y, x };
    this.hovered = null;
    this.isSmooth = data.meta.smooth;
    this.root.querySelector(".blend").hidden = !panels.some((panel) => panel.photo);
    const arrayOf = (column) => column?.getChildAt(0)?.toArray();
    if (this.panels.length !== panels.length) {
      this.panels = panels.map(() => new MapPanel(this));
      this.holder.replaceChildren(...this.panels.map((panel) => panel.figure));
    }
    this.panels.forEach((panel, i) => {
      panel.receive(panels[i], arrayOf(data[`values${i}`]), arrayOf(data[`scale${i}`]));
    });
    this.redraw = lifetime.whenLaidOut(this.holder, () => this.draw());
    this.loadPhotos(panels.map((panel) => panel.photo).filter(Boolean));
  }

  draw() {
    const [first, ...others] = this.panels;
    const height = first.draw();
    for (const panel of others) panel.draw(height); // a difference comes no larger than what it is of
  }

  loadPhotos(addresses) {
    for (const address of this.photos.keys()) if (!addresses.includes(address)) this.photos.delete(address);
    for (const address of addresses) {
      if (this.photos.has(address)) continue;
      const photo = new Image();
      photo.onload = () => this.redraw();
      photo.src = address;
      this.photos.set(address, photo);
    }
  }

  hover(cell) {
    this.hovered = cell;
    this.redraw();
  }

  pick(cell) {
    this.pinned = cell;
    this.cursor = cell;
    this.redraw();
    this.onPick(cell);
  }

  announce(text) {
    this.announcement.textContent = text;
  }
}

/** @param {{ parentElement: any, data: Data, setTriggerValue: (name: string, value: any) => void }} component */
export default function mapView({ parentElement, data, setTriggerValue }) {
  parentElement.mapView ??= new MapView(parentElement);
  const lifetime = renewLifetime(parentElement);
  parentElement.mapView.onPick = ({ y, x }) => setTriggerValue("picked", { y, x });
  parentElement.mapView.receive(data, lifetime);
  return () => lifetime.end();
}
