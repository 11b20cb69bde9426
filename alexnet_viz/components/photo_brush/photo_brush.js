// Paint over the photo, or draw a box on it. Marks are kept on the network's own pixels and go to Python at the end of
// a stroke, and now and then during a long one.
const EVERY = 350; // ms between two reports of one stroke

export default function ({ parentElement, data, setStateValue }) {
  const find = (selector) => parentElement.querySelector(selector);
  const [root, image, canvas, radius] = [".brush", "img", "canvas", ".radius"].map(find);
  const { size, crop } = data;
  const paint = canvas.getContext("2d");

  // This function runs again with every change of the data: what was painted lies on the element.
  const own = (parentElement.own ??= { undo: [], at: [0.5, 0.5], erase: false, box: data.box, timer: 0 });
  const begin = own.size !== size || own.picture !== data.picture;
  if (begin) {
    Object.assign(own, { size, picture: data.picture, undo: [], box: data.box, mask: new OffscreenCanvas(size, size) });
  }
  const marks = own.mask.getContext("2d", { willReadFrequently: true });
  if (begin && data.mask) {
    const packed = atob(data.mask);
    const painted = new ImageData(size, size);
    for (let i = 0; i < size * size; i++)
      if (packed.charCodeAt(i >> 3) & (128 >> (i & 7))) painted.data[i * 4 + 3] = 255;
    marks.putImageData(painted, 0, 0);
  }

  root.classList.toggle("boxing", data.mode === "box");
  find(".tools").setAttribute("aria-label", data.mode === "box" ? "Box" : "Brush");
  find(".hint").textContent =
    data.mode === "box"
      ? "Drag a box around the object. Keyboard: arrows move it, Shift + arrows change its size."
      : "Paint with the mouse, a finger or a pen. Keyboard: arrows move the brush, Space paints, U takes back, + and − change its size.";
  image.alt = data.alt;
  image.style.maxHeight = `${data.height}px`;
  canvas.setAttribute("aria-label", `${data.alt}. ${find(".hint").textContent}`);
  if (own.shown !== data.picture) {
    own.shown = data.picture;
    image.onload = () => draw();
    image.src = data.picture;
  }
  if (own.blurred?.src !== data.instead) {
    own.blurred = new Image();
    own.blurred.onload = () => draw();
    own.blurred.src = data.instead;
  }

  const place = () => ({
    // the crop on the canvas, in its pixels
    left: crop[0] * canvas.width,
    top: crop[1] * canvas.height,
    width: (crop[2] - crop[0]) * canvas.width,
    height: (crop[3] - crop[1]) * canvas.height,
  });

  const draw = () => {
    if (!image.naturalWidth) return;
    if (canvas.width !== image.naturalWidth || canvas.height !== image.naturalHeight) {
      [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
    }
    const on = place();
    paint.clearRect(0, 0, canvas.width, canvas.height);
    if (data.mode === "paint") {
      paint.imageSmoothingEnabled = false;
      paint.drawImage(own.mask, on.left, on.top, on.width, on.height);
      paint.globalCompositeOperation = "source-in";
      if (data.fill === "blur" && own.blurred.complete) paint.drawImage(own.blurred, 0, 0, canvas.width, canvas.height);
      else {
        paint.fillStyle = data.fill === "black" ? "#000" : "#808080";
        paint.fillRect(0, 0, canvas.width, canvas.height);
      }
      paint.globalCompositeOperation = "source-over";
    }
    const line = Math.max(1.5, canvas.width / 400);
    const outlined = (path) => {
      for (const [style, width] of [
        ["rgba(0,0,0,.75)", line * 2.4],
        ["#fff", line],
      ]) {
        [paint.strokeStyle, paint.lineWidth] = [style, width];
        paint.beginPath();
        path();
        paint.stroke();
      }
    };
    outlined(() => paint.rect(on.left, on.top, on.width, on.height));
    const each = { x: on.width / size, y: on.height / size };
    if (data.mode === "box" && own.box) {
      const [left, top, right, bottom] = own.box;
      paint.setLineDash([line * 5, line * 3]);
      outlined(() =>
        paint.rect(on.left + left * each.x, on.top + top * each.y, (right - left) * each.x, (bottom - top) * each.y),
      );
      paint.setLineDash([]);
    } else if (data.mode === "paint" && own.cursor) {
      outlined(() =>
        paint.ellipse(
          on.left + own.at[0] * size * each.x,
          on.top + own.at[1] * size * each.y,
          radius.value * each.x,
          radius.value * each.y,
          0,
          0,
          2 * Math.PI,
        ),
      );
    }
  };

  // --- reports ---
  const bits = () => {
    const pixels = marks.getImageData(0, 0, size, size).data;
    const packed = new Uint8Array(Math.ceil((size * size) / 8));
    for (let i = 0; i < size * size; i++) if (pixels[i * 4 + 3] > 127) packed[i >> 3] |= 128 >> (i & 7);
    let text = "";
    for (const byte of packed) text += String.fromCharCode(byte);
    return btoa(text);
  };
  const report = () => {
    clearTimeout(own.timer);
    own.timer = 0;
    if (data.mode === "box") setStateValue("box", own.box?.map((value) => Math.round(value * 100) / 100) ?? "none");
    else setStateValue("mask", bits());
  };
  const soon = () => {
    own.timer ||= setTimeout(report, EVERY);
  };

  // --- strokes ---
  const remember = () => {
    own.undo.push(marks.getImageData(0, 0, size, size));
    if (own.undo.length > 40) own.undo.shift();
  };
  const stroke = (from, to) => {
    marks.globalCompositeOperation = own.erase ? "destination-out" : "source-over";
    marks.lineCap = marks.lineJoin = "round";
    marks.lineWidth = radius.value * 2;
    marks.beginPath();
    marks.moveTo(from[0] * size, from[1] * size);
    marks.lineTo(to[0] * size + 0.01, to[1] * size);
    marks.stroke();
  };
  const where = (event) => {
    const box = canvas.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width,
      y = (event.clientY - box.top) / box.height;
    return [(x - crop[0]) / (crop[2] - crop[0]), (y - crop[1]) / (crop[3] - crop[1])];
  };
  const clamp = (value) => Math.max(0, Math.min(1, value));
  const boxed = (a, b) => {
    const xs = [a[0], b[0]].map((v) => clamp(v) * size).sort((p, q) => p - q);
    const ys = [a[1], b[1]].map((v) => clamp(v) * size).sort((p, q) => p - q);
    return xs[1] - xs[0] >= 2 && ys[1] - ys[0] >= 2 ? [xs[0], ys[0], xs[1], ys[1]] : null;
  };

  canvas.onpointerdown = (event) => {
    canvas.setPointerCapture(event.pointerId);
    own.down = own.at = where(event);
    if (data.mode === "paint") {
      remember();
      stroke(own.at, own.at);
      soon();
    }
    draw();
  };
  canvas.onpointermove = (event) => {
    const now = where(event);
    if (own.down && data.mode === "paint") {
      stroke(own.at, now);
      soon();
    } else if (own.down) own.box = boxed(own.down, now);
    own.cursor = true;
    own.at = now;
    draw();
  };
  canvas.onpointerup = canvas.onpointercancel = () => {
    if (!own.down) return;
    own.down = null;
    report();
  };
  canvas.onpointerleave = () => {
    own.cursor = false;
    draw();
  };

  // --- keys and buttons ---
  const undo = () => {
    const before = own.undo.pop();
    if (!before) return;
    marks.putImageData(before, 0, 0);
    draw();
    report();
  };
  const erase = () => {
    own.erase = !own.erase;
    find(".erase").setAttribute("aria-pressed", String(own.erase));
  };
  find(".undo").onclick = undo;
  find(".erase").onclick = erase;
  find(".clear").onclick = () => {
    if (data.mode === "paint") remember();
    marks.clearRect(0, 0, size, size);
    own.box = null;
    draw();
    report();
  };
  radius.oninput = draw;
  canvas.onblur = () => {
    own.cursor = false;
    draw();
  };
  canvas.onkeydown = (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (step && data.mode === "box") {
      const by = size / 28;
      const [left, top, right, bottom] = own.box ?? [size / 3, size / 3, (size * 2) / 3, (size * 2) / 3];
      const [x, y] = [step[0] * by, step[1] * by];
      const next = event.shiftKey
        ? boxed([left / size, top / size], [(right + x) / size, (bottom + y) / size])
        : [left + x, top + y, right + x, bottom + y];
      if (next && next[0] >= 0 && next[1] >= 0 && next[2] <= size && next[3] <= size) own.box = next;
      own.box ??= [left, top, right, bottom];
      soon();
    } else if (step) {
      const next = [clamp(own.at[0] + step[0] / 28), clamp(own.at[1] + step[1] / 28)];
      own.at = next;
      own.cursor = true;
    } else if (data.mode === "paint" && (event.key === " " || event.key === "Enter")) {
      remember();
      stroke(own.at, own.at);
      report();
    } else if (data.mode === "paint" && event.key.toLowerCase() === "u") undo();
    else if (data.mode === "paint" && event.key.toLowerCase() === "e") erase();
    else if ("+=-−".includes(event.key)) radius.value = Number(radius.value) + ("-−".includes(event.key) ? -2 : 2);
    else return;
    event.preventDefault();
    draw();
  };
  draw();
  return () => clearTimeout(own.timer);
}
