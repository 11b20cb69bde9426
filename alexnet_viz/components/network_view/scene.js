// What the server sent for a view: plain numbers, and arrays by their place in one block of bytes.

// Units without a map whose inputs are looked at one by one before the single terms are.
export const hasVoices = (kind) => kind === "fc" || kind === "softmax";
export const hasUnitView = (unit) => unit.isMap || hasVoices(unit.of);

export const theme = (root) => getComputedStyle(root).getPropertyValue("--st-background-color");

// The arrays of a scene by their place in the block, each cut out once.
export function reader(bytes) {
  const cut = new Map();
  return (place) => {
    const size = place.shape.reduce((a, b) => a * b, 1);
    if (!size) return [];
    if (!cut.has(place.at)) {
      const part = bytes.slice(place.at, place.at + size * (place.type === "u1" ? 1 : 4));
      cut.set(place.at, place.type === "u1" ? part : new Float32Array(part.buffer, part.byteOffset, size));
    }
    return cut.get(place.at);
  };
}
