// Where the pointer is.

import { clamp } from "./numbers.js";

/** The pointer's place on an element, 0–1 from its left and top edge; outside where the element has captured it. */
export function placeWithin(event, element) {
  const box = element.getBoundingClientRect();
  return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
}

/** The cell under the pointer on an element that shows rows × columns cells; at the edge the nearest. */
export function cellUnder(event, element, rows, columns = rows) {
  const { x, y } = placeWithin(event, element);
  return { y: clamp(Math.floor(y * rows), 0, rows - 1), x: clamp(Math.floor(x * columns), 0, columns - 1) };
}

/**
 * Mouse and finger over a map of side × side cells.
 * @param {HTMLElement} canvas
 * @param {number} side
 * @param {{ hover: (cell: {y: number, x: number} | null) => void, pick: (cell: {y: number, x: number}) => void }} on
 *   `hover` while the pointer moves, null once it leaves; `pick` on a click or a lifted finger
 */
export function followMap(canvas, side, { hover, pick }) {
  canvas.style.touchAction = "none"; // a finger reads values here instead of scrolling
  canvas.onpointermove = (event) => hover(cellUnder(event, canvas, side));
  canvas.onpointerleave = () => hover(null);
  canvas.onpointerdown = (event) => {
    if (event.pointerType !== "mouse") hover(cellUnder(event, canvas, side));
  };
  canvas.onclick = (event) => pick(cellUnder(event, canvas, side));
}

/** Place a tip beside what it speaks of, within its container. */
export function placeTip(tip, container, left, top) {
  const box = container.getBoundingClientRect();
  tip.style.left = `${Math.max(0, Math.min(left - box.left, box.width - tip.offsetWidth))}px`;
  tip.style.top = `${top - box.top}px`;
}
