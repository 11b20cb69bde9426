// Large type on the whole screen: a class of the document, which shell.css draws, and the browser's full screen.

import { renewLifetime } from "../lib/lifetime.js";

const CLASS = "large-type"; // of the document; also the name under which the visit keeps it
// Where F is a letter: what one types into, and Streamlit's tables, whose cells take what is typed.
const TYPED_INTO =
  "textarea, select, [contenteditable], [data-testid=stDataFrame], " +
  "input:not([type=checkbox], [type=radio], [type=range])";

/** The visit's storage; browsers that refuse it forget the choice when the page is loaded anew. */
function stored() {
  try {
    return sessionStorage.getItem(CLASS) === "on";
  } catch {
    return false;
  }
}

function store(isLarge) {
  try {
    sessionStorage.setItem(CLASS, isLarge ? "on" : "off");
  } catch {
    // the document's class is enough until it is loaded anew
  }
}

/** Whether a key is for what has the focus, also inside a component. @param {KeyboardEvent} event */
function isTaken(event) {
  if (event.defaultPrevented || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return true;
  return event.composedPath().some((target) => target instanceof Element && target.matches(TYPED_INTO));
}

/** The size of the document's type, in pixels. */
function rootSize() {
  return parseFloat(getComputedStyle(document.documentElement).fontSize);
}

/**
 * @typedef {object} Data what Python sends
 * @property {number} scale how many times as large as usual it takes type to be, for the charts that it makes
 */

/** @param {{ parentElement: any, data: Data, setStateValue: (name: string, value: any) => void }} component */
export default function largeType({ parentElement, data, setStateValue }) {
  const lifetime = renewLifetime(parentElement);
  const page = document.documentElement;
  const button = parentElement.querySelector("button");
  let known = data.scale;
  const show = (isLarge) => {
    page.classList.remove(CLASS);
    const usual = rootSize();
    page.classList.toggle(CLASS, isLarge);
    const scale = Math.round((20 * rootSize()) / usual) / 20;
    button.setAttribute("aria-pressed", String(isLarge));
    store(isLarge);
    if (scale !== known) setStateValue("scale", scale);
    known = scale;
  };
  const turn = (isLarge) => {
    show(isLarge);
    const isFull = document.fullscreenElement === page;
    // Where a browser allows no full screen, the large type is there all the same.
    if (isLarge && !document.fullscreenElement) page.requestFullscreen?.()?.catch(() => {});
    else if (!isLarge && isFull) document.exitFullscreen();
  };
  const isLarge = () => page.classList.contains(CLASS);
  let wasFull = document.fullscreenElement === page;
  show(isLarge() || stored());
  button.onclick = () => turn(!isLarge());
  lifetime.listen(document, "keydown", (event) => {
    if (isTaken(event)) return;
    if (event.key === "f" || event.key === "F") turn(!isLarge());
    else if (event.key === "Escape" && isLarge() && !document.fullscreenElement) turn(false);
  });
  lifetime.listen(document, "fullscreenchange", () => {
    if (wasFull && !document.fullscreenElement) show(false); // by Esc, which the browser keeps to itself
    wasFull = document.fullscreenElement === page;
  });
  return () => lifetime.end();
}
