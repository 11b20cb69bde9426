// What a window reads and what it comes to.

import { formatNumber, withMinus } from "../lib/numbers.js";

/** A cell's number: whole ones in full, others with four digits. */
export const formatCell = (value) =>
  Number.isInteger(value) ? withMinus(String(value)) : formatNumber(value, 4, 1e-6);

/**
 * The window of one cell of the output. Cells are numbered over the padded input.
 * @param {import("./playground_view.js").Data} data
 */
export function takeWindow({ inputs, kernel, window: sliding }, index) {
  const { size, padding, stride, dilation, side } = sliding;
  const padded = size + 2 * padding;
  const isPool = sliding.mode === "pool";
  const corner = Math.floor(index / side) * stride * padded + (index % side) * stride;
  const span = dilation * (sliding.kernel - 1) + 1;
  const square = (edge, step) =>
    Array.from({ length: edge * edge }, (_, i) => corner + (Math.floor(i / edge) * padded + (i % edge)) * step);
  const read = square(sliding.kernel, dilation);
  const terms = [];
  let total = isPool ? -Infinity : 0;
  let winner = null;
  read.forEach((cell, i) => {
    const [row, column] = [Math.floor(cell / padded) - padding, (cell % padded) - padding];
    const isInside = row >= 0 && column >= 0 && row < size && column < size;
    const value = isInside ? inputs[row * size + column] : isPool ? -Infinity : 0;
    if (isPool) {
      if (value > total) [total, winner] = [value, cell];
      if (isInside) terms.push(formatCell(value));
    } else {
      total += value * kernel[i];
      const weight = formatCell(kernel[i]);
      terms.push(`${formatCell(value)}·${kernel[i] < 0 ? `(${weight})` : weight}`);
    }
  });
  return { spanned: square(span, 1), read, winner, terms, total };
}
