// Line charts, drawn again in place when their data or their width change.

import { make, makeSvg } from "../lib/dom.js";
import { renewLifetime } from "../lib/lifetime.js";
import { decodeText, poll } from "../lib/polling.js";
import { plotChart } from "./chart.js";

const GAP = 24; // between charts, in CSS pixels
const NARROWEST = 220; // of a chart

/**
 * @typedef {object} Data what Python sends
 * @property {string} charts a list of charts in JSON
 * @property {number} columns at most so many charts in a row
 * @property {number} height of a chart in CSS pixels
 * @property {string} source the address that answers with the charts of now
 * @property {number} every so many seconds they are asked for; 0 is never
 */

class LineCharts {
  constructor(parentElement) {
    this.view = parentElement.querySelector(".charts");
    this.unreachable = parentElement.querySelector(".unreachable");
    this.encoded = ""; // the charts as they came
    this.charts = [];
  }

  /** @param {Data} data @param {import("../lib/lifetime.js").Lifetime} lifetime */
  receive(data, lifetime) {
    this.columns = data.columns;
    this.height = data.height;
    this.redraw = () => {};
    this.show(data.charts);
    this.redraw = lifetime.whenLaidOut(this.view, () => this.draw());
    poll(
      lifetime,
      () => data.source,
      data.every,
      (body, problem) => {
        this.unreachable.textContent = problem;
        if (body) this.show(decodeText(body));
      },
    );
  }

  show(encoded) {
    if (encoded === this.encoded) return; // asked more often than there is something new
    this.encoded = encoded;
    this.charts = JSON.parse(encoded);
    const { view, charts } = this;
    while (view.children.length > charts.length) view.lastChild.remove();
    while (view.children.length < charts.length) {
      const tip = make("div", { className: "tip", hidden: true });
      view.append(make("figure", { className: "chart" }, make("figcaption"), makeSvg("svg"), tip));
    }
    this.redraw();
  }

  draw() {
    const { view, charts, height } = this;
    const room = view.clientWidth;
    const columns = Math.max(1, Math.min(this.columns, Math.floor((room + GAP) / (NARROWEST + GAP))));
    view.style.gridTemplateColumns = `repeat(${columns}, minmax(0, 1fr))`;
    const width = (room - GAP * (columns - 1)) / columns;
    for (const [index, chart] of charts.entries()) plotChart(view.children[index], chart, width, height);
  }
}

/** @param {{ parentElement: any, data: Data }} component */
export default function lineCharts({ parentElement, data }) {
  parentElement.lineCharts ??= new LineCharts(parentElement);
  const lifetime = renewLifetime(parentElement);
  parentElement.lineCharts.receive(data, lifetime);
  return () => lifetime.end();
}
