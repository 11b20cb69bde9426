// Where keys lead on maps and lists.

import { clamp } from "./numbers.js";

const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

/** The step of an arrow key as [rows, columns]; undefined for other keys. @returns {number[] | undefined} */
export const arrowStep = (event) => STEPS[event.key];

/**
 * Where a key leads on a map of rows × columns: arrows one cell on, Home and End along the row, Page Up and Page Down
 * along the column. Undefined for other keys.
 */
export function walkMap(event, { y, x }, rows, columns = rows) {
  const step = arrowStep(event);
  const to = step
    ? [y + step[0], x + step[1]]
    : { Home: [y, 0], End: [y, columns - 1], PageUp: [0, x], PageDown: [rows - 1, x] }[event.key];
  return to && { y: clamp(to[0], 0, rows - 1), x: clamp(to[1], 0, columns - 1) };
}

/**
 * Where a key leads in a list that is laid out in rows of `columns`; it may lie outside the list. Undefined for others.
 * @returns {number | undefined}
 */
export function walkList(event, index, count, columns = 1) {
  const step = arrowStep(event);
  if (step) return index + step[0] * columns + step[1];
  return { Home: 0, End: count - 1 }[event.key];
}
