// A unit without a map: its strongest voices for and against, converging on the sum. fc6's are whole maps, seen again
// on the photo at the places that they came from.

import { MINUS, PLUS } from "../lib/colour.js";
import { whenLaidOut } from "../lib/laid_out.js";
import { inputName, takeApart } from "./arithmetic.js";
import { count, hasNegative, legend, make, mapPicture, number, paintPhoto, peakOf, sharp } from "./pictures.js";

export function voicesView(app) {
  const { scene, unit } = app;
  const softmax = scene.of === "softmax";
  const part = takeApart(unit, 0, 0);
  const flat = !softmax && ["flatten", "drop5"].includes(scene.below);
  const [from, side] = scene.flat;
  const size = flat ? side * side : 1; // terms a voice
  const sums = new Float64Array(unit.n / size);
  part.terms.forEach((term, i) => {
    sums[Math.floor(i / size)] += term;
  });
  const half = Math.max(2, Math.ceil(Math.min(8, app.rows ?? 6) / 2));
  const order = Array.from(sums.keys()).sort((a, b) => sums[b] - sums[a]);
  const pro = order.slice(0, softmax ? 2 * half : half).filter((i) => sums[i] > 0);
  const con = softmax
    ? []
    : order
        .slice(-half)
        .reverse()
        .filter((i) => sums[i] < 0 && !pro.includes(i));
  const others = sums.length - pro.length - con.length;
  const all = sums.reduce((a, b) => a + b, 0);
  const rest = all - [...pro, ...con].reduce((sum, i) => sum + sums[i], 0);
  const below = flat ? from : softmax ? scene.below : scene.below.replace(/^(relu|drop)/, "fc");
  const picture = (values, peak, signed, text) => {
    const canvas = mapPicture(scene, values, flat ? side : 1, flat ? side : 1, peak, signed);
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", text);
    return canvas;
  };
  const cut = (values, i) => values.subarray(i * size, (i + 1) * size);
  const inPeak = peakOf(part.read),
    inSigned = hasNegative(part.read);
  const weightPeak = unit.weights ? peakOf(unit.weights) : 0,
    termPeak = peakOf(part.terms);

  const name = (i) => (softmax ? scene.labels[i] : flat ? `${from} · ${i}` : inputName(scene, i));
  const sign = (text) => make("span", { className: "sign" }, text);
  const lines = [];
  const voice = (i) => {
    const open = make(
      "button",
      { type: "button", className: "input" },
      picture(cut(part.read, i), inPeak, inSigned, ""),
      make("span", {}, name(i)),
    );
    open.setAttribute("aria-label", `open ${below} unit ${i}${softmax ? `, ${name(i)}` : ""}`);
    open.onclick = () => app.go({ depth: "unit", layer: below, channel: i });
    const row = make("div", { className: softmax ? "row class-row" : "row" }, open);
    if (softmax) row.append(make("span", { className: "weight" }, `z = ${number(part.read[i])}`));
    else if (flat)
      row.append(
        sign("·"),
        picture(cut(unit.weights, i), weightPeak, true, "its weights"),
        sign("="),
        picture(cut(part.terms, i), termPeak, true, "input times weight, place by place"),
      );
    else
      row.append(
        sign("·"),
        make("span", { className: "weight" }, number(unit.weights[i], 2)),
        sign("="),
        picture(cut(part.terms, i), termPeak, true, "input times weight"),
      );
    row.append(make("output", { className: "adds" }, `${!softmax && sums[i] > 0 ? "+" : ""}${number(sums[i], 3)}`));
    row.dataset.channel = i;
    row.dataset.adds = sums[i];
    if (flat) row.onpointerenter = open.onfocus = () => places(i);
    row.onpointerleave = () => places(null);
    lines.push({ row, value: sums[i] });
    return row;
  };
  const group = (title, list) => (list.length ? [make("h3", {}, title), ...list.map(voice)] : []);
  const what = scene.label || `unit ${scene.channel}`;
  const list = make(
    "div",
    { className: "inputs" },
    ...group(softmax ? "e^(z − max) of every class" : `For ${what}`, pro),
    ...group(`Against ${what}`, con),
  );
  if (others > 0) {
    const row = make(
      "div",
      { className: "row rest" },
      make("span", { className: "others" }, `and ${count(others)} other${others > 1 ? "s" : ""}`),
      make("output", { className: "adds" }, `${!softmax && rest > 0 ? "+" : ""}${number(rest, 3)}`),
    );
    lines.push({ row, value: rest });
    list.append(row);
  }

  // --- what it comes to ---

  const node = make("div", { className: "node" }, "Σ");
  const total = make("p", { className: "total" }, softmax ? `${(100 * part.total).toFixed(1)}%` : number(part.total));
  const tally = (test) => part.terms.reduce(([n, sum], term) => (test(term) ? [n + 1, sum + term] : [n, sum]), [0, 0]);
  const [[ups, up], [downs, down]] = [tally((term) => term > 0), tally((term) => term < 0)];
  const formula = softmax
    ? `${number(part.terms[scene.channel])} / Σ ${number(all)} = ${number(part.total)}`
    : `${number(all)} + bias ${number(part.bias)} = ${number(part.total)}`;
  const open = make("button", { type: "button", className: "open" }, `Every term, and the way down to the photo ›`);
  open.onclick = () => app.go({ ...app.view, depth: "value" });
  const result = make(
    "figure",
    { className: "result" },
    total,
    make(
      "figcaption",
      {},
      make("p", { className: "reading" }, formula),
      ...(softmax
        ? []
        : [
            make(
              "p",
              {},
              `${count(ups)} inputs speak for it with ${number(up)}, ${count(downs)} against with ${number(down)}; ${count(part.terms.length - ups - downs)} are silent.`,
            ),
          ]),
      open,
    ),
  );
  const told = make("p", { className: "reading" });
  const photo = make("canvas", { className: "places" });
  if (flat) {
    photo.setAttribute("role", "img");
    result.append(photo, told);
  }
  const wires = make("canvas", { className: "wires" });
  wires.ariaHidden = "true";
  const flow = make(
    "div",
    { className: "flow voiced" },
    wires,
    list,
    make(
      "div",
      { className: "middle" },
      node,
      make("div", { className: "bias" }, softmax ? "" : `+ bias ${number(part.bias)}`),
    ),
    result,
  );
  flow.style.setProperty("--half", `${1.75 * lines.length}em`);
  const scales = softmax
    ? []
    : [
        legend(scene, inPeak, inSigned, flat ? from : scene.below),
        ...(flat ? [legend(scene, weightPeak, true, "weights")] : []),
        legend(scene, termPeak, true, "input × weight"),
      ];
  app.host.replaceChildren(
    flow,
    make(
      "div",
      { className: "foot" },
      make(
        "span",
        { className: "hint" },
        softmax
          ? "A class's share is its exponential over the sum of all. Click a class to see what speaks for its logit."
          : "Click an input to see what speaks for it in turn.",
      ),
      ...scales,
    ),
  );

  // The photo with what every place of the maps puts in: all maps together, or the one under the mouse.
  const ground = flat && paintPhoto(make("canvas"), scene.read(scene.photo), scene.photo.shape[0]);
  const together = new Float32Array(size);
  if (flat)
    part.terms.forEach((term, i) => {
      together[i % size] += term;
    });
  const places = (i) => {
    if (!flat) return;
    const values = i === null ? together : Float32Array.from(cut(part.terms, i));
    const peak = peakOf(values);
    const edge = Math.min(300, result.clientWidth);
    photo.style.width = photo.style.height = `${edge}px`;
    const context = sharp(photo, edge, edge);
    context.drawImage(ground, 0, 0, edge, edge);
    const scale = edge / ground.width;
    const [first, cell] = scene.ground;
    context.globalAlpha = 0.62;
    context.imageSmoothingEnabled = false;
    context.drawImage(
      mapPicture(scene, values, side, side, peak, true),
      first * scale,
      first * scale,
      side * cell * scale,
      side * cell * scale,
    );
    context.globalAlpha = 1;
    const most = values.reduce((best, value, at) => (value > values[best] ? at : best), 0);
    context.lineWidth = 3;
    context.strokeStyle = "#000";
    context.strokeRect(
      (first + (most % side) * cell) * scale,
      (first + Math.floor(most / side) * cell) * scale,
      cell * scale,
      cell * scale,
    );
    told.textContent = `${i === null ? "All maps together" : name(i)}: red places of the photo speak for it, blue against (±${number(peak, 2)}); most in row ${Math.floor(most / side)}, column ${most % side}.`;
    photo.setAttribute("aria-label", told.textContent);
  };
  const drawing = whenLaidOut(flow, () => {
    drawWires(app, wires, flow, node, total, lines);
    places(null);
  });
  return {
    key: (event) => {
      if (event.key !== "Enter" || app.focused() !== total) return;
      open.onclick();
      event.preventDefault();
    },
    update: () => {},
    focus: () => open.focus({ preventScroll: true }),
    close: drawing.stop,
  };
}

// Lines from rows to the node in which they meet, thick for much, and from there to the result.
export function drawWires(app, wires, flow, node, end, lines) {
  const box = flow.getBoundingClientRect();
  const to = node.getBoundingClientRect(),
    last = end.getBoundingClientRect();
  const starts = lines.map((line) => line.row.getBoundingClientRect());
  const { color } = getComputedStyle(app.root);
  const context = sharp(wires, box.width, box.height);
  const goal = [to.left - box.left, (to.top + to.bottom) / 2 - box.top];
  const most = Math.max(1e-12, ...lines.map((line) => Math.abs(line.value ?? 0)));
  context.globalAlpha = 0.75;
  lines.forEach((line, i) => {
    const [x, y] = [starts[i].right - box.left, (starts[i].top + starts[i].bottom) / 2 - box.top];
    if (goal[0] <= x) return; // one below the other on a phone
    context.strokeStyle = line.value === undefined ? color : line.value < 0 ? MINUS : PLUS;
    context.lineWidth = line.value === undefined ? 2 : 1 + (5 * Math.abs(line.value)) / most;
    context.beginPath();
    context.moveTo(x + 2, y);
    context.bezierCurveTo((x + goal[0]) / 2, y, (x + goal[0]) / 2, goal[1], ...goal);
    context.stroke();
  });
  if (last.left <= to.right) return;
  context.strokeStyle = color;
  context.lineWidth = 3;
  context.beginPath();
  context.moveTo(to.right - box.left, goal[1]);
  context.lineTo(last.left - box.left - 3, goal[1]);
  context.stroke();
}
