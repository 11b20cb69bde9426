// How far a run is. What else on the page depends on the run is known by its marks.

import { renewLifetime } from "../lib/lifetime.js";
import { decodeText, poll } from "../lib/polling.js";

const RERUN_DELAY = 4900; // milliseconds until the page is asked again to run anew, if it still shows the same

/**
 * @typedef {object} Data what Python sends
 * @property {string} state
 * @property {string} detail
 * @property {number} share
 * @property {any} marks another one when the page must run anew
 * @property {string} source the address of the news: state, detail, share and marks
 * @property {number} every so many seconds they are asked for; 0 is never
 */

/** @param {{ parentElement: any, data: Data, setTriggerValue: (name: string, value: any) => void }} component */
export default function progress({ parentElement, data, setTriggerValue }) {
  const view = parentElement.querySelector(".run");
  const [state, detail] = view.querySelector(".detail").children;
  const bar = view.querySelector(".bar");

  const show = (news) => {
    state.textContent = news.state;
    detail.textContent = news.detail && ` · ${news.detail}`;
    bar.firstElementChild.style.width = `${100 * news.share}%`;
    bar.setAttribute("aria-valuenow", Math.round(100 * news.share));
    bar.setAttribute("aria-valuetext", `${news.state} ${news.detail}`);
  };
  show(data);
  view.classList.toggle("live", Boolean(data.every));
  if (view.drawnMarks !== data.marks) Object.assign(view, { drawnMarks: data.marks, lastRerun: 0 });
  const lifetime = renewLifetime(parentElement);
  const receive = (body) => {
    const news = body && JSON.parse(decodeText(body));
    if (news) show(news);
    // Without an answer (a proxy that does not pass the address on) the page runs anew instead, again and again.
    if (news?.marks === data.marks || Date.now() - view.lastRerun < RERUN_DELAY) return;
    view.lastRerun = Date.now();
    setTriggerValue("changed", true);
  };
  poll(lifetime, () => data.source, data.every, receive);
  return () => lifetime.end();
}
