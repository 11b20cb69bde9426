// All channels of a layer, strongest first, as one picture; the cursor goes by mouse, finger or arrow keys.

import { paintIndices, sharpContext, strokeRect } from "../lib/canvas.js";
import { make } from "../lib/dom.js";
import { walkList } from "../lib/keyboard.js";
import { clamp, formatCount, formatNumber } from "../lib/numbers.js";
import { classesView } from "./classes.js";
import { legend, smoothingText } from "./pictures.js";
import { channelNoun, hasContributions, scaleTable } from "./scene.js";

export function layerView(app) {
  if (app.scene.of === "softmax") return classesView(app);
  const { scene } = app;
  const count = scene.order.length;
  const side = scene.maps.shape[1] ?? 1;
  const canvas = channelCanvas(scene);
  const reading = make("p", { className: "reading" });
  app.host.replaceChildren(reading, canvas, footer(app, side));

  let cursor = Math.max(0, scene.order.indexOf(app.view.layer === scene.layer ? app.view.channel : -1));
  let grid = { columns: 1, tile: 0 };
  const draw = app.viewLifetime.whenLaidOut(app.host, () => {
    grid = gridOf(app.host.clientWidth, count, side);
    drawChannels(canvas, scene, grid, side, app.isSmooth());
    const context = canvas.getContext("2d");
    const [x, y] = [(cursor % grid.columns) * grid.tile, Math.floor(cursor / grid.columns) * grid.tile];
    strokeRect(context, app.accent(), 3, x + 1, y + 1, grid.tile - 2, grid.tile - 2);
  });
  const writeReading = () => {
    const channel = scene.order[cursor];
    const label = scene.labels[channel] ? `, ${scene.labels[channel]}` : "";
    const value = `${side === 1 ? "value" : "peak"} ${formatNumber(scene.peaks[cursor])}`;
    const rank = `number ${cursor + 1} of ${formatCount(count)}`;
    const name = `${channelNoun(scene.maps.shape.length === 3)} ${channel}${label}`;
    reading.textContent = `${scene.layer} · ${name}: ${value}, ${rank}`;
  };
  const moveTo = (index) => {
    cursor = clamp(index, 0, count - 1);
    draw();
    writeReading();
  };
  const indexUnder = (event) => {
    const box = canvas.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left) / grid.tile);
    const i = Math.floor((event.clientY - box.top) / grid.tile) * grid.columns + column;
    return column >= 0 && column < grid.columns && i >= 0 && i < count ? i : null;
  };
  const depth = scene.maps.shape.length === 3 || hasContributions(scene.of) ? "unit" : "value";
  const open = () => app.go({ depth, layer: scene.layer, channel: scene.order[cursor] });
  canvas.onpointermove = (event) => {
    const i = indexUnder(event);
    if (i !== null && i !== cursor) moveTo(i);
  };
  canvas.onclick = (event) => {
    const i = indexUnder(event);
    if (i === null) return;
    moveTo(i);
    open();
  };
  writeReading();
  const key = (event) => {
    const index = walkList(event, cursor, count, grid.columns);
    if (index === undefined && event.key !== "Enter") return;
    if (index === undefined) open();
    else {
      moveTo(index);
      app.announce(reading.textContent);
    }
    event.preventDefault();
  };
  return { key, focus: () => canvas.focus({ preventScroll: true }) };
}

function channelCanvas(scene) {
  const canvas = make("canvas", { className: "grid", tabIndex: 0 });
  canvas.setAttribute("role", "application");
  const title = `All ${formatCount(scene.order.length)} channels of ${scene.layer}, strongest first`;
  canvas.setAttribute("aria-label", `${title}. Arrow keys to walk, Enter to open.`);
  return canvas;
}

function footer(app, side) {
  const { scene } = app;
  const order = "Strongest first: by the mean after ReLU. Click one, or walk with the arrow keys and press Enter.";
  const hint = side > 1 ? `${order} ${smoothingText(app)}` : order;
  const scale = legend(scene, scene.own ? null : scene.peak, scene.signed, scene.layer);
  return make("div", { className: "foot" }, make("span", { className: "hint" }, hint), scale);
}

/** How many tiles stand in a row, and a tile's size in CSS pixels. */
function gridOf(width, count, side) {
  const smallest = side === 1 ? 16 : count > 128 ? 44 : 64;
  const columns = Math.max(1, Math.min(count, Math.floor(width / smallest)));
  return { columns, tile: Math.min(side === 1 ? 28 : 110, Math.floor(width / columns)) };
}

function drawChannels(canvas, scene, { columns, tile }, side, isSmooth) {
  const count = scene.order.length;
  const indices = scene.read(scene.maps);
  const table = scaleTable(scene, scene.signed);
  const [width, height] = [columns * tile, Math.ceil(count / columns) * tile];
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = sharpContext(canvas, width, height);
  context.imageSmoothingEnabled = isSmooth;
  const map = make("canvas");
  for (let i = 0; i < count; i++) {
    paintIndices(map, side, side, table, (p) => indices[i * side * side + p]);
    const [x, y] = [(i % columns) * tile, Math.floor(i / columns) * tile];
    context.drawImage(map, x + 1, y + 1, tile - 2, tile - 2);
  }
}
