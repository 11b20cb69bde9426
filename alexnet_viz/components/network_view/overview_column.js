// A layer in the overview: its name, its thumbnails, the way to its other channels, and its colour scale.

import { paintIndices } from "../lib/canvas.js";
import { asImage, make } from "../lib/dom.js";
import { formatCount, formatNumber } from "../lib/numbers.js";
import { classElements } from "./classes.js";
import { scaleBar } from "./pictures.js";
import { channelNoun, hasContributions, scaleTable } from "./scene.js";

/**
 * The elements, not yet in their places.
 * @param {import("./scene.js").Column} column
 * @param {(thumb: object | null) => void} onHover
 */
export function columnElements(app, column, onHover) {
  const open = () => app.go({ depth: "layer", layer: column.layer, channel: app.view.channel });
  const head = make("button", { type: "button", onclick: open }, make("span", {}, column.layer));
  head.style.setProperty("--kind", app.colour(column.kind));
  head.title = `${column.layer}: ${column.shape.join(" × ")}. Opens all of its channels.`;
  head.setAttribute("aria-label", `${column.layer}, all ${formatCount(column.shape[0])} channels`);
  head.onfocus = () => onHover(null);
  head.onpointerenter = head.onfocus;

  const rest = column.shape[0] - column.shown.length;
  const moreTitle = `${formatCount(rest)} more in ${column.layer}`;
  const moreText = rest > 0 ? `+${formatCount(rest)}` : "";
  const more = make("button", { type: "button", className: "more", tabIndex: -1, title: moreTitle }, moreText);
  more.setAttribute("aria-label", moreTitle);
  more.onclick = open;

  const table = scaleTable(app.scene, column.signed);
  const thumbs = column.shown.map((_, row) => thumbnail(app, column, row, table, onHover));
  return { head, thumbs, more, scale: columnScale(column, table) };
}

function thumbnail(app, column, row, table, onHover) {
  const [height, width] = [column.maps.shape[1] ?? 1, column.maps.shape[2] ?? 1];
  const channel = column.shown[row];
  const indices = app.scene.read(column.maps);
  const first = row * height * width;
  const picture = paintIndices(make("canvas"), width, height, table, (i) => indices[first + i]);
  picture.classList.toggle("strip", height > width);
  const isClass = column.kind === "softmax";
  const isMap = column.shape.length === 3;
  const content = isClass ? classElements(column.labels[row], column.peaks[row]) : [picture];
  const button = make("button", { type: "button", className: "thumb", tabIndex: -1 }, ...content);
  const name = column.labels?.[row] ? `${channel}, ${column.labels[row]}` : channel;
  const value = `${isMap ? "peak" : "value"} ${formatNumber(column.peaks[row])}`;
  button.setAttribute("aria-label", `${column.layer}, ${channelNoun(isMap)} ${name}, ${value}`);
  button.dataset.layer = column.layer;
  button.dataset.channel = channel;
  button.classList.toggle("class", isClass);
  button.classList.toggle("chosen", column.layer === app.view.layer && channel === app.view.channel);
  const thumb = { button, picture, column, row, channel, strip: height > width ? height : 0 };
  const depth = isMap || hasContributions(column.kind) ? "unit" : "value";
  button.onclick = () => app.go({ depth, layer: column.layer, channel });
  button.onpointerenter = () => onHover(thumb);
  button.onfocus = button.onpointerenter;
  button.onpointerleave = () => onHover(null);
  button.onblur = button.onpointerleave;
  return thumb;
}

function columnScale(column, table) {
  const reaches = [Math.min(...column.reach), Math.max(...column.reach)];
  const [low, high] = reaches.map((reach) => formatNumber(reach, 2));
  const range = column.own && low !== high ? `${low}–${high}` : high;
  const span = column.own
    ? `each map's colours reach to its own peak, here ${low} to ${high}`
    : `colours from ${column.signed ? `−${high}` : 0} to ${high}`;
  const title = `${column.layer}: ${span}`;
  const text = make("span", {}, `${column.signed ? "±" : ""}${range}`);
  const scale = make("span", { className: "scale", title }, asImage(scaleBar(table, column.signed), title), text);
  scale.hidden = column.kind === "softmax"; // its bars are drawn to scale
  return scale;
}
