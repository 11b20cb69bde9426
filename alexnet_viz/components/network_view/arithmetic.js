// One unit's values taken apart in the browser, as inspection/arithmetic.py does it: in float64, from float32 numbers.

export const COLOURS = ["red", "green", "blue"]; // the photo's channels
const LRN = { alpha: 1e-4, beta: 0.75, k: 2 };

export function readUnit(scene) {
  const [n, side = 1] = scene.inputs.shape;
  return {
    scene,
    n,
    side,
    of: scene.of,
    flatMap: scene.inputs.shape.length === 3, // whether it reads maps
    out: scene.output.shape[0] ?? 1,
    isMap: scene.output.shape.length === 2, // whether it writes one
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

// The value at row y, column x: the window it reads (n channels of h × w), each cell's term, and the total.
export function takeApart(unit, y, x) {
  const { scene, n, side, inputs, weights } = unit;
  if (scene.of === "flatten") {
    const place = scene.channel % (side * side);
    [y, x] = [Math.floor(place / side), place % side];
  }
  const [[top, bottom], [left, right]] = unit.flatMap
    ? [reach(unit, y), reach(unit, x)]
    : [
        [0, 0],
        [0, 0],
      ];
  const [h, w] = [bottom - top + 1, right - left + 1];
  const read = new Float32Array(n * h * w);
  for (let c = 0, i = 0; c < n; c++) {
    for (let r = top; r <= bottom; r++) {
      for (let k = left; k <= right; k++, i++) {
        if (r >= 0 && r < side && k >= 0 && k < side) read[i] = inputs[(c * side + r) * side + k];
      }
    }
  }
  const torch = unit.output[unit.isMap ? y * unit.out + x : 0];
  const part = {
    y,
    x,
    n,
    h,
    w,
    top,
    left,
    read,
    terms: Float64Array.from(read),
    bias: scene.bias,
    winner: null,
    torch,
  };
  return Object.assign(part, total(unit, part, weights));
}

function total(unit, part, weights) {
  const { terms, read } = part;
  const { scene } = unit;
  const sum = () => terms.reduce((all, term) => all + term, 0);
  switch (scene.of) {
    case "conv":
    case "fc":
      for (let i = 0; i < terms.length; i++) terms[i] = read[i] * weights[i];
      return { total: Math.fround(sum() + part.bias) };
    case "relu":
      return { total: Math.max(0, read[0]) };
    case "pool": {
      const winner = read.indexOf(read.reduce((most, value) => Math.max(most, value), -Infinity));
      return { winner, total: read[winner] };
    }
    case "avgpool":
      for (let i = 0; i < terms.length; i++) terms[i] = read[i] / read.length;
      return { total: Math.fround(sum()) };
    case "norm": {
      const winner = scene.channel - scene.first;
      for (let i = 0; i < terms.length; i++) terms[i] = LRN.alpha * read[i] * read[i];
      return { bias: LRN.k, winner, total: Math.fround(read[winner] / (LRN.k + sum()) ** LRN.beta) };
    }
    case "softmax": {
      const most = read.reduce((a, b) => Math.max(a, b), -Infinity);
      for (let i = 0; i < terms.length; i++) terms[i] = Math.exp(read[i] - most);
      return { most, winner: scene.channel, total: Math.fround(terms[scene.channel] / sum()) };
    }
    default: // flatten and dropout hand on what they got
      return { total: read[0] };
  }
}

// What each input channel puts into one value of a convolution.
export function channelSums(part) {
  const sums = new Float64Array(part.n);
  const size = part.h * part.w;
  for (let c = 0, i = 0; c < part.n; c++) for (const end = i + size; i < end; i++) sums[c] += part.terms[i];
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
        let sum = 0;
        for (let r = 0; r < kernel; r++) {
          const row = y * stride - padding + r;
          if (row < 0 || row >= side) continue;
          for (let k = 0; k < kernel; k++) {
            const column = x * stride - padding + k;
            if (column < 0 || column >= side) continue;
            sum += inputs[(c * side + row) * side + column] * weights[(c * kernel + r) * kernel + k];
          }
        }
        maps[(c * out + y) * out + x] = sum;
      }
    }
  }
  return maps;
}

// Indices, the largest |value| first.
export function ranked(values) {
  return Array.from(values.keys()).sort((a, b) => Math.abs(values[b]) - Math.abs(values[a]));
}

// What a person calls the i-th input of a unit.
export function inputName(scene, i) {
  const channel = scene.first + i;
  if (scene.below === "photo") return COLOURS[channel];
  const [layer, side] = scene.flat;
  const size = side * side;
  const flat = scene.of !== "flatten" && ["flatten", "drop5"].includes(scene.below);
  if (!flat) return `${scene.below} · ${channel}`;
  return `${layer} · ${Math.floor(channel / size)} (${Math.floor((channel % size) / side)}, ${channel % side})`;
}
