// Elements, numbers and canvases.

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name in element && name !== "style") element[name] = value;
    else if (value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

// A true minus sign; four significant digits unless told.
export function number(value, digits = 4) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text =
    size >= 1e5 || size < 1e-4
      ? value.toExponential(Math.max(0, digits - 2))
      : trimmed(value.toPrecision(digits), digits);
  return text.replaceAll("-", "−");
}

function trimmed(text, digits) {
  return text.includes("e")
    ? String(Number(text))
    : digits > 5
      ? text
      : text.replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
}

export const count = (n) => n.toLocaleString("en");

// Values as numbers of a scale's 256 colours: 128 is the zero of a signed one.
export function level(value, peak, signed) {
  const share = value / (peak || 1);
  return signed
    ? Math.round(128 + 127 * Math.max(-1, Math.min(1, share)))
    : Math.round(255 * Math.max(0, Math.min(1, share)));
}

// A small canvas, a pixel a value, that is scaled up without smoothing; levelOf(i) is one of the scale's colours.
export function paint(canvas, width, height, table, levelOf) {
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    const colour = levelOf(i) * 3;
    image.data[4 * i] = table[colour];
    image.data[4 * i + 1] = table[colour + 1];
    image.data[4 * i + 2] = table[colour + 2];
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

export function paintPhoto(canvas, pixels, side) {
  [canvas.width, canvas.height] = [side, side];
  const image = new ImageData(side, side);
  for (let i = 0, from = 0; i < side * side; i++) {
    image.data[4 * i] = pixels[from++];
    image.data[4 * i + 1] = pixels[from++];
    image.data[4 * i + 2] = pixels[from++];
    image.data[4 * i + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

// A map of floats on a canvas of its own.
export function mapPicture(scene, floats, width, height, peak, signed, canvas = make("canvas")) {
  const table = scene.read(signed ? scene.scales.signed : scene.scales.positive);
  return paint(canvas, width, height, table, (i) => level(floats[i], peak, signed));
}

// A canvas as sharp as the screen, in CSS pixels; returns its context, cleared.
export function sharp(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

export function peakOf(floats) {
  let peak = 0;
  for (const value of floats) peak = Math.max(peak, Math.abs(value));
  return peak;
}

export const hasNegative = (floats) => floats.some((value) => value < 0);

// The legend of a scale: a bar with its ends named; a peak of null is each map's own.
export function legend(scene, peak, signed, what = "") {
  const table = scene.read(signed ? scene.scales.signed : scene.scales.positive);
  const bar = paint(make("canvas", { className: "ramp" }), signed ? 255 : 256, 1, table, (i) => i + (signed ? 1 : 0));
  const ends =
    peak === null
      ? signed
        ? ["−its peak", "0", "its peak"]
        : ["0", "its peak"]
      : signed
        ? [number(-peak, 3), "0", number(peak, 3)]
        : ["0", number(peak, 3)];
  const told = `${what} colours from ${ends[0]} to ${ends.at(-1)}`;
  bar.setAttribute("role", "img");
  bar.setAttribute("aria-label", told);
  return make(
    "span",
    { className: "legend" },
    what && make("i", {}, what),
    make("span", {}, bar, make("span", { className: "ends" }, ...ends.map((end) => make("span", {}, end)))),
  );
}

// A text that follows the mouse: written only when it is another.
export function said(element, text) {
  if (element.firstChild?.data !== text) element.textContent = text;
}

// Work that however many moves of the mouse ask for it is done once a frame.
export function onceAFrame(work) {
  let frame = null;
  const soon = () => {
    frame ??= requestAnimationFrame(() => {
      frame = null;
      work();
    });
  };
  soon.stop = () => {
    cancelAnimationFrame(frame);
    frame = null;
  };
  return soon;
}
