// Follow me: the audience's pages go where the presenter's goes. One stream of events a follower; only a new view costs
// a rerun.

const KEPT = "follows-presenter"; // in the visit's storage, for when the page is loaded anew

const RETRY = 10_000; // milliseconds after a refusal

/** @type {EventSource | null} */
let stream = null; // survives a change of page, on which Streamlit mounts the button anew
/** @type {(view: object) => void} */
let open = () => {};

function isKept() {
  try {
    return sessionStorage.getItem(KEPT) === "yes";
  } catch {
    return false;
  }
}

function keep(follows) {
  try {
    sessionStorage.setItem(KEPT, follows ? "yes" : "no");
  } catch {
    // then it ends when the page is loaded anew
  }
}

/** Whether the page shows a view already. @param {{ page: string, parameters: Record<string, string> }} view */
function isShown(view) {
  const path = location.pathname.split("/").pop() ?? "";
  const current = new URLSearchParams(location.search);
  const wanted = Object.entries(view.parameters);
  return (
    path === view.page && current.size === wanted.length && wanted.every(([key, value]) => current.get(key) === value)
  );
}

function listen(address) {
  if (stream?.readyState === EventSource.CLOSED) stream = null; // refused: a browser does not try that again by itself
  stream ??= new EventSource(address);
  stream.onerror = () => {
    if (stream?.readyState === EventSource.CLOSED) setTimeout(() => isKept() && listen(address), RETRY);
  };
  stream.onmessage = (event) => {
    const view = JSON.parse(event.data);
    if (view && !isShown(view)) open(view);
  };
}

function stopListening() {
  stream?.close();
  stream = null;
}

/**
 * @typedef {object} Data what Python sends
 * @property {"presenter" | "audience"} role
 * @property {string} feed where the presenter's views come from, relative to the page
 * @property {boolean} leading whether the presenter leads
 */

/** @param {{ parentElement: any, data: Data, setTriggerValue: (name: string, value: any) => void }} component */
export default function follow({ parentElement, data, setTriggerValue }) {
  const button = parentElement.querySelector("button");
  const word = parentElement.querySelector("span");
  const isPresenter = data.role === "presenter";
  const show = (isOn) => {
    button.setAttribute("aria-pressed", String(isOn));
    const title = isPresenter
      ? "Lead: everybody who follows sees the view that you see"
      : "Follow: your page goes where the presenter's goes";
    button.title = title;
    button.setAttribute("aria-label", title);
    word.textContent = isPresenter ? (isOn ? "Leading" : "Lead") : isOn ? "Following" : "Follow";
  };
  open = (view) => setTriggerValue("view", view);
  const turn = (isOn) => {
    keep(isOn);
    if (isOn) listen(new URL(data.feed, document.baseURI));
    else stopListening();
    show(isOn);
  };
  if (isPresenter) {
    show(data.leading);
    button.onclick = () => setTriggerValue("leads", !data.leading);
  } else {
    turn(isKept());
    button.onclick = () => turn(!isKept());
  }
}
