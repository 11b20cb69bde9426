// A window sliding over a small matrix. Numbers are typed into the cells; everything but PyTorch's output is done here.

import { prefersReducedMotion } from "../lib/dom.js";
import { arrowStep } from "../lib/keyboard.js";
import { Lifetime, renewLifetime } from "../lib/lifetime.js";
import { buildInput, buildKernel, buildOutput, cellSize } from "./cells.js";
import { formatCell, takeWindow } from "./sum.js";

const STEP_DELAY = 600; // milliseconds between two places of the window
const CALM_STEP_DELAY = 1500;
const MOST_TERMS = 30; // in the formula

/**
 * @typedef {object} Data what Python sends
 * @property {number[]} inputs row by row
 * @property {number[]} kernel row by row
 * @property {number[] | null} output PyTorch's; null where nothing fits
 * @property {SlidingWindow} window
 * @property {boolean} hidden whether the output is to be guessed first
 */

/**
 * @typedef {object} SlidingWindow
 * @property {number} size of the input
 * @property {number} kernel
 * @property {number} stride
 * @property {number} padding
 * @property {number} dilation
 * @property {"conv" | "pool"} mode
 * @property {number} side of the output, 0 where it is hidden or nothing fits
 */

class Playground {
  constructor(root) {
    this.root = root;
    const find = (selector) => root.querySelector(selector);
    this.input = find(".in");
    this.kernel = find(".kernel");
    this.output = find(".out");
    this.formula = find(".formula");
    this.place = find(".where");
    this.buttons = Object.fromEntries(
      [...root.querySelectorAll("button")].map((button) => [button.dataset.do, button]),
    );
    /** @type {Data} */
    this.data = null;
    this.index = 0; // of the output's cell whose window is shown
    this.width = 0; // that it was built for
    this.stopTimer = null;
    this.lifetime = new Lifetime();
    this.reportTyped = (_typed) => {};
    this.handleControls();
  }

  handleControls() {
    const moveTo = (index) => {
      this.stop();
      this.moveTo(index);
    };
    this.buttons.first.onclick = () => moveTo(0);
    this.buttons.back.onclick = () => moveTo(this.index - 1);
    this.buttons.on.onclick = () => moveTo(this.index + 1);
    this.buttons.play.onclick = () => (this.stopTimer ? this.stop() : this.start());
    this.output.querySelector(".cells").onkeydown = (event) => {
      const step = arrowStep(event);
      if (step) moveTo(this.index + step[0] * this.data.window.side + step[1]);
      else if (event.key === " ") this.buttons.play.click();
      else if (event.key === "Home") this.moveTo(0);
      else return;
      event.preventDefault();
    };
  }

  /** @param {Data} data @param {Lifetime} lifetime of the call */
  receive(data, lifetime) {
    const isSame = JSON.stringify(data) === JSON.stringify(this.data);
    const focusedLabel = this.focused()?.getAttribute?.("aria-label");
    this.data = structuredClone(data);
    if (!isSame) {
      this.stop();
      this.build();
      if (focusedLabel)
        this.inputs()
          .find((input) => input.getAttribute("aria-label") === focusedLabel)
          ?.focus();
    }
    lifetime.observeSize(this.root, () => {
      if (this.width !== this.root.clientWidth && !this.root.contains(this.focused())) this.build();
      this.width = this.root.clientWidth;
    });
  }

  focused() {
    return this.root.getRootNode().activeElement;
  }

  inputs() {
    return [...this.root.querySelectorAll("input")];
  }

  build() {
    const { data, root } = this;
    const { window: sliding, hidden, output } = data;
    const isKnown = sliding.side > 0 && !hidden && output;
    root.style.setProperty("--cell", `${cellSize(sliding, root.clientWidth || 900)}px`);
    const report = () => this.reportTyped({ inputs: this.data.inputs, kernel: this.data.kernel });
    buildInput(this.input, data, report);
    buildKernel(this.kernel, data, report);
    buildOutput(this.output, data, isKnown, {
      hover: (index) => this.moveTo(index),
      pick: (index) => {
        this.stop();
        this.moveTo(index);
      },
    });
    for (const button of Object.values(this.buttons)) button.disabled = !isKnown;
    this.index = Math.min(this.index, isKnown ? output.length - 1 : 0);
    this.show();
  }

  /** Mark the window's cells and write its formula. */
  show() {
    const { data, index } = this;
    const { output, window: sliding, hidden } = data;
    const inputCells = this.input.querySelector(".cells").children;
    const outputCells = this.output.querySelector(".cells").children;
    for (const cell of inputCells) cell.classList.remove("read", "span", "wins");
    for (const cell of outputCells) cell.classList.remove("now");
    if (hidden || !output || !sliding.side) {
      this.formula.textContent = hidden ? "Type your guess first: the output stays hidden until then." : "";
      this.place.textContent = "";
      return;
    }
    const { spanned, read, winner, terms, total } = takeWindow(data, index);
    for (const cell of spanned) inputCells[cell].classList.add("span");
    for (const cell of read) inputCells[cell].classList.add("read");
    if (winner !== null) inputCells[winner].classList.add("wins");
    outputCells[index].classList.add("now");
    const [row, column] = [Math.floor(index / sliding.side), index % sliding.side];
    this.place.textContent = `row ${row}, column ${column} of the output, window ${index + 1} of ${output.length}`;
    this.writeFormula(terms, total, output[index]);
  }

  writeFormula(terms, total, pytorch) {
    const rest = `… ${terms.length - MOST_TERMS + 3} more`;
    const shown = terms.length > MOST_TERMS ? [...terms.slice(0, MOST_TERMS - 3), rest] : terms;
    const sum = this.data.window.mode === "pool" ? `max(${shown.join(", ")}) = ` : `${shown.join(" + ")} = `;
    const result = document.createElement("b");
    result.textContent = formatCell(total);
    const isOff = Math.abs(total - pytorch) > 1e-4 * (1 + Math.abs(total));
    const verdict = isOff ? ` (PyTorch: ${formatCell(pytorch)})` : " (PyTorch says the same)";
    this.formula.replaceChildren(sum, result, verdict);
  }

  /** Move the window; false where there is no such place. */
  moveTo(index) {
    const count = this.data.output?.length ?? 0;
    if (!count || index < 0 || index >= count) return false;
    this.index = index;
    this.show();
    return true;
  }

  start() {
    const { output } = this.data;
    if (!output) return;
    if (this.index === output.length - 1) this.moveTo(0);
    const next = () => {
      if (!this.moveTo(this.index + 1)) this.stop();
    };
    this.stopTimer = this.lifetime.interval(next, prefersReducedMotion() ? CALM_STEP_DELAY : STEP_DELAY);
    this.setPlayButton("⏸", "Pause");
  }

  stop() {
    this.stopTimer?.();
    this.stopTimer = null;
    this.setPlayButton("▶", "Play");
  }

  setPlayButton(label, title) {
    this.buttons.play.textContent = label;
    this.buttons.play.title = title;
    this.buttons.play.ariaLabel = title;
  }
}

/** @param {{ parentElement: any, data: Data, setTriggerValue: (name: string, value: any) => void }} component */
export default function playgroundView({ parentElement, data, setTriggerValue }) {
  parentElement.playground ??= new Playground(parentElement.querySelector(".play"));
  const { playground } = parentElement;
  playground.reportTyped = (typed) => setTriggerValue("typed", typed);
  const lifetime = renewLifetime(parentElement);
  playground.receive(data, lifetime);
  return () => {
    const isLatest = parentElement.lifetime === lifetime;
    lifetime.end();
    if (!isLatest) return; // a later call's work goes on
    playground.stop();
    playground.lifetime.end();
  };
}
