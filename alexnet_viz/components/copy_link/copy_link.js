// Copies the address of the page.

import { make } from "../lib/dom.js";
import { renewLifetime } from "../lib/lifetime.js";

/**
 * @typedef {object} Data what Python sends
 * @property {string | null} origin scheme, host and port under which others open the app; null where nobody can
 */

const HERE_ALONE = "Link copied. It opens on this machine alone: start the app with make room to share it.";
const MESSAGE_DELAY = 2500; // milliseconds that the message stays

// Streamlit enters a page's path into the history, bare or with the parameters of the page before, and our parameters
// after it: that is one step back, not two.
const { pushState } = history;
if (pushState.name === "pushState") {
  let hasEnteredPage = true;
  let hasOthersParameters = false;
  history.pushState = function enter(state, title, url) {
    const to = new URL(url ?? "", location.href);
    const isSamePage = to.pathname === location.pathname;
    const current = [...new URLSearchParams(location.search)];
    const keepsParameters = current.every(([key, value]) => to.searchParams.get(key) === value);
    const completes = isSamePage && hasEnteredPage && (keepsParameters || hasOthersParameters);
    hasEnteredPage = !isSamePage;
    hasOthersParameters = !isSamePage && to.search === location.search;
    (completes ? history.replaceState : pushState).call(history, state, title, url);
  };
}

/** Whether a text could be copied without navigator.clipboard, which is there on https and on this machine alone. */
function copyBySelection(text) {
  const field = make("textarea", { value: text, style: "position: fixed" });
  document.body.append(field);
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  return isCopied;
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/** @param {{ parentElement: any, data: Data, setTriggerValue: (name: string, value: any) => void }} component */
export default function copyLink({ parentElement, data, setTriggerValue }) {
  const message = parentElement.querySelector(".done");
  const lifetime = renewLifetime(parentElement);
  let keepMessage = () => {};
  const link = () => (data.origin ?? location.origin) + location.pathname + location.search;
  const qr = parentElement.querySelector(".qr");
  qr.hidden = !data.origin;
  qr.onclick = () => setTriggerValue("shown", link());
  parentElement.querySelector(".copy").onclick = async () => {
    const isCopied = await copy(link());
    const done = data.origin ? "Link copied" : HERE_ALONE;
    message.textContent = isCopied ? done : "Copy the address above the page";
    keepMessage();
    keepMessage = lifetime.timeout(() => {
      message.textContent = "";
    }, MESSAGE_DELAY);
  };
  return () => lifetime.end();
}
