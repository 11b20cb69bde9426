// The strip of photos to choose from, and pictures from the clipboard.

import { make } from "../lib/dom.js";
import { renewLifetime } from "../lib/lifetime.js";

const FOLDED_BELOW = 1200; // pixels of the window: beside an open sidebar the drawings would be cut
const COVERED_BELOW = 768; // pixels: here Streamlit lays the sidebar over the page
const FOLDED = "alexnet-viz-sidebar-folded";
const KEPT = "alexnet-viz-photos";

/** What stands in for sessionStorage where the browser refuses it; it lasts until the page is loaded anew. */
const refused = new Map();

function recall(key) {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return refused.get(key) ?? null;
  }
}

function keep(key, text) {
  try {
    sessionStorage.setItem(key, text);
  } catch {
    refused.set(key, text);
  }
}

/**
 * @typedef {object} Data what Python sends
 * @property {{ key: string, title: string, thumbnail: string }[]} photos thumbnails are data URIs
 * @property {string} selected a photo's key
 * @property {number} limit in bytes, for a pasted picture
 * @property {string} visit another one when the page is loaded anew, or after its server has died
 */

function photoButton(photo, isSelected, onclick) {
  const { title, thumbnail, key } = photo;
  const button = make("button", { type: "button", title, onclick }, make("img", { src: thumbnail, alt: "" }));
  button.dataset.photo = key;
  button.setAttribute("role", "option");
  button.setAttribute("aria-label", title);
  button.setAttribute("aria-selected", String(isSelected));
  return button;
}

/** The first picture in the clipboard, or a sentence on why there is none. */
async function clipboardPicture() {
  try {
    for (const item of await navigator.clipboard.read()) {
      const type = item.types.find((name) => name.startsWith("image/"));
      if (type) return { picture: await item.getType(type) };
    }
    return { problem: "The clipboard holds no picture: copy one first." };
  } catch {
    return { problem: "The browser does not let this page read the clipboard: press Ctrl+V (⌘V) instead." };
  }
}

function collapseSidebar() {
  /** @type {HTMLElement | null} */
  const button = document.querySelector("[data-testid='stSidebarCollapseButton'] button");
  button?.click();
}

/** On a narrow screen the sidebar covers the page: it folds at first, and once there is another photo to look at. */
function foldSidebar(isNewPhoto) {
  const isFirstLook = !recall(FOLDED);
  if (!isFirstLook && !isNewPhoto) return;
  if (window.innerWidth < (isFirstLook ? FOLDED_BELOW : COVERED_BELOW)) collapseSidebar();
  keep(FOLDED, "yes");
}

/** Keys of photos that this tab showed and that the visit lacks. Keeps the visit's keys. */
function forgottenPhotos(photos) {
  const keys = photos.map((photo) => photo.key);
  const kept = JSON.parse(recall(KEPT) ?? "[]");
  keep(KEPT, JSON.stringify(keys));
  return kept.filter((key) => !keys.includes(key));
}

/** @param {{ parentElement: any, data: Data, setTriggerValue: (name: string, value: any) => void }} component */
export default function photoPicker({ parentElement, data, setTriggerValue }) {
  const message = parentElement.querySelector(".message");
  const lifetime = renewLifetime(parentElement);
  const buttons = data.photos.map((photo) =>
    photoButton(photo, photo.key === data.selected, () => setTriggerValue("chosen", photo.key)),
  );
  const strip = parentElement.querySelector(".strip");
  strip.replaceChildren(...buttons);
  const before = strip.dataset.selected;
  const forgotten = forgottenPhotos(data.photos);
  if (strip.dataset.visit !== data.visit && forgotten.length) setTriggerValue("kept", forgotten);
  strip.dataset.visit = data.visit;
  foldSidebar(before !== undefined && before !== data.selected);
  strip.dataset.selected = data.selected;
  const isNarrow = window.matchMedia(`(max-width: ${FOLDED_BELOW - 1}px)`); // zooming in makes it so, too
  lifetime.listen(isNarrow, "change", () => isNarrow.matches && collapseSidebar());

  const send = (blob) => {
    if (blob.size > data.limit) {
      message.textContent = `The picture is larger than ${Math.round(data.limit / 2 ** 20)} MB: paste a smaller one.`;
      return;
    }
    const reader = new FileReader();
    reader.onload = () => {
      message.textContent = "";
      setTriggerValue("pasted", { type: blob.type, base64: String(reader.result).split(",")[1] });
    };
    reader.readAsDataURL(blob);
  };
  parentElement.querySelector(".paste").onclick = async () => {
    const { picture, problem } = await clipboardPicture();
    if (picture) send(picture);
    else message.textContent = problem;
  };
  lifetime.listen(document, "paste", (event) => {
    const picture = [...(event.clipboardData?.files ?? [])].find((file) => file.type.startsWith("image/"));
    if (!picture) return;
    event.preventDefault();
    send(picture);
  });
  return () => lifetime.end();
}
