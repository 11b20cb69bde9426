// The three matrices: cells in the colours of their values, with numbers to type into.

import { NEGATIVE, POSITIVE } from "../lib/colour.js";
import { make } from "../lib/dom.js";
import { clamp, peakOf } from "../lib/numbers.js";
import { formatCell } from "./sum.js";

const LARGEST_NUMBER = 999;

/** The edge of a cell so that the matrices fit beside each other, or below each other on a phone. */
export function cellSize({ size, padding, kernel, mode, side }, space) {
  const room = Math.min(space, 1100);
  const padded = size + 2 * padding;
  const cells = room > 620 ? padded + (mode === "conv" ? kernel : 0) + Math.max(side, 2) + 3 : padded + 1;
  return clamp(Math.floor(room / cells) - 3, 21, 44);
}

export function buildInput(section, { inputs, window: sliding, hidden }, report) {
  const { size, padding, kernel, stride, dilation, side } = sliding;
  const padded = size + 2 * padding;
  const peak = peakOf(inputs);
  const end = dilation * (kernel - 1) + 1 + (side - 1) * stride; // of what windows read, from the rim on
  const holder = section.querySelector(".cells");
  fillGrid(holder, padded, (cell, i) => {
    const [row, column] = [Math.floor(i / padded) - padding, (i % padded) - padding];
    if (row < 0 || column < 0 || row >= size || column >= size) {
      cell.classList.add("pad");
      cell.textContent = sliding.mode === "pool" ? "−∞" : "0";
      return;
    }
    const index = row * size + column;
    colourCell(cell, inputs[index], peak);
    cell.append(numberInput(holder, inputs, index, { name: "input", width: size, report }));
    const isRead = row + padding < end && column + padding < end;
    if (side && !hidden && !isRead) cell.classList.add("unread");
  });
  setTitle(section, `Input ${size} × ${size}${padding ? `, padding ${padding}` : ""}`);
}

export function buildKernel(section, { kernel, window: sliding }, report) {
  section.hidden = sliding.mode === "pool";
  if (sliding.mode !== "conv") return;
  const peak = peakOf(kernel);
  const holder = section.querySelector(".cells");
  fillGrid(holder, sliding.kernel, (cell, i) => {
    colourCell(cell, kernel[i], peak);
    cell.append(numberInput(holder, kernel, i, { name: "kernel", width: sliding.kernel, report }));
  });
  setTitle(section, `Kernel ${sliding.kernel} × ${sliding.kernel}`);
}

export function buildOutput(section, { output, window: sliding, hidden }, isKnown, { hover, pick }) {
  const known = isKnown ? `Output ${sliding.side} × ${sliding.side}` : "No output";
  setTitle(section, hidden ? "Output ? × ?" : known);
  const peak = isKnown ? peakOf(output) : 1;
  const holder = section.querySelector(".cells");
  fillGrid(holder, isKnown ? sliding.side : 0, (cell, i) => {
    colourCell(cell, output[i], peak);
    cell.textContent = formatCell(output[i]);
    cell.onpointerenter = () => hover(i);
    cell.onclick = () => pick(i);
  });
  holder.setAttribute("aria-label", "Output; arrow keys move the window, Space plays");
}

function setTitle(section, title) {
  section.querySelector("h3").textContent = title;
}

function fillGrid(holder, side, fill) {
  holder.style.gridTemplateColumns = `repeat(${side}, var(--cell))`;
  const cells = Array.from({ length: side * side }, (_, i) => {
    const cell = make("div", { className: "cell" });
    cell.setAttribute("role", "gridcell");
    fill(cell, i);
    return cell;
  });
  holder.replaceChildren(...cells);
}

/** Blue for what is below zero, red for what is above; the paper for zero. */
function colourCell(cell, value, peak) {
  const share = Math.round(Math.min(1, Math.abs(value) / (peak || 1)) * 70);
  const colour = value < 0 ? NEGATIVE : POSITIVE;
  cell.style.setProperty("--ground", `color-mix(in srgb, ${colour} ${share}%, var(--st-secondary-background-color))`);
}

/** A field for one of the values; arrow keys walk over the matrix as in a table. */
function numberInput(holder, values, i, { name, width, report }) {
  const input = make("input", { inputMode: "decimal", value: formatCell(values[i]).replaceAll("−", "-") });
  input.setAttribute("aria-label", `${name}, row ${Math.floor(i / width)}, column ${i % width}`);
  input.onfocus = () => input.select();
  input.onchange = () => {
    const value = Number(input.value.replace(",", "."));
    if (!Number.isFinite(value) || input.value.trim() === "") {
      input.value = formatCell(values[i]);
      return;
    }
    values[i] = clamp(value, -LARGEST_NUMBER, LARGEST_NUMBER);
    report();
  };
  input.onkeydown = (event) => {
    const step = { ArrowUp: -width, ArrowDown: width, Enter: width }[event.key];
    const next = step && holder.querySelectorAll("input")[i + step];
    if (!next) return;
    next.focus();
    event.preventDefault();
  };
  return input;
}
