// Colours of values: scales of 256 colours that Python sends as one flat table (3 × 256 bytes), red, green, blue.

/** Values above and below zero, as in the signed scale; visible on light and dark pages. */
export const POSITIVE = "#d6604d";
export const NEGATIVE = "#4393c3";

/**
 * A value's place in a scale's 256 colours; 128 is the zero of a signed one.
 * @param {number} value
 * @param {number} peak the value at the scale's end; what lies beyond gets the last colour
 * @param {boolean} signed whether the scale reaches from −peak to peak instead of from 0
 */
export function colourIndex(value, peak, signed) {
  const share = value / (peak || 1);
  return signed
    ? Math.round(128 + 127 * Math.max(-1, Math.min(1, share)))
    : Math.round(255 * Math.max(0, Math.min(1, share)));
}

/** A scale's colour as CSS writes it. */
export const cssColour = (table, index) => `rgb(${table[3 * index]} ${table[3 * index + 1]} ${table[3 * index + 2]})`;

/** A scale as a CSS gradient; the first colour of a signed one has no mirror image and is left out. */
export function gradient(table, signed) {
  const first = signed ? 1 : 0;
  const stops = Array.from({ length: 17 }, (_, i) => Math.round(first + ((255 - first) * i) / 16));
  return `linear-gradient(to right, ${stops.map((index) => cssColour(table, index))})`;
}

/** A scale's colours as the pixels of an ImageData seen as Uint32Array. */
export function packedColours(table) {
  return Uint32Array.from({ length: 256 }, (_, i) => packed(table[3 * i], table[3 * i + 1], table[3 * i + 2]));
}

/** One opaque pixel of an ImageData seen as Uint32Array. */
export const packed = (red, green, blue) => 0xff000000 | (blue << 16) | (green << 8) | red;

/** Black or white for text on a colour of the scale: at least 4.58:1, where WCAG 2 asks 4.5:1 of text. */
export function inkOn(table, index) {
  const [red, green, blue] = [0, 1, 2].map((channel) => {
    const share = table[3 * index + channel] / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000000" : "#ffffff";
}
