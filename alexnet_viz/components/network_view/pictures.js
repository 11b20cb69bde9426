// Maps as pictures, and the legends of their colours.

import { paintIndices, paintPhoto } from "../lib/canvas.js";
import { colourIndex } from "../lib/colour.js";
import { asImage, make } from "../lib/dom.js";
import { formatNumber } from "../lib/numbers.js";
import { scaleTable } from "./scene.js";

/** A map of floats in the colours of its scale, a pixel a value. */
export function mapPicture(scene, values, width, height, peak, signed, canvas = make("canvas")) {
  return paintIndices(canvas, width, height, scaleTable(scene, signed), (i) => colourIndex(values[i], peak, signed));
}

/** The photo as the network sees it. */
export const photoPicture = (scene, canvas = make("canvas")) =>
  paintPhoto(canvas, scene.read(scene.photo), scene.photo.shape[0]);

/** How maps are drawn, in words. */
export const smoothingText = (app) =>
  app.isSmooth() ? "Maps are smoothed between their cells." : "Maps show their true cells.";

/** A scale as a bar; the first colour of a signed one has no mirror image and is left out. */
export function scaleBar(table, signed) {
  const bar = make("canvas", { className: "ramp" });
  return paintIndices(bar, signed ? 255 : 256, 1, table, (i) => i + (signed ? 1 : 0));
}

/** The legend of a scale: a bar with its ends named; a peak of null is each map's own. */
export function legend(scene, peak, signed, title = "") {
  const [low, high] = peak === null ? ["−its peak", "its peak"] : [formatNumber(-peak, 3), formatNumber(peak, 3)];
  const ends = signed ? [low, "0", high] : ["0", high];
  const bar = asImage(
    scaleBar(scaleTable(scene, signed), signed),
    `${title} colours from ${ends[0]} to ${ends.at(-1)}`,
  );
  const endTexts = ends.map((end) => make("span", {}, end));
  const scale = make("span", {}, bar, make("span", { className: "ends" }, ...endTexts));
  return make("span", { className: "legend" }, title && make("i", {}, title), scale);
}
