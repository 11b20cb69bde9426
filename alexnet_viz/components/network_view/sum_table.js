// What a value is made of as a short table that follows the pointer.

import { make, setText } from "../lib/dom.js";
import { formatCount, formatNumber, formatSigned, plural } from "../lib/numbers.js";
import { isSum } from "./explanation.js";

const SUM_HEADS = ["input", "contribution", "sum so far"];
const HEADS = {
  conv: SUM_HEADS,
  fc: SUM_HEADS,
  avgpool: ["row, column", "its share", "sum so far"],
  norm: ["channel", "α · a²", "sum so far"],
  softmax: ["class", "e^(z − max)", "sum so far"],
  pool: ["row, column", "value", ""],
};

/**
 * The table of `most` rows and the lines below them; the rows stay, their texts follow the place. `onPick` gets a row.
 * @param {any} scene
 * @param {{ most: number, onPick: ((row: { i: number }) => void) | null }} options
 */
export function sumTable(scene, { most, onPick }) {
  const body = make("tbody");
  const rows = Array.from({ length: most }, () => termRow(onPick));
  const others = summaryRow("", "others");
  const bias = summaryRow(scene.of === "norm" ? "k" : "bias", "bias");
  const total = summaryRow("=", "total");
  const pytorch = summaryRow("PyTorch", "torch", 1);
  const pytorchValue = make("span");
  const difference = make("small");
  pytorch.value.append(pytorchValue, difference);
  bias.row.hidden = !["conv", "fc", "norm"].includes(scene.of);
  body.append(...[...rows, others, bias, total, pytorch].map((line) => line.row));

  /** @param {import("./explanation.js").Explanation} explanation */
  const fill = (explanation, parts, picked) => {
    fillTerms(rows, explanation, { isAdding: isSum(scene.of), winner: parts.winner, picked, canPick: Boolean(onPick) });
    others.row.hidden = !explanation.others;
    setText(others.label, `and ${formatCount(explanation.others)} other${plural(explanation.others)}`);
    setText(others.value, isSum(scene.of) ? formatSigned(explanation.rest) : "");
    setText(bias.value, formatNumber(parts.bias));
    setText(total.value, formatNumber(parts.total, 7));
    const error = Math.abs(parts.total - parts.pytorch);
    setText(pytorchValue, formatNumber(parts.pytorch, 7));
    setText(difference, error ? ` differs by ${formatNumber(error, 1)}` : " equal");
    pytorch.value.title = error ? `differs by ${formatNumber(error, 2)}: float32 rounding` : "the same to the last bit";
  };
  return { table: make("table", { className: "sum-table" }, ...tableHead(HEADS[scene.of]), body), fill };
}

function tableHead(heads = ["input", "value", ""]) {
  const columns = [31, 13, 30, 26].map((share) => make("col", { style: `width:${share}%` }));
  const cells = heads.map((head, i) => make("th", { scope: "col", colSpan: i === 1 ? 2 : 1 }, head));
  return [make("colgroup", {}, ...columns), make("thead", {}, make("tr", {}, ...cells))];
}

function termRow(onPick) {
  const name = make("button", { type: "button", className: "pick", disabled: !onPick });
  const bar = make("i", { className: "bar" });
  const adds = make("td");
  const running = make("td");
  const cells = [make("th", { scope: "row" }, name), make("td", { className: "bars" }, bar), adds, running];
  const line = { row: make("tr", {}, ...cells), name, bar, adds, running, term: null };
  name.onclick = () => onPick?.(line.term);
  return line;
}

function summaryRow(label, className, labelColumns = 2) {
  const head = make("th", { scope: "row", colSpan: labelColumns }, label);
  const value = make("td", { colSpan: 4 - labelColumns });
  return { row: make("tr", { className }, head, value), value, label: head };
}

function fillTerms(rows, explanation, { isAdding, winner, picked, canPick }) {
  const largest = Math.max(1e-30, ...explanation.rows.map((term) => Math.abs(term.adds)));
  let running = 0;
  rows.forEach((line, i) => {
    const term = explanation.rows[i];
    line.row.hidden = !term;
    line.term = term;
    if (!term) return;
    running += term.adds;
    if (line.name.title !== term.name) {
      line.name.textContent = term.name;
      line.name.title = term.name;
    }
    setText(line.adds, isAdding ? formatSigned(term.adds) : formatNumber(term.adds, 3));
    setText(line.running, isAdding ? formatNumber(running, 3) : term.i === winner ? "◀ wins" : "");
    line.bar.style.scale = `${Math.abs(term.adds) / largest} 1`; // painted anew, not laid out
    line.bar.className = term.adds < 0 ? "bar minus" : "bar";
    line.row.classList.toggle("picked", term.i === picked);
    if (canPick) line.name.setAttribute("aria-pressed", String(term.i === picked));
  });
}
