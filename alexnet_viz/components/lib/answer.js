// A network's answer as rows.

import { make } from "./dom.js";

/** A class with its probability as a bar; the photo's true class stands out. */
export function classRow([label, probability], truth) {
  const percent = `${(100 * probability).toFixed(0)} %`;
  const row = make(
    "li",
    { className: label === truth ? "truth" : "" },
    make("span", {}, label),
    make("span", {}, percent),
  );
  row.style.setProperty("--share", probability);
  return row;
}
