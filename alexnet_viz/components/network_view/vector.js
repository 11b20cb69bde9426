// A value without a map: a fully connected unit, a class's share, one of the flattened units.

import { inputName, takeApart } from "./arithmetic.js";
import { everyTerm, ledger, tale } from "./ledger.js";
import { pathPanel } from "./path.js";
import { count, hasNegative, legend, make, mapPicture, number, peakOf } from "./pictures.js";

export function vectorValue(app) {
  const { scene, unit } = app;
  const part = takeApart(unit, 0, 0);
  const told = tale(scene, part, 12);
  const list = ledger(app, {
    most: 12,
    onpick:
      ["relu", "dropout"].includes(scene.of) || scene.of === "fc" || scene.of === "softmax"
        ? (entry) => open(entry.i)
        : null,
  });
  const open = (i) => {
    const channel = scene.first + i;
    app.go({ depth: "value", layer: scene.below, channel });
  };
  list.fill(told, part, null);
  const many = part.terms.length;
  const voices = make("canvas", { className: "voices" });
  voices.setAttribute("role", "img");
  voices.setAttribute(
    "aria-label",
    `All ${count(many)} terms as colours, in the order of the inputs; the list beside names the strongest`,
  );
  const peak = peakOf(part.terms),
    signed = hasNegative(part.terms);
  const columns = many > 1 ? Math.ceil(Math.sqrt(many)) : 1;
  const rows = Math.ceil(many / columns);
  const said = make("p", { className: "reading" });
  const rest =
    {
      fc: `each square one input: what it puts in (${columns} in a row)`,
      softmax: "each square one class: e^(z − max)",
    }[scene.of] ?? "";
  said.textContent = rest;
  if (many > 1)
    mapPicture(
      scene,
      Float32Array.from({ length: columns * rows }, (_, i) => part.terms[i] ?? 0),
      columns,
      rows,
      peak,
      signed,
      voices,
    );
  const under = (event) => {
    const frame = voices.getBoundingClientRect();
    const i =
      Math.floor(((event.clientY - frame.top) / frame.height) * rows) * columns +
      Math.floor(((event.clientX - frame.left) / frame.width) * columns);
    return i >= 0 && i < many ? i : null;
  };
  voices.onpointermove = (event) => {
    const i = under(event);
    if (i === null) return;
    const name = scene.of === "softmax" ? scene.labels[i] : inputName(scene, i);
    said.textContent = unit.weights
      ? `${name}: ${number(part.read[i], 3)} × ${number(unit.weights[i], 3)} = ${number(part.terms[i], 3)}`
      : `${name}: z = ${number(part.read[i])}, e^(z − max) = ${number(part.terms[i], 3)}`;
  };
  voices.onpointerleave = () => {
    said.textContent = rest;
  };
  voices.onclick = (event) => {
    const i = under(event);
    if (i !== null) open(i);
  };
  const path = pathPanel(app);
  const every = everyTerm(app, () => part);
  const picture =
    many > 1
      ? [
          make(
            "figure",
            {},
            voices,
            make(
              "figcaption",
              {},
              said,
              legend(scene, peak, signed, scene.of === "fc" ? "input × weight" : "e^(z − max)"),
            ),
          ),
        ]
      : [];
  const what = {
    fc: `The strongest voices for and against ${scene.label || `unit ${scene.channel}`}`,
    softmax: `The share of ${scene.label}`,
  }[scene.of];
  const formula = make("p", { className: "formula", tabIndex: -1 }, told.formula);
  app.host.replaceChildren(
    ...(what ? [make("h3", {}, what)] : []),
    make("div", { className: "stage vector" }, ...picture, make("div", {}, list.table)),
    formula,
    path.element,
    every.details,
  );
  every.build();
  path.fill();
  return {
    key: () => {},
    update: () => path.fill(),
    focus: () => formula.focus({ preventScroll: true }),
    close: () => {},
  };
}
