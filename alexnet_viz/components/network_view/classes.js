// The classes of a softmax by their names, likeliest first, with bars; all that are not listed are summed.

import { make } from "../lib/dom.js";
import { walkList } from "../lib/keyboard.js";
import { clamp, formatCount, formatPercent, plural, sum } from "../lib/numbers.js";

const MOST = 24; // classes by name: what fits on a screen

export function classesView(app) {
  const { scene } = app;
  const shown = scene.order.slice(0, MOST);
  const open = (channel) => app.go({ depth: "unit", layer: scene.layer, channel });
  const buttons = shown.map((channel, i) => {
    const onclick = () => open(channel);
    const content = classElements(scene.labels[channel], scene.peaks[i]);
    const button = make("button", { type: "button", className: "class", tabIndex: -1, onclick }, ...content);
    button.dataset.channel = channel;
    button.classList.toggle("chosen", channel === app.view.channel);
    return button;
  });
  const first = Math.max(0, shown.indexOf(app.view.channel));
  buttons[first].tabIndex = 0;
  const others = scene.order.length - shown.length;
  const rest = formatPercent(sum(scene.peaks.slice(MOST)));
  const otherText = others ? `and ${formatCount(others)} other class${plural(others) && "es"}, together ${rest}` : "";
  const hint = "Likeliest first; a full bar is 100%. Click a class, or walk with the arrow keys and press Enter.";
  app.host.replaceChildren(
    make("div", { className: "classes", role: "group", ariaLabel: `The classes of ${scene.layer}` }, ...buttons),
    make("p", { className: "others" }, otherText),
    make("div", { className: "foot" }, make("span", { className: "hint" }, hint)),
  );
  const key = (event) => {
    const at = buttons.indexOf(app.focused());
    const next = at < 0 ? undefined : walkList(event, at, buttons.length);
    if (next === undefined) return;
    const to = buttons[clamp(next, 0, buttons.length - 1)];
    buttons[at].tabIndex = -1;
    to.tabIndex = 0;
    to.focus();
    event.preventDefault();
  };
  return { key, focus: () => buttons[first].focus({ preventScroll: true }) };
}

/** A class: its name, its share of 1, and a bar. */
export function classElements(label, share) {
  const bar = make("span", { className: "bar", style: `width:${Math.max(1, 100 * share)}%` });
  return [
    make("span", { className: "label", title: label }, label),
    make("b", {}, formatPercent(share)),
    make("span", { className: "track" }, bar),
  ];
}
