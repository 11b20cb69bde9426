// A unit without a map: its strongest contributions for and against, converging on the sum. fc6's inputs are whole
// maps, seen again on the photo at the places that they came from.

import { sharpContext, strokeRect } from "../lib/canvas.js";
import { asImage, make } from "../lib/dom.js";
import {
  formatCount,
  formatNumber,
  formatPercent,
  formatSigned,
  hasNegative,
  peakOf,
  plural,
  sum,
} from "../lib/numbers.js";
import { inputName, readsFlattened, takeApart } from "./arithmetic.js";
import { legend, mapPicture, photoPicture } from "./pictures.js";
import { channelNoun } from "./scene.js";
import { drawWires } from "./wires.js";

export function contributionsView(app) {
  const { scene } = app;
  const contributions = readContributions(app);
  const { isSoftmax, isFlat, parts } = contributions;
  const places = isFlat ? photoPlaces(app, contributions) : null;
  const { list, lines } = contributionList(app, contributions, (i) => places?.draw(i));
  const node = make("div", { className: "node" }, "Σ");
  const bias = make("div", { className: "bias" }, isSoftmax ? "" : `+ bias ${formatNumber(parts.bias)}`);
  const total = make("p", { className: "total" }, isSoftmax ? formatPercent(parts.total) : formatNumber(parts.total));
  const open = make("button", { type: "button", className: "open" }, "Every term, and the way down to the photo ›");
  open.onclick = () => app.go({ ...app.view, depth: "value" });
  const caption = make("figcaption", {}, ...resultTexts(scene, contributions), open);
  const result = make("figure", { className: "result" }, total, caption, ...(places?.elements ?? []));
  const wires = make("canvas", { className: "wires", ariaHidden: "true" });
  const middle = make("div", { className: "middle" }, node, bias);
  const flow = make("div", { className: "flow contributions" }, wires, list, middle, result);
  flow.style.setProperty("--half", `${1.75 * lines.length}em`);
  app.host.replaceChildren(flow, footer(scene, contributions));
  app.viewLifetime.whenLaidOut(flow, () => {
    drawWires(wires, flow, node, total, lines);
    places?.draw(null);
  });
  return { focus: () => open.focus({ preventScroll: true }) };
}

/** The terms of a unit, summed by input: a contribution is one term, or a whole map's where fc6 reads maps unrolled. */
function readContributions(app) {
  const { scene, unit } = app;
  const isSoftmax = scene.of === "softmax";
  const isFlat = !isSoftmax && readsFlattened(scene);
  const [flatLayer, flatSide] = scene.flat;
  const side = isFlat ? flatSide : 1;
  const size = side * side;
  const parts = takeApart(unit, 0, 0);
  const sums = new Float64Array(unit.n / size);
  parts.terms.forEach((term, i) => {
    sums[Math.floor(i / size)] += term;
  });
  const half = Math.max(2, Math.ceil(Math.min(8, app.rows ?? 6) / 2));
  const order = Array.from(sums.keys()).sort((a, b) => sums[b] - sums[a]);
  const positive = order.slice(0, isSoftmax ? 2 * half : half).filter((i) => sums[i] > 0);
  const last = order.slice(-half).reverse();
  const negative = isSoftmax ? [] : last.filter((i) => sums[i] < 0 && !positive.includes(i));
  const total = sum(sums);
  return {
    isSoftmax,
    isFlat,
    side,
    size,
    parts,
    sums,
    positive,
    negative,
    total,
    others: sums.length - positive.length - negative.length,
    rest: total - sum([...positive, ...negative].map((i) => sums[i])),
    layer: isFlat ? flatLayer : isSoftmax ? scene.below : scene.below.replace(/^(relu|drop)/, "fc"),
    name: (i) => (isSoftmax ? scene.labels[i] : isFlat ? `${flatLayer} · ${i}` : inputName(scene, i)),
    peaks: { inputs: peakOf(parts.read), weights: unit.weights ? peakOf(unit.weights) : 0, terms: peakOf(parts.terms) },
    hasNegativeInputs: hasNegative(parts.read),
  };
}

/** The rows of the strongest contributions, and the values of the lines that lead from them to the sum. */
function contributionList(app, contributions, onHover) {
  const { isSoftmax, positive, negative, others, rest, sums } = contributions;
  const subject = app.scene.label || `unit ${app.scene.channel}`;
  const row = (i) => contributionRow(app, contributions, i, onHover);
  const [positiveRows, negativeRows] = [positive.map(row), negative.map(row)];
  const lines = [...positive, ...negative].map((i, at) => ({
    row: [...positiveRows, ...negativeRows][at],
    value: sums[i],
  }));
  const group = (title, rows) => (rows.length ? [make("h3", {}, title), ...rows] : []);
  const list = make(
    "div",
    { className: "inputs" },
    ...group(isSoftmax ? "e^(z − max) of every class" : `For ${subject}`, positiveRows),
    ...group(`Against ${subject}`, negativeRows),
  );
  if (others > 0) {
    const label = make("span", { className: "others" }, `and ${formatCount(others)} other${plural(others)}`);
    const adds = make("output", { className: "adds" }, isSoftmax ? formatNumber(rest, 3) : formatSigned(rest));
    const element = make("div", { className: "row rest" }, label, adds);
    lines.push({ row: element, value: rest });
    list.append(element);
  }
  return { list, lines };
}

function contributionRow(app, contributions, i, onHover) {
  const { isSoftmax, isFlat, layer, name, parts, peaks, size, sums, side } = contributions;
  const { scene, unit } = app;
  const picture = (values, peak, signed, label) => {
    const own = values.subarray(i * size, (i + 1) * size);
    return asImage(mapPicture(scene, own, side, side, peak, signed), label);
  };
  const sign = (text) => make("span", { className: "sign" }, text);
  const text = (content) => make("span", { className: "weight" }, content);
  const input = picture(parts.read, peaks.inputs, contributions.hasNegativeInputs, "");
  const open = make("button", { type: "button", className: "input" }, input, make("span", {}, name(i)));
  open.setAttribute("aria-label", `open ${layer} ${channelNoun(isFlat)} ${i}${isSoftmax ? `, ${name(i)}` : ""}`);
  open.onclick = () => app.go({ depth: "unit", layer, channel: i });
  const row = make("div", { className: isSoftmax ? "row class-row" : "row" }, open);
  if (isSoftmax) row.append(text(`z = ${formatNumber(parts.read[i])}`));
  else {
    const weight = isFlat
      ? picture(unit.weights, peaks.weights, true, "its weights")
      : text(formatNumber(unit.weights[i], 2));
    const label = isFlat ? "input times weight, place by place" : "input times weight";
    row.append(sign("·"), weight, sign("="), picture(parts.terms, peaks.terms, true, label));
  }
  row.append(make("output", { className: "adds" }, isSoftmax ? formatNumber(sums[i], 3) : formatSigned(sums[i])));
  row.dataset.channel = i;
  row.dataset.adds = sums[i];
  row.onpointerenter = () => onHover(i);
  open.onfocus = () => onHover(i);
  row.onpointerleave = () => onHover(null);
  return row;
}

/** What the contributions come to. */
function resultTexts(scene, { isSoftmax, parts, total }) {
  const number = formatNumber;
  if (isSoftmax) {
    const formula = `${number(parts.terms[scene.channel])} / Σ ${number(total)} = ${number(parts.total)}`;
    return [make("p", { className: "reading" }, formula)];
  }
  const [positive, negative] = [parts.terms.filter((term) => term > 0), parts.terms.filter((term) => term < 0)];
  const silent = parts.terms.length - positive.length - negative.length;
  const formula = `${number(total)} + bias ${number(parts.bias)} = ${number(parts.total)}`;
  const balance =
    `${formatCount(positive.length)} inputs speak for it with ${number(sum(positive))}, ` +
    `${formatCount(negative.length)} against with ${number(sum(negative))}; ${formatCount(silent)} are silent.`;
  return [make("p", { className: "reading" }, formula), make("p", {}, balance)];
}

function footer(scene, { isSoftmax, isFlat, layer, peaks, hasNegativeInputs }) {
  const hint = isSoftmax
    ? "A class's share is its exponential over the sum of all. Click a class to see what speaks for its logit."
    : "Click an input to see what speaks for it in turn.";
  const scales = isSoftmax
    ? []
    : [
        legend(scene, peaks.inputs, hasNegativeInputs, isFlat ? layer : scene.below),
        ...(isFlat ? [legend(scene, peaks.weights, true, "weights")] : []),
        legend(scene, peaks.terms, true, "input × weight"),
      ];
  return make("div", { className: "foot" }, make("span", { className: "hint" }, hint), ...scales);
}

/** The photo with what every place of the maps puts in: all maps together, or one. */
function photoPlaces(app, { parts, side, size, name }) {
  const { scene } = app;
  const canvas = asImage(make("canvas", { className: "places" }), "");
  const reading = make("p", { className: "reading" });
  const photo = photoPicture(scene);
  const ofAllMaps = new Float32Array(size);
  parts.terms.forEach((term, i) => {
    ofAllMaps[i % size] += term;
  });
  const draw = (i) => {
    const values = i === null ? ofAllMaps : Float32Array.from(parts.terms.subarray(i * size, (i + 1) * size));
    const peak = peakOf(values);
    const most = app.isFullScreen() ? 0.55 * window.innerHeight : 300;
    const edge = Math.min(most, canvas.parentElement.clientWidth);
    canvas.style.width = `${edge}px`;
    canvas.style.height = `${edge}px`;
    const context = sharpContext(canvas, edge, edge);
    context.drawImage(photo, 0, 0, edge, edge);
    const scale = edge / photo.width;
    const [first, cell] = scene.ground.map((pixels) => pixels * scale);
    context.globalAlpha = 0.62;
    context.imageSmoothingEnabled = false;
    context.drawImage(mapPicture(scene, values, side, side, peak, true), first, first, side * cell, side * cell);
    context.globalAlpha = 1;
    const strongest = values.reduce((best, value, at) => (value > values[best] ? at : best), 0);
    const [row, column] = [Math.floor(strongest / side), strongest % side];
    strokeRect(context, "#000", 3, first + column * cell, first + row * cell, cell, cell);
    reading.textContent =
      `${i === null ? "All maps together" : name(i)}: red places of the photo speak for it, blue against ` +
      `(±${formatNumber(peak, 2)}); most in row ${row}, column ${column}.`;
    canvas.setAttribute("aria-label", reading.textContent);
  };
  return { elements: [canvas, reading], draw };
}
