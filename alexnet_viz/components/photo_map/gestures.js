// What a mouse, a finger or two fingers do on a map: point, move, zoom, tap.

import { clamp } from "../lib/numbers.js";

const STILL = 4; // pixels that a tap may move
const WHEEL = 0.0016; // of the zoom's logarithm a pixel of the wheel
const PINCH = 6; // times as much from a trackpad's pinch, which comes as a wheel with Ctrl
const LINE = 24; // pixels a line

/**
 * @typedef {object} Answers in pixels from the element's left and top edge
 * @property {(x: number | null, y?: number) => void} hover null once the pointer is gone
 * @property {(dx: number, dy: number) => void} move
 * @property {(factor: number, x: number, y: number) => boolean} zoom returns whether anything changed
 * @property {(x: number, y: number, isTouch: boolean) => void} tap
 */

export class Gestures {
  /** @param {HTMLElement} element @param {Answers} answers */
  constructor(element, answers) {
    this.element = element;
    this.answers = answers;
    this.pointers = new Map(); // that are down, with where they are
    this.isMoved = false;
    element.onpointerdown = (event) => this.down(event);
    element.onpointermove = (event) => this.moved(event);
    element.onpointerup = (event) => this.up(event);
    element.onpointercancel = (event) => this.lift(event);
    element.onpointerleave = (event) => this.left(event);
    element.onwheel = (event) => this.wheel(event);
  }

  at(event) {
    const box = this.element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  down(event) {
    if (event.button) return;
    if (!this.pointers.size) this.isMoved = false;
    this.pointers.set(event.pointerId, this.at(event));
    if (this.pointers.size > 1) this.isMoved = true;
    this.element.setPointerCapture(event.pointerId);
  }

  moved(event) {
    const place = this.at(event);
    const before = this.pointers.get(event.pointerId);
    if (!before) {
      if (event.pointerType === "mouse") this.answers.hover(place.x, place.y);
      return;
    }
    const [dx, dy] = [place.x - before.x, place.y - before.y];
    if (!this.isMoved && Math.hypot(dx, dy) < STILL) return;
    this.isMoved = true;
    this.element.classList.add("moving");
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    this.pointers.set(event.pointerId, place);
    if (other) this.pinch(before, place, other);
    else this.answers.move(dx, dy);
  }

  /** One of two fingers went from `before` to `place`: what lay between the two stays between them. */
  pinch(before, place, other) {
    const distance = (from) => Math.max(20, Math.hypot(from.x - other.x, from.y - other.y));
    this.answers.move((place.x - before.x) / 2, (place.y - before.y) / 2);
    this.answers.zoom(distance(place) / distance(before), (place.x + other.x) / 2, (place.y + other.y) / 2);
  }

  up(event) {
    const place = this.at(event);
    const isTap = this.pointers.has(event.pointerId) && !this.isMoved;
    this.lift(event);
    if (isTap) this.answers.tap(place.x, place.y, event.pointerType !== "mouse");
  }

  lift(event) {
    this.pointers.delete(event.pointerId);
    if (!this.pointers.size) this.element.classList.remove("moving");
  }

  /** What a finger's tap showed stays when it is lifted. */
  left(event) {
    if (event.pointerType === "mouse" && !this.pointers.size) this.answers.hover(null);
  }

  /** Where nothing is left to zoom out of, the wheel scrolls the page. */
  wheel(event) {
    const { x, y } = this.at(event);
    const pixels = event.deltaY * (event.deltaMode ? LINE : 1) * (event.ctrlKey ? PINCH : 1);
    if (this.answers.zoom(Math.exp(clamp(-pixels * WHEEL, -1, 1)), x, y) || event.ctrlKey) event.preventDefault();
  }
}
