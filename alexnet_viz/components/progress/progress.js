// How far a run is. What else on the page depends on it is told by its marks.

import { follow, words } from "../lib/follow.js";

const PATIENCE = 4900; // ms until the page is asked again to run anew, if it still shows the same

export default function ({ parentElement, data, setTriggerValue }) {
  const view = parentElement.querySelector(".run");
  const [state, told] = view.querySelector(".told").children;
  const bar = view.querySelector(".bar");

  const show = (now) => {
    state.textContent = now.state;
    told.textContent = now.told && ` · ${now.told}`;
    bar.firstElementChild.style.width = `${100 * now.share}%`;
    bar.setAttribute("aria-valuenow", Math.round(100 * now.share));
    bar.setAttribute("aria-valuetext", `${now.state} ${now.told}`);
  };
  show(data);
  view.classList.toggle("live", Boolean(data.every));
  if (view.drawn !== data.marks) Object.assign(view, { drawn: data.marks, asked: 0 });
  return follow(view, data.source, data.every, (body) => {
    const now = body && JSON.parse(words(body));
    if (now) show(now);
    // Where this door is shut, the page runs instead, again and again.
    if (now?.marks === data.marks || Date.now() - view.asked < PATIENCE) return;
    view.asked = Date.now();
    setTriggerValue("changed", true);
  });
}
