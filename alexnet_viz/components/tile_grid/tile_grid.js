// All maps of a layer as one picture: one block of bytes, one canvas a sheet; a click, Enter or a tap goes to Python.
// Several sheets (two photos, two sets of weights, their difference) are walked in lockstep.

import { whenLaidOut } from "../lib/laid_out.js";

const HIGHEST = 420; // of a sheet, in CSS pixels
const LARGEST = 96; // a tile's width
const bytes = (table) => table?.getChildAt(0)?.toArray();

// The most tiles a row may hold so that they come out as large as the width and the height allow.
function columnsFor(width, count, aspect, gap) {
  for (let columns = 1; columns < count; columns++) {
    const side = (width + gap) / columns - gap;
    if (Math.ceil(count / columns) * (side * aspect + gap) - gap <= HIGHEST) return columns;
  }
  return count;
}

export default function ({ parentElement, data, setTriggerValue }) {
  const grid = parentElement.querySelector(".grid");
  const holder = grid.querySelector(".sheets");
  const tip = grid.querySelector(".tip");
  const said = grid.querySelector(".said");
  const { count, height, width, gap, noun, sheets } = data.meta;
  const titles = data.meta.parts; // equal parts under titles of their own, or none
  const parts = titles.length || 1;
  const each = count / parts;
  const heading = titles.length ? 26 : 0; // pixels above a part
  const order = bytes(data.order);
  const facts = data.meta.facts.map((name, i) => [name, bytes(data[`fact${i}`])]);
  const place = new Int32Array(count); // where a tile lies: the inverse of the order
  order.forEach((tile, at) => {
    place[tile] = at;
  });
  parentElement.state ??= { at: 0, drawn: [] };
  const { state } = parentElement;
  if (state.selected !== data.meta.selected) {
    state.selected = data.meta.selected;
    state.at = Math.max(0, state.selected < 0 ? 0 : place[state.selected]);
  }

  const words = (at) => {
    const tile = order[at];
    const name = data.meta.names ? data.meta.names[tile] : "";
    return [
      `${noun} ${tile}${name ? `: ${name}` : ""}`,
      ...facts.map(([title, values]) => `${title} ${Number(values[tile].toPrecision(4))}`),
    ];
  };

  if (holder.children.length !== sheets.length) {
    holder.replaceChildren(
      ...sheets.map(() => {
        const figure = document.createElement("figure");
        figure.className = "sheet";
        figure.innerHTML =
          '<figcaption></figcaption><canvas role="listbox" tabindex="0"><span role="option"></span></canvas>' +
          '<div class="legend" hidden="hidden"><span class="low"></span><span class="ramp"></span><span class="high"></span><span class="what"></span></div>';
        return figure;
      }),
    );
  }

  // A sheet in the layer's own pixels, side by side without gaps: cut up when it is drawn.
  const pictures = sheets.map((sheet, index) => {
    const values = bytes(data[`tiles${index}`]);
    const colours = bytes(data[`scale${index}`]);
    const picture = new OffscreenCanvas(width, height * count);
    const image = new ImageData(width, height * count);
    const out = new Uint32Array(image.data.buffer);
    if (colours) {
      const table = new Uint32Array(256);
      for (let i = 0; i < 256; i++)
        table[i] = 0xff000000 | (colours[3 * i + 2] << 16) | (colours[3 * i + 1] << 8) | colours[3 * i];
      for (let i = 0; i < out.length; i++) out[i] = table[values[i]];
    } else {
      for (let i = 0, j = 0; i < out.length; i++, j += 3)
        out[i] = 0xff000000 | (values[j + 2] << 16) | (values[j + 1] << 8) | values[j];
    }
    picture.getContext("2d").putImageData(image, 0, 0);
    const figure = holder.children[index];
    figure.querySelector("figcaption").textContent = sheet.title;
    figure.querySelector("figcaption").hidden = !sheet.title;
    const canvas = figure.querySelector("canvas");
    canvas.setAttribute("aria-label", `${sheet.alt}. Walk with the arrow keys, choose with Enter.`);
    const legend = figure.querySelector(".legend");
    legend.hidden = !sheet.legend;
    if (sheet.legend) {
      const [low, high, what] = sheet.legend;
      const first = sheet.signed ? 1 : 0;
      const stops = Array.from({ length: 17 }, (_, i) => Math.round(first + ((255 - first) * i) / 16)).map(
        (i) => `rgb(${colours[3 * i]} ${colours[3 * i + 1]} ${colours[3 * i + 2]})`,
      );
      legend.querySelector(".ramp").style.background = `linear-gradient(to right, ${stops})`;
      legend.querySelector(".low").textContent = low;
      legend.querySelector(".high").textContent = high;
      legend.querySelector(".what").textContent = what;
    }
    return picture;
  });

  const cellOf = ({ columns, side, tall, block }, at) => {
    const part = Math.floor(at / each);
    const inside = at - part * each;
    return [
      (inside % columns) * (side + gap),
      part * block + heading + Math.floor(inside / columns) * (tall + gap),
      side,
      tall,
    ];
  };

  const draw = (index) => {
    const canvas = holder.children[index].querySelector("canvas");
    const space = canvas.clientWidth;
    const ratio = devicePixelRatio;
    const columns = columnsFor(space, count, height / width, gap);
    const side = Math.min((space + gap) / columns - gap, LARGEST);
    const tall = (side * height) / width;
    const block = heading + Math.ceil(each / columns) * (tall + gap);
    const layout = { columns, side, tall, block };
    state.drawn[index] = layout;
    Object.assign(canvas.dataset, { columns, side, gap, heading, block, each }); // where a tile lies, for who must know
    const high = parts * block - gap;
    const size = [Math.round(space * ratio), Math.round(high * ratio)];
    if (canvas.width !== size[0] || canvas.height !== size[1]) {
      [canvas.width, canvas.height] = size;
      canvas.style.height = `${high}px`;
    }
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, space, high);
    pen.imageSmoothingEnabled = side * ratio < width; // shrunk maps are averaged, enlarged ones keep their pixels
    for (let at = 0; at < count; at++) {
      pen.drawImage(pictures[index], 0, order[at] * height, width, height, ...cellOf(layout, at));
    }
    pen.fillStyle = getComputedStyle(grid).color;
    pen.font = `15px ${getComputedStyle(grid).fontFamily}`;
    titles.forEach((title, part) => pen.fillText(title, 0, part * block + 17));
    const frame = (at, colour, wide) => {
      const [x, y, w, h] = cellOf(layout, at);
      pen.lineWidth = wide;
      pen.strokeStyle = colour;
      pen.strokeRect(x - 1, y - 1, w + 2, h + 2);
    };
    const accent = getComputedStyle(grid).getPropertyValue("--st-primary-color");
    if (state.selected >= 0) {
      frame(place[state.selected], "#fff", 5);
      frame(place[state.selected], accent, 3);
    }
    if (state.hovered >= 0) {
      frame(state.hovered, "#000", 4);
      frame(state.hovered, "#fff", 2);
    }
  };
  state.hovered = -1;
  tip.hidden = true;
  parentElement.drawing?.stop();
  const drawAll = whenLaidOut(holder, () => sheets.forEach((_, index) => draw(index)));
  parentElement.drawing = drawAll;

  const show = (at, index, speak) => {
    state.hovered = at;
    drawAll();
    const [title, ...rest] = words(at);
    tip.replaceChildren(
      Object.assign(document.createElement("b"), { textContent: title }),
      ...rest.map((text) => Object.assign(document.createElement("div"), { textContent: text })),
    );
    tip.hidden = false;
    const canvas = holder.children[index].querySelector("canvas");
    const box = canvas.getBoundingClientRect();
    const outer = grid.getBoundingClientRect();
    const [x, y, w, h] = cellOf(state.drawn[index], at);
    tip.style.left = `${Math.max(0, Math.min(box.left - outer.left + x + w + 6, outer.width - tip.offsetWidth))}px`;
    tip.style.top = `${box.top - outer.top + y + h + 6}px`;
    if (speak) said.textContent = [title, ...rest].join(", ");
  };
  const hide = () => {
    if (state.hovered === -1) return;
    state.hovered = -1;
    tip.hidden = true;
    drawAll();
  };
  const pick = (at) => {
    state.selected = order[at];
    state.at = at;
    drawAll();
    setTriggerValue("picked", order[at]);
  };

  sheets.forEach((_, index) => {
    const canvas = holder.children[index].querySelector("canvas");
    const under = (event) => {
      const layout = state.drawn[index];
      if (!layout) return -1;
      const box = canvas.getBoundingClientRect();
      const column = Math.floor((event.clientX - box.left) / (layout.side + gap));
      const part = Math.floor((event.clientY - box.top) / layout.block);
      const row = Math.floor((event.clientY - box.top - part * layout.block - heading) / (layout.tall + gap));
      const inside = row * layout.columns + column;
      const there = column >= 0 && column < layout.columns && inside >= 0 && inside < each && part >= 0 && part < parts;
      return there ? part * each + inside : -1;
    };
    canvas.onpointermove = (event) => {
      const at = under(event);
      if (at < 0) hide();
      else if (at !== state.hovered) show(at, index, false);
    };
    canvas.onpointerleave = hide;
    canvas.onblur = hide;
    canvas.onclick = (event) => {
      const at = under(event);
      if (at >= 0) pick(at);
    };
    canvas.onkeydown = (event) => {
      const { columns } = state.drawn[index];
      const to = {
        ArrowRight: state.at + 1,
        ArrowLeft: state.at - 1,
        ArrowDown: state.at + columns,
        ArrowUp: state.at - columns,
        Home: 0,
        End: count - 1,
      }[event.key];
      if (to !== undefined) {
        if (to >= 0 && to < count) state.at = to;
        show(state.at, index, true);
      } else if (event.key === "Enter" || event.key === " ") pick(state.at);
      else if (event.key === "Escape") hide();
      else return;
      event.preventDefault();
    };
  });
  return drawAll.stop;
}
