// What the server sent for a view: plain numbers, and arrays by their place in one block of bytes.

/**
 * @typedef {object} ArrayPlace where an array lies in the block
 * @property {number} at the first byte
 * @property {"f4" | "u1"} type
 * @property {number[]} shape
 */

/**
 * @typedef {object} OverviewScene
 * @property {"overview"} kind
 * @property {ArrayPlace} photo
 * @property {Column[]} columns a layer each
 * @property {"unit" | "layer" | "network"} span what the colours' peak is the peak of
 * @property {Scales} scales
 * @property {Record<string, string>} colours of the kinds of layers
 */

/**
 * @typedef {object} Column
 * @property {string} layer
 * @property {string} kind
 * @property {number[]} shape
 * @property {string} source the layer that it reads
 * @property {number[]} shown channels, strongest first
 * @property {ArrayPlace} maps
 * @property {number[]} peaks
 * @property {number[]} reach the value at the end of each map's colours
 * @property {boolean} own whether each map has colours of its own
 * @property {boolean} signed
 * @property {ArrayPlace | null} feeds the strength of each line from the column before
 * @property {number[][][]} feeders for each shown channel the strongest below, as [channel, strength]
 * @property {string[]} [labels] names of classes
 */

/**
 * @typedef {object} LayerScene
 * @property {"layer"} kind
 * @property {string} layer
 * @property {string} of the kind of layer
 * @property {number[]} order channels, strongest first
 * @property {ArrayPlace} maps
 * @property {number[]} peaks
 * @property {number} peak
 * @property {boolean} own
 * @property {boolean} signed
 * @property {string[]} labels
 * @property {Scales} scales
 * @property {Record<string, string>} colours
 */

/**
 * @typedef {object} UnitScene all that one unit's values are made of, for one photo
 * @property {"unit"} kind
 * @property {string} layer
 * @property {string} of the kind of layer
 * @property {number} channel
 * @property {number} channels
 * @property {string} below the layer that it reads
 * @property {number} first the first channel that it reads
 * @property {number} kernel
 * @property {number} stride
 * @property {number} padding
 * @property {number} bias
 * @property {{ size: number, alpha: number, beta: number, k: number } | null} lrn as nn.LocalResponseNorm takes them
 * @property {ArrayPlace} inputs
 * @property {ArrayPlace | null} weights
 * @property {ArrayPlace} output
 * @property {ArrayPlace} photo
 * @property {[string, number]} flat the layer behind a flattened input, and the side of its maps
 * @property {[number, number]} ground where such a map lies on the photo: first edge, a cell's size
 * @property {[number, number][]} fields for each row of the map the first pixel that it sees, and one past the last
 * @property {string} label
 * @property {string[]} labels
 * @property {Scales} scales
 * @property {Record<string, string>} colours
 */

/** @typedef {{ positive: ArrayPlace, signed: ArrayPlace }} Scales */

/** What one output of a layer is called: a channel has a map, a unit has one value. */
export const channelNoun = (isMap) => (isMap ? "channel" : "unit");

/** Units without a map that have a view of their strongest inputs before the single terms. */
export const hasContributions = (kind) => kind === "fc" || kind === "softmax";
export const hasUnitView = (unit) => unit.isMap || hasContributions(unit.of);

export const backgroundColour = (root) => getComputedStyle(root).getPropertyValue("--st-background-color");

/** The table of a scene's scale. */
export const scaleTable = (scene, signed) => scene.read(signed ? scene.scales.signed : scene.scales.positive);

/** A function that returns the array at a place in the block; each is cut out once. @param {Uint8Array} bytes */
export function reader(bytes) {
  const arrays = new Map();
  return (place) => {
    const size = place.shape.reduce((a, b) => a * b, 1);
    if (!size) return [];
    if (!arrays.has(place.at)) {
      const part = bytes.slice(place.at, place.at + size * (place.type === "u1" ? 1 : 4));
      arrays.set(place.at, place.type === "u1" ? part : new Float32Array(part.buffer, part.byteOffset, size));
    }
    return arrays.get(place.at);
  };
}
