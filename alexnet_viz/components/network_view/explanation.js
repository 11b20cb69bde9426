// What a value is made of, in words and numbers.

import { formatCount, formatNumber, ranked, sum } from "../lib/numbers.js";
import { channelSums, inputName } from "./arithmetic.js";

/** Kinds of layers whose terms are added up. */
export const isSum = (kind) => ["conv", "fc", "avgpool", "norm", "softmax"].includes(kind);

/**
 * @typedef {object} Explanation
 * @property {{ i: number, name: string, adds: number }[]} rows the strongest terms, or input channels of a convolution
 * @property {number} others how many are left out
 * @property {number} [rest] the sum of those
 * @property {string} formula
 */

/**
 * The explanation of a value taken apart, with at most `most` rows.
 * @returns {Explanation}
 */
export function explain(scene, parts, most) {
  const { terms, read, total, bias, winner } = parts;
  const number = formatNumber;
  switch (scene.of) {
    case "conv":
    case "fc": {
      const sumOfTerms = `Σ ${formatCount(terms.length)} terms`;
      const inBalance = scene.of === "fc" ? strongestOfBothSigns(scene, terms, most) : null;
      return {
        ...(inBalance ?? strongest(channelSums(parts), (c) => inputName(scene, c), most)),
        formula: `${sumOfTerms} + bias = ${number(total - bias)} + (${number(bias)}) = ${number(total)}`,
      };
    }
    case "relu":
      return single(inputName(scene, 0), read[0], `max(0, ${number(read[0])}) = ${number(total)}`);
    case "pool": {
      const formula = `the largest of ${terms.length} is ${number(total)}, at ${cellName(parts, winner)}`;
      return { ...strongest(terms, (i) => shortCellName(parts, i), most), formula };
    }
    case "avgpool": {
      const mean = `the mean of ${terms.length} cells = Σ / ${terms.length} = ${number(total)}`;
      const formula = terms.length === 1 ? `the mean of a single cell: ${number(total)}` : mean;
      return { ...strongest(terms, (i) => shortCellName(parts, i), most), formula };
    }
    case "norm": {
      const rows = Array.from(terms, (adds, i) => ({ i, name: inputName(scene, i), adds }));
      return { ...firstRows(rows, most), formula: normFormula(scene.lrn, read[winner], sum(terms), total) };
    }
    case "softmax": {
      const formula = softmaxFormula(parts);
      return { ...strongest(terms, (i) => scene.labels[i], most), formula };
    }
    case "flatten": {
      const name = `${inputName(scene, 0)}, row ${parts.top}, column ${parts.left}`;
      return single(name, total, flattenFormula(scene, parts));
    }
    default:
      return single(inputName(scene, 0), total, `handed on as it is: ${number(total)}`);
  }
}

const single = (name, adds, formula) => ({ rows: [{ i: 0, name, adds }], others: 0, formula });
const cellName = ({ top, left, w }, i) => `row ${top + Math.floor(i / w)}, column ${left + (i % w)}`;
const shortCellName = ({ top, left, w }, i) => `${top + Math.floor(i / w)}, ${left + (i % w)}`;

function firstRows(rows, most) {
  const others = rows.slice(most);
  return { rows: rows.slice(0, most), others: others.length, rest: sum(others.map((row) => row.adds)) };
}

const strongest = (values, nameOf, most) =>
  firstRows(
    ranked(values).map((i) => ({ i, name: nameOf(i), adds: values[i] })),
    most,
  );

/** The largest and the smallest terms, half of the rows each. */
function strongestOfBothSigns(scene, terms, most) {
  const order = Array.from(terms.keys()).sort((a, b) => terms[b] - terms[a]);
  const half = Math.ceil(most / 2);
  const kept = terms.length > 2 * half ? [...order.slice(0, half), ...order.slice(-half).reverse()] : order;
  const rows = kept.map((i) => ({ i, name: inputName(scene, i), adds: terms[i] }));
  return { rows, others: terms.length - rows.length, rest: sum(terms) - sum(rows.map((row) => row.adds)) };
}

/** Local response normalisation with its constants. */
export function normFormula({ k, beta }, value, squares, total) {
  const number = formatNumber;
  const base = `(${number(k)} + ${number(squares, 3)})`;
  return `a / (k + α Σ a²)^β = ${number(value)} / ${base}^${number(beta)} = ${number(total)}`;
}

function softmaxFormula({ terms, read, winner, largest, total }) {
  const number = formatNumber;
  const all = number(sum(terms));
  const exponential = `e^(${number(read[winner])} − ${number(largest)})`;
  return `e^(z − max) / Σ = ${exponential} / ${all} = ${number(terms[winner])} / ${all} = ${number(total)}`;
}

function flattenFormula(scene, { top, left }) {
  const side = Math.round(Math.sqrt(scene.read(scene.inputs).length));
  const channel = formatCount(scene.channel);
  return (
    `${scene.first} · ${side * side} + ${top} · ${side} + ${left} = ${channel}: ` +
    `this pixel becomes number ${channel} of ${formatCount(scene.channels)}`
  );
}
