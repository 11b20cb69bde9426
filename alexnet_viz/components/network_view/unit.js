// A unit: the inputs that matter to it, each with its kernel and its partial result, converging on its map.

import { box, cursor } from "../lib/canvas.js";
import { walkMap } from "../lib/keyboard.js";
import { whenLaidOut } from "../lib/laid_out.js";
import { followMap } from "../lib/pointer.js";
import { channelSums, inputName, partialMaps, ranked, takeApart } from "./arithmetic.js";
import {
  count,
  hasNegative,
  legend,
  make,
  mapPicture,
  number,
  onceAFrame,
  paintPhoto,
  peakOf,
  said,
  sharp,
} from "./pictures.js";
import { drawWires } from "./voices.js";

export function unitView(app) {
  const { scene, unit } = app;
  const { n, side, out } = unit;
  const conv = scene.of === "conv";
  const size = out * out;
  const rows = Math.min(n, conv ? Math.max(3, Math.min(8, app.rows ?? 6)) : 5);
  const maps = conv ? partialMaps(unit) : null;
  const strengths = conv
    ? Float64Array.from({ length: n }, (_, c) => {
        let sum = 0;
        for (let i = c * size; i < (c + 1) * size; i++) sum += Math.abs(maps[i]);
        return sum / size;
      })
    : new Float64Array(n).fill(1);
  const inPeak = peakOf(unit.inputs),
    inSigned = hasNegative(unit.inputs);
  const outPeak = peakOf(unit.output),
    outSigned = hasNegative(unit.output);
  const weightPeak = conv ? peakOf(unit.weights) : 0;
  const partPeak = conv ? peakOf(maps) : 0;

  const flow = make("div", { className: "flow" });
  const wires = make("canvas", { className: "wires" });
  wires.setAttribute("aria-hidden", "true");
  const list = make("div", { className: "inputs" });
  const node = make(
    "div",
    { className: "node" },
    conv ? "Σ" : ({ relu: "max(0, ·)", pool: "max", avgpool: "mean", norm: "norm" }[scene.of] ?? "="),
  );
  const bias = make("div", { className: "bias" }, conv ? `+ bias ${number(scene.bias)}` : "");
  const picture = make("canvas", { tabIndex: 0, className: "out" });
  picture.setAttribute("role", "application");
  const cell = make("p", { className: "reading" });
  const sums = make("p", { className: "sum" });
  const photo = paintPhoto(make("canvas"), scene.read(scene.photo), scene.photo.shape[0]);
  const seen = make("canvas", { className: "sees" }),
    sees = make("p", { className: "reading" });
  seen.setAttribute("role", "img");
  const result = make(
    "figure",
    { className: "result" },
    picture,
    make("figcaption", {}, cell, sums, legend(scene, outPeak, outSigned, "output")),
    seen,
    sees,
  );
  flow.append(wires, list, make("div", { className: "middle" }, node, bias), result);

  flow.style.setProperty("--half", `${1.55 * rows}em`); // the node stands in the middle of the inputs
  const byHere = make("input", { type: "checkbox", checked: app.byHere ?? false });
  byHere.onchange = () => {
    app.byHere = byHere.checked;
    arrange();
    show();
  };
  const foot = make(
    "div",
    { className: "foot" },
    make(
      "span",
      { className: "hint" },
      "Click a place on the output map (or walk with the arrow keys and press Enter) to take that value apart; click an input to open its own unit.",
    ),
    ...(conv
      ? [
          legend(scene, inPeak, inSigned, scene.below === "photo" ? "photo" : "inputs"),
          legend(scene, weightPeak, true, "kernels"),
          legend(scene, partPeak, true, "partial results"),
        ]
      : []),
  );
  const head = make(
    "div",
    { className: "ranking" },
    ...(conv
      ? [
          make(
            "label",
            { title: "Rank the inputs by what they put into this one value, instead of the mean over the whole map" },
            byHere,
            " rank by this place",
          ),
        ]
      : []),
  );
  app.host.replaceChildren(head, flow, foot);

  let at = { y: app.view.y ?? 0, x: app.view.x ?? 0 }; // the place that is read, under the mouse or pinned
  let lines = []; // a row each: its element, its sum at a place
  const kernels = (c) =>
    mapPicture(
      scene,
      unit.weights.subarray(c * scene.kernel ** 2, (c + 1) * scene.kernel ** 2),
      scene.kernel,
      scene.kernel,
      weightPeak,
      true,
    );
  const figure = (canvas, label) => {
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", label);
    return canvas;
  };
  const arrange = () => {
    const here = conv ? channelSums(takeApart(unit, app.view.y ?? 0, app.view.x ?? 0)) : strengths;
    const order = conv ? ranked(byHere.checked ? here : strengths) : Array.from({ length: n }, (_, i) => i);
    const shown = order.slice(0, rows),
      others = order.slice(rows);
    lines = shown.map((c) => {
      const name = inputName(scene, c);
      const open = make(
        "button",
        { type: "button", className: "input" },
        figure(
          mapPicture(scene, unit.inputs.subarray(c * side * side, (c + 1) * side * side), side, side, inPeak, inSigned),
          "",
        ),
        make("span", {}, name),
      );
      open.setAttribute("aria-label", scene.below === "photo" ? `input: ${name}` : `open ${name}`);
      open.disabled = scene.below === "photo";
      open.onclick = () => app.go({ depth: "unit", layer: scene.below, channel: scene.first + c });
      const adds = make("output", { className: "adds" });
      const row = make("div", { className: conv ? "row" : "row plain" }, open);
      row.dataset.channel = scene.first + c;
      row.dataset.strength = strengths[c];
      if (conv) {
        row.append(
          make("span", { className: "sign" }, "∗"),
          figure(kernels(c), `its kernel, ${scene.kernel} × ${scene.kernel}`),
          make("span", { className: "sign" }, "="),
          figure(
            mapPicture(scene, maps.subarray(c * size, (c + 1) * size), out, out, partPeak, true),
            `its partial result, mean size ${number(strengths[c], 3)}`,
          ),
          adds,
        );
      } else row.append(adds);
      return { row, adds, channels: [c], strength: strengths[c] };
    });
    if (others.length) {
      const rest = new Float32Array(size);
      for (const c of others) for (let i = 0; i < size; i++) rest[i] += maps[c * size + i];
      const adds = make("output", { className: "adds" });
      const row = make(
        "div",
        { className: "row rest" },
        make("span", { className: "others" }, `and ${count(others.length)} other${others.length > 1 ? "s" : ""}`),
        make("span", { className: "sign" }, "="),
        figure(
          mapPicture(scene, rest, out, out, Math.max(partPeak, peakOf(rest)), true),
          "the sum of all other partial results",
        ),
        adds,
      );
      lines.push({ row, adds, channels: others, strength: others.reduce((sum, c) => sum + strengths[c], 0) });
    }
    list.replaceChildren(...lines.map((line) => line.row));
  };

  const base = mapPicture(scene, unit.output, out, out, outPeak, outSigned);
  const draw = () => {
    const edge = Math.min(result.clientWidth, 300, Math.max(200, 0.34 * window.innerHeight)); // the photo below it shall be seen too
    picture.style.height = picture.style.width = `${edge}px`;
    const context = sharp(picture, edge, edge);
    context.imageSmoothingEnabled = false;
    context.drawImage(base, 0, 0, edge, edge);
    cursor(context, at, edge / out);
    const part = takeApart(unit, at.y, at.x);
    const sum = conv ? channelSums(part) : null;
    for (const line of lines) {
      const value = conv
        ? line.channels.reduce((all, c) => all + sum[c], 0)
        : part.read[line.channels[0] * part.h * part.w];
      line.value = conv ? value : undefined;
      line.adds.textContent = conv
        ? `${value < 0 ? "" : "+"}${number(value, 3)}`
        : scene.of === "pool" || scene.of === "avgpool"
          ? ""
          : number(value, 3);
      line.adds.classList.toggle("minus", value < 0);
    }
    cell.textContent = `row ${at.y}, column ${at.x}: ${number(part.torch)}`;
    sums.textContent = conv
      ? `the partial results here ${number(part.total - part.bias)} + bias ${number(part.bias)} = ${number(part.total)}`
      : "";
    picture.setAttribute(
      "aria-label",
      `Output map of ${scene.layer}, unit ${scene.channel}, ${out} by ${out}. Row ${at.y}, column ${at.x}: ${number(part.torch)}. Arrow keys to walk, Enter to take the value apart.`,
    );
    look(edge);
    drawWires(app, wires, flow, node, picture, lines);
  };
  // The part of the photo that the place sees: its box, and beside it what is in it.
  const look = (edge) => {
    const half = (edge - 8) / 2,
      scale = half / photo.width;
    const [[top, bottom], [left, right]] = [scene.fields[at.y], scene.fields[at.x]];
    seen.style.width = `${edge}px`;
    seen.style.height = `${half}px`;
    const context = sharp(seen, edge, half);
    context.drawImage(photo, 0, 0, half, half);
    box(context, left * scale, top * scale, Math.max(4, (right - left) * scale), Math.max(4, (bottom - top) * scale));
    const zoom = half / Math.max(right - left, bottom - top);
    context.imageSmoothingEnabled = right - left > 40;
    context.drawImage(
      photo,
      left,
      top,
      right - left,
      bottom - top,
      half + 8,
      0,
      (right - left) * zoom,
      (bottom - top) * zoom,
    );
    said(sees, `what this place sees: ${bottom - top} × ${right - left} pixels of the photo`);
    seen.setAttribute(
      "aria-label",
      `The photo; ${sees.textContent}, columns ${left} to ${right - 1}, rows ${top} to ${bottom - 1}`,
    );
  };

  const soon = onceAFrame(() => show());
  const hover = followMap(picture, out, {
    over: (place) => {
      at = place ?? { y: app.view.y ?? 0, x: app.view.x ?? 0 };
      soon();
    },
    pick: (place) => app.go({ ...app.view, depth: "value", ...place }),
  });
  arrange();
  const show = whenLaidOut(flow, draw);
  return {
    key: (event) => {
      if (app.focused() !== picture) return;
      const moved = walkMap(event, at, out);
      if (moved) {
        at = moved;
        show();
        app.say(cell.textContent);
      } else if (event.key === "Enter" || event.key === " ") app.go({ ...app.view, depth: "value", ...at });
      else return;
      event.preventDefault();
    },
    update: () => {
      at = { y: app.view.y, x: app.view.x };
      arrange();
      show();
    },
    focus: () => picture.focus({ preventScroll: true }),
    close: () => {
      soon.stop();
      show.stop();
      hover();
    },
  };
}
