// A value without a map: a fully connected unit, a class's share, one of the flattened units.

import { asImage, make } from "../lib/dom.js";
import { formatCount, formatNumber, hasNegative, peakOf } from "../lib/numbers.js";
import { placeWithin } from "../lib/pointer.js";
import { inputName, takeApart } from "./arithmetic.js";
import { explain } from "./explanation.js";
import { pathPanel } from "./path.js";
import { legend, mapPicture } from "./pictures.js";
import { sumTable } from "./sum_table.js";
import { termTable } from "./term_table.js";

const ROWS = 12;

export function vectorValueView(app) {
  const { scene, unit } = app;
  const parts = takeApart(unit, 0, 0);
  const explanation = explain(scene, parts, ROWS);
  const open = (i) => app.go({ depth: "value", layer: scene.below, channel: scene.first + i });
  const opensInputs = ["relu", "dropout", "fc", "softmax"].includes(scene.of);
  const table = sumTable(scene, { most: ROWS, onPick: opensInputs ? (row) => open(row.i) : null });
  table.fill(explanation, parts, null);
  const path = pathPanel(app);
  const terms = termTable(app, () => parts);
  const heading = {
    fc: `The strongest contributions for and against ${scene.label || `unit ${scene.channel}`}`,
    softmax: `The share of ${scene.label}`,
  }[scene.of];
  const formula = make("p", { className: "formula", tabIndex: -1 }, explanation.formula);
  app.host.replaceChildren(
    ...(heading ? [make("h3", {}, heading)] : []),
    make(
      "div",
      { className: "stage vector" },
      ...(scene.of === "fc" ? [termsPicture(scene, unit, parts, open)] : []),
      make("div", {}, table.table),
    ),
    formula,
    path.element,
    terms.details,
  );
  terms.build();
  path.fill();
  return { update: () => path.fill(), focus: () => formula.focus({ preventScroll: true }) };
}

/** All terms as the squares of one picture; a click opens the input of one. */
function termsPicture(scene, unit, parts, open) {
  const count = parts.terms.length;
  const columns = Math.ceil(Math.sqrt(count));
  const rows = Math.ceil(count / columns);
  const [peak, signed] = [peakOf(parts.terms), hasNegative(parts.terms)];
  const values = new Float32Array(columns * rows);
  values.set(parts.terms);
  const order = "in the order of the inputs; the list beside names the strongest";
  const label = `All ${formatCount(count)} terms as colours, ${order}`;
  const picture = asImage(make("canvas", { className: "terms" }), label);
  mapPicture(scene, values, columns, rows, peak, signed, picture);
  const hint = `each square one input: its contribution (${columns} in a row)`;
  const reading = make("p", { className: "reading" }, hint);
  const indexUnder = (event) => {
    const { x, y } = placeWithin(event, picture);
    const i = Math.floor(y * rows) * columns + Math.floor(x * columns);
    return i >= 0 && i < count ? i : null;
  };
  picture.onpointermove = (event) => {
    const i = indexUnder(event);
    if (i !== null) reading.textContent = termText(scene, unit, parts, i);
  };
  picture.onpointerleave = () => {
    reading.textContent = hint;
  };
  picture.onclick = (event) => {
    const i = indexUnder(event);
    if (i !== null) open(i);
  };
  const scale = legend(scene, peak, signed, "input × weight");
  return make("figure", {}, picture, make("figcaption", {}, reading, scale));
}

function termText(scene, unit, { read, terms }, i) {
  const number = formatNumber;
  return `${inputName(scene, i)}: ${number(read[i], 3)} × ${number(unit.weights[i], 3)} = ${number(terms[i], 3)}`;
}
