// Line charts, drawn again in place when their data or their width change.

import { follow, words } from "../lib/follow.js";
import { whenLaidOut } from "../lib/laid_out.js";

const SVG = "http://www.w3.org/2000/svg";
const [LEFT, RIGHT, TOP, BOTTOM] = [52, 10, 8, 44];

const make = (name, attributes, parent, text) => {
  const node = parent instanceof SVGElement ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  parent.append(node);
  return node;
};

// Round numbers from low to high, about `count` of them.
const ticks = (low, high, count) => {
  const raw = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * [1, 2, 5, 10].find((one) => one * power >= raw * 0.999);
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) found.push(i * step);
  return found;
};
const decades = (low, high) => {
  const found = [];
  const marks = Math.log10(high / low) > 2.5 ? [1] : [1, 2, 5];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    for (const mark of marks)
      if (mark * 10 ** power >= low * 0.999 && mark * 10 ** power <= high * 1.001) found.push(mark * 10 ** power);
  }
  return found;
};
const written = (value, percent) => {
  if (percent) return `${+(100 * value).toFixed(1)}%`;
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1000) return `${+(value / 1000).toPrecision(3)}k`;
  return size < 0.001 ? value.toExponential(0).replace("e-", "e−") : String(+value.toPrecision(3));
};

export default function ({ parentElement, data: { charts, columns: most, height, source, every } }) {
  const view = parentElement.querySelector(".charts");
  const draw = () => {
    const room = view.clientWidth;
    const columns = Math.max(1, Math.min(most, Math.floor((room + 24) / 244)));
    view.style.gridTemplateColumns = `repeat(${columns}, minmax(0, 1fr))`;
    const width = (room - 24 * (columns - 1)) / columns;
    view.shown.forEach((chart, index) => plot(view.children[index], chart, width, height));
  };
  const show = (encoded) => {
    if (encoded === view.encoded) return; // asked more often than there is something new
    view.encoded = encoded;
    view.shown = JSON.parse(encoded);
    while (view.children.length > view.shown.length) view.lastChild.remove();
    while (view.children.length < view.shown.length) {
      const figure = make("figure", { class: "chart" }, view);
      make("figcaption", {}, figure);
      figure.append(document.createElementNS(SVG, "svg"));
      make("div", { class: "tip", hidden: "" }, figure);
    }
    view.drawing?.();
  };
  view.drawing?.stop();
  view.drawing = null;
  show(charts);
  const drawing = whenLaidOut(view, draw);
  view.drawing = drawing;
  const end = follow(view, source, every, (body, problem) => {
    parentElement.querySelector(".unreachable").textContent = problem;
    if (body) show(words(body));
  });
  return () => {
    end();
    drawing.stop();
  };
}

function plot(figure, chart, width, height) {
  const [caption, svg, tip] = figure.children;
  caption.replaceChildren();
  make("span", { class: "title" }, caption, chart.title);
  const named = chart.lines.filter((line) => line.name);
  for (const line of named) {
    const entry = make("span", { class: "line", style: `--colour: ${line.colour}` }, caption);
    make("i", {}, entry);
    entry.append(line.name);
    if (line.last) make("b", {}, entry, line.last);
  }
  svg.replaceChildren();
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("height", height);
  svg.setAttribute("role", "img");
  svg.setAttribute(
    "aria-label",
    `${chart.title} over the ${chart.x}: ${named.map((l) => `${l.name} ${l.last}`).join(", ")}`,
  );

  const points = chart.lines.flatMap((line) => line.x.map((x, i) => [x, line.y[i]]));
  const values = points.map(([, y]) => y);
  const end = chart.until || Math.max(1, ...points.map(([x]) => x));
  let [low, high] = [0, chart.percent ? 1 : Math.max(1e-9, ...values)];
  if (chart.log) [low, high] = values.length ? [Math.min(...values) * 0.9, Math.max(...values) * 1.1] : [0.1, 1];
  const marks = chart.log ? decades(low, high) : ticks(low, high, 4);
  if (!chart.log && !chart.percent)
    high = Math.max(high, marks.at(-1) + (high > marks.at(-1) * 1.001 ? marks[1] - marks[0] : 0));
  if (!chart.log && high > marks.at(-1) * 1.001) marks.push(high);
  const [inside, tall] = [width - LEFT - RIGHT, height - TOP - BOTTOM];
  const across = (x) => LEFT + (inside * x) / end;
  const scale = chart.log ? Math.log : (value) => value;
  const up = (y) => TOP + tall * (1 - (scale(y) - scale(low)) / (scale(high) - scale(low) || 1));

  for (const mark of marks) {
    make("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: up(mark), y2: up(mark) }, svg);
    make("text", { x: LEFT - 7, y: up(mark) + 5, "text-anchor": "end" }, svg, written(mark, chart.percent));
  }
  for (const mark of ticks(0, end, width > 400 ? 6 : 3)) {
    make("text", { x: across(mark), y: height - BOTTOM + 19, "text-anchor": "middle" }, svg, written(mark));
  }
  make("text", { x: LEFT + inside / 2, y: height - 6, "text-anchor": "middle" }, svg, chart.x);

  for (const line of chart.lines) {
    const path = line.x.map((x, i) => `${i ? "L" : "M"}${across(x).toFixed(1)},${up(line.y[i]).toFixed(1)}`).join("");
    if (line.kind === "area" && line.x.length) {
      const floor = line.x
        .map((x, i) => `L${across(x).toFixed(1)},${up(line.floor[i]).toFixed(1)}`)
        .reverse()
        .join("");
      make("path", { d: `${path}${floor}Z`, fill: line.colour }, svg);
      continue;
    }
    make("path", { class: `curve ${line.kind}`, d: path, stroke: line.colour }, svg);
    if (line.kind === "dots" || line.x.length === 1) {
      line.x.forEach((x, i) => make("circle", { cx: across(x), cy: up(line.y[i]), r: 4.5, fill: line.colour }, svg));
    }
  }

  const cursor = make("line", { class: "cursor", y1: TOP, y2: height - BOTTOM, visibility: "hidden" }, svg);
  const hide = () => {
    tip.hidden = true;
    cursor.setAttribute("visibility", "hidden");
  };
  const tell = (pointer) => {
    const x = ((pointer - LEFT) / inside) * end;
    const at = points.reduce((best, [one]) => (Math.abs(one - x) < Math.abs(best - x) ? one : best), Infinity);
    if (!Number.isFinite(at)) return hide();
    cursor.setAttribute("x1", across(at));
    cursor.setAttribute("x2", across(at));
    cursor.setAttribute("visibility", "visible");
    const said = named.flatMap((line) => {
      const i = line.x.indexOf(at);
      return i < 0
        ? []
        : [`${line.name} ${written(line.kind === "area" ? line.y[i] - line.floor[i] : line.y[i], chart.percent)}`];
    });
    const word = chart.x.replace(/s$/, "");
    tip.replaceChildren(
      ...[`${word} ${+at.toFixed(2)}`, ...said].map((text) => {
        const row = document.createElement("div");
        row.textContent = text;
        return row;
      }),
    );
    tip.hidden = false;
    tip.style.left = `${Math.max(0, Math.min(across(at) + 12, width - tip.offsetWidth))}px`;
    tip.style.top = `${caption.offsetHeight + TOP}px`;
  };
  svg.onpointermove = (event) => {
    figure.pointer = event.clientX - svg.getBoundingClientRect().left;
    tell(figure.pointer);
  };
  svg.onpointerleave = () => {
    figure.pointer = null;
    hide();
  };
  if (figure.pointer)
    tell(figure.pointer); // the point under the pointer stays while the chart grows
  else hide();
}
