// The strongest path from a value down to the photo, with its box on the photo at every layer.

import { sharpContext, strokeRect } from "../lib/canvas.js";
import { asImage, make } from "../lib/dom.js";
import { formatNumber } from "../lib/numbers.js";
import { COLOURS } from "./arithmetic.js";
import { photoPicture } from "./pictures.js";

const EDGE = 190; // of the photo with all boxes, in CSS pixels
const CARD = 72; // of a card's picture

/** The panel; `fill` shows the path that the app holds. */
export function pathPanel(app) {
  const photo = photoPicture(app.scene);
  const overview = asImage(make("canvas", { className: "boxes" }), "The photo");
  const cards = make("ol", { className: "cards" });
  const title = make("h3", {}, "The strongest path down to the photo");
  const element = make("section", { className: "path" }, title, make("div", { className: "way" }, overview, cards));
  const highlight = (index) => drawBoxes(app, overview, photo, index);
  const fill = () => {
    element.hidden = !app.path.length;
    const start = app.path[0];
    if (!start) return;
    const place = app.unit.isMap ? ` (row ${start.y}, column ${start.x})` : "";
    title.textContent = `The strongest path from here down to the photo${place}`;
    cards.replaceChildren(...app.path.map((stop, i) => stopCard(app, photo, stop, i, highlight)));
    highlight(null);
  };
  return { element, fill };
}

/** The boxes of all stops; the others are paler while one is looked at. */
function drawBoxes(app, canvas, photo, index) {
  canvas.style.width = `${EDGE}px`;
  canvas.style.height = `${EDGE}px`;
  const context = sharpContext(canvas, EDGE, EDGE);
  context.drawImage(photo, 0, 0, EDGE, EDGE);
  const scale = EDGE / photo.width;
  app.path.forEach((stop, i) => {
    const [left, top, right, bottom] = stop.box;
    const colour = stop.layer === "photo" ? "#fff" : layerColour(app, stop.layer);
    const size = [Math.max(3, (right - left) * scale), Math.max(3, (bottom - top) * scale)];
    context.globalAlpha = index === null || i === index ? 1 : 0.35;
    strokeRect(context, colour, i === index ? 5 : 2, left * scale, top * scale, ...size);
  });
  const end = app.path.at(-1)?.box;
  const place = `it ends at pixel row ${end?.[1]}, column ${end?.[0]}`;
  const label = end ? `The photo with the box of every layer on the path; ${place}` : "The photo";
  canvas.setAttribute("aria-label", label);
}

function stopCard(app, photo, stop, i, highlight) {
  const isPhoto = stop.layer === "photo";
  const isMap = !["flatten", "softmax"].includes(stop.layer) && !/^(fc|relu[678]|drop)/.test(stop.layer);
  const name = isPhoto ? `photo, ${COLOURS[stop.channel]}` : `${stop.layer} · ${stop.channel}`;
  const value = `value ${formatNumber(stop.value, 3)}`;
  const adds = i ? `contributes ${formatNumber(stop.term, 3)}` : "the value asked for";
  const texts = [...(isMap ? [`row ${stop.y}, col. ${stop.x}`] : []), value, adds];
  const spans = texts.map((text) => make("span", {}, text));
  const button = make("button", { type: "button" }, fieldPicture(photo, stop), make("b", {}, name), ...spans);
  button.style.setProperty("--kind", isPhoto ? "transparent" : layerColour(app, stop.layer));
  const [left, top, right, bottom] = stop.box;
  const place = isMap ? `, row ${stop.y}, column ${stop.x}` : "";
  const field = `sees columns ${left} to ${right - 1} and rows ${top} to ${bottom - 1} of the photo`;
  button.setAttribute("aria-label", `${name}${place}, ${value}, ${adds}, ${field}`);
  button.disabled = isPhoto;
  button.onclick = () => app.go({ depth: "value", layer: stop.layer, channel: stop.channel, y: stop.y, x: stop.x });
  button.onpointerenter = () => highlight(i);
  button.onfocus = button.onpointerenter;
  button.onpointerleave = () => highlight(null);
  button.onblur = button.onpointerleave;
  return make("li", {}, button);
}

/** What a stop sees of the photo; a pixel of the photo with its neighbours. */
function fieldPicture(photo, stop) {
  const picture = make("canvas", { width: CARD, height: CARD });
  const context = picture.getContext("2d");
  const [left, top, right, bottom] = stop.box;
  context.imageSmoothingEnabled = right - left > 40;
  const cut =
    stop.layer === "photo"
      ? [Math.max(0, left - 3), Math.max(0, top - 3), 7, 7]
      : [left, top, right - left, bottom - top];
  context.drawImage(photo, ...cut, 0, 0, CARD, CARD);
  return picture;
}

const KINDS = {
  conv: "conv",
  relu: "relu",
  norm: "norm",
  pool: "pool",
  avgp: "avgpool",
  flat: "flatten",
  drop: "dropout",
  fc: "fc",
};

function layerColour(app, layer) {
  const prefix = Object.keys(KINDS).find((start) => layer.startsWith(start));
  return prefix ? app.colour(KINDS[prefix]) : getComputedStyle(app.root).color;
}
