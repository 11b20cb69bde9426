// All channels of a layer, strongest first, as one picture; the cursor goes by mouse, finger or arrow keys.

import { whenLaidOut } from "../lib/laid_out.js";
import { count, legend, make, number, paint, sharp } from "./pictures.js";
import { hasVoices } from "./scene.js";

export function layer(app) {
  const { scene } = app;
  const levels = scene.read(scene.maps);
  const many = scene.order.length;
  const side = scene.maps.shape[1] ?? 1;
  const table = scene.read(scene.signed ? scene.scales.signed : scene.scales.positive);
  const canvas = make("canvas", { className: "grid", tabIndex: 0 });
  canvas.setAttribute("role", "application");
  canvas.setAttribute(
    "aria-label",
    `All ${count(many)} channels of ${scene.layer}, strongest first. Arrow keys to walk, Enter to open.`,
  );
  const told = make("p", { className: "reading" });
  app.host.replaceChildren(
    told,
    canvas,
    make(
      "div",
      { className: "foot" },
      make(
        "span",
        { className: "hint" },
        "Strongest first: by the mean after ReLU. Click one, or walk with the arrow keys and press Enter.",
      ),
      legend(scene, scene.own ? null : scene.peak, scene.signed, scene.layer),
    ),
  );

  let at = Math.max(0, scene.order.indexOf(app.view.layer === scene.layer ? app.view.channel : -1));
  let tile = 0,
    columns = 1;
  const source = make("canvas");
  const draw = whenLaidOut(app.host, () => {
    const width = app.host.clientWidth;
    const least = side === 1 ? 16 : many > 128 ? 44 : 64;
    columns = Math.max(1, Math.min(many, Math.floor(width / least)));
    tile = Math.min(side === 1 ? 28 : 110, Math.floor(width / columns));
    const rows = Math.ceil(many / columns);
    canvas.style.width = `${columns * tile}px`;
    canvas.style.height = `${rows * tile}px`;
    const context = sharp(canvas, columns * tile, rows * tile);
    context.imageSmoothingEnabled = false;
    for (let i = 0; i < many; i++) {
      paint(source, side, side, table, (p) => levels[i * side * side + p]);
      context.drawImage(source, (i % columns) * tile + 1, Math.floor(i / columns) * tile + 1, tile - 2, tile - 2);
    }
    context.lineWidth = 3;
    context.strokeStyle = app.accent();
    context.strokeRect((at % columns) * tile + 1, Math.floor(at / columns) * tile + 1, tile - 2, tile - 2);
  });
  const tell = () => {
    const channel = scene.order[at];
    const label = scene.labels[channel] ? `, ${scene.labels[channel]}` : "";
    told.textContent = `${scene.layer} · unit ${channel}${label}: ${side === 1 ? "value" : "peak"} ${number(scene.peaks[at])}, number ${at + 1} of ${count(many)}`;
  };
  const move = (to) => {
    at = Math.max(0, Math.min(many - 1, to));
    draw();
    tell();
  };
  const under = (event) => {
    const box = canvas.getBoundingClientRect();
    const [c, r] = [Math.floor((event.clientX - box.left) / tile), Math.floor((event.clientY - box.top) / tile)];
    const i = r * columns + c;
    return c >= 0 && c < columns && i >= 0 && i < many ? i : null;
  };
  const open = () =>
    app.go({
      depth: scene.maps.shape.length === 3 || hasVoices(scene.of) ? "unit" : "value",
      layer: scene.layer,
      channel: scene.order[at],
    });
  canvas.onpointermove = (event) => {
    const i = under(event);
    if (i !== null && i !== at) move(i);
  };
  canvas.onclick = (event) => {
    const i = under(event);
    if (i !== null) {
      move(i);
      open();
    }
  };
  tell();
  return {
    key: (event) => {
      const to = {
        ArrowLeft: at - 1,
        ArrowRight: at + 1,
        ArrowUp: at - columns,
        ArrowDown: at + columns,
        Home: 0,
        End: many - 1,
      }[event.key];
      if (to !== undefined) {
        move(to);
        app.say(told.textContent);
      } else if (event.key === "Enter") open();
      else return;
      event.preventDefault();
    },
    focus: () => canvas.focus({ preventScroll: true }),
    close: draw.stop,
  };
}
