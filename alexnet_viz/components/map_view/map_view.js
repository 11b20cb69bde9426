// One channel over the photo, in the photo's own geometry. Pointing at a cell shows its value and its receptive field at
// once; a click, Enter or a tap goes to Python. Several panels (two photos, two networks, a difference) in lockstep.

import { whenLaidOut } from "../lib/laid_out.js";

const HIGHEST = 380; // of a picture, in CSS pixels: only a portrait comes so high
const values = (table) => table?.getChildAt(0)?.toArray();

export default function ({ parentElement, data, setTriggerValue }) {
  const maps = parentElement.querySelector(".maps");
  const holder = maps.querySelector(".panels");
  const blend = maps.querySelector(".blend input");
  const said = maps.querySelector(".said");
  const { panels, y, x } = data.meta;
  parentElement.state ??= { blend: 65, pictures: {} };
  const { state } = parentElement;
  Object.assign(state, { y, x, hovered: null });
  if (state.at === undefined || state.y !== state.was?.y || state.x !== state.was?.x) state.at = [y, x];
  state.was = { y, x };
  blend.value = state.blend;
  maps.querySelector(".blend").hidden = !panels.some((panel) => panel.photo);

  if (holder.children.length !== panels.length) {
    holder.replaceChildren(
      ...panels.map(() => {
        const figure = document.createElement("figure");
        figure.className = "panel";
        figure.innerHTML =
          '<figcaption></figcaption><canvas role="application" tabindex="0"></canvas><p class="says"></p>' +
          '<div class="legend"><span class="low"></span><span class="ramp"></span><span class="high"></span></div>';
        return figure;
      }),
    );
  }

  const drawn = panels.map((panel, index) => {
    const cells = values(data[`values${index}`]);
    const colours = values(data[`scale${index}`]);
    const [height, width] = panel.shape;
    const picture = new OffscreenCanvas(width, height);
    const image = new ImageData(width, height);
    const out = new Uint32Array(image.data.buffer);
    const colour = (value) => {
      const share = panel.peak > 0 ? value / panel.peak : 0;
      const i = panel.signed
        ? Math.round(128 + 127 * Math.max(-1, Math.min(1, share)))
        : Math.round(255 * Math.max(0, Math.min(1, share)));
      return 0xff000000 | (colours[3 * i + 2] << 16) | (colours[3 * i + 1] << 8) | colours[3 * i];
    };
    cells.forEach((value, i) => {
      out[i] = colour(value);
    });
    picture.getContext("2d").putImageData(image, 0, 0);
    const figure = holder.children[index];
    figure.querySelector("figcaption").textContent = panel.title;
    figure
      .querySelector("canvas")
      .setAttribute("aria-label", `${panel.alt}. Walk over it with the arrow keys, choose a position with Enter.`);
    const first = panel.signed ? 1 : 0;
    const stops = Array.from({ length: 17 }, (_, i) => Math.round(first + ((255 - first) * i) / 16)).map(
      (i) => `rgb(${colours[3 * i]} ${colours[3 * i + 1]} ${colours[3 * i + 2]})`,
    );
    figure.querySelector(".ramp").style.background = `linear-gradient(to right, ${stops})`;
    figure.querySelector(".low").textContent = panel.legend[0];
    figure.querySelector(".high").textContent = panel.legend[1];
    return { cells, picture, width, height };
  });

  // From the network's input to the canvas, and a cell's place on it.
  const placing = (index) => {
    const panel = panels[index];
    const canvas = holder.children[index].querySelector("canvas");
    const [wide, high] = panel.photo ? panel.size : [panel.input, panel.input];
    const space = holder.children[index].clientWidth;
    const scale = Math.min(space / wide, (panel.photo ? HIGHEST : (state.high ?? HIGHEST)) / high);
    if (index === 0) state.high = high * scale; // a difference comes no larger than what it is of
    const [left, top, right, bottom] = panel.photo ? panel.crop : [0, 0, panel.input, panel.input];
    const sx = ((right - left) * scale) / panel.input;
    const sy = ((bottom - top) * scale) / panel.input;
    return {
      canvas,
      wide: Math.max(1, Math.round(wide * scale)),
      high: Math.max(1, Math.round(high * scale)),
      toX: (input) => left * scale + input * sx,
      toY: (input) => top * scale + input * sy,
      fromX: (px) => (px - left * scale) / sx,
      fromY: (px) => (px - top * scale) / sy,
    };
  };

  const draw = (index) => {
    const panel = panels[index];
    const place = placing(index);
    const { canvas, toX, toY } = place;
    const ratio = devicePixelRatio;
    const size = [Math.round(place.wide * ratio), Math.round(place.high * ratio)];
    if (canvas.width !== size[0] || canvas.height !== size[1]) [canvas.width, canvas.height] = size;
    canvas.style.width = `${place.wide}px`;
    canvas.style.height = `${place.high}px`;
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, place.wide, place.high);
    const { picture, width, height } = drawn[index];
    const box = (l, t, r, b) => [toX(l), toY(t), toX(r) - toX(l), toY(b) - toY(t)];
    const photo = panel.photo && state.pictures[panel.photo];
    if (photo?.complete && photo.naturalWidth) {
      pen.drawImage(photo, 0, 0, place.wide, place.high);
      pen.fillStyle = "rgb(140 136 130 / 0.6)"; // what the network does not see
      pen.beginPath();
      pen.rect(0, 0, place.wide, place.high);
      pen.rect(...box(0, 0, panel.input, panel.input));
      pen.fill("evenodd");
    }
    pen.globalAlpha = panel.photo ? state.blend / 100 : 1;
    pen.imageSmoothingEnabled = false;
    const end = panel.left + panel.step * width;
    pen.save();
    pen.beginPath();
    pen.rect(...box(0, 0, panel.input, panel.input));
    pen.clip();
    pen.drawImage(picture, 0, 0, width, height, ...box(panel.left, panel.left, end, panel.left + panel.step * height));
    pen.restore();
    pen.globalAlpha = 1;
    const frame = (corners, colour, wide, dash = []) => {
      pen.setLineDash(dash);
      pen.lineWidth = wide;
      pen.strokeStyle = colour;
      pen.strokeRect(...box(...corners));
    };
    frame([0, 0, panel.input, panel.input], "#000", 3);
    frame([0, 0, panel.input, panel.input], "#fff", 1.5);
    const cell = (cy, cx) => [
      panel.left + panel.step * cx,
      panel.left + panel.step * cy,
      panel.left + panel.step * (cx + 1),
      panel.left + panel.step * (cy + 1),
    ];
    const field = (cy, cx) => [panel.start[cx], panel.start[cy], panel.stop[cx], panel.stop[cy]];
    frame(field(state.y, state.x), "#000", 5);
    frame(field(state.y, state.x), "#ffd400", 3);
    frame(cell(state.y, state.x), "#000", 4);
    frame(cell(state.y, state.x), "#ffd400", 2);
    if (state.hovered) {
      frame(field(...state.hovered), "#000", 4);
      frame(field(...state.hovered), "#fff", 2, [6, 4]);
      frame(cell(...state.hovered), "#000", 4);
      frame(cell(...state.hovered), "#fff", 2);
    }
    const [cy, cx] = state.hovered ?? [state.y, state.x];
    const value = drawn[index].cells[cy * width + cx];
    holder.children[index].querySelector(".says").textContent =
      `row ${cy}, column ${cx}: ${Number(value.toPrecision(5))}; ` +
      `sees ${panel.stop[cx] - panel.start[cx]} × ${panel.stop[cy] - panel.start[cy]} pixels`;
  };
  parentElement.drawing?.stop();
  const drawAll = whenLaidOut(holder, () => panels.forEach((_, index) => draw(index)));
  parentElement.drawing = drawAll;

  const load = (uri) => {
    if (!uri || state.pictures[uri]) return;
    const picture = new Image();
    picture.onload = () => parentElement.drawing();
    picture.src = uri;
    state.pictures[uri] = picture;
  };
  for (const uri of Object.keys(state.pictures))
    if (!panels.some((panel) => panel.photo === uri)) delete state.pictures[uri];
  panels.forEach((panel) => load(panel.photo));

  /** @param {number[]} place row and column */
  const pick = ([cy, cx]) => {
    Object.assign(state, { y: cy, x: cx, at: [cy, cx] });
    drawAll();
    setTriggerValue("picked", { y: cy, x: cx });
  };
  panels.forEach((panel, index) => {
    const canvas = holder.children[index].querySelector("canvas");
    const [height, width] = panel.shape;
    const within = (number, count) => Math.max(0, Math.min(count - 1, number));
    const under = (event) => {
      const box = canvas.getBoundingClientRect();
      const place = placing(index);
      return [
        within(Math.floor((place.fromY(event.clientY - box.top) - panel.left) / panel.step), height),
        within(Math.floor((place.fromX(event.clientX - box.left) - panel.left) / panel.step), width),
      ];
    };
    canvas.onpointermove = (event) => {
      state.hovered = under(event);
      drawAll();
    };
    canvas.onblur = canvas.onpointerleave = () => {
      state.hovered = null;
      drawAll();
    };
    canvas.onclick = (event) => pick(under(event));
    canvas.onkeydown = (event) => {
      const [cy, cx] = state.at;
      const to = {
        ArrowRight: [cy, cx + 1],
        ArrowLeft: [cy, cx - 1],
        ArrowDown: [cy + 1, cx],
        ArrowUp: [cy - 1, cx],
      }[event.key];
      if (to) {
        state.at = state.hovered = [within(to[0], height), within(to[1], width)];
        drawAll();
        said.textContent = holder.children[index].querySelector(".says").textContent;
      } else if (event.key === "Enter" || event.key === " ") pick(state.at);
      else if (event.key === "Escape") canvas.onblur();
      else return;
      event.preventDefault();
    };
  });
  blend.oninput = () => {
    state.blend = Number(blend.value);
    drawAll();
  };
  return drawAll.stop;
}
