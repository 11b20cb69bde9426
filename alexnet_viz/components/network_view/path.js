// The strongest path from a value down to the photo, with its box on the photo at every layer.

import { COLOURS } from "./arithmetic.js";
import { make, number, paintPhoto, sharp } from "./pictures.js";

export function pathPanel(app) {
  const { scene } = app;
  const photo = paintPhoto(make("canvas"), scene.read(scene.photo), scene.photo.shape[0]);
  const side = photo.width;
  const large = make("canvas", { className: "boxes" });
  large.setAttribute("role", "img");
  const cards = make("ol", { className: "cards" });
  const title = make("h3", {}, "The strongest path down to the photo");
  const element = make("section", { className: "path" }, title, make("div", { className: "way" }, large, cards));

  const draw = (lit) => {
    const width = 190;
    large.style.width = large.style.height = `${width}px`;
    const context = sharp(large, width, width);
    context.drawImage(photo, 0, 0, width, width);
    const scale = width / side;
    app.path.forEach((stop, i) => {
      const [left, top, right, bottom] = stop.box;
      context.lineWidth = i === lit ? 5 : 2;
      context.globalAlpha = lit === null || i === lit ? 1 : 0.35;
      context.strokeStyle = stop.layer === "photo" ? "#fff" : kindColour(app, stop.layer);
      context.strokeRect(
        left * scale,
        top * scale,
        Math.max(3, (right - left) * scale),
        Math.max(3, (bottom - top) * scale),
      );
    });
    const last = app.path.at(-1)?.box;
    large.setAttribute(
      "aria-label",
      last
        ? `The photo with the box of every layer on the path; it ends at pixel row ${last[1]}, column ${last[0]}`
        : "The photo",
    );
  };
  const card = (stop, i) => {
    const map = !["flatten", "softmax"].includes(stop.layer) && !/^(fc|relu[678]|drop)/.test(stop.layer);
    const name = stop.layer === "photo" ? `photo, ${COLOURS[stop.channel]}` : `${stop.layer} · ${stop.channel}`;
    const cut = make("canvas");
    const [left, top, right, bottom] = stop.box;
    [cut.width, cut.height] = [72, 72];
    const context = cut.getContext("2d");
    context.imageSmoothingEnabled = right - left > 40;
    if (stop.layer === "photo")
      context.drawImage(photo, Math.max(0, left - 3), Math.max(0, top - 3), 7, 7, 0, 0, 72, 72);
    else context.drawImage(photo, left, top, right - left, bottom - top, 0, 0, 72, 72);
    const into = i ? `puts in ${number(stop.term, 3)}` : "the value asked for";
    const button = make(
      "button",
      { type: "button" },
      cut,
      make("b", {}, name),
      ...(map ? [make("span", {}, `row ${stop.y}, col. ${stop.x}`)] : []),
      make("span", {}, `value ${number(stop.value, 3)}`),
      make("span", {}, into),
    );
    button.style.setProperty("--kind", stop.layer === "photo" ? "transparent" : kindColour(app, stop.layer));
    button.setAttribute(
      "aria-label",
      `${name}${map ? `, row ${stop.y}, column ${stop.x}` : ""}, value ${number(stop.value, 3)}, ${into}, sees columns ${left} to ${right - 1} and rows ${top} to ${bottom - 1} of the photo`,
    );
    button.disabled = stop.layer === "photo";
    button.onclick = () => app.go({ depth: "value", layer: stop.layer, channel: stop.channel, y: stop.y, x: stop.x });
    button.onpointerenter = button.onfocus = () => draw(i);
    button.onpointerleave = button.onblur = () => draw(null);
    return make("li", {}, button);
  };
  return {
    element,
    fill() {
      element.hidden = !app.path.length;
      const start = app.path[0];
      if (!start) return;
      title.textContent = `The strongest path from here down to the photo${app.unit.isMap ? ` (row ${start.y}, column ${start.x})` : ""}`;
      cards.replaceChildren(...app.path.map(card));
      draw(null);
    },
  };
}

function kindColour(app, layer) {
  const kind = {
    conv: "conv",
    relu: "relu",
    norm: "norm",
    pool: "pool",
    avgp: "avgpool",
    flat: "flatten",
    drop: "dropout",
    fc: "fc",
  };
  const found = Object.keys(kind).find((start) => layer.startsWith(start));
  return found ? app.colour(kind[found]) : getComputedStyle(app.root).color;
}
