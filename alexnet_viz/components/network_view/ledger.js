// The sum: what a value is made of, as a short list that follows the mouse and as a table of every term.

import { channelSums, inputName, ranked } from "./arithmetic.js";
import { count, make, number, said } from "./pictures.js";

// What a value is made of, in words and numbers: rows strongest first, the others summed, the formula.
export function tale(scene, part, most) {
  const { terms, read, total, bias } = part;
  const cell = (i) => `row ${part.top + Math.floor(i / part.w)}, column ${part.left + (i % part.w)}`;
  const cut = (entries) => {
    const others = entries.slice(most);
    return {
      rows: entries.slice(0, most),
      others: others.length,
      rest: others.reduce((sum, one) => sum + one.adds, 0),
    };
  };
  const pick = (values, name) => cut(ranked(values).map((i) => ({ i, name: name(i), adds: values[i] })));
  switch (scene.of) {
    case "conv": {
      const sums = channelSums(part);
      return {
        ...pick(sums, (c) => inputName(scene, c)),
        sums,
        formula: `Σ ${count(terms.length)} terms + bias = ${number(total - bias)} + (${number(bias)}) = ${number(total)}`,
      };
    }
    case "fc": {
      const order = Array.from(terms.keys()).sort((a, b) => terms[b] - terms[a]);
      const half = Math.ceil(most / 2);
      const kept = terms.length > 2 * half ? [...order.slice(0, half), ...order.slice(-half).reverse()] : order;
      const shown = kept.map((i) => ({ i, name: inputName(scene, i), adds: terms[i] }));
      const rest = terms.reduce((a, b) => a + b, 0) - shown.reduce((sum, one) => sum + one.adds, 0);
      return {
        rows: shown,
        others: terms.length - shown.length,
        rest,
        formula: `Σ ${count(terms.length)} terms + bias = ${number(total - bias)} + (${number(bias)}) = ${number(total)}`,
      };
    }
    case "relu":
      return {
        rows: [{ i: 0, name: inputName(scene, 0), adds: read[0] }],
        others: 0,
        formula: `max(0, ${number(read[0])}) = ${number(total)}`,
      };
    case "pool":
      return {
        ...pick(terms, cell),
        formula: `the largest of ${terms.length} is ${number(total)}, at ${cell(part.winner)}`,
      };
    case "avgpool": {
      const formula =
        terms.length === 1
          ? `the mean of a single cell: ${number(total)}`
          : `the mean of ${terms.length} cells = Σ / ${terms.length} = ${number(total)}`;
      return { ...pick(terms, cell), formula };
    }
    case "norm": {
      const sum = terms.reduce((a, b) => a + b, 0);
      return {
        ...cut(Array.from(terms.keys(), (i) => ({ i, name: inputName(scene, i), adds: terms[i] }))),
        formula: `a / (k + α Σ a²)^β = ${number(read[part.winner])} / (2 + ${number(sum, 3)})^0.75 = ${number(total)}`,
      };
    }
    case "softmax": {
      const sum = terms.reduce((a, b) => a + b, 0);
      return {
        ...pick(terms, (i) => scene.labels[i]),
        formula: `e^(z − max) / Σ = e^(${number(read[part.winner])} − ${number(part.most)}) / ${number(sum)} = ${number(terms[part.winner])} / ${number(sum)} = ${number(total)}`,
      };
    }
    case "flatten": {
      const { side } = { side: Math.round(Math.sqrt(scene.read(scene.inputs).length)) };
      return {
        rows: [{ i: 0, name: `${inputName(scene, 0)}, row ${part.top}, column ${part.left}`, adds: total }],
        others: 0,
        formula: `${scene.first} · ${side * side} + ${part.top} · ${side} + ${part.left} = ${count(scene.channel)}: this pixel becomes number ${count(scene.channel)} of ${count(scene.channels)}`,
      };
    }
    default:
      return {
        rows: [{ i: 0, name: inputName(scene, 0), adds: total }],
        others: 0,
        formula: `handed on as it is: ${number(total)}`,
      };
  }
}

const HEADS = {
  conv: ["input", "puts in", "sum so far"],
  fc: ["input", "puts in", "sum so far"],
  avgpool: ["cell", "its share", "sum so far"],
  norm: ["channel", "α · a²", "sum so far"],
  softmax: ["class", "e^(z − max)", "sum so far"],
  pool: ["cell", "value", ""],
};

// The list of what a value is made of; its rows stay, their texts follow the place.
export function ledger(app, { most, onpick }) {
  const { scene } = app;
  const heads = HEADS[scene.of] ?? ["input", "value", ""];
  const adding = ["conv", "fc", "avgpool", "norm", "softmax"].includes(scene.of);
  const body = make("tbody");
  const table = make(
    "table",
    { className: "ledger" },
    make("colgroup", {}, ...[31, 13, 30, 26].map((share) => make("col", { style: `width:${share}%` }))),
    make(
      "thead",
      {},
      make(
        "tr",
        {},
        make("th", { scope: "col" }, heads[0]),
        make("th", { scope: "col", colSpan: 2 }, heads[1]),
        make("th", { scope: "col" }, heads[2]),
      ),
    ),
    body,
  );
  const rows = Array.from({ length: most }, () => {
    const name = make("button", { type: "button", className: "pick" });
    const bar = make("i", { className: "bar" });
    const adds = make("td");
    const sum = make("td");
    const row = make("tr", {}, make("th", { scope: "row" }, name), make("td", { className: "bars" }, bar), adds, sum);
    body.append(row);
    name.disabled = !onpick;
    name.onclick = () => onpick?.(row.entry);
    return { row, name, bar, adds, sum };
  });
  const plain = (label, className, wide = 2) => {
    const value = make("td", { colSpan: 4 - wide });
    const row = make("tr", { className }, make("th", { scope: "row", colSpan: wide }, label), value);
    body.append(row);
    return { row, value, label: row.firstChild };
  };
  const rest = plain("", "others"),
    bias = plain(scene.of === "norm" ? "k" : "bias", "bias"),
    total = plain("=", "total"),
    torch = plain("PyTorch", "torch", 1);
  const [torchs, beside] = [make("span"), make("small")];
  torch.value.append(torchs, beside);
  bias.row.hidden = !["conv", "fc", "norm"].includes(scene.of);
  return {
    table,
    fill(told, part, picked) {
      const large = Math.max(1e-30, ...told.rows.map((one) => Math.abs(one.adds)));
      let sum = 0;
      rows.forEach((line, r) => {
        const entry = told.rows[r];
        line.row.hidden = !entry;
        if (!entry) return;
        line.row.entry = entry;
        sum += entry.adds;
        if (line.name.title !== entry.name) line.name.textContent = line.name.title = entry.name;
        said(line.adds, `${adding && entry.adds > 0 ? "+" : ""}${number(entry.adds, 3)}`);
        said(line.sum, adding ? number(sum, 3) : entry.i === part.winner ? "◀ wins" : "");
        line.bar.style.scale = `${Math.abs(entry.adds) / large} 1`; // painted anew, not laid out
        line.bar.className = entry.adds < 0 ? "bar minus" : "bar";
        line.row.classList.toggle("picked", entry.i === picked);
        if (onpick) line.name.setAttribute("aria-pressed", String(entry.i === picked));
      });
      rest.row.hidden = !told.others;
      said(rest.label, `and ${count(told.others)} other${told.others > 1 ? "s" : ""}`);
      said(rest.value, adding ? `${told.rest > 0 ? "+" : ""}${number(told.rest, 3)}` : "");
      said(bias.value, number(part.bias));
      said(total.value, number(part.total, 7));
      const off = Math.abs(part.total - part.torch);
      said(torchs, number(part.torch, 7));
      said(beside, off ? ` differs by ${number(off, 1)}` : " equal");
      torch.value.title = off ? `differs by ${number(off, 2)}: float32 rounding` : "the same to the last bit";
    },
  };
}

// Every single term of a value in a table, on request: strongest first, with the running sum.
export function everyTerm(app, current) {
  const { scene } = app;
  const holder = make("div", { className: "all" });
  const label = make("summary");
  const details = make("details", { className: "every" }, label, holder);
  let whole = false;
  const build = () => {
    const part = current();
    label.textContent = `Every term: all ${count(part.terms.length)} of them`;
    if (!details.open) return holder.replaceChildren();
    const order = ranked(part.terms);
    const shown = whole ? order : order.slice(0, 400);
    let sum = 0;
    const text = shown.map((i, rank) => {
      sum += part.terms[i];
      const c = Math.floor(i / (part.h * part.w)),
        p = i % (part.h * part.w);
      const [row, column] = [part.top + Math.floor(p / part.w), part.left + (p % part.w)];
      const outside = app.unit.flatMap && (row < 0 || column < 0 || row >= app.unit.side || column >= app.unit.side);
      const weight = app.unit.weights ? `<td>${app.unit.weights[i]}</td>` : "";
      const where = app.unit.flatMap ? `<td>${row}, ${column}${outside ? " (padding)" : ""}</td>` : "";
      const name = scene.of === "softmax" ? escaped(scene.labels[i]) : inputName(scene, c);
      return `<tr><td>${rank + 1}</td><td>${name}</td>${where}<td>${part.read[i]}</td>${weight}<td class="term" data-term="${part.terms[i]}">${number(part.terms[i], 6)}</td><td>${number(sum, 6)}</td></tr>`;
    });
    const heads = [
      "",
      "input",
      ...(app.unit.flatMap ? ["row, column"] : []),
      "value",
      ...(app.unit.weights ? ["weight"] : []),
      "term",
      "sum so far",
    ];
    holder.innerHTML = `<table><thead><tr>${heads.map((head) => `<th scope="col">${head}</th>`).join("")}</tr></thead><tbody>${text.join("")}</tbody></table>`;
    const rest = order.length - shown.length;
    if (rest > 0) {
      const others = order.slice(shown.length).reduce((all, i) => all + part.terms[i], 0);
      const all = make(
        "button",
        {
          type: "button",
          onclick: () => {
            whole = true;
            build();
            label.focus();
          },
        },
        "Show all",
      );
      holder.append(make("p", {}, `and ${count(rest)} others, in sum ${number(others, 6)} `, all));
    }
    const biased = ["conv", "fc"].includes(scene.of) ? ` bias ${part.bias};` : "";
    holder.append(
      make(
        "p",
        { className: "end" },
        `Σ ${number(
          part.terms.reduce((a, b) => a + b, 0),
          8,
        )};${biased} total ${part.total}; PyTorch ${part.torch}`,
      ),
    );
  };
  details.ontoggle = build;
  return { details, build };
}

const escaped = (text) => make("span", {}, text).innerHTML;
