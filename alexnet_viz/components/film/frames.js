// What the server sends of a film: a length, a summary in JSON, then the pixels of each new frame.

import { decodeText } from "../lib/polling.js";

const sizeOf = ([count, height, width]) => count * height * width;

/**
 * @param {ArrayBuffer} body
 * @returns {{ summary: any, frames: { learned: Uint8Array, filters: Uint8Array, maps: Record<string, Uint8Array>,
 *   top: [string, number][] }[] }} filters have three bytes a pixel, maps one
 */
export function readFrames(body) {
  const start = 4 + new DataView(body).getUint32(0);
  const summary = JSON.parse(decodeText(body.slice(4, start)));
  if (!summary.steps.length) return { summary, frames: [] };
  let offset = start;
  const next = (length) => {
    offset += length;
    return new Uint8Array(body, offset - length, length);
  };
  const frames = summary.top.map((top) => {
    const learned = next(3 * sizeOf(summary.filters));
    const filters = next(3 * sizeOf(summary.filters));
    const maps = Object.entries(summary.maps).map(([layer, shape]) => [layer, next(sizeOf(shape))]);
    return { learned, filters, maps: Object.fromEntries(maps), top };
  });
  return { summary, frames };
}
