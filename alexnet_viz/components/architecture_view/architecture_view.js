// The drawing of the network: a click, Enter or Space on a layer goes to Python, everything else stays in the browser.

import { make } from "../lib/dom.js";
import { walkList } from "../lib/keyboard.js";
import { clamp } from "../lib/numbers.js";
import { placeTip } from "../lib/pointer.js";
import { downloadHtml, downloadPng, downloadSvg } from "./download.js";

/**
 * @typedef {object} Data what Python sends
 * @property {string} svg
 * @property {string} name of the downloads, without an ending
 * @property {string} background
 */

class ArchitectureView {
  constructor(parentElement) {
    this.view = parentElement.querySelector(".view");
    this.drawing = this.view.querySelector(".drawing");
    this.tip = this.view.querySelector(".tip");
    this.svg = "";
    this.onPick = (_layer) => {};
    const { drawing } = this;
    drawing.onclick = (event) => {
      const layer = event.target.closest?.(".layer");
      if (layer) this.pick(layer);
    };
    drawing.onkeydown = (event) => this.key(event);
    drawing.onpointermove = (event) => {
      const layer = event.target.closest?.(".layer");
      if (layer) this.showTip(layer, event.clientX, event.clientY);
      else this.hideTip();
    };
    drawing.onpointerleave = () => this.hideTip();
  }

  /** @returns {SVGElement[]} */
  get layers() {
    return [...this.drawing.querySelectorAll(".layer")];
  }

  /** @param {string} svg */
  show(svg) {
    if (this.svg === svg) return;
    this.svg = svg;
    const { drawing, view } = this;
    const focusedName = view.getRootNode().activeElement?.dataset?.layer;
    drawing.innerHTML = svg;
    for (const layer of this.layers) {
      const title = layer.querySelector("title"); // the tip says it; the browser's own tip would lie over that one
      layer.dataset.tip = title.textContent;
      title.remove();
    }
    const focused = drawing.querySelector(`[data-layer="${focusedName}"]`);
    this.setTabStop(focused ?? drawing.querySelector('[aria-pressed="true"]') ?? this.layers[0]);
    focused?.focus();
  }

  /** One stop for the Tab key, the selected layer; the arrow keys walk from there. */
  setTabStop(stop) {
    for (const layer of this.layers) layer.setAttribute("tabindex", layer === stop ? "0" : "-1");
  }

  pick(layer) {
    this.onPick(layer.dataset.layer);
  }

  showTip(layer, x, y) {
    const [name, ...facts] = layer.dataset.tip.split("\n");
    this.tip.replaceChildren(make("b", {}, name), ...facts.map((fact) => make("div", {}, fact)));
    this.tip.hidden = false;
    placeTip(this.tip, this.view, x + 14, y + 18);
  }

  hideTip() {
    this.tip.hidden = true;
  }

  key(event) {
    const layer = event.target.closest?.(".layer");
    if (!layer) return;
    const { layers } = this;
    const index = walkList(event, layers.indexOf(layer), layers.length);
    if (index !== undefined) {
      const next = layers[clamp(index, 0, layers.length - 1)];
      const box = next.getBoundingClientRect();
      this.setTabStop(next);
      next.focus();
      this.showTip(next, box.left, box.bottom);
    } else if (event.key === "Enter" || event.key === " ") this.pick(layer);
    else if (event.key === "Escape") this.hideTip();
    else return;
    event.preventDefault();
  }
}

/** @param {{ parentElement: any, data: Data, setTriggerValue: (name: string, value: any) => void }} component */
export default function architectureView({ parentElement, data, setTriggerValue }) {
  parentElement.architecture ??= new ArchitectureView(parentElement);
  const { architecture } = parentElement;
  architecture.onPick = (layer) => setTriggerValue("picked", layer);
  architecture.show(data.svg);
  const { view, drawing } = architecture;
  view.querySelector('[data-as="svg"]').onclick = () => downloadSvg(data, drawing);
  view.querySelector('[data-as="html"]').onclick = () => downloadHtml(data);
  view.querySelector('[data-as="png"]').onclick = () => downloadPng(data, drawing);
}
