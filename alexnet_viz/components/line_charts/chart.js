// One chart: its caption, its axes, its curves, and the values under the pointer.

import { make, makeSvg, typeScale } from "../lib/dom.js";
import { formatTick } from "../lib/numbers.js";
import { axesOf } from "./axes.js";

/**
 * @typedef {object} Chart
 * @property {string} title
 * @property {string} x what the horizontal axis counts
 * @property {Line[]} lines
 * @property {boolean} percent
 * @property {boolean} log
 * @property {number} until the horizontal axis's end; 0 is the last point
 */

/**
 * @typedef {object} Line
 * @property {string} name
 * @property {string} colour
 * @property {number[]} x
 * @property {number[]} y
 * @property {string} kind of the drawing: a curve's class, "dots" or "area"
 * @property {number[]} floor below an area
 * @property {string} last the last value, as a text
 */

/**
 * Draw it as wide and high as said, in CSS pixels, with labels as large as the document's type.
 *
 * @param {any} figure of caption, svg and tip
 * @param {Chart} chart
 */
export function plotChart(figure, chart, outerWidth, outerHeight) {
  const scale = typeScale();
  const [width, height] = [outerWidth / scale, outerHeight / scale];
  const [caption, svg, tip] = figure.children;
  const named = chart.lines.filter((line) => line.name);
  caption.replaceChildren(make("span", { className: "title" }, chart.title), ...named.map(legendEntry));
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("height", outerHeight);
  svg.setAttribute("role", "img");
  const values = named.map((line) => `${line.name} ${line.last}`).join(", ");
  svg.setAttribute("aria-label", `${chart.title} over the ${chart.x}: ${values}`);
  const axes = axesOf(chart, width, height);
  const cursor = makeSvg("line", { class: "cursor", y1: axes.top, y2: axes.bottom, visibility: "hidden" });
  const curves = chart.lines.flatMap((line) => curveElements(line, axes));
  svg.replaceChildren(...axisElements(chart, axes, height), ...curves, cursor);
  const tipTop = caption.offsetHeight + axes.top * scale;
  followPointer(figure, svg, { chart, named, axes, cursor, tip, scale, width: outerWidth, tipTop });
}

function legendEntry({ name, colour, last }) {
  const value = last ? [make("b", {}, last)] : [];
  return make("span", { className: "line", style: `--colour: ${colour}` }, make("i"), name, ...value);
}

function axisElements(chart, axes, height) {
  const { left, right, bottom, toX, toY } = axes;
  const horizontal = axes.yMarks.flatMap((mark) => [
    makeSvg("line", { class: "grid", x1: left, x2: right, y1: toY(mark), y2: toY(mark) }),
    makeSvg("text", { x: left - 7, y: toY(mark) + 5, "text-anchor": "end" }, formatTick(mark, chart.percent)),
  ]);
  const vertical = axes.xMarks.map((mark) =>
    makeSvg("text", { x: toX(mark), y: bottom + 19, "text-anchor": "middle" }, formatTick(mark)),
  );
  const title = makeSvg("text", { x: (left + right) / 2, y: height - 6, "text-anchor": "middle" }, chart.x);
  return [...horizontal, ...vertical, title];
}

/** @param {Line} line */
function curveElements(line, { toX, toY }) {
  const point = (x, y) => `${toX(x).toFixed(1)},${toY(y).toFixed(1)}`;
  const path = line.x.map((x, i) => `${i ? "L" : "M"}${point(x, line.y[i])}`).join("");
  if (line.kind === "area" && line.x.length) {
    const floor = line.x.map((x, i) => `L${point(x, line.floor[i])}`).reverse();
    return [makeSvg("path", { d: `${path}${floor.join("")}Z`, fill: line.colour })];
  }
  const curve = makeSvg("path", { class: `curve ${line.kind}`, d: path, stroke: line.colour });
  if (line.kind !== "dots" && line.x.length !== 1) return [curve];
  const dot = (x, i) => makeSvg("circle", { cx: toX(x), cy: toY(line.y[i]), r: 4.5, fill: line.colour });
  return [curve, ...line.x.map(dot)];
}

/** Show the values at the point next to the pointer; it stays while the chart grows. */
function followPointer(figure, svg, plot) {
  const hide = () => {
    plot.tip.hidden = true;
    plot.cursor.setAttribute("visibility", "hidden");
  };
  const show = () => {
    const x = nearest(plot.axes.xs, plot.axes.fromX(figure.pointer));
    if (x === null) hide();
    else showValues(plot, x);
  };
  svg.onpointermove = (event) => {
    figure.pointer = (event.clientX - svg.getBoundingClientRect().left) / plot.scale;
    show();
  };
  svg.onpointerleave = () => {
    figure.pointer = null;
    hide();
  };
  if (figure.pointer) show();
  else hide();
}

/** The value that lies next to another; null where there is none. */
export function nearest(values, target) {
  const best = values.reduce((a, b) => (Math.abs(b - target) < Math.abs(a - target) ? b : a), Infinity);
  return Number.isFinite(best) ? best : null;
}

function showValues({ chart, named, axes, cursor, tip, scale, width, tipTop }, x) {
  cursor.setAttribute("x1", axes.toX(x));
  cursor.setAttribute("x2", axes.toX(x));
  cursor.setAttribute("visibility", "visible");
  const values = named.flatMap((line) => {
    const i = line.x.indexOf(x);
    if (i < 0) return [];
    const value = line.kind === "area" ? line.y[i] - line.floor[i] : line.y[i];
    return [`${line.name} ${formatTick(value, chart.percent)}`];
  });
  const unit = chart.x.replace(/s$/, "");
  tip.replaceChildren(...[`${unit} ${+x.toFixed(2)}`, ...values].map((text) => make("div", {}, text)));
  tip.hidden = false;
  tip.style.left = `${Math.max(0, Math.min(axes.toX(x) * scale + 12, width - tip.offsetWidth))}px`;
  tip.style.top = `${tipTop}px`;
}
