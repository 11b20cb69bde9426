// Every single term of a value in a table, on request: strongest first, with the running sum.

import { make } from "../lib/dom.js";
import { formatCount, formatNumber, ranked, sum } from "../lib/numbers.js";
import { inputName } from "./arithmetic.js";

const FIRST = 400; // rows until all are asked for

/**
 * @param {any} app
 * @param {() => any} currentParts the value taken apart that is looked at
 */
export function termTable(app, currentParts) {
  const holder = make("div", { className: "all" });
  const summary = make("summary");
  const details = make("details", { className: "every" }, summary, holder);
  let showsAll = false;
  const build = () => {
    const parts = currentParts();
    summary.textContent = `Every term: all ${formatCount(parts.terms.length)} of them`;
    if (!details.open) return holder.replaceChildren();
    const order = ranked(parts.terms);
    const shown = showsAll ? order : order.slice(0, FIRST);
    holder.innerHTML = tableText(app, parts, shown);
    if (shown.length < order.length) {
      const rest = sum(order.slice(shown.length).map((i) => parts.terms[i]));
      const showAll = () => {
        showsAll = true;
        build();
        summary.focus();
      };
      const text = `and ${formatCount(order.length - shown.length)} others, in sum ${formatNumber(rest, 6)} `;
      holder.append(make("p", {}, text, make("button", { type: "button", onclick: showAll }, "Show all")));
    }
    const bias = ["conv", "fc"].includes(app.scene.of) ? ` bias ${parts.bias};` : "";
    const total = `Σ ${formatNumber(sum(parts.terms), 8)};${bias} total ${parts.total}; PyTorch ${parts.pytorch}`;
    holder.append(make("p", { className: "end" }, total));
  };
  details.ontoggle = build;
  return { details, build };
}

/** The table as HTML, which is quicker than elements for thousands of rows. */
function tableText({ scene, unit }, parts, shown) {
  let running = 0;
  const rows = shown.map((i, rank) => {
    running += parts.terms[i];
    const name =
      scene.of === "softmax" ? escaped(scene.labels[i]) : inputName(scene, Math.floor(i / (parts.h * parts.w)));
    const cells = [
      rank + 1,
      name,
      ...(unit.readsMaps ? [placeText(unit, parts, i)] : []),
      parts.read[i],
      ...(unit.weights ? [unit.weights[i]] : []),
    ].map((text) => `<td>${text}</td>`);
    const term = `<td class="term" data-term="${parts.terms[i]}">${formatNumber(parts.terms[i], 6)}</td>`;
    return `<tr>${cells.join("")}${term}<td>${formatNumber(running, 6)}</td></tr>`;
  });
  const place = unit.readsMaps ? ["row, column"] : [];
  const heads = ["", "input", ...place, "value", ...(unit.weights ? ["weight"] : []), "term", "sum so far"];
  const head = heads.map((text) => `<th scope="col">${text}</th>`).join("");
  return `<table><thead><tr>${head}</tr></thead><tbody>${rows.join("")}</tbody></table>`;
}

function placeText({ side }, parts, i) {
  const cell = i % (parts.h * parts.w);
  const [row, column] = [parts.top + Math.floor(cell / parts.w), parts.left + (cell % parts.w)];
  const isOutside = row < 0 || column < 0 || row >= side || column >= side;
  return `${row}, ${column}${isOutside ? " (padding)" : ""}`;
}

const escaped = (text) => make("span", {}, text).innerHTML;
