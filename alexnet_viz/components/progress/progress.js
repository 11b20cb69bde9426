// How far a run is. What else on the page depends on it is told by its marks.
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
  return follow(view, data.source, data.every, (body) => {
    const now = body && JSON.parse(words(body));
    if (now) show(now);
    const wanted = now ? now.marks : Math.floor(Date.now() / 5000); // where this door is shut, the page runs instead
    if (wanted === data.marks || wanted === view.wanted) return;
    view.wanted = wanted;
    setTriggerValue("changed", true);
  });
}
