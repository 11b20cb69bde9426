// The forward pass in the browser. Python learns where the visitor moved, never where the pointer is.
//
// A view is { depth, layer, channel, y, x }; a scene is what the server sent for it: plain numbers, and arrays by their
// place in one block of bytes. Each view is a function of its own that fills app.host and returns { focus } and, where
// it has them, { key, update }; what it must release belongs to app.viewLifetime.

import { make, prefersReducedMotion } from "../lib/dom.js";
import { Lifetime, renewLifetime } from "../lib/lifetime.js";
import { readUnit } from "./arithmetic.js";
import { contributionsView } from "./contributions.js";
import { layerView } from "./layer.js";
import { overviewView } from "./overview.js";
import { backgroundColour, hasUnitView, reader } from "./scene.js";
import { Trail } from "./trail.js";
import { unitView } from "./unit.js";
import { mapValueView } from "./value.js";
import { vectorValueView } from "./vector.js";

/**
 * @typedef {object} Data what Python sends
 * @property {Scene} scene
 * @property {any} px the scene's block of bytes, an Arrow column; null where the browser has it already
 * @property {View} view
 * @property {Waypoint[]} path the strongest path from the value down to the photo
 * @property {number} turn the visitor's last move that Python knows
 * @property {boolean} large whether the type is large, for a beamer
 * @property {boolean} smooth whether maps are smoothed between their cells
 * @property {number} rows
 */

/**
 * @typedef {(import("./scene.js").OverviewScene | import("./scene.js").LayerScene | import("./scene.js").UnitScene) &
 *   { id: string, read?: (place: import("./scene.js").ArrayPlace) => any }} Scene with an id that is another when
 *   anything in it is
 */

/** @typedef {{ depth: string, layer: string, channel: number, y: number | null, x: number | null }} View */

/**
 * @typedef {object} Waypoint
 * @property {string} layer
 * @property {number} channel
 * @property {number} y
 * @property {number} x
 * @property {number} value
 * @property {number} term what it puts into the stop before
 * @property {[number, number, number, number]} box what it sees of the photo
 */

class NetworkApp {
  constructor(root) {
    this.root = root;
    this.host = root.querySelector(".view");
    this.tooltip = root.querySelector(".tip");
    this.announcement = root.querySelector(".announcement");
    /** @type {Scene} */
    this.scene = null;
    this.unit = null;
    /** @type {View} */
    this.view = null;
    this.path = [];
    this.rows = 6;
    this.turn = null; // counts the visitor's moves
    this.drawnState = ""; // what the view was drawn from
    this.shownView = null; // the view that is drawn
    this.viewLifetime = new Lifetime();
    this.history = []; // where Back leads
    this.movesFocus = false; // the focus goes along with a move that was made here
    this.reportMove = (_move) => {}; // tells Python
    this.focusView = () => this.shownView?.focus();
    this.trail = new Trail(this, root.querySelector(".trail"));
    root.onkeydown = (event) => this.key(event);
  }

  announce(text) {
    this.announcement.textContent = text;
  }
  focused() {
    return this.root.getRootNode().activeElement;
  }
  accent() {
    return getComputedStyle(this.root).getPropertyValue("--st-primary-color").trim();
  }
  colour(kind) {
    return this.scene.colours[kind] ?? "var(--st-text-color)";
  }
  isSmooth() {
    return this.root.classList.contains("smooth");
  }
  isFullScreen() {
    return this.root.matches(":fullscreen");
  }
  isCalm() {
    return prefersReducedMotion();
  }

  /** Show a tip beside an element, with a larger picture if there is one; null hides it. */
  tip(element, title = "", lines = [], picture = null) {
    const { tooltip, root } = this;
    tooltip.hidden = !element;
    if (!element) return;
    tooltip.replaceChildren(make("b", {}, title), ...lines.map((line) => make("div", {}, line)));
    if (picture) {
      const large = make("canvas", { width: picture.width, height: picture.height });
      large.getContext("2d").drawImage(picture, 0, 0);
      tooltip.prepend(large);
    }
    const [box, target] = [root.getBoundingClientRect(), element.getBoundingClientRect()];
    const right = target.right - box.left + 12;
    const left = Math.max(0, target.left - box.left - tooltip.offsetWidth - 12);
    tooltip.style.left = `${right + tooltip.offsetWidth > box.width ? left : right}px`;
    tooltip.style.top = `${Math.max(0, Math.min(target.top - box.top, box.height - tooltip.offsetHeight))}px`;
  }

  /** How much room there is, in widths of the letter m: the type may be large, or the window small. */
  fit() {
    const room = this.root.clientWidth / parseFloat(getComputedStyle(this.root).fontSize);
    this.root.dataset.room = room < 34 ? "tight" : room < 52 ? "narrow" : "wide";
  }

  /** Whether the scene holds what a view shows. */
  covers(view) {
    const { scene } = this;
    if (view.depth === "overview") return scene.kind === "overview";
    if (view.depth === "layer") return scene.kind === "layer" && scene.layer === view.layer;
    return scene.kind === "unit" && scene.layer === view.layer && scene.channel === view.channel;
  }

  /** Tell Python about a place; what it answers comes back through receive. */
  pin(view) {
    this.view = { ...this.view, ...view };
    this.turn += 1;
    const { y = null, x = null } = this.view;
    this.reportMove({ ...this.view, y, x, turn: this.turn, has: this.scene.id });
    this.trail.draw();
  }

  go(view, remember = true) {
    if (remember) this.history.push(this.view);
    this.tip(null);
    this.view = { y: null, x: null, ...view };
    this.movesFocus = true;
    this.pin({});
    if (this.covers(this.view)) this.draw();
    else this.root.setAttribute("aria-busy", "true");
  }

  back() {
    const last = this.history.pop();
    if (last) return this.go(last, false);
    const fromValue = this.unit && hasUnitView(this.unit) ? "unit" : "overview";
    const depth = { value: fromValue, unit: "overview", layer: "overview" }[this.view.depth];
    if (depth) this.go({ ...this.view, depth }, false);
  }

  draw() {
    const { unit, root } = this;
    const views = {
      overview: overviewView,
      layer: layerView,
      unit: unit?.isMap ? unitView : contributionsView,
      value: unit?.readsMaps ? mapValueView : vectorValueView,
    };
    const hadFocus = root.contains(this.focused()); // a view that is drawn anew gives the focus on
    this.closeView();
    this.tip(null);
    root.dataset.depth = this.view.depth;
    root.removeAttribute("aria-busy");
    this.shownView = views[this.view.depth](this);
    this.trail.draw();
    if (this.movesFocus || hadFocus) this.shownView.focus();
    this.movesFocus = false;
  }

  /** @param {Data} data @param {Lifetime} lifetime */
  receive(data, lifetime) {
    const { root } = this;
    root.classList.toggle("large", data.large);
    root.classList.toggle("smooth", data.smooth);
    lifetime.whenLaidOut(root, () => this.fit());
    this.turn ??= data.turn;
    if (data.turn < this.turn) return; // the answer to a move before the last
    const isKnown = this.scene?.id === data.scene.id;
    if (!isKnown && !data.px) {
      this.turn += 1; // the block is needed after all
      return this.reportMove({ ...data.view, turn: this.turn, has: "" });
    }
    if (!isKnown) {
      this.scene = { ...data.scene, read: reader(data.px.getChildAt(0).toArray()) };
      this.unit = this.scene.kind === "unit" ? readUnit(this.scene) : null;
    }
    const drawnState = [data.scene.id, backgroundColour(root), data.rows, data.large, data.smooth].join();
    const isSame = this.drawnState === drawnState;
    this.drawnState = drawnState;
    this.path = data.path;
    this.rows = data.rows;
    const hasMoved = this.view?.depth !== data.view.depth;
    if (hasMoved || this.view.layer !== data.view.layer) this.history = []; // the page's own controls led here
    this.view = data.view;
    if (isSame && !hasMoved && this.shownView?.update) {
      this.trail.draw();
      this.shownView.update();
    } else this.draw();
  }

  closeView() {
    this.viewLifetime.end();
    this.viewLifetime = new Lifetime();
    this.shownView = null;
  }

  key(event) {
    if (event.key === "Escape") {
      this.back();
      event.preventDefault();
    } else this.shownView?.key?.(event);
  }
}

export default function networkView({ parentElement, data, setTriggerValue }) {
  parentElement.app ??= new NetworkApp(parentElement.querySelector(".network"));
  const { app } = parentElement;
  app.reportMove = (move) => setTriggerValue("move", move);
  const lifetime = renewLifetime(parentElement);
  app.receive(data, lifetime);
  return () => {
    lifetime.end();
    if (parentElement.lifetime === lifetime) app.closeView(); // not of a later call
  };
}
