// One unit's values taken apart in the browser, as inspection/arithmetic.py does it: in float64, from float32 numbers.

import { sum } from "../lib/numbers.js";

export const COLOURS = ["red", "green", "blue"]; // the photo's channels

/**
 * A unit's arrays and what kind of maps they are.
 * @param {import("./scene.js").UnitScene & { read?: (place: any) => any }} scene
 */
export function readUnit(scene) {
  const [n, side = 1] = scene.inputs.shape;
  return {
    scene,
    n,
    side,
    of: scene.of,
    readsMaps: scene.inputs.shape.length === 3,
    out: scene.output.shape[0] ?? 1,
    isMap: scene.output.shape.length === 2, // whether its output is one
    inputs: scene.read(scene.inputs),
    weights: scene.weights && scene.read(scene.weights),
    output: scene.read(scene.output),
  };
}

// First and last cell of the input that the output's cell i reads, along one side; outside the map lie padding zeros.
function reach(unit, i) {
  const { kernel, stride, padding, of } = unit.scene;
  if (of === "conv" || of === "pool") return [i * stride - padding, i * stride - padding + kernel - 1];
  if (of === "avgpool")
    return [Math.floor((i * unit.side) / unit.out), Math.ceil(((i + 1) * unit.side) / unit.out) - 1];
  return [i, i];
}

/**
 * The value at row y, column x, taken apart.
 *
 * `read` holds the window of n channels of h × w cells whose first cell lies at row `top`, column `left` of the input,
 * with the padding's zeros; `terms` (float64) what each cell puts in. `total` is the formula's result in float32,
 * `pytorch` what PyTorch computed. `winner` is the place in the window of the cell that a pooling let through, or that
 * the others surround (norm, softmax); `largest` softmax's largest input.
 */
export function takeApart(unit, y, x) {
  const { scene, n, side } = unit;
  let [row, column] = [y, x];
  if (scene.of === "flatten") {
    const place = scene.channel % (side * side);
    [row, column] = [Math.floor(place / side), place % side];
  }
  const [top, bottom] = unit.readsMaps ? reach(unit, row) : [0, 0];
  const [left, right] = unit.readsMaps ? reach(unit, column) : [0, 0];
  const read = readWindow(unit, top, bottom, left, right);
  const parts = { y: row, x: column, n, h: bottom - top + 1, w: right - left + 1, top, left, read };
  const pytorch = unit.output[unit.isMap ? row * unit.out + column : 0];
  const rest = { bias: scene.bias, winner: null, largest: null, pytorch };
  return { ...parts, ...rest, ...computed(unit, read) };
}

function readWindow({ n, side, inputs }, top, bottom, left, right) {
  const read = new Float32Array(n * (bottom - top + 1) * (right - left + 1));
  for (let c = 0, i = 0; c < n; c++) {
    for (let row = top; row <= bottom; row++) {
      for (let column = left; column <= right; column++, i++) {
        const isInside = row >= 0 && row < side && column >= 0 && column < side;
        if (isInside) read[i] = inputs[(c * side + row) * side + column];
      }
    }
  }
  return read;
}

/** The terms of a window and what the layer makes of them. */
function computed({ scene, weights }, read) {
  const terms = Float64Array.from(read);
  switch (scene.of) {
    case "conv":
    case "fc":
      for (let i = 0; i < terms.length; i++) terms[i] = read[i] * weights[i];
      return { terms, total: Math.fround(sum(terms) + scene.bias) };
    case "relu":
      return { terms, total: Math.max(0, read[0]) };
    case "pool": {
      const winner = read.indexOf(largestOf(read));
      return { terms, winner, total: read[winner] };
    }
    case "avgpool":
      for (let i = 0; i < terms.length; i++) terms[i] = read[i] / read.length;
      return { terms, total: Math.fround(sum(terms)) };
    case "norm":
      return normalised(scene, read, terms);
    case "softmax": {
      const largest = largestOf(read);
      for (let i = 0; i < terms.length; i++) terms[i] = Math.exp(read[i] - largest);
      return { terms, largest, winner: scene.channel, total: Math.fround(terms[scene.channel] / sum(terms)) };
    }
    default: // flatten and dropout hand on what they got
      return { terms, total: read[0] };
  }
}

/** Local response normalisation; PyTorch divides alpha by the number of neighbours. */
function normalised({ lrn, channel, first }, read, terms) {
  const winner = channel - first;
  for (let i = 0; i < terms.length; i++) terms[i] = (lrn.alpha / lrn.size) * read[i] * read[i];
  return { terms, bias: lrn.k, winner, total: Math.fround(read[winner] / (lrn.k + sum(terms)) ** lrn.beta) };
}

const largestOf = (values) => values.reduce((a, b) => Math.max(a, b), -Infinity);

// What each input channel puts into one value of a convolution.
export function channelSums({ n, h, w, terms }) {
  const sums = new Float64Array(n);
  const size = h * w;
  for (let i = 0; i < terms.length; i++) sums[Math.floor(i / size)] += terms[i];
  return sums;
}

// What each input channel puts into the whole map of a convolution: n maps, one behind the other.
export function partialMaps(unit) {
  const { n, side, out, inputs, weights } = unit;
  const { kernel, stride, padding } = unit.scene;
  const maps = new Float32Array(n * out * out);
  for (let c = 0; c < n; c++) {
    for (let y = 0; y < out; y++) {
      for (let x = 0; x < out; x++) {
        let total = 0;
        for (let r = 0; r < kernel; r++) {
          const row = y * stride - padding + r;
          if (row < 0 || row >= side) continue;
          for (let k = 0; k < kernel; k++) {
            const column = x * stride - padding + k;
            if (column < 0 || column >= side) continue;
            total += inputs[(c * side + row) * side + column] * weights[(c * kernel + r) * kernel + k];
          }
        }
        maps[(c * out + y) * out + x] = total;
      }
    }
  }
  return maps;
}

/** Whether a unit's inputs are a layer's maps, unrolled. */
export const readsFlattened = (scene) => ["flatten", "drop5"].includes(scene.below);

// What a person calls the i-th input of a unit.
export function inputName(scene, i) {
  const channel = scene.first + i;
  if (scene.below === "photo") return COLOURS[channel];
  const [layer, side] = scene.flat;
  const size = side * side;
  const isFlattened = scene.of !== "flatten" && readsFlattened(scene);
  if (!isFlattened) return `${scene.below} · ${channel}`;
  return `${layer} · ${Math.floor(channel / size)} (${Math.floor((channel % size) / side)}, ${channel % side})`;
}
