// Numbers as texts, and small sums over arrays.

/**
 * A number with a true minus sign, in scientific notation where it is very large or very small.
 * @param {number} value
 * @param {number} [digits] significant digits
 * @param {number} [smallest] what is smaller in size is written in scientific notation
 */
export function formatNumber(value, digits = 4, smallest = 1e-4) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  const isScientific = size >= 1e5 || size < smallest;
  const text = isScientific ? value.toExponential(Math.max(0, digits - 2)) : trimmed(value.toPrecision(digits), digits);
  return withMinus(text);
}

function trimmed(text, digits) {
  if (text.includes("e")) return String(Number(text));
  return digits > 5 ? text : text.replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
}

/** A text with true minus signs instead of hyphens. */
export const withMinus = (text) => text.replaceAll("-", "−");

/** A number that shows its sign even when it is positive. */
export const formatSigned = (value, digits = 3) => `${value > 0 ? "+" : ""}${formatNumber(value, digits)}`;

/** A whole number with thousands separated. */
export const formatCount = (count) => count.toLocaleString("en");

/** A share of 1 in percent with one decimal. */
export const formatPercent = (share) => `${(100 * share).toFixed(1)}%`;

/** A number beside an axis: three digits, thousands as k, or percent. */
export function formatTick(value, isPercent = false) {
  if (isPercent) return `${+(100 * value).toFixed(1)}%`;
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1000) return `${+(value / 1000).toPrecision(3)}k`;
  return size < 0.001 ? value.toExponential(0).replace("e-", "e−") : String(+value.toPrecision(3));
}

/**
 * Numbers that stand beside each other, all with the decimals that give the largest two digits: as short as can be.
 * @param {number[]} values
 */
export function formatAlike(values) {
  const peak = peakOf(values);
  const decimals = peak ? Math.min(20, Math.max(0, 1 - Math.floor(Math.log10(peak)))) : 0;
  return values.map((value) => withMinus(value.toFixed(decimals)).replace(/^−(0(\.0*)?)$/, "$1"));
}

/** The plural ending for a count. */
export const plural = (count) => (count > 1 ? "s" : "");

/** @param {number} value */
export const clamp = (value, low, high) => Math.max(low, Math.min(high, value));

/** The sum of an array. @param {ArrayLike<number> & Iterable<number>} values */
export function sum(values) {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

/** The largest |value| of an array, 0 for an empty one. @param {Iterable<number>} values */
export function peakOf(values) {
  let peak = 0;
  for (const value of values) peak = Math.max(peak, Math.abs(value));
  return peak;
}

export const hasNegative = (values) => values.some((value) => value < 0);

/** Indices of an array, the largest |value| first. */
export function ranked(values) {
  return Array.from(values.keys()).sort((a, b) => Math.abs(values[b]) - Math.abs(values[a]));
}
